// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

namespace mlxaudio::kernels {

/// Threads that help the one which asks, and sleep between.
///
/// Who waits looks for some microseconds, as a decoder's next kernel comes that
/// soon and a helper's last piece of work ends that soon, and then sleeps: a
/// busy machine is not kept busier by waiting. A helper that the system has not
/// woken by the time all is done is not waited for.
class Team {
 public:
  Team() = default;
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team();

  /// Calls `body()` on this thread and on as many helpers as are free, up to
  /// `size` in all, and returns when no call is under way. Each call is to take
  /// pieces of the work until there are none left. `body` may not throw.
  ///
  /// Calls from several threads take turns. A body may not call `run`.
  template <class Body>
  void run(int size, const Body& body) {
    work(size, {&body, [](const void* b) {
                  (*static_cast<const Body*>(b))();
                }});
  }

  /// The one of this process.
  static Team& shared();

 private:
  struct Work {
    const void* body = nullptr;
    void (*call)(const void*) = nullptr;
  };
  void work(int size, Work work);
  void help();

  std::mutex turn_; // held by the thread whose work is under way

  std::mutex mutex_; // guards what follows
  std::condition_variable finished_;
  Work work_;
  int places_ = 0;             // helpers that may still join
  std::atomic<int> active_{0}; // helpers inside `work_`; changed with the lock
  bool stopping_ = false;

  std::atomic<std::uint32_t> calls_{0}; // changes with each piece of work
  std::vector<std::thread> helpers_;
};

} // namespace mlxaudio::kernels
