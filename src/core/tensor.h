// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/json.h"

namespace mlxaudio {

/// Element types that checkpoint files hold.
enum class DType { boolean, u8, i8, i16, u16, i32, i64, f16, bf16, f32, f64 };

/// Size of one element in bytes.
std::size_t size_of(DType dtype);

/// safetensors' name of a type: "F32", "BF16", ...
std::string name_of(DType dtype);

/// A named block of numbers in a file, row-major and little-endian.
///
/// `bytes` points into memory that `owner` keeps alive (a mapped file or an
/// inflated copy), so a tensor may be copied and passed about freely.
struct Tensor {
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;

  std::int64_t size() const;
};

/// What a checkpoint file says, whatever its format: tensors by name, and the
/// small facts stored beside them (safetensors' metadata, a `.pt` file's dims).
struct Checkpoint {
  std::filesystem::path path;
  std::map<std::string, Tensor> tensors;
  Json metadata = Json::object();
};

} // namespace mlxaudio
