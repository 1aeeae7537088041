// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mlxaudio::cli {

/// What the tasks of one operation took.
struct OpTime {
  std::string op; ///< "Linear" of our kernels, "Matmul" of MLX's
  std::uint64_t tasks = 0;
  double seconds = 0;
};

/// Times what MLX runs on a processor, operation by operation, while it is
/// alive.
///
/// Nothing is evaluated in another order for it: each task that an operation
/// hands to MLX's CPU stream is timed on the thread that runs it. One lives at
/// a time.
class TaskTimes {
 public:
  /// \throws UnsupportedError if this build cannot see MLX's tasks
  TaskTimes();
  TaskTimes(const TaskTimes&) = delete;
  TaskTimes& operator=(const TaskTimes&) = delete;
  ~TaskTimes();

  /// What was seen so far, the longest first.
  std::vector<OpTime> ops() const;
};

/// The operation that a task belongs to, from the name of the task's type.
std::string op_of(std::string_view type_name);

} // namespace mlxaudio::cli
