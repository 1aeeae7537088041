// SPDX-License-Identifier: MIT
#include "cli/task_times.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <typeindex>
#include <utility>

#include <cxxabi.h>

#include "mlxaudio/error.h"

#if defined(__linux__) && !defined(MLX_STATIC)
#define MLXAUDIO_SEES_TASKS 1
#include <dlfcn.h>
#include <mlx/scheduler.h>
#else
#define MLXAUDIO_SEES_TASKS 0
#endif

namespace mlxaudio::cli {
namespace {

using Clock = std::chrono::steady_clock;

struct Sum {
  std::uint64_t tasks = 0;
  Clock::duration time{};
};

/// Of the process, as MLX's streams are.
struct Recorder {
  std::atomic<bool> on = false;
  std::mutex mutex; // guards what follows
  std::map<std::type_index, Sum> sums;
};

Recorder& recorder() {
  static Recorder one;
  return one;
}

std::string demangle(const char* name) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> text(
      abi::__cxa_demangle(name, nullptr, nullptr, &status),
      &std::free);
  return status == 0 ? text.get() : name;
}

std::string without(std::string text, std::string_view part) {
  for (std::size_t at = text.find(part); at != std::string::npos;
       at = text.find(part)) {
    text.erase(at, part.size());
  }
  return text;
}

/// "Add" of "mlx::core::detail::Add".
std::string last_name(const std::string& qualified) {
  const std::size_t colons = qualified.rfind("::");
  return colons == std::string::npos ? qualified : qualified.substr(colons + 2);
}

#if MLXAUDIO_SEES_TASKS
std::function<void()> timed(std::function<void()> task) {
  return [task = std::move(task)] {
    const Clock::time_point begin = Clock::now();
    task();
    const Clock::duration time = Clock::now() - begin;
    Recorder& r = recorder();
    const std::lock_guard lock(r.mutex);
    Sum& sum = r.sums[task.target_type()];
    ++sum.tasks;
    sum.time += time;
  };
}
#endif

} // namespace

TaskTimes::TaskTimes() {
#if MLXAUDIO_SEES_TASKS
  Recorder& r = recorder();
  {
    const std::lock_guard lock(r.mutex);
    r.sums.clear();
  }
  r.on = true;
#else
  throw UnsupportedError(
      "[cli] --profile needs Linux and MLX as a shared library: leave it out");
#endif
}

TaskTimes::~TaskTimes() {
  recorder().on = false;
}

std::vector<OpTime> TaskTimes::ops() const {
  std::map<std::string, OpTime> by_op;
  Recorder& r = recorder();
  {
    const std::lock_guard lock(r.mutex);
    for (const auto& [type, sum] : r.sums) {
      const std::string op = op_of(demangle(type.name()));
      OpTime& time = by_op[op];
      time.op = op;
      time.tasks += sum.tasks;
      time.seconds += std::chrono::duration<double>(sum.time).count();
    }
  }
  std::vector<OpTime> all;
  for (auto& [op, time] : by_op) {
    all.push_back(std::move(time));
  }
  std::stable_sort(
      all.begin(),
      all.end(),
      [](const OpTime& a, const OpTime& b) { return a.seconds > b.seconds; });
  return all;
}

std::string op_of(std::string_view type_name) {
  std::string text = without(std::string(type_name), "(anonymous namespace)::");
  // What wraps the task, and how it came to be wrapped, says nothing.
  for (const std::string_view wrapper :
       {"std::_Bind<", "mlx::core::cpu::CommandEncoder::dispatch<"}) {
    if (text.starts_with(wrapper)) {
      text.erase(0, wrapper.size());
    }
  }
  // A task is a lambda of the function that made it: its name ends where its
  // parameters begin.
  text.erase(std::min(text.find('('), text.size()));
  const std::string room = text.substr(0, text.find("::"));
  std::string arguments;
  if (const std::size_t open = text.find('<'); open != std::string::npos) {
    arguments = "<" +
                last_name(text.substr(open + 1, text.rfind('>') - open - 1)) +
                ">";
    text.erase(open);
  }
  std::string name = last_name(text);
  if (name == "eval_cpu" || (name == "eval" && room != "mlx")) {
    // A method of the operation itself.
    name = last_name(text.substr(0, text.rfind("::")));
    constexpr std::string_view kSuffix = "Primitive";
    if (name.ends_with(kSuffix)) {
      name.erase(name.size() - kSuffix.size());
    }
  }
  return room + "::" + name + arguments;
}

} // namespace mlxaudio::cli

#if MLXAUDIO_SEES_TASKS
/// Stands before MLX's own: a program's symbols come before those of its
/// libraries. Every operation's tasks come through here.
void mlx::core::scheduler::Scheduler::enqueue(
    Stream s, std::function<void()> task) {
  using Function = void (*)(Scheduler*, Stream, std::function<void()>);
  static const auto next = reinterpret_cast<Function>(::dlsym(
      RTLD_NEXT,
      "_ZN3mlx4core9scheduler9Scheduler7enqueueENS0_6StreamE"
      "St8functionIFvvEE"));
  if (mlxaudio::cli::recorder().on.load(std::memory_order_relaxed)) {
    task = mlxaudio::cli::timed(std::move(task));
  }
  next(this, s, std::move(task));
}
#endif
