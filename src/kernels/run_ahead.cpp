// SPDX-License-Identifier: MIT
#include "kernels/run_ahead.h"

namespace mlxaudio::kernels {
namespace {

/// A few results of an encoder's layer, so that the thread which computes has
/// always work, and a small part of what a model's weights take.
constexpr std::size_t kLimit = std::size_t{12} << 20;

} // namespace

RunAhead& RunAhead::shared() {
  // Never destroyed: at exit MLX's threads may yet hold rooms of it.
  static auto& one = *new RunAhead(kLimit);
  return one;
}

RunAhead::Room RunAhead::enter(std::size_t bytes) {
  {
    std::unique_lock lock(mutex_);
    less_.wait(lock, [&] {
      return waiting_ == 0 || waiting_ + bytes <= limit_;
    });
    waiting_ += bytes;
  }
  // Of a pointer the deleter is called even if the pointer's own memory cannot
  // be had.
  return {this, [bytes](RunAhead* ahead) { ahead->leave(bytes); }};
}

void RunAhead::leave(std::size_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    waiting_ -= bytes;
  }
  less_.notify_all();
}

} // namespace mlxaudio::kernels
