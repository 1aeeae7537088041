// SPDX-License-Identifier: MIT
#include "kernels/settings.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <cstdlib>

#include "hwy/targets.h"
#include "kernels/cpu.h"
#include "kernels/info.h"
#include "kernels/test_support.h"
#include "kernels/threads.h"
#include "mlxaudio/error.h"

namespace mlxaudio::kernels {
namespace {

TEST(Threads, DefaultIsThePhysicalCores) {
  const test::Restore restore;
  set_threads(0);
  EXPECT_EQ(threads(), physical_cores());
  EXPECT_GE(threads(), 1);
  set_threads(3);
  EXPECT_EQ(threads(), 3);
}

TEST(Threads, RefusesAbsurdNumbers) {
  EXPECT_THROW(set_threads(-1), ArgumentError);
  EXPECT_THROW(set_threads(100000), ArgumentError);
}

TEST(Isa, ScalarIsAlwaysThere) {
  const test::Restore restore;
  EXPECT_EQ(available_isas().front(), Isa::scalar);
  set_isa(Isa::scalar);
  EXPECT_EQ(isa(), Isa::scalar);
  EXPECT_EQ(info().isa, "scalar");
}

TEST(Isa, IsHighwaysOnlyChoice) {
  isa();
  EXPECT_TRUE(
      std::has_single_bit(static_cast<std::uint64_t>(hwy::SupportedTargets())));
}

TEST(Isa, RefusesWhatTheProcessorLacks) {
#if defined(__x86_64__)
  EXPECT_THROW(set_isa(Isa::neon), ArgumentError);
#else
  EXPECT_THROW(set_isa(Isa::avx512), ArgumentError);
#endif
}

TEST(Info, CountsWhatOpsChose) {
  const bool before = enabled();
  const auto softmax = [] {
    return info().ops.at(static_cast<std::size_t>(Op::softmax));
  };
  const auto start = softmax();
  EXPECT_EQ(start.op, "softmax");
  set_enabled(true);
  EXPECT_TRUE(choose(Op::softmax));
  EXPECT_FALSE(choose(Op::softmax, false));
  set_enabled(false);
  EXPECT_FALSE(choose(Op::softmax));
  EXPECT_FALSE(info().enabled);
  EXPECT_EQ(softmax().kernel, start.kernel + 1);
  EXPECT_EQ(softmax().composite, start.composite + 2);
  set_enabled(before);
}

} // namespace
} // namespace mlxaudio::kernels
