// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <type_traits>
#include <utility>

namespace mlxaudio::engine {

/// What a job running on the worker can do for the caller that waits for it.
class Session {
 public:
  /// Has `event` called on the caller's thread. Events keep their order, and
  /// all of them are delivered before the caller gets the result.
  void post(std::function<void()> event);

  /// Requested by the caller's own stop token, or when an event threw.
  std::stop_token stop() const;

 private:
  friend class Worker;
  enum class State { waiting, running, done };

  std::function<void(Session&)> job_;
  std::stop_source stop_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> events_;
  State state_ = State::waiting;
  std::exception_ptr error_;
};

/// The one thread that makes, evaluates and destroys a model's MLX arrays.
///
/// MLX's default streams belong to a thread, so everything of one model happens
/// on one. Any number of threads may call; jobs run one at a time, in order.
class Worker {
 public:
  Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  /// Runs what is queued to its end, then ends the thread.
  ~Worker();

  /// Runs `job(Session&)` on the worker and returns its result. While it waits,
  /// this thread delivers the events that the job posts.
  /// \throws what the job or an event throws (an event that throws asks the job
  /// to stop first); InterruptedError if stopped while still in the queue
  template <class Job>
  std::invoke_result_t<Job&, Session&> call(
      Job&& job, std::stop_token stop = {}) {
    using Result = std::invoke_result_t<Job&, Session&>;
    if constexpr (std::is_void_v<Result>) {
      run([&job](Session& session) { job(session); }, std::move(stop));
    } else {
      std::optional<Result> result;
      run([&](Session& session) { result.emplace(job(session)); },
          std::move(stop));
      return std::move(*result);
    }
  }

 private:
  void run(std::function<void(Session&)> job, std::stop_token stop);
  void deliver(Session& session);
  bool withdraw(const std::shared_ptr<Session>& session);
  void loop();

  std::mutex mutex_;
  std::condition_variable queued_;
  std::deque<std::shared_ptr<Session>> queue_;
  bool closing_ = false;
  std::thread thread_;
};

} // namespace mlxaudio::engine
