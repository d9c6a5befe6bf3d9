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

TEST_F(AdmissionTest, refuses_reads_before_writes) {
  Admission admission({.requests_at_once = 3, .reads_at_once = 2}, clock);
  std::vector<Result<Admission::Place>> places;
  places.push_back(admission.enter(read, "a"));
  places.push_back(admission.enter(read, "a"));
  const Result<Admission::Place> one_more_read = admission.enter(read, "a");
  ASSERT_FALSE(one_more_read);
  EXPECT_TRUE(one_more_read.error().is(errc::overloaded));
  EXPECT_EQ(one_more_read.error().retry_after_seconds, 1);
  places.push_back(admission.enter(write, "a"));
  EXPECT_TRUE(places.back());
  EXPECT_FALSE(admission.enter(write, "a"));
  EXPECT_EQ(admission.in_flight(), 3U);
  EXPECT_TRUE(admission.enter(operation_of(net::Method::get, Access::open), "a"));
  places.clear();
  EXPECT_EQ(admission.in_flight(), 0U);
  EXPECT_TRUE(admission.enter(read, "a"));
}

TEST_F(AdmissionTest, limits_the_writes_of_one_client) {
  Admission admission({.writes_per_second = 2, .writes_burst = 3}, clock);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(admission.enter(write, "a"));
  }
  const Result<Admission::Place> refused = admission.enter(write, "a");
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().is(errc::rate_limited));
  EXPECT_EQ(refused.error().retry_after_seconds, 1);
  EXPECT_TRUE(admission.enter(write, "b")) << "another client";
  EXPECT_TRUE(admission.enter(read, "a")) << "reads are not counted";
  clock.advance(500ms);
  EXPECT_TRUE(admission.enter(write, "a"));
  EXPECT_FALSE(admission.enter(write, "a"));
  clock.advance(1h);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(admission.enter(write, "a"));
  }
  EXPECT_FALSE(admission.enter(write, "a"));
  EXPECT_EQ(admission.in_flight(), 0U) << "a refused request holds no place";
}

TEST_F(AdmissionTest, counts_no_writes_when_told_not_to) {
  Admission admission({.writes_per_second = 0}, clock);
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_TRUE(admission.enter(write, "a"));
  }
}

TEST_F(AdmissionTest, counts_rightly_from_several_threads) {
  Admission admission({.writes_per_second = 1, .writes_burst = 1'000}, clock);
  std::atomic<int> let_in = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 1'000; ++i) {
        let_in += admission.enter(write, "a") ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(let_in, 1'000);
  EXPECT_EQ(admission.in_flight(), 0U);
}

}  // namespace
}  // namespace securecart::shop::api
