#include "lab/parallel.hpp"

#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "base/executor.hpp"

namespace securecart::lab {
namespace {

using namespace std::chrono_literals;

struct Body {
  std::vector<std::size_t> ended;
  std::size_t running = 0;
  std::size_t most = 0;
  std::size_t fails_at = 1'000;

  Task<void> operator()(std::size_t index) {
    most = std::max(most, ++running);
    co_await sleep_for(index % 3 == 0 ? 5ms : 1ms);
    --running;
    if (index == fails_at) {
      throw std::runtime_error("no");
    }
    ended.push_back(index);
  }
};

class InParallel : public testing::Test {
 protected:
  // "done" or what was thrown.
  std::string run(std::size_t count, std::size_t at_once) {
    std::string outcome;
    executor_.post([&] {
      start(in_parallel(count, at_once, body),
            [&outcome](const std::exception_ptr& error) { outcome = error ? "thrown" : "done"; });
    });
    executor_.run_until([&] { return !outcome.empty(); });
    return outcome;
  }

  Body body;

 private:
  ManualClock clock_;
  ManualExecutor executor_{clock_};
};

TEST_F(InParallel, RunsEachOnceAndAFewAtATime) {
  EXPECT_EQ(run(20, 4), "done");
  EXPECT_EQ(body.most, 4U);
  std::ranges::sort(body.ended);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_EQ(body.ended.at(i), i);
  }
}

TEST_F(InParallel, TakesNothingAndFewerThanAtOnce) {
  EXPECT_EQ(run(0, 4), "done");
  EXPECT_EQ(run(2, 100), "done");
  EXPECT_EQ(body.ended.size(), 2U);
}

TEST_F(InParallel, WaitsForTheOthersBeforeItThrows) {
  body.fails_at = 1;
  EXPECT_EQ(run(20, 3), "thrown");
  EXPECT_EQ(body.running, 0U);
  EXPECT_LT(body.ended.size(), 19U) << "no more are begun after a failure";
}

struct ReadyBody {
  std::size_t count = 0;
  Task<void> operator()(std::size_t) {
    ++count;
    co_return;
  }
};

TEST(InParallelOfReadyTasks, EndsAtOnce) {
  ReadyBody body;
  bool done = false;
  start(in_parallel(100, 8, body), [&done](const std::exception_ptr&) { done = true; });
  EXPECT_TRUE(done);
  EXPECT_EQ(body.count, 100U);
}

}  // namespace
}  // namespace securecart::lab
