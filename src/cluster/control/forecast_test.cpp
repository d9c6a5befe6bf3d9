#include "cluster/control/forecast.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "base/prng.hpp"
#include "tests/support/seed.hpp"

namespace securecart::cluster {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp monday{std::chrono::milliseconds(1'767'571'200'000)};  // 2026-01-05T00:00:00Z
constexpr std::chrono::milliseconds quarter = 15min;

// Requests a second at a time: quiet nights, twice as much on Saturdays, growing by a twentieth a
// week.
double trade(Timestamp at) {
  const double days = std::chrono::duration<double>(at - monday).count() / 86'400;
  const double daily = 20 + 100 * std::pow(std::sin(days * 3.14159265), 2);
  return daily * (static_cast<int>(days) % 7 == 5 ? 2.0 : 1.0) * (1 + days / 7 * 0.05);
}

ScalingRecord learned(int days, double noise = 0.0) {
  Prng random(test::seed());
  ScalingRecord record;
  for (Timestamp at = monday; at < monday + days * 24h; at += quarter) {
    learn(record, at, trade(at) * (1 + noise * (2 * random.unit() - 1)));
  }
  return record;
}

TEST(Forecast, SaysNothingOfWhatWasNeverSeen) {
  EXPECT_FALSE(forecast(ScalingRecord{}, monday).has_value());
  ScalingRecord record;
  learn(record, monday, 10);
  EXPECT_TRUE(forecast(record, monday + 24h).has_value());
  EXPECT_FALSE(forecast(record, monday + 25h).has_value());
}

TEST(Forecast, KnowsTheTimeOfDayAfterADayAndTheDayOfTheWeekAfterWeeks) {
  const ScalingRecord day = learned(1);
  EXPECT_NEAR(forecast(day, monday + 36h)->expected, trade(monday + 36h), 15);
  const ScalingRecord weeks = learned(28);
  for (const auto ahead : {12h, 36h, 5 * 24h + 12h, 5 * 24h + 2h}) {
    const Timestamp at = monday + 28 * 24h + ahead;
    EXPECT_NEAR(forecast(weeks, at)->expected / trade(at), 1.0, 0.2) << ahead.count();
  }
}

TEST(Forecast, ItsErrorIsSmallOnRegularTradeAndTold) {
  EXPECT_LT(learned(35).error, 0.1);
  EXPECT_LT(learned(35, 0.2).error, 0.25);
  ScalingRecord record = learned(28);
  Prng random(test::seed());
  for (Timestamp at = monday + 28 * 24h; at < monday + 30 * 24h; at += quarter) {
    learn(record, at, 200 * random.unit());
  }
  EXPECT_GT(record.error, 0.5);
}

TEST(Forecast, HighIsRarelyExceeded) {
  ScalingRecord record = learned(14, 0.3);
  Prng random(test::seed() + 1);
  int exceeded = 0;
  int quarters = 0;
  for (Timestamp at = monday + 14 * 24h; at < monday + 28 * 24h; at += quarter) {
    const double load = trade(at) * (0.7 + 0.6 * random.unit());
    exceeded += load > forecast(record, at)->high ? 1 : 0;
    ++quarters;
    learn(record, at, load);
  }
  EXPECT_LT(exceeded, quarters / 5);
  EXPECT_GT(exceeded, quarters / 40);
}

TEST(Forecast, ASteepMorningIsSeenAhead) {
  const ScalingRecord record = learned(14);
  const Timestamp night = monday + 14 * 24h + 2h;
  EXPECT_GT(forecast_most(record, night, night + 4h)->expected,
            2 * forecast(record, night)->expected);
}

}  // namespace
}  // namespace securecart::cluster
