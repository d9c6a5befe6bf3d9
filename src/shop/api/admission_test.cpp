#include "shop/api/admission.hpp"

#include <thread>

#include <gtest/gtest.h>

#include "shop/api/errc.hpp"

namespace securecart::shop::api {
namespace {

using namespace std::chrono_literals;

Operation operation_of(net::Method method, Access access = Access::store) {
  return {.id = "test",
          .method = method,
          .path = "/v1/test",
          .tag = "Tests",
          .summary = "A test",
          .access = access};
}

class AdmissionTest : public testing::Test {
 protected:
  ManualClock clock;
  Operation read = operation_of(net::Method::get);
  Operation write = operation_of(net::Method::post);
};

TEST_F(AdmissionTest, refuses_the_least_important_first) {
  Admission admission({.at_once = {.least = 10, .most = 10, .start = 10}}, clock);
  std::vector<Result<Admission::Place>> places;
  const auto fill = [&](Priority priority) {
    for (;;) {
      Result<Admission::Place> place = admission.enter(write, priority, "a");
      if (!place) {
        EXPECT_TRUE(place.error().is(errc::overloaded));
        EXPECT_EQ(place.error().retry_after_seconds, 1);
        return admission.in_flight();
      }
      places.push_back(std::move(place));
    }
  };
  EXPECT_EQ(fill(Priority::bulk), 5);
  EXPECT_EQ(fill(Priority::browse), 6);
  EXPECT_EQ(fill(Priority::account), 8);
  EXPECT_EQ(fill(Priority::cart), 9);
  EXPECT_EQ(fill(Priority::checkout), 10);
  EXPECT_TRUE(admission.enter(operation_of(net::Method::get, Access::open), Priority::bulk, "a"));
  EXPECT_EQ(admission.shed(Priority::browse), 1U);
  places.clear();
  EXPECT_EQ(admission.in_flight(), 0);
  EXPECT_TRUE(admission.enter(read, Priority::browse, "a"));
}

TEST_F(AdmissionTest, takes_fewer_at_once_when_answers_are_late) {
  Admission admission({.at_once = {.least = 2, .most = 100, .start = 40}}, clock);
  for (int round = 0; round < 20; ++round) {
    std::vector<Result<Admission::Place>> places;
    while (admission.in_flight() < admission.limit()) {
      places.push_back(admission.enter(write, Priority::checkout, "a"));
    }
    clock.advance(1s);
  }
  EXPECT_LT(admission.limit(), 10);
}

TEST_F(AdmissionTest, refuses_when_io_threads_run_late) {
  Admission admission({}, clock);
  for (int i = 0; i < 200; ++i) {
    clock.advance(10ms);
    admission.note_lateness(200ms);
  }
  EXPECT_FALSE(admission.enter(read, Priority::browse, "a"));
  EXPECT_TRUE(admission.enter(write, Priority::checkout, "a"));
  for (int i = 0; i < 2'000; ++i) {
    clock.advance(10ms);
    admission.note_lateness(1ms);
  }
  EXPECT_TRUE(admission.enter(read, Priority::browse, "a"));
}

TEST_F(AdmissionTest, limits_the_writes_of_one_client) {
  Admission admission({.writes_per_second = 2, .writes_burst = 3}, clock);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(admission.enter(write, Priority::checkout, "a"));
  }
  const Result<Admission::Place> refused = admission.enter(write, Priority::checkout, "a");
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().is(errc::rate_limited));
  EXPECT_EQ(refused.error().retry_after_seconds, 1);
  EXPECT_TRUE(admission.enter(write, Priority::checkout, "b")) << "another client";
  EXPECT_TRUE(admission.enter(read, Priority::browse, "a")) << "reads are not counted";
  clock.advance(500ms);
  EXPECT_TRUE(admission.enter(write, Priority::checkout, "a"));
  EXPECT_FALSE(admission.enter(write, Priority::checkout, "a"));
  clock.advance(1h);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(admission.enter(write, Priority::checkout, "a"));
  }
  EXPECT_FALSE(admission.enter(write, Priority::checkout, "a"));
  EXPECT_EQ(admission.in_flight(), 0) << "a refused request holds no place";
}

TEST_F(AdmissionTest, counts_no_writes_when_told_not_to) {
  Admission admission({.writes_per_second = 0}, clock);
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(admission.enter(write, Priority::checkout, "a"));
  }
}

TEST_F(AdmissionTest, counts_rightly_from_several_threads) {
  Admission admission({.writes_per_second = 1, .writes_burst = 1'000}, clock);
  std::atomic<int> let_in = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1'000; ++i) {
        let_in += admission.enter(write, Priority::checkout, "a") ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(let_in, 1'000);
  EXPECT_EQ(admission.in_flight(), 0);
}

}  // namespace
}  // namespace securecart::shop::api
