#include "base/task.hpp"

#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/executor.hpp"
#include "base/log.hpp"

namespace securecart {
namespace {

using namespace std::chrono_literals;

Task<int> one() {
  co_return 1;
}

Task<int> add_up(int depth) {
  if (depth == 0) {
    co_return 0;
  }
  const int rest = co_await add_up(depth - 1);
  co_return rest + co_await one();
}

Task<int> failing() {
  throw std::runtime_error("broken");
  co_return 0;
}

Task<std::string> rescue() {
  try {
    co_await failing();
  } catch (const std::runtime_error& error) {
    co_return error.what();
  }
  co_return "nothing happened";
}

TEST(Task, ReturnsThroughManyLevels) {
  EXPECT_EQ(run_ready(add_up(10'000)), 10'000);
}

TEST(Task, CarriesExceptions) {
  EXPECT_EQ(run_ready(rescue()), "broken");
  EXPECT_THROW(run_ready(failing()), std::runtime_error);
}

TEST(Task, IsLazyAndFreesWhatItNeverRan) {
  auto token = std::make_shared<int>(7);
  {
    const auto hold = [](std::shared_ptr<int> kept) -> Task<int> { co_return *kept; };
    const Task<int> never = hold(token);
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
}

Task<int> wait_and_return(Duration delay, int value) {
  co_await sleep_for(delay);
  co_return value;
}

struct Outcome {
  std::vector<int> values;
  auto collect() {
    return [this](std::variant<int, std::exception_ptr> result) {
      values.push_back(std::get<0>(result));
    };
  }
};

TEST(ManualExecutor, RunsTimedJobsInTheOrderOfTheirTimes) {
  ManualClock clock;
  ManualExecutor executor(clock);
  Outcome outcome;
  executor.post([&] {
    start(wait_and_return(20ms, 2), outcome.collect());
    start(wait_and_return(10ms, 1), outcome.collect());
    start(wait_and_return(20ms, 3), outcome.collect());
  });
  executor.advance(19ms);
  EXPECT_EQ(outcome.values, (std::vector<int>{1}));
  executor.advance(1ms);
  EXPECT_EQ(outcome.values, (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(clock.steady().time_since_epoch(), 20ms);
}

TEST(ManualExecutor, JumpsToTheNextDueJob) {
  ManualClock clock;
  ManualExecutor executor(clock);
  Outcome outcome;
  executor.post([&] { start(wait_and_return(1h, 5), outcome.collect()); });
  EXPECT_TRUE(executor.run_until([&] { return !outcome.values.empty(); }));
  EXPECT_EQ(clock.steady().time_since_epoch(), 1h);
  EXPECT_FALSE(executor.run_until([] { return false; })) << "nothing is left to run";
}

TEST(Executor, KnowsItselfOnlyInsideJobs) {
  ManualClock clock;
  ManualExecutor executor(clock);
  EXPECT_FALSE(Executor::has_current());
  bool inside = false;
  executor.post([&] { inside = &Executor::current() == &executor; });
  executor.run_ready_jobs();
  EXPECT_TRUE(inside);
  EXPECT_FALSE(Executor::has_current());
}

Task<int> answer_from_another_thread(std::thread& thread, std::latch& allowed) {
  std::move_only_function<void(std::move_only_function<void(int)>)> begin =
      [&](std::move_only_function<void(int)> resume) {
        thread = std::thread([&allowed, resume = std::move(resume)]() mutable {
          allowed.wait();
          resume(42);
        });
      };
  Task<int> waiting = await_on_current<int>(std::move(begin));
  const int answer = co_await waiting;
  co_return Executor::has_current() ? answer : -1;
}

TEST(Executor, ComesBackFromAnotherThread) {
  ManualClock clock;
  ManualExecutor executor(clock);
  std::thread thread;
  std::latch allowed(1);
  Outcome outcome;
  executor.post([&] { start(answer_from_another_thread(thread, allowed), outcome.collect()); });
  executor.run_ready_jobs();
  allowed.count_down();
  thread.join();
  EXPECT_TRUE(outcome.values.empty());
  executor.run_ready_jobs();
  EXPECT_EQ(outcome.values, (std::vector<int>{42}));
}

Task<int> traced(std::string trace, std::vector<std::string>& seen) {
  const log::TraceScope scope(trace);
  for (int i = 0; i < 3; ++i) {
    seen.push_back(trace + '=' + std::string(log::current_trace().view()));
    co_await sleep_for(10ms);
  }
  co_return 0;
}

TEST(TraceScope, StaysWithItsTaskWhileOthersRunOnTheThread) {
  ManualClock clock;
  ManualExecutor executor(clock);
  Outcome outcome;
  std::vector<std::string> seen;
  executor.post([&] {
    const log::TraceScope caller("caller");
    start(traced("a", seen), outcome.collect());
    EXPECT_EQ(log::current_trace().view(), "caller");
    start(traced("b", seen), outcome.collect());
    EXPECT_EQ(log::current_trace().view(), "caller");
  });
  executor.post_after(5ms, [] { EXPECT_EQ(log::current_trace().view(), ""); });
  executor.advance(1s);
  EXPECT_EQ(seen, (std::vector<std::string>{"a=a", "b=b", "a=a", "b=b", "a=a", "b=b"}));
  EXPECT_EQ(log::current_trace().view(), "");
  EXPECT_EQ(outcome.values.size(), 2U);
}

}  // namespace
}  // namespace securecart
