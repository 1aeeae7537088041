// SPDX-License-Identifier: MIT
#include "kernels/run_ahead.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <vector>

namespace mlxaudio::kernels {
namespace {

using namespace std::chrono_literals;

TEST(RunAhead, LetsInWhatFits) {
  RunAhead ahead(10);
  const auto first = ahead.enter(4);
  auto second = ahead.enter(6);
  second.reset();
  second = ahead.enter(6);
}

TEST(RunAhead, LetsInMoreThanTheLimitWhereNoneWaits) {
  RunAhead ahead(10);
  ahead.enter(1000);
  ahead.enter(11);
}

TEST(RunAhead, HoldsUpWhatDoesNotFitUntilThereIsRoom) {
  RunAhead ahead(10);
  std::future<void> second; // waits in its destructor, after the copy is gone
  auto first = ahead.enter(8);
  const auto copy = first;
  second = std::async(std::launch::async, [&] { ahead.enter(3); });
  first.reset();
  EXPECT_EQ(second.wait_for(50ms), std::future_status::timeout);
}

TEST(RunAhead, LetsInWhatWaitedOnceThereIsRoom) {
  RunAhead ahead(10);
  auto first = ahead.enter(8);
  const auto second = std::async(std::launch::async, [&] { ahead.enter(3); });
  first.reset();
  EXPECT_EQ(second.wait_for(60s), std::future_status::ready);
}

TEST(RunAhead, NeverHoldsMoreThanTheLimit) {
  constexpr std::size_t kLimit = 64, kEach = 20;
  RunAhead ahead(kLimit);
  std::atomic<std::size_t> held{0}, most{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 500; ++j) {
        const auto room = ahead.enter(kEach);
        const std::size_t now = held += kEach;
        std::size_t seen = most;
        while (seen < now && !most.compare_exchange_weak(seen, now)) {
        }
        held -= kEach;
      }
    });
  }
  threads.clear();
  EXPECT_LE(most, kLimit);
  EXPECT_EQ(held, 0u);
}

} // namespace
} // namespace mlxaudio::kernels
