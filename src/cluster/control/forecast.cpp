#include "cluster/control/forecast.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "cluster/control/limits.hpp"

namespace securecart::cluster {
namespace {

using namespace std::chrono_literals;

constexpr double newest_week = 0.3;    // weight of a new one at least
constexpr double day_lends = 1.0;      // weeks that the average of any day counts for
constexpr double level_weight = 0.1;   // of a new quarter
constexpr double level_most = 8.0;     // one quarter says no more than this, or its inverse
constexpr double high_step = 0.2;      // of the quantile's walk
constexpr double high_share = 0.9;     // of the quarters stay below
constexpr double error_weight = 0.05;  // of a new quarter
constexpr double idle_share = 0.05;    // of the day's most: less load is no measure of an error

std::size_t quarter_of_week(Timestamp time) {
  // 1970-01-01 was a Thursday; the week begins on Monday.
  const auto since_monday = (time.time_since_epoch() + 24h * 3) % (24h * 7);
  return static_cast<std::size_t>(since_monday / forecast_quarter);
}

std::size_t quarter_of_day(Timestamp time) {
  return quarter_of_week(time) % limits::quarters_of_day;
}

// The average of any day around a quarter: neighbours have a say, since one quarter of a small shop
// is mostly chance. nullopt: that time of day was never seen.
std::optional<double> usual_day(const ScalingRecord& record, std::size_t quarter) {
  if (record.of_day.empty() || record.days[quarter] == 0) {
    return std::nullopt;
  }
  constexpr std::array<double, 5> weights{1, 2, 3, 2, 1};
  double sum = 0;
  double weight = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::size_t near = (quarter + limits::quarters_of_day + i - 2) % limits::quarters_of_day;
    if (record.days[near] > 0) {
      sum += record.of_day[near] * weights[i];
      weight += weights[i];
    }
  }
  return sum / weight;
}

// What the time of week says, without the level.
std::optional<double> usual(const ScalingRecord& record, Timestamp at) {
  const std::optional<double> day = usual_day(record, quarter_of_day(at));
  if (!day) {
    return std::nullopt;
  }
  const std::size_t week = quarter_of_week(at);
  const double weeks = record.weeks[week];
  return (record.of_week[week] * weeks + *day * day_lends) / (weeks + day_lends);
}

void average(double& average, std::uint32_t& seen, double value) {
  ++seen;
  average += (value - average) * std::max(newest_week, 1.0 / seen);
}

void learn_error(ScalingRecord& record, const Forecast& said, double requests) {
  const double most = std::ranges::max(record.of_day);
  const double measure = std::max(requests, idle_share * most);
  if (measure > 0) {
    const double wrong = std::min(std::abs(requests - said.expected) / measure, 10.0);
    record.error += (wrong - record.error) * error_weight;
  }
  // A step up when it was exceeded, a smaller one down when not: it settles where both balance.
  const double step = requests > said.high ? high_step * high_share : -high_step * (1 - high_share);
  record.high = std::clamp(record.high * std::exp(step), 1.0, level_most);
}

}  // namespace

Timestamp quarter_of(Timestamp time) {
  return Timestamp(std::chrono::floor<std::chrono::minutes>(time.time_since_epoch()) / 15min *
                   15min);
}

std::optional<Forecast> forecast(const ScalingRecord& record, Timestamp at) {
  const std::optional<double> base = usual(record, at);
  if (!base) {
    return std::nullopt;
  }
  const double expected = *base * record.level;
  return Forecast{expected, expected * record.high};
}

std::optional<Forecast> forecast_most(const ScalingRecord& record, Timestamp from,
                                      Timestamp until) {
  std::optional<Forecast> most;
  for (Timestamp at = quarter_of(from); at <= until;
       at += std::chrono::duration_cast<std::chrono::milliseconds>(forecast_quarter)) {
    const std::optional<Forecast> one = forecast(record, at);
    if (one && (!most || one->high > most->high)) {
      most = one;
    }
  }
  return most;
}

void learn(ScalingRecord& record, Timestamp quarter, double requests) {
  if (record.of_week.empty()) {
    record.of_week.assign(limits::quarters_of_week, 0);
    record.weeks.assign(limits::quarters_of_week, 0);
    record.of_day.assign(limits::quarters_of_day, 0);
    record.days.assign(limits::quarters_of_day, 0);
    record.high = 1.5;
  }
  if (const std::optional<Forecast> said = forecast(record, quarter)) {
    learn_error(record, *said, requests);
    const double base = *usual(record, quarter);
    // Where there is usually nothing, today's share of it says nothing either.
    if (base > idle_share * std::ranges::max(record.of_day)) {
      const double ratio = std::clamp(requests / base, 1 / level_most, level_most);
      record.level += (ratio - record.level) * level_weight;
    }
  }
  const std::size_t week = quarter_of_week(quarter);
  const std::size_t day = quarter_of_day(quarter);
  average(record.of_week[week], record.weeks[week], requests);
  average(record.of_day[day], record.days[day], requests);
  record.learned = quarter;
}

}  // namespace securecart::cluster
