// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>

namespace mlxaudio::kernels {

/// Keeps memory for results from being taken long before they are computed.
///
/// MLX walks a graph and takes the memory of each result as it puts the work
/// into the queue, a hundred operations ahead of the thread that does it: an
/// encoder's whole run then lies in memory at once, and nothing that becomes
/// free on the way is used again.
class RunAhead {
 public:
  /// \param limit bytes of results that may wait to be computed
  explicit RunAhead(std::size_t limit) : limit_(limit) {}

  /// The room that results take until they are computed: as long as a copy of
  /// it lives. It must not outlive whoever gave it.
  using Room = std::shared_ptr<const void>;

  /// Waits until results of `bytes` more fit. Where none waits, any number
  /// does.
  Room enter(std::size_t bytes);

  /// The one of this process.
  static RunAhead& shared();

 private:
  void leave(std::size_t bytes);

  std::mutex mutex_; // guards what follows
  std::condition_variable less_;
  std::size_t limit_;
  std::size_t waiting_ = 0;
};

} // namespace mlxaudio::kernels
