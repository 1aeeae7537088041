// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <new>

#include "core/memory_count.h"
#include "hwy/aligned_allocator.h"

namespace mlxaudio::kernels {

template <class T>
using Aligned = hwy::AlignedFreeUniquePtr<T[]>;

/// Memory for n numbers, aligned for every instruction set. Not to be called
/// within `parallel_for`, where nothing may be thrown. \throws std::bad_alloc
template <class T>
Aligned<T> allocate_aligned(std::size_t n) {
  auto memory = hwy::AllocateAligned<T>(n);
  if (!memory) {
    throw std::bad_alloc();
  }
  return memory;
}

/// Aligned memory for a kernel while it runs, counted.
class Scratch {
 public:
  explicit Scratch(std::size_t floats)
      : data_(allocate_aligned<float>(floats)),
        counted_(MemoryFor::scratch, floats * sizeof(float)) {}

  float* get() const {
    return data_.get();
  }

 private:
  Aligned<float> data_;
  CountedMemory counted_;
};

} // namespace mlxaudio::kernels
