// SPDX-License-Identifier: MIT
#include "core/memory_count.h"

#include <array>
#include <atomic>

namespace mlxaudio {
namespace {

struct Count {
  std::atomic<std::size_t> now{0};
  std::atomic<std::size_t> most{0};
};

/// Counts of the process.
Count& count_of(MemoryFor what) {
  static std::array<Count, 4> counts;
  return counts[static_cast<std::size_t>(what)];
}

void add(MemoryFor what, std::size_t bytes) {
  Count& count = count_of(what);
  const std::size_t now =
      count.now.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  std::size_t most = count.most.load(std::memory_order_relaxed);
  while (
      most < now &&
      !count.most.compare_exchange_weak(most, now, std::memory_order_relaxed)) {
  }
}

void remove(MemoryFor what, std::size_t bytes) {
  count_of(what).now.fetch_sub(bytes, std::memory_order_relaxed);
}

} // namespace

MemoryHeld memory_held(MemoryFor what) {
  const Count& count = count_of(what);
  return {
      count.now.load(std::memory_order_relaxed),
      count.most.load(std::memory_order_relaxed)};
}

CountedMemory::CountedMemory(MemoryFor what, std::size_t bytes)
    : what_(what), bytes_(bytes) {
  add(what_, bytes_);
}

CountedMemory::~CountedMemory() {
  remove(what_, bytes_);
}

void CountedMemory::resize(std::size_t bytes) {
  remove(what_, bytes_);
  bytes_ = bytes;
  add(what_, bytes_);
}

} // namespace mlxaudio
