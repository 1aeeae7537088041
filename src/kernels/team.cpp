// SPDX-License-Identifier: MIT
#include "kernels/team.h"

#include <chrono>
#include <exception>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace mlxaudio::kernels {
namespace {

/// How long a thread looks for what it waits for before it sleeps. A decoder's
/// step has gaps of a few microseconds, and threads end their last pieces of
/// work as near to each other; waking a thread takes tens.
constexpr std::chrono::microseconds kLook{50};

void relax() {
#if defined(__x86_64__)
  _mm_pause();
#else
  std::this_thread::yield();
#endif
}

/// Looks whether something has come, as long as that.
template <class Predicate>
void look_for(const Predicate& has_come) {
  const auto until = std::chrono::steady_clock::now() + kLook;
  do {
    for (int i = 0; i < 32; ++i) {
      if (has_come()) {
        return;
      }
      relax();
    }
  } while (std::chrono::steady_clock::now() < until);
}

} // namespace

Team& Team::shared() {
  // Never destroyed: at exit MLX's threads may yet give it work.
  static auto& team = *new Team;
  return team;
}

Team::~Team() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ++calls_;
  calls_.notify_all();
  for (auto& helper : helpers_) {
    helper.join();
  }
}

void Team::work(int size, Work work) {
  const std::lock_guard turn(turn_);
  {
    const std::lock_guard lock(mutex_);
    try {
      while (static_cast<int>(helpers_.size()) < size - 1) {
        helpers_.emplace_back([this] { help(); });
      }
    } catch (const std::exception&) {
      // The system gives no more threads: those that there are do the work.
    }
    work_ = work;
    places_ = size - 1;
  }
  ++calls_;
  calls_.notify_all();

  work.call(work.body);

  {
    const std::lock_guard lock(mutex_);
    places_ = 0;
  }
  const auto is_finished = [this] {
    return active_.load(std::memory_order_acquire) == 0;
  };
  look_for(is_finished);
  std::unique_lock lock(mutex_);
  finished_.wait(lock, is_finished);
  work_ = {};
}

void Team::help() {
  std::uint32_t seen = 0;
  for (;;) {
    look_for([&] { return calls_.load(std::memory_order_acquire) != seen; });
    calls_.wait(seen, std::memory_order_acquire);
    seen = calls_.load(std::memory_order_acquire);

    std::unique_lock lock(mutex_);
    if (stopping_) {
      return;
    }
    if (places_ == 0) {
      continue;
    }
    --places_;
    ++active_;
    const Work work = work_;
    lock.unlock();
    work.call(work.body);
    lock.lock();
    if (--active_ == 0) {
      finished_.notify_one();
    }
  }
}

} // namespace mlxaudio::kernels
