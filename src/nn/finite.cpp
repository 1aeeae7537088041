// SPDX-License-Identifier: MIT
#include "nn/finite.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/parallel.h"

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

bool all_finite(std::span<const std::byte> bytes, DType dtype) {
  switch (dtype) {
    case DType::f16:
      return all_finite<std::uint16_t>(bytes, 0x7c00);
    case DType::bf16:
      return all_finite<std::uint16_t>(bytes, 0x7f80);
    case DType::f32:
      return all_finite<std::uint32_t>(bytes, 0x7f800000u);
    case DType::f64:
      return all_finite<std::uint64_t>(bytes, 0x7ff0000000000000u);
    default:
      return true;
  }
}

/// Bytes that a thread reads at a time: whole numbers of every type.
constexpr std::size_t kPiece = std::size_t{1} << 20;

struct Piece {
  std::size_t tensor;
  std::span<const std::byte> bytes;
};

} // namespace

std::vector<bool> are_finite(std::span<const Tensor* const> tensors) {
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto bytes = tensors[i]->bytes;
    for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
      const std::size_t n = std::min(kPiece, bytes.size() - at);
      pieces.push_back({i, bytes.subspan(at, n)});
    }
  }
  std::vector<std::atomic<bool>> bad(tensors.size());
  kernels::parallel_for(pieces.size(), true, [&](std::size_t i) {
    const Piece& piece = pieces[i];
    if (!all_finite(piece.bytes, tensors[piece.tensor]->dtype)) {
      bad[piece.tensor].store(true, std::memory_order_relaxed);
    }
  });
  std::vector<bool> finite;
  for (const auto& found : bad) {
    finite.push_back(!found.load(std::memory_order_relaxed));
  }
  return finite;
}

} // namespace mlxaudio
