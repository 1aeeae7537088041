// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <filesystem>

#include "core/atomic_file.h"
#include "core/safetensors.h"
#include "models/whisper/config.h"
#include "models/whisper/load.h"
#include "models/whisper/weights.h"
#include "probes.h"
#include "toy.h"

namespace mlxaudio::port {

using namespace mlxaudio::whisper;

namespace {

/// Without what `config.json` has besides.
Json put_dims(const ModelDimensions& dims) {
  Json out = to_json(dims);
  out.erase("model_type");
  return out;
}

Json put_tensors(Call& c, const Checkpoint& checkpoint) {
  Json out = Json::object();
  for (const auto& [name, tensor] : checkpoint.tensors) {
    out[name] = c.put(to_array(tensor));
  }
  return out;
}

/// A folder for as long as it is needed.
class TemporaryFolder {
 public:
  TemporaryFolder()
      : path_(
            std::filesystem::temp_directory_path() /
            ("probe-" + std::to_string(::getpid()))) {
    std::filesystem::create_directory(path_);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code none;
    std::filesystem::remove_all(path_, none);
  }
  const std::filesystem::path& path() const {
    return path_;
  }

 private:
  std::filesystem::path path_;
};

} // namespace

void add_init(Probes& p) {
  p.add("whisper.load_model", [](Call& c) {
    const TemporaryFolder folder;
    if (c.has("config")) {
      write_file(folder.path() / "config.json", c.at("config").dump());
      write_safetensors(
          folder.path() / "weights.safetensors",
          c.checkpoint("weights").tensors);
      Json heads = Json::array();
      for (const auto& [layer, head] :
           load_checkpoint(folder.path()).alignment_heads) {
        heads.push_back({layer, head});
      }
      return heads;
    }
    // The recorded bytes of a `.pt` file that torch.save wrote.
    const auto bytes = c.get<std::vector<int>>("bytes");
    const auto path = folder.path() / "model.pt";
    write_file(path, std::string(bytes.begin(), bytes.end()));
    const LoadedCheckpoint loaded = load_checkpoint(path);
    return Json{
        {"dims", put_dims(loaded.dims)},
        {"weights", put_tensors(c, loaded.weights)}};
  });

  p.add("whisper.model.ModelDimensions", [](Call& c) {
    const ModelDimensions d = toy_dims(c);
    return Json{
        {"dims", put_dims(d)},
        {"is_multilingual", d.is_multilingual()},
        {"num_languages", d.num_languages()}};
  });

  p.add(
      "mlx_audio.stt.models.whisper.whisper.ModelDimensions.from_dict",
      [](Call& c) {
        return put_dims(read_dimensions(c.at("config"), "config.json"));
      });

  p.add("mlx_audio.stt.models.whisper.whisper.Model.sanitize", [](Call& c) {
    const Checkpoint given = c.checkpoint("weights");
    return put_tensors(c, sanitize(given, layout_of(given), toy_dims(c)));
  });
}

} // namespace mlxaudio::port
