#include "lab/latency.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace securecart::lab {
namespace {

using namespace std::chrono_literals;

TEST(LatencyHistogram, IsEmptyAtFirst) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.percentile(99), Duration::zero());
}

TEST(LatencyHistogram, KeepsTheLargestExactly) {
  LatencyHistogram histogram;
  for (int i = 1; i <= 1'000; ++i) {
    histogram.record(i * 1ms);
  }
  EXPECT_EQ(histogram.max(), 1'000ms);
  EXPECT_EQ(histogram.percentile(100), 1'000ms);
  EXPECT_NEAR(static_cast<double>(histogram.percentile(50) / 1ms), 500, 9);
  EXPECT_NEAR(static_cast<double>(histogram.percentile(99.9) / 1ms), 999, 17);
}

TEST(LatencyHistogram, CountsRanksInWholeNumbers) {
  LatencyHistogram histogram;
  for (int i = 0; i < 25; ++i) {
    histogram.record(i < 14 ? 0us : 2us);
  }
  EXPECT_EQ(histogram.percentile(56), 0us);
  EXPECT_EQ(histogram.percentile(56.001), 2us);
}

RC_GTEST_PROP(LatencyHistogram, IsExactToOneIn64, ()) {
  auto micros =
      *rc::gen::nonEmpty<std::vector<std::int64_t>>(rc::gen::container<std::vector<std::int64_t>>(
          rc::gen::inRange<std::int64_t>(0, 10'000'000'000)));
  LatencyHistogram histogram;
  for (const std::int64_t latency : micros) {
    histogram.record(std::chrono::microseconds(latency));
  }
  std::ranges::sort(micros);
  const auto percent = *rc::gen::inRange(1, 101);
  const auto count = micros.size();
  const auto rank =
      std::max<std::size_t>((count * static_cast<std::size_t>(percent) + 99) / 100, 1);
  const std::int64_t exact = micros[rank - 1];
  const std::int64_t told = histogram.percentile(percent) / 1us;
  RC_ASSERT(told >= exact);
  RC_ASSERT(told <= exact + exact / 64 + 1);
}

}  // namespace
}  // namespace securecart::lab
