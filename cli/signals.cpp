// SPDX-License-Identifier: MIT
#include "cli/signals.h"

#include <cstdlib>

#include <pthread.h>

#include "cli/exit_code.h"
#include "cli/streams.h"

namespace mlxaudio::cli {
namespace {

[[noreturn]] void end_at_once() {
  tell("mlx-audio: interrupted\n");
  std::_Exit(static_cast<int>(ExitCode::interrupted));
}

} // namespace

Signals::Signals() {
  sigemptyset(&set_);
  bool any = false;
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction action {};
    sigaction(signal, nullptr, &action);
    // A shell ignores SIGINT for what it runs in the background: so do we.
    if (action.sa_handler != SIG_IGN) {
      sigaddset(&set_, signal);
      any = true;
    }
  }
  // A reader that goes away is an error of a write, not the end of us.
  std::signal(SIGPIPE, SIG_IGN);
  // So is a file that grows past its limit.
  std::signal(SIGXFSZ, SIG_IGN);
  if (any) {
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    thread_ = std::thread([this] { wait(); });
  }
}

Signals::~Signals() {
  if (thread_.joinable()) {
    ending_ = true;
    pthread_kill(
        thread_.native_handle(),
        sigismember(&set_, SIGTERM) ? SIGTERM : SIGINT);
    thread_.join();
  }
}

void Signals::wait() {
  for (;;) {
    int signal = 0;
    if (sigwait(&set_, &signal) != 0) {
      continue;
    }
    if (ending_) {
      return;
    }
    if (!stop_.stop_requested() && exit_at_once_) {
      end_at_once();
    }
    if (stop_.stop_requested()) {
      std::_Exit(static_cast<int>(ExitCode::interrupted));
    }
    stop_.request_stop();
  }
}

Signals::ExitAtOnce::ExitAtOnce(Signals& signals) : signals_(signals) {
  signals_.exit_at_once_ = true;
  // One that came before has not been heeded by anything yet.
  if (signals_.stop_.stop_requested()) {
    end_at_once();
  }
}

Signals::ExitAtOnce::~ExitAtOnce() {
  signals_.exit_at_once_ = false;
}

} // namespace mlxaudio::cli
