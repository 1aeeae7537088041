// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "core/tensor.h"

namespace mlxaudio {

/// Reads a CTranslate2 `model.bin` (binary versions 2 to 6); the tensors point
/// into its mapping, or are copied where they are misaligned there.
///
/// Names stay as they are ("encoder/layer_0/self_attention/linear_0/weight").
/// `metadata` has `binary_version`, `spec`, `revision` and `aliases` (alias to
/// the variable that it stands for).
/// \throws WeightError naming the file and, where there is one, the variable
Checkpoint read_ctranslate2(const std::filesystem::path& path);

} // namespace mlxaudio
