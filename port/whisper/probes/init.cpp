// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <filesystem>

#include "core/atomic_file.h"
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

} // namespace

void add_init(Probes& p) {
  p.add("whisper.load_model", [](Call& c) {
    // The recorded bytes of a `.pt` file that torch.save wrote.
    const auto path = std::filesystem::temp_directory_path() /
                      ("probe-" + std::to_string(::getpid()) + ".pt");
    const auto bytes = c.get<std::vector<int>>("bytes");
    write_file(path, std::string(bytes.begin(), bytes.end()));
    const LoadedCheckpoint loaded = load_checkpoint(path);
    std::filesystem::remove(path);
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
