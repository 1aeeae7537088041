// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>

#include "core/tensor.h"

namespace mlxaudio {

/// Reads a PyTorch `.pt` file (the zip format of torch.save since 1.6).
///
/// The pickle inside is read by an interpreter that can build dicts, lists,
/// tuples, numbers, strings and tensors, and nothing else: any other callable
/// is refused by name and never run.
///
/// Tensors at the top, or in the dict `model_state_dict` (OpenAI's files), come
/// by name; every other entry is in `metadata` as JSON (`dims`).
/// \throws WeightError naming the file and the reason
Checkpoint read_torch(const std::filesystem::path& path);

} // namespace mlxaudio
