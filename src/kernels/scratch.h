// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>

#include "core/memory_count.h"
#include "hwy/aligned_allocator.h"

namespace mlxaudio::kernels {

/// Aligned memory for a kernel while it runs, counted.
class Scratch {
 public:
  explicit Scratch(std::size_t floats)
      : data_(hwy::AllocateAligned<float>(floats)),
        counted_(MemoryFor::scratch, floats * sizeof(float)) {}

  float* get() const {
    return data_.get();
  }

 private:
  hwy::AlignedFreeUniquePtr<float[]> data_;
  CountedMemory counted_;
};

} // namespace mlxaudio::kernels
