// SPDX-License-Identifier: MIT
#include "kernels/team.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/parallel.h"

namespace mlxaudio::kernels {
namespace {

TEST(Team, DoesEachPieceOnce) {
  Team team;
  for (int round = 0; round < 2000; ++round) {
    std::vector<int> done(round % 50, 0);
    std::atomic<std::size_t> next{0};
    team.run(1 + round % 4, [&] {
      for (std::size_t i; (i = next++) < done.size();) {
        ++done[i];
      }
    });
    EXPECT_EQ(done, std::vector<int>(done.size(), 1)) << round;
  }
}

TEST(Team, HelpersWorkBesideTheCaller) {
  Team team;
  std::set<std::thread::id> who;
  std::mutex mutex;
  std::atomic<int> inside{0};
  team.run(3, [&] {
    {
      const std::lock_guard lock(mutex);
      who.insert(std::this_thread::get_id());
    }
    ++inside;
    const auto late =
        std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (inside < 3 && std::chrono::steady_clock::now() < late) {
      std::this_thread::yield();
    }
  });
  EXPECT_EQ(who.size(), 3u);
  EXPECT_TRUE(who.count(std::this_thread::get_id()));
}

TEST(Team, WakesHelpersThatSleep) {
  Team team;
  std::atomic<int> calls{0};
  for (int round = 0; round < 5; ++round) {
    std::atomic<int> inside{0};
    team.run(2, [&] {
      ++inside;
      ++calls;
      const auto late =
          std::chrono::steady_clock::now() + std::chrono::seconds(20);
      while (inside < 2 && std::chrono::steady_clock::now() < late) {
        std::this_thread::yield();
      }
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  EXPECT_EQ(calls, 10);
}

TEST(Team, CallersTakeTurns) {
  Team team;
  std::atomic<int> total{0};
  std::vector<std::thread> callers;
  for (int c = 0; c < 4; ++c) {
    callers.emplace_back([&] {
      for (int round = 0; round < 300; ++round) {
        std::atomic<int> next{0};
        team.run(2, [&] {
          while (next++ < 7) {
            ++total;
          }
        });
      }
    });
  }
  for (auto& caller : callers) {
    caller.join();
  }
  EXPECT_EQ(total, 4 * 300 * 7);
}

TEST(ParallelFor, GivesEachThreadScratchOfItsOwn) {
  const int before = threads();
  set_threads(3);
  std::vector<int> done(1000, 0);
  parallel_for_with<std::unique_ptr<std::size_t>>(
      done.size(),
      [] { return std::make_unique<std::size_t>(); },
      [&done](std::size_t i, const std::unique_ptr<std::size_t>& scratch) {
        *scratch = i;
        std::this_thread::yield();
        done[i] += *scratch == i ? 1 : 0;
      });
  parallel_for(done.size(), true, [&done](std::size_t i) { ++done[i]; });
  parallel_for(done.size(), false, [&done](std::size_t i) { ++done[i]; });
  set_threads(before);
  EXPECT_EQ(done, std::vector<int>(done.size(), 3));
}

} // namespace
} // namespace mlxaudio::kernels
