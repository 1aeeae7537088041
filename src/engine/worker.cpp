// SPDX-License-Identifier: MIT
#include "engine/worker.h"

#include <algorithm>

#include <mlx/stream.h>

#include "mlxaudio/error.h"

namespace mx = mlx::core;

namespace mlxaudio::engine {

void Session::post(std::function<void()> event) {
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  changed_.notify_one();
}

std::stop_token Session::stop() const {
  return stop_.get_token();
}

Worker::Worker() : thread_([this] { loop(); }) {}

Worker::~Worker() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  queued_.notify_one();
  thread_.join();
}

void Worker::run(std::function<void(Session&)> job, std::stop_token stop) {
  const auto session = std::make_shared<Session>();
  session->job_ = std::move(job);
  // In place before the job can begin, so that the job sees every stop. It
  // takes the session's lock, so that the wait below cannot miss the
  // notification between looking at the token and going to sleep.
  const std::stop_callback forward(std::move(stop), [&session] {
    session->stop_.request_stop();
    { const std::lock_guard lock(session->mutex_); }
    session->changed_.notify_one();
  });

  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(session);
  }
  queued_.notify_one();

  {
    std::unique_lock lock(session->mutex_);
    session->changed_.wait(lock, [&] {
      return session->state_ != Session::State::waiting ||
             session->stop_.stop_requested();
    });
  }
  if (session->stop_.stop_requested() && withdraw(session)) {
    throw InterruptedError("[engine] stopped before the model began");
  }
  deliver(*session);
}

/// Takes a session that has not begun out of the queue; false if it has begun.
bool Worker::withdraw(const std::shared_ptr<Session>& session) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find(queue_.begin(), queue_.end(), session);
  if (found == queue_.end()) {
    return false;
  }
  queue_.erase(found);
  return true;
}

/// Calls the events of a session until it is done.
void Worker::deliver(Session& session) {
  std::exception_ptr thrown;
  std::unique_lock lock(session.mutex_);
  for (;;) {
    session.changed_.wait(lock, [&session] {
      return !session.events_.empty() || session.state_ == Session::State::done;
    });
    if (session.events_.empty()) {
      break;
    }
    const auto event = std::move(session.events_.front());
    session.events_.pop_front();
    if (thrown) {
      continue;
    }
    lock.unlock();
    try {
      event();
    } catch (...) {
      thrown = std::current_exception();
      session.stop_.request_stop();
    }
    lock.lock();
  }
  if (thrown) {
    std::rethrow_exception(thrown);
  }
  if (session.error_) {
    std::rethrow_exception(session.error_);
  }
}

void Worker::loop() {
  for (;;) {
    std::shared_ptr<Session> session;
    {
      std::unique_lock lock(mutex_);
      queued_.wait(lock, [this] { return closing_ || !queue_.empty(); });
      if (queue_.empty()) {
        break;
      }
      session = std::move(queue_.front());
      queue_.pop_front();
    }
    {
      const std::lock_guard lock(session->mutex_);
      session->state_ = Session::State::running;
    }
    session->changed_.notify_one();
    std::exception_ptr error;
    try {
      session->job_(*session);
    } catch (...) {
      error = std::current_exception();
    }
    {
      const std::lock_guard lock(session->mutex_);
      // The job's own captures belong to the caller, who may leave now.
      session->job_ = nullptr;
      session->error_ = std::move(error);
      session->state_ = Session::State::done;
    }
    session->changed_.notify_one();
  }
  mx::clear_streams();
}

} // namespace mlxaudio::engine
