// SPDX-License-Identifier: MIT
#include "core/fiber.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace mlxaudio {
namespace {

TEST(Fiber, LeavesItsWorkAndGoesOn) {
  std::vector<int> seen;
  Fiber fiber([&seen](Fiber& self) {
    seen.push_back(1);
    self.suspend();
    seen.push_back(3);
  });
  EXPECT_TRUE(seen.empty());
  fiber.resume();
  EXPECT_FALSE(fiber.done());
  seen.push_back(2);
  fiber.resume();
  EXPECT_TRUE(fiber.done());
  fiber.resume();
  EXPECT_EQ(seen, (std::vector<int>{1, 2, 3}));
}

TEST(Fiber, ManyTakeTurns) {
  std::string order;
  std::vector<std::unique_ptr<Fiber>> fibers;
  for (const char name : {'a', 'b', 'c'}) {
    fibers.push_back(std::make_unique<Fiber>([&order, name](Fiber& self) {
      for (int i = 0; i < 3; ++i) {
        order += name;
        self.suspend();
      }
    }));
  }
  for (int i = 0; i < 4; ++i) {
    for (const auto& fiber : fibers) {
      fiber->resume();
    }
  }
  EXPECT_EQ(order, "abcabcabc");
  EXPECT_TRUE(fibers.back()->done());
}

TEST(Fiber, SuspendsFromDeepWithin) {
  // As deep as a stack of some size lets it.
  const auto descend = [](auto&& again, Fiber& self, int depth) -> int {
    volatile char filler[1024] = {};
    filler[0] = 1;
    if (depth == 0) {
      self.suspend();
      return 0;
    }
    return again(again, self, depth - 1) + filler[0];
  };
  int depth = 0;
  Fiber fiber([&](Fiber& self) { depth = descend(descend, self, 1000); });
  fiber.resume();
  EXPECT_EQ(depth, 0);
  fiber.resume();
  EXPECT_EQ(depth, 1000);
}

TEST(Fiber, ThrowsWhatItsWorkThrows) {
  Fiber fiber([](Fiber& self) {
    try {
      throw std::runtime_error("caught within");
    } catch (const std::runtime_error&) {
    }
    self.suspend();
    throw std::runtime_error("late");
  });
  fiber.resume();
  try {
    fiber.resume();
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& e) {
    EXPECT_STREQ(e.what(), "late");
  }
  EXPECT_TRUE(fiber.done());
  EXPECT_NO_THROW(fiber.resume());
}

TEST(Fiber, UnwindsWorkThatIsNotGoneOnWith) {
  const auto held = std::make_shared<int>(1);
  bool went_on = false;
  {
    Fiber fiber([held, &went_on](Fiber& self) {
      const std::vector on_stack{held};
      self.suspend();
      went_on = true;
    });
    fiber.resume();
    EXPECT_EQ(held.use_count(), 3);
  }
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_FALSE(went_on);
}

TEST(Fiber, UnwindsWorkThatCatchesEverything) {
  const auto held = std::make_shared<int>(1);
  int abandoned = 0;
  bool went_on = false;
  {
    Fiber fiber([held, &abandoned, &went_on](Fiber& self) {
      const std::vector on_stack{held};
      // As often as it is tried: nobody would go on with it.
      for (int i = 0; i < 3; ++i) {
        try {
          self.suspend();
          went_on = true;
        } catch (const FiberAbandoned&) {
          ++abandoned;
        }
      }
    });
    fiber.resume();
  }
  EXPECT_EQ(abandoned, 3);
  EXPECT_FALSE(went_on);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Fiber, NeedNotBegin) {
  bool began = false;
  {
    const Fiber fiber([&began](Fiber&) { began = true; });
  }
  EXPECT_FALSE(began);
}

TEST(Fiber, ThreadsHaveTheirOwn) {
  std::vector<std::thread> threads;
  std::vector<int> sums(4, 0);
  for (int& sum : sums) {
    threads.emplace_back([&sum] {
      for (int round = 0; round < 50; ++round) {
        Fiber fiber([&sum](Fiber& self) {
          ++sum;
          self.suspend();
          ++sum;
        });
        fiber.resume();
        fiber.resume();
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(sums, std::vector<int>(4, 100));
}

} // namespace
} // namespace mlxaudio
