// SPDX-License-Identifier: MIT
#include "core/tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <utility>

#include "core/mapped_file.h"
#include "mlxaudio/error.h"

namespace mlxaudio {

namespace {

struct DTypeRow {
  DType dtype;
  std::string_view name;
  std::size_t size;
};

/// In the order of the enumeration.
constexpr std::array<DTypeRow, 12> kDTypes{{
    {DType::boolean, "BOOL", 1},
    {DType::u8, "U8", 1},
    {DType::i8, "I8", 1},
    {DType::i16, "I16", 2},
    {DType::u16, "U16", 2},
    {DType::i32, "I32", 4},
    {DType::u32, "U32", 4},
    {DType::i64, "I64", 8},
    {DType::f16, "F16", 2},
    {DType::bf16, "BF16", 2},
    {DType::f32, "F32", 4},
    {DType::f64, "F64", 8},
}};

const DTypeRow& row_of(DType dtype) {
  return kDTypes.at(static_cast<std::size_t>(dtype));
}

} // namespace

std::size_t size_of(DType dtype) {
  return row_of(dtype).size;
}

std::string name_of(DType dtype) {
  return std::string(row_of(dtype).name);
}

std::optional<DType> dtype_of(std::string_view name) {
  for (const DTypeRow& row : kDTypes)
    if (row.name == name)
      return row.dtype;
  return std::nullopt;
}

std::optional<std::int64_t> element_count(std::span<const std::int64_t> shape) {
  std::int64_t count = 1;
  bool empty = false;
  for (const std::int64_t extent : shape) {
    if (extent < 0)
      return std::nullopt;
    empty = empty || extent == 0;
    // A zero extent must not hide an absurd one beside it.
    if (extent > 0 && __builtin_mul_overflow(count, extent, &count))
      return std::nullopt;
  }
  return empty ? 0 : count;
}

std::string to_string(std::span<const std::int64_t> shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

std::int64_t Tensor::size() const {
  return static_cast<std::int64_t>(bytes.size() / size_of(dtype));
}

Tensor make_tensor(
    DType dtype,
    std::vector<std::int64_t> shape,
    std::vector<std::byte> bytes) {
  const auto count = element_count(shape);
  if (!count || bytes.size() % size_of(dtype) != 0 ||
      static_cast<std::uint64_t>(*count) != bytes.size() / size_of(dtype))
    throw WeightError(fmt::format(
        "[core.tensor] {} bytes are not a {} tensor of shape {}",
        bytes.size(),
        name_of(dtype),
        to_string(shape)));
  auto owner = std::make_shared<const std::vector<std::byte>>(std::move(bytes));
  const std::span<const std::byte> view(*owner);
  return {dtype, std::move(shape), view, std::move(owner)};
}

Tensor view_tensor(
    DType dtype,
    std::vector<std::int64_t> shape,
    std::span<const std::byte> bytes,
    std::shared_ptr<const void> owner,
    std::shared_ptr<const MappedFile> file) {
  if (reinterpret_cast<std::uintptr_t>(bytes.data()) % size_of(dtype) != 0)
    return make_tensor(dtype, std::move(shape), {bytes.begin(), bytes.end()});
  return {dtype, std::move(shape), bytes, std::move(owner), std::move(file)};
}

Tensor mapped_tensor(
    DType dtype,
    std::vector<std::int64_t> shape,
    std::span<const std::byte> bytes,
    std::shared_ptr<const MappedFile> file) {
  return view_tensor(dtype, std::move(shape), bytes, file, file);
}

void forget_pages(const Tensor& tensor) {
  if (tensor.is_in_file())
    tensor.file->forget_pages(tensor.bytes);
}

} // namespace mlxaudio
