// SPDX-License-Identifier: MIT
#include "models/whisper/import.h"

#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "core/atomic_file.h"
#include "core/half.h"
#include "core/mapped_file.h"
#include "core/safetensors.h"
#include "core/sha256.h"
#include "mlxaudio/error.h"

namespace mlxaudio::whisper {

namespace {

namespace fs = std::filesystem;

float read_float(const Tensor& tensor, std::size_t i) {
  switch (tensor.dtype) {
    case DType::f16:
      return from_f16(tensor.as<std::uint16_t>()[i]);
    case DType::bf16:
      return from_bf16(tensor.as<std::uint16_t>()[i]);
    default:
      return tensor.as<float>()[i];
  }
}

/// The vocabulary of a source as it is to lie in the target: under its own
/// name, and with `merges.txt` where it needs that.
std::vector<fs::path> vocabulary_files(const fs::path& vocabulary) {
  std::vector<fs::path> out{vocabulary};
  if (vocabulary.filename() == "vocab.json")
    out.push_back(vocabulary.parent_path() / "merges.txt");
  return out;
}

} // namespace

Tensor convert(const Tensor& tensor, DType dtype, const std::string& name) {
  // What is packed stays so.
  if (tensor.dtype == dtype || tensor.dtype == DType::u32)
    return tensor;
  const auto n = static_cast<std::size_t>(tensor.size());
  std::vector<std::byte> bytes(n * size_of(dtype));
  for (std::size_t i = 0; i < n; ++i) {
    const float value = read_float(tensor, i);
    if (dtype == DType::f16) {
      const std::uint16_t half = to_f16(value);
      if ((half & 0x7FFF) == 0x7C00 && std::isfinite(value))
        throw WeightError(fmt::format(
            "[whisper.import] tensor {} holds {}, which f16 cannot: import "
            "with --dtype keep",
            name,
            value));
      std::memcpy(bytes.data() + i * sizeof half, &half, sizeof half);
    } else {
      std::memcpy(bytes.data() + i * sizeof value, &value, sizeof value);
    }
  }
  return make_tensor(dtype, tensor.shape, std::move(bytes));
}

ImportReport import_model(
    const fs::path& source, const ImportOptions& options) {
  if (options.dtype && *options.dtype != DType::f16 &&
      *options.dtype != DType::f32)
    throw ArgumentError(fmt::format(
        "[whisper.import] cannot convert to {}: F16, F32 or keep",
        name_of(*options.dtype)));
  LoadedCheckpoint loaded = load_checkpoint(source);
  check_finite(loaded.weights);
  const fs::path vocabulary =
      find_vocabulary(source, loaded.dims, options.prefer_reference_vocabulary);

  ImportReport report{
      .target = options.target,
      .layout = loaded.layout,
      .dims = loaded.dims,
      .weight_type = options.dtype.value_or(loaded.weight_type),
      .tensors = loaded.weights.tensors.size(),
      .parameters = loaded.parameters,
      .bytes = 0,
      .source_sha256 = sha256_file(weight_file_of(source)),
      .sha256 = {},
  };
  if (options.dtype)
    for (auto& [name, tensor] : loaded.weights.tensors)
      tensor = convert(tensor, *options.dtype, name);

  AtomicFolder folder(options.target);
  const fs::path weights = folder.temporary() / "model.safetensors";
  write_safetensors(weights, loaded.weights.tensors, {{"format", "mlx"}});
  report.bytes = fs::file_size(weights);
  report.sha256 = sha256_file(weights);

  Json config = to_json(loaded.dims);
  if (loaded.quantization)
    config["quantization"] = mlxaudio::to_json(*loaded.quantization);
  if (loaded.has_alignment_heads)
    config["alignment_heads"] = loaded.alignment_heads;
  else if (options.alignment_heads)
    config["alignment_heads"] = *options.alignment_heads;
  write_file(folder.temporary() / "config.json", config.dump(2) + "\n");
  for (const fs::path& file : vocabulary_files(vocabulary))
    write_file(
        folder.temporary() / file.filename(),
        read_file(file, ErrorCode::token));

  Json provenance = options.provenance;
  provenance["source"] = weight_file_of(source).filename().string();
  provenance["source_layout"] = name_of(loaded.layout);
  provenance["source_sha256"] = report.source_sha256;
  provenance["weights_sha256"] = report.sha256;
  provenance["vocabulary_sha256"] = sha256_file(vocabulary);
  write_file(folder.temporary() / "provenance.json", provenance.dump(2) + "\n");
  folder.commit();
  return report;
}

} // namespace mlxaudio::whisper
