// SPDX-License-Identifier: MIT
#include "cli/task_times.h"

#include <algorithm>

#include <gtest/gtest.h>
#include <mlx/ops.h>
#include <mlx/transforms.h>

#include "kernels/primitives.h"

namespace mlxaudio::cli {
namespace {

namespace mx = mlx::core;

TEST(OpOf, FindsTheOperationInATasksType) {
  const std::pair<const char*, const char*> cases[] = {
      {"std::_Bind<mlx::core::Gather::eval_cpu(std::vector<mlx::core::array> "
       "const&, mlx::core::array&)::{lambda()#1} ()>",
       "mlx::Gather"},
      {"std::_Bind<mlxaudio::kernels::(anonymous namespace)::LinearPrimitive::"
       "eval(std::vector<mlx::core::array> const&)::{lambda()#1} ()>",
       "mlxaudio::Linear"},
      {"mlx::core::cpu::CommandEncoder::dispatch<mlxaudio::ops::(anonymous "
       "namespace)::LogMel::eval_cpu(std::vector<mlx::core::array> const&)::"
       "{lambda()#1}>(mlxaudio::ops::(anonymous namespace)::LogMel::eval_cpu("
       "std::vector<mlx::core::array> const&)::{lambda()#1}&&)::{lambda()#1}",
       "mlxaudio::LogMel"},
      {"std::_Bind<mlx::core::binary_op_cpu<mlx::core::detail::Add>(mlx::core::"
       "array const&, mlx::core::detail::Add)::{lambda()#1} ()>",
       "mlx::binary_op_cpu<Add>"},
      {"std::_Bind<mlx::core::cpu::eval(mlx::core::array&)::{lambda()#1} ()>",
       "mlx::eval"},
  };
  for (const auto& [type, op] : cases) {
    EXPECT_EQ(op_of(type), op);
  }
}

const OpTime* find(const std::vector<OpTime>& ops, const std::string& name) {
  const auto found =
      std::find_if(ops.begin(), ops.end(), [&](const OpTime& op) {
        return op.op == name;
      });
  return found == ops.end() ? nullptr : &*found;
}

TEST(TaskTimes, SeesOurKernelsAndMlxsOwnOperations) {
  const auto stream = mx::default_stream(mx::Device::cpu);
  const mx::array x = mx::ones({64, 256}, mx::float32, stream);
  const mx::array weight = mx::ones({128, 256}, mx::float32, stream);
  const TaskTimes times;
  EXPECT_TRUE(times.ops().empty());
  for (int i = 0; i < 3; ++i) {
    mx::eval(mx::sum(kernels::linear(x, weight, {}, false, {}), false, stream));
  }
  const std::vector<OpTime> ops = times.ops();
  const OpTime* const ours = find(ops, "mlxaudio::Linear");
  ASSERT_NE(ours, nullptr);
  EXPECT_EQ(ours->tasks, 3);
  EXPECT_GT(ours->seconds, 0);
  ASSERT_NE(find(ops, "mlx::Reduce"), nullptr);
  EXPECT_TRUE(std::is_sorted(
      ops.begin(),
      ops.end(),
      [](const OpTime& a, const OpTime& b) { return a.seconds > b.seconds; }));
}

TEST(TaskTimes, BeginsAnewEachTimeAndEndsWithIt) {
  const auto stream = mx::default_stream(mx::Device::cpu);
  const auto work = [&] {
    mx::eval(mx::sum(mx::ones({9}, mx::float32, stream), false, stream));
  };
  {
    const TaskTimes first;
    work();
    EXPECT_FALSE(first.ops().empty());
  }
  work();
  const TaskTimes second;
  EXPECT_TRUE(second.ops().empty());
}

} // namespace
} // namespace mlxaudio::cli
