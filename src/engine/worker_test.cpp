// SPDX-License-Identifier: MIT
#include "engine/worker.h"

#include <atomic>
#include <chrono>
#include <latch>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <mlx/array.h>
#include <mlx/ops.h>

#include "mlxaudio/error.h"

namespace mlxaudio::engine {
namespace {

namespace mx = mlx::core;

TEST(Worker, ReturnsWhatTheJobReturns) {
  Worker worker;
  EXPECT_EQ(worker.call([](Session&) { return std::string("done"); }), "done");
  int ran = 0;
  worker.call([&](Session&) { ++ran; });
  EXPECT_EQ(ran, 1);
}

TEST(Worker, RunsAllJobsOnOneThread) {
  Worker worker;
  const auto id = [](Session&) { return std::this_thread::get_id(); };
  const auto first = worker.call(id);
  EXPECT_NE(first, std::this_thread::get_id());
  EXPECT_EQ(worker.call(id), first);
}

TEST(Worker, DeliversEventsInOrderOnTheCallersThread) {
  Worker worker;
  std::vector<int> seen;
  std::vector<std::thread::id> threads;
  worker.call([&](Session& session) {
    for (int i = 0; i < 100; ++i) {
      session.post([&, i] {
        seen.push_back(i);
        threads.push_back(std::this_thread::get_id());
      });
    }
  });
  std::vector<int> expected(100);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(
      threads,
      std::vector<std::thread::id>(100, std::this_thread::get_id()));
}

TEST(Worker, DeliversEventsWhileTheJobRuns) {
  Worker worker;
  std::latch delivered(1);
  worker.call([&](Session& session) {
    session.post([&] { delivered.count_down(); });
    // Never passed if events waited for the job's end.
    delivered.wait();
  });
}

TEST(Worker, ServesManyThreads) {
  Worker worker;
  std::atomic<int> sum = 0;
  std::atomic<int> at_once = 0;
  std::atomic<bool> overlapped = false;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 20; ++i) {
        int events = 0;
        const int result = worker.call([&](Session& session) {
          overlapped = overlapped || at_once.fetch_add(1) != 0;
          session.post([&] { ++events; });
          const int value = mx::sum(mx::full({10}, thread)).item<int>();
          at_once.fetch_sub(1);
          return value;
        });
        EXPECT_EQ(result, 10 * thread);
        EXPECT_EQ(events, 1);
        sum += result;
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(sum, 20 * 10 * (0 + 1 + 2 + 3 + 4 + 5 + 6 + 7));
  EXPECT_FALSE(overlapped);
}

TEST(Worker, CarriesExceptionsToTheCaller) {
  Worker worker;
  EXPECT_THROW(
      worker.call([](Session&) { throw AudioError("[test] broken"); }),
      AudioError);
  EXPECT_THROW(
      worker.call([](Session&) -> int { throw std::out_of_range("x"); }),
      std::out_of_range);
  EXPECT_EQ(worker.call([](Session&) { return 1; }), 1);
}

TEST(Worker, EventsBeforeAnExceptionAreDelivered) {
  Worker worker;
  int events = 0;
  EXPECT_THROW(
      worker.call([&](Session& session) {
        session.post([&] { ++events; });
        throw AudioError("[test] broken");
      }),
      AudioError);
  EXPECT_EQ(events, 1);
}

TEST(Worker, AnEventThatThrowsStopsTheJob) {
  Worker worker;
  bool stopped = false;
  int later = 0;
  EXPECT_THROW(
      worker.call([&](Session& session) {
        session.post([] { throw std::domain_error("from a callback"); });
        session.post([&] { ++later; });
        while (!session.stop().stop_requested()) {
          std::this_thread::yield();
        }
        stopped = true;
      }),
      std::domain_error);
  EXPECT_TRUE(stopped);
  EXPECT_EQ(later, 0);
}

TEST(Worker, PassesTheStopTokenOn) {
  Worker worker;
  std::stop_source stop;
  worker.call(
      [&](Session& session) {
        EXPECT_FALSE(session.stop().stop_requested());
        stop.request_stop();
        EXPECT_TRUE(session.stop().stop_requested());
      },
      stop.get_token());
}

TEST(Worker, AStopTakesARequestOutOfTheQueue) {
  Worker worker;
  std::latch began(1);
  std::latch go_on(1);
  std::thread busy([&] {
    worker.call([&](Session&) {
      began.count_down();
      go_on.wait();
    });
  });
  began.wait();
  std::stop_source stop;
  std::thread later([&] { stop.request_stop(); });
  bool ran = false;
  EXPECT_THROW(
      worker.call([&](Session&) { ran = true; }, stop.get_token()),
      InterruptedError);
  later.join();
  go_on.count_down();
  busy.join();
  EXPECT_FALSE(ran);
}

TEST(Worker, AStopBeforeTheCallIsSeen) {
  Worker worker;
  std::stop_source stop;
  stop.request_stop();
  // Whether the job has begun by then or not, it must not hang.
  try {
    worker.call(
        [](Session& session) { EXPECT_TRUE(session.stop().stop_requested()); },
        stop.get_token());
  } catch (const InterruptedError&) {
  }
}

TEST(Worker, AnEventMayCallAgain) {
  Worker worker;
  int inner = 0;
  worker.call([&](Session& session) {
    session.post([&] { inner = worker.call([](Session&) { return 7; }); });
  });
  EXPECT_EQ(inner, 7);
}

TEST(Worker, FinishesWhatIsQueuedBeforeItEnds) {
  std::atomic<int> ran = 0;
  std::vector<std::thread> threads;
  {
    Worker worker;
    std::latch all_in(4);
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        worker.call([&](Session&) {
          all_in.count_down();
          ++ran;
        });
      });
    }
    all_in.wait();
    for (auto& thread : threads) {
      thread.join();
    }
  }
  EXPECT_EQ(ran, 4);
}

TEST(Worker, TwoWorkersRunMlxAtTheSameTime) {
  Worker a;
  Worker b;
  const auto work = [](Session&) {
    mx::array x = mx::full({64, 64}, 1.0F);
    for (int i = 0; i < 10; ++i) {
      x = mx::matmul(x, x) / mx::array(64.0F);
      x.eval();
    }
    return mx::sum(x).item<float>();
  };
  float from_b = 0;
  std::thread thread([&] { from_b = b.call(work); });
  EXPECT_EQ(a.call(work), 4096);
  thread.join();
  EXPECT_EQ(from_b, 4096);
}

} // namespace
} // namespace mlxaudio::engine
