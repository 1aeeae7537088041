// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "mlxaudio/api.h"
#include "mlxaudio/compute.h"

namespace mlxaudio {

/// Where a model runs.
enum class Device { cpu, gpu };

struct LoadOptions {
  Device device = Device::cpu;
  /// Threads of the process-wide pool; 0 is the number of physical cores. The
  /// first model loaded decides for the process.
  int threads = 0;
  /// What products with weights are computed in on a processor. A GPU computes
  /// in the weights' type, and takes `f32` and `automatic` for that.
  Compute compute = Compute::f32;
  /// Name of the official Whisper model ("tiny.en") that the folder or file is.
  /// If it names no alignment heads, as OpenAI's `.pt` files do not, it has
  /// those of this model, by which word times are found. Empty: the default
  /// ones, as for a path in the reference.
  std::string official_name = {};
};

/// What is known of a loaded model, or of one in the catalogue.
struct ModelInfo {
  std::string name;   ///< as given to load()
  std::string family; ///< "whisper"
  std::filesystem::path path;
  /// "f16", "f32", ... or "4 bits in groups of 64 (affine), else f16".
  std::string weight_type;
  /// What products are computed in: "f32", "bf16" or "int8"; on a GPU the
  /// weights' type.
  std::string compute = "f32";
  std::uint64_t parameters = 0;
  bool multilingual = false;
  /// The configuration, by the reference's names, in its order.
  std::vector<std::pair<std::string, std::string>> config;
};

} // namespace mlxaudio
