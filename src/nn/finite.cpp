// SPDX-License-Identifier: MIT
#include "nn/finite.h"

#include <cstdint>
#include <cstring>

namespace mlxaudio {
namespace {

/// A number is NaN or infinite if and only if all bits of its exponent are
/// set. Read in blocks without a branch, so that compilers vectorize it and a
/// checkpoint is read at the speed of memory.
template <class Bits>
bool all_finite(std::span<const std::byte> bytes, Bits exponent) {
  constexpr std::size_t kBlock = 4096 / sizeof(Bits);
  const std::size_t n = bytes.size() / sizeof(Bits);
  Bits block[kBlock];
  for (std::size_t done = 0; done < n; done += kBlock) {
    const std::size_t count = std::min(kBlock, n - done);
    std::memcpy(
        block,
        bytes.data() + done * sizeof(Bits),
        count * sizeof(Bits));
    Bits bad = 0;
    for (std::size_t i = 0; i < count; ++i) {
      bad |= static_cast<Bits>((block[i] & exponent) == exponent);
    }
    if (bad) {
      return false;
    }
  }
  return true;
}

} // namespace

bool is_finite(const Tensor& tensor) {
  switch (tensor.dtype) {
    case DType::f16:
      return all_finite<std::uint16_t>(tensor.bytes, 0x7c00);
    case DType::bf16:
      return all_finite<std::uint16_t>(tensor.bytes, 0x7f80);
    case DType::f32:
      return all_finite<std::uint32_t>(tensor.bytes, 0x7f800000u);
    case DType::f64:
      return all_finite<std::uint64_t>(tensor.bytes, 0x7ff0000000000000u);
    default:
      return true;
  }
}

} // namespace mlxaudio
