// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <csignal>
#include <stop_token>
#include <thread>

namespace mlxaudio::cli {

/// Turns SIGINT and SIGTERM into a stop request.
///
/// A thread of its own waits for them, so nothing runs inside a signal
/// handler. Make it before any other thread: those inherit the mask that
/// leaves the signals to this one. The second signal ends the program at once.
class Signals {
 public:
  Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals();

  std::stop_token token() const {
    return stop_.get_token();
  }
  bool stopped() const {
    return stop_.stop_requested();
  }

  /// While one of these lives, the first signal ends the program at once, and
  /// so does one that came before: for work that cannot be asked to stop and
  /// leaves nothing behind.
  class ExitAtOnce {
   public:
    explicit ExitAtOnce(Signals& signals);
    ExitAtOnce(const ExitAtOnce&) = delete;
    ExitAtOnce& operator=(const ExitAtOnce&) = delete;
    ~ExitAtOnce();

   private:
    Signals& signals_;
  };

 private:
  void wait();

  sigset_t set_{};
  std::stop_source stop_;
  std::atomic<bool> exit_at_once_ = false;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

} // namespace mlxaudio::cli
