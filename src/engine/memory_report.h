// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>

#include "core/memory_count.h"

namespace mlxaudio::engine {

/// Where the memory of this process is. \unit byte
struct MemoryReport {
  MemoryHeld weights_in_place; ///< read where the file is mapped
  MemoryHeld weights_copied;   ///< beside the file; a part of MLX's
  MemoryHeld mlx; ///< arrays, caches of keys and values and spectrograms too
  std::size_t mlx_cache = 0; ///< what MLX keeps of memory that was freed
  MemoryHeld audio;          ///< samples
  MemoryHeld scratch;        ///< of kernels
  std::size_t peak = 0; ///< the most of the process in memory, libraries too

  /// What is in memory now, where the system says so.
  struct Resident {
    std::size_t anonymous = 0; ///< the process's own
    std::size_t files = 0; ///< mapped: weights, the program and its libraries
  };
  std::optional<Resident> resident;
};

MemoryReport memory_report();

/// The most memory that this process had so far. \unit byte
std::size_t peak_memory();

} // namespace mlxaudio::engine
