#include "base/pause.hpp"

#include <memory>
#include <thread>

#include <gtest/gtest.h>

#include "base/executor.hpp"

namespace securecart {
namespace {

using namespace std::chrono_literals;

class PauseTest : public testing::Test {
 protected:
  Task<void> wait(Duration span, int& passed) {
    Task<void> waiting = pause_.wait(span);
    co_await waiting;
    ++passed;
  }
  void begin(Duration span, int& passed) {
    executor_.post(
        [this, span, &passed] { start(wait(span, passed), [](const std::exception_ptr&) {}); });
    executor_.run_ready_jobs();
  }

  ManualClock clock_;
  ManualExecutor executor_{clock_};
  Pause pause_;
};

TEST_F(PauseTest, LastsAsLongAsItShould) {
  int passed = 0;
  begin(10s, passed);
  executor_.advance(9s);
  EXPECT_EQ(passed, 0);
  executor_.advance(1s);
  EXPECT_EQ(passed, 1);
}

TEST_F(PauseTest, EndsForAllWhoWaitAndOnlyOnce) {
  int first = 0;
  int second = 0;
  begin(10s, first);
  begin(1h, second);
  pause_.end();
  executor_.run_ready_jobs();
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 1);
  executor_.advance(2h);
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 1);
}

TEST_F(PauseTest, NobodyWaitsAfterItsEnd) {
  pause_.end();
  int passed = 0;
  begin(1h, passed);
  executor_.advance(0s);
  EXPECT_EQ(passed, 1);
}

TEST_F(PauseTest, ItsTimersOutliveIt) {
  int passed = 0;
  auto pause = std::make_unique<Pause>();
  executor_.post(
      [&] { start(pause->wait(10s), [&passed](const std::exception_ptr&) { ++passed; }); });
  executor_.run_ready_jobs();
  pause->end();
  executor_.run_ready_jobs();
  EXPECT_EQ(passed, 1);
  pause.reset();
  executor_.advance(1min);
  EXPECT_EQ(passed, 1);
}

TEST_F(PauseTest, EndsFromAnotherThread) {
  int passed = 0;
  begin(1h, passed);
  std::thread other([this] { pause_.end(); });
  other.join();
  executor_.run_ready_jobs();
  EXPECT_EQ(passed, 1);
}

}  // namespace
}  // namespace securecart
