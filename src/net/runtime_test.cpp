#include "net/runtime.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/errors.hpp"
#include "net/limits.hpp"

namespace securecart::net {
namespace {

using namespace std::chrono_literals;

// Counts its own destruction.
struct Token {
  explicit Token(std::atomic<int>& destroyed) : count(&destroyed) {}
  Token(Token&& other) noexcept : count(std::exchange(other.count, nullptr)) {}
  Token(const Token&) = delete;
  ~Token() {
    if (count != nullptr) {
      ++*count;
    }
  }
  std::atomic<int>* count;
};

// Runs `task` on core 0 and waits for it.
template <class T>
T run_on(Runtime& runtime, Task<T> task) {
  std::promise<std::variant<T, std::exception_ptr>> promise;
  runtime.executor(0).post([&promise, task = std::move(task)]() mutable {
    start(std::move(task), [&promise](std::variant<T, std::exception_ptr> outcome) {
      promise.set_value(std::move(outcome));
    });
  });
  std::variant<T, std::exception_ptr> outcome = promise.get_future().get();
  if (outcome.index() == 1) {
    std::rethrow_exception(std::get<1>(outcome));
  }
  return std::move(std::get<0>(outcome));
}

TEST(Runtime, RunsJobsOnTheirCore) {
  const SystemClock clock;
  Runtime runtime(3, 1, clock);
  EXPECT_EQ(runtime.cores(), 3U);
  runtime.run();
  std::vector<std::thread::id> threads(3);
  std::latch done(300);
  for (std::size_t i = 0; i < 300; ++i) {
    Executor& executor = runtime.executor(i % 3);
    executor.post([&, i] {
      EXPECT_EQ(&Executor::current(), &executor);
      if (threads[i % 3] == std::thread::id()) {
        threads[i % 3] = std::this_thread::get_id();
      }
      EXPECT_EQ(threads[i % 3], std::this_thread::get_id());
      done.count_down();
    });
  }
  done.wait();
  EXPECT_FALSE(Executor::has_current());
  EXPECT_NE(threads[0], threads[1]);
}

TEST(Runtime, KeepsTheOrderOfJobs) {
  const SystemClock clock;
  Runtime runtime(1, 1, clock);
  runtime.run();
  std::vector<int> seen;
  std::latch done(1);
  Executor& executor = runtime.executor(0);
  for (int i = 0; i < 1'000; ++i) {
    executor.post([&seen, i] { seen.push_back(i); });
  }
  executor.post([&] { done.count_down(); });
  done.wait();
  ASSERT_EQ(seen.size(), 1'000U);
  EXPECT_TRUE(std::ranges::is_sorted(seen));
}

TEST(Runtime, RunsTimedJobsInOrder) {
  const SystemClock clock;
  Runtime runtime(1, 1, clock);
  runtime.run();
  std::vector<int> seen;
  std::latch done(4);
  Executor& executor = runtime.executor(0);
  executor.post([&] {
    for (const int ms : {30, 10, 20, -5}) {
      const SteadyTime due = clock.steady() + std::chrono::milliseconds(ms);
      executor.post_after(std::chrono::milliseconds(ms), [&, ms, due] {
        EXPECT_GE(clock.steady(), due);
        EXPECT_EQ(&Executor::current(), &executor);
        seen.push_back(ms);
        done.count_down();
      });
    }
  });
  done.wait();
  EXPECT_EQ(seen, (std::vector<int>{-5, 10, 20, 30}));
}

Task<int> blocking_sum(Runtime& runtime) {
  Executor& home = Executor::current();
  int sum = 0;
  for (int i = 0; i < 100; ++i) {
    std::move_only_function<int()> work = [i] {
      EXPECT_FALSE(Executor::has_current());
      return i;
    };
    Task<int> waiting = runtime.blocking<int>(std::move(work));
    sum += co_await waiting;
    EXPECT_EQ(&Executor::current(), &home);
  }
  co_return sum;
}

TEST(Runtime, RunsBlockingWorkElsewhere) {
  const SystemClock clock;
  Runtime runtime(1, 4, clock);
  runtime.run();
  EXPECT_EQ(run_on(runtime, blocking_sum(runtime)), 4'950);
}

Task<int> blocking_failure(Runtime& runtime) {
  std::move_only_function<int()> work = []() -> int { throw std::out_of_range("no"); };
  Task<int> waiting = runtime.blocking<int>(std::move(work));
  co_return co_await waiting;
}

TEST(Runtime, PassesOnWhatBlockingWorkThrows) {
  const SystemClock clock;
  Runtime runtime(1, 1, clock);
  runtime.run();
  EXPECT_THROW(run_on(runtime, blocking_failure(runtime)), std::out_of_range);
}

Task<int> wait_on_worker(Runtime& runtime, std::latch& begun, std::latch& go) {
  std::move_only_function<int()> work = [&begun, &go] {
    begun.count_down();
    go.wait();
    return 1;
  };
  Task<int> waiting = runtime.blocking<int>(std::move(work));
  co_return co_await waiting;
}

TEST(Runtime, RefusesBlockingWorkPastTheLimit) {
  const SystemClock clock;
  std::latch begun(1);
  std::latch go(1);
  std::atomic<int> refused = 0;
  std::atomic<int> ended = 0;
  Runtime runtime(1, 1, clock);
  runtime.run();
  const auto count = [&](std::variant<int, std::exception_ptr> outcome) {
    try {
      if (outcome.index() == 1) {
        std::rethrow_exception(std::get<1>(outcome));
      }
    } catch (const Unavailable&) {
      ++refused;
    }
    ++ended;
  };
  runtime.executor(0).post([&] { start(wait_on_worker(runtime, begun, go), count); });
  begun.wait();
  std::promise<void> asked;
  runtime.executor(0).post([&] {
    for (std::size_t i = 0; i < limits::blocking_queue + 5; ++i) {
      start(blocking_sum(runtime),
            [&](std::variant<int, std::exception_ptr> outcome) { count(std::move(outcome)); });
    }
    asked.set_value();
  });
  asked.get_future().get();
  EXPECT_EQ(refused, 5);
  go.count_down();
  while (ended < static_cast<int>(limits::blocking_queue) + 6) {
    std::this_thread::yield();
  }
}

TEST(Runtime, DestroysQueuedJobsWithoutRunningThem) {
  const SystemClock clock;
  std::atomic<int> destroyed = 0;
  std::atomic<int> ran = 0;
  {
    Runtime never_run(2, 1, clock);
    never_run.executor(0).post([token = Token(destroyed), &ran] { ++ran; });
    never_run.executor(1).post([token = Token(destroyed), &ran] { ++ran; });
  }
  EXPECT_EQ(destroyed, 2);
  Runtime runtime(1, 1, clock);
  runtime.run();
  std::promise<void> stopped;
  Executor& executor = runtime.executor(0);
  executor.post([&] {
    executor.post_after(1h, [token = Token(destroyed), &ran] { ++ran; });
    executor.post([token = Token(destroyed), &ran] { ++ran; });
    runtime.stop();  // from an io thread
    executor.post([token = Token(destroyed), &ran] { ++ran; });
    stopped.set_value();
  });
  stopped.get_future().get();
  runtime.join();
  EXPECT_EQ(destroyed, 5);
  executor.post([token = Token(destroyed), &ran] { ++ran; });
  EXPECT_EQ(destroyed, 6);
  EXPECT_EQ(ran, 0);
}

TEST(Runtime, CanBeStoppedUnderLoad) {
  const SystemClock clock;
  for (int round = 0; round < 20; ++round) {
    std::atomic<bool> ended = false;
    Runtime runtime(2, 2, clock);
    runtime.run();
    std::vector<std::jthread> posters;
    for (std::size_t i = 0; i < 2; ++i) {
      posters.emplace_back([&runtime, &ended, i] {
        while (!ended) {
          runtime.executor(i).post([&runtime, i] {
            runtime.executor(1 - i).post([] {});
            runtime.executor(i).post_after(1us, [] {});
          });
        }
      });
    }
    std::latch some(100);
    for (int i = 0; i < 100; ++i) {
      runtime.executor(0).post([&some] { some.count_down(); });
    }
    some.wait();
    runtime.stop();
    ended = true;
    posters.clear();
    runtime.join();
  }
}

}  // namespace
}  // namespace securecart::net
