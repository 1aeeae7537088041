// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace mlxaudio {

/// Element types that checkpoint files hold.
enum class DType {
  boolean,
  u8,
  i8,
  i16,
  u16,
  i32,
  u32,
  i64,
  f16,
  bf16,
  f32,
  f64
};

/// Size of one element in bytes.
std::size_t size_of(DType dtype);

/// safetensors' name of a type: "F32", "BF16", ...
std::string name_of(DType dtype);

/// The type of a safetensors name; nothing if we do not know it.
std::optional<DType> dtype_of(std::string_view name);

/// Elements of a shape; nothing if an extent is negative or the product does
/// not fit.
std::optional<std::int64_t> element_count(std::span<const std::int64_t> shape);

/// A shape as people write it: "[512, 80, 3]".
std::string to_string(std::span<const std::int64_t> shape);

class MappedFile;

/// A named block of numbers in a file, row-major and little-endian.
///
/// `bytes` points into memory that `owner` keeps alive (a mapped file or an
/// inflated copy), so a tensor may be copied and passed about freely. Its
/// start is aligned for its element type.
struct Tensor {
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
  /// What `bytes` are a view of, if that is a mapped file.
  std::shared_ptr<const MappedFile> file = {};

  std::int64_t size() const;
  /// Whether `bytes` lie in a mapped file, and are no copy.
  bool is_in_file() const {
    return file && owner == file;
  }

  /// The elements, for a T as wide as the element type.
  template <typename T>
  std::span<const T> as() const {
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
};

/// A tensor that owns its bytes. \throws WeightError if shape and size of the
/// bytes disagree
Tensor make_tensor(
    DType dtype, std::vector<std::int64_t> shape, std::vector<std::byte> bytes);

/// A tensor over bytes of `owner`, copied only if they are misaligned.
/// \param file what the bytes are a view of, if that is a mapped file
Tensor view_tensor(
    DType dtype,
    std::vector<std::int64_t> shape,
    std::span<const std::byte> bytes,
    std::shared_ptr<const void> owner,
    std::shared_ptr<const MappedFile> file = {});

/// The same over bytes of a mapped file.
Tensor mapped_tensor(
    DType dtype,
    std::vector<std::int64_t> shape,
    std::span<const std::byte> bytes,
    std::shared_ptr<const MappedFile> file);

/// What a checkpoint file says, whatever its format: tensors by name, and the
/// small facts stored beside them (safetensors' metadata, a `.pt` file's dims).
struct Checkpoint {
  std::filesystem::path path;
  std::map<std::string, Tensor> tensors;
  Json metadata = Json::object();
};

/// Gives the memory back that a tensor takes of a mapped file, if it is in one.
/// What is read again comes from the file, or from what the system keeps of it.
void forget_pages(const Tensor& tensor);

} // namespace mlxaudio
