// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <memory>

namespace mlxaudio {

/// What `Fiber::suspend` throws where nobody goes on with the work. It is no
/// error and not of std::exception: who catches everything passes it on.
struct FiberAbandoned {};

/// Work on a stack of its own, which can be left in its middle and gone on with
/// later, on the thread that left it. It serves loops that wait for each other
/// and whose data belongs to one thread.
///
/// The stack takes memory as it is used, up to 8 MiB.
class Fiber {
 public:
  /// \param work begins with the first `resume`; may call `suspend` of what it
  ///   is given, at any depth, but not where an exception is being handled
  /// \throws std::bad_alloc
  explicit Fiber(std::function<void(Fiber&)> work);
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;
  /// Work that has begun and not ended is unwound: its `suspend` throws
  /// FiberAbandoned. The work's stack is gone afterwards.
  ~Fiber();

  /// Runs the work until it suspends or ends; nothing if it has ended.
  /// \throws what the work throws, which ends it
  void resume();

  /// Whether the work has ended.
  bool done() const;

  /// Within the work: leaves it until the next `resume`.
  /// \throws FiberAbandoned if there will be none, every time it is called
  void suspend();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace mlxaudio
