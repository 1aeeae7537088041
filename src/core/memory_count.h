// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <utility>

namespace mlxaudio {

/// What memory is held for, where MLX does not count it.
enum class MemoryFor {
  weights_in_place, ///< weights where the file, or its reader, has them
  weights_copied,   ///< weights that were copied; MLX counts them too
  audio,            ///< samples
  scratch,          ///< what kernels need while they run
};

/// Bytes of the process that are held, and the most that were at once.
struct MemoryHeld {
  std::size_t now = 0;
  std::size_t most = 0;
};

MemoryHeld memory_held(MemoryFor what);

/// Counts bytes as held while it lives. Counting takes no lock.
class CountedMemory {
 public:
  CountedMemory(MemoryFor what, std::size_t bytes);
  CountedMemory(const CountedMemory&) = delete;
  CountedMemory& operator=(const CountedMemory&) = delete;
  CountedMemory(CountedMemory&& other) noexcept
      : what_(other.what_), bytes_(std::exchange(other.bytes_, 0)) {}
  CountedMemory& operator=(CountedMemory&& other) noexcept {
    std::swap(what_, other.what_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~CountedMemory();

  /// Makes it count another number of bytes.
  void resize(std::size_t bytes);

 private:
  MemoryFor what_;
  std::size_t bytes_;
};

} // namespace mlxaudio
