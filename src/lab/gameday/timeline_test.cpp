#include "lab/gameday/timeline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace securecart::lab {
namespace {

using namespace std::chrono_literals;
using Kind = Sample::Kind;
using Outcome = Sample::Outcome;

const Timestamp began = from_millis(1'767'225'600'000);

Intent intent(std::string key, std::chrono::milliseconds at) {
  Intent intent;
  intent.key = std::move(key);
  intent.at = began + at;
  return intent;
}

Ack ack(std::string key, std::chrono::milliseconds at) {
  return {std::move(key), 201, "ord_1", "N1", 100, began + at};
}

// Ten good answers a second but for the time between `from` and `to`.
std::vector<Sample> steady_but_for(Duration from, Duration to, Duration end) {
  std::vector<Sample> samples;
  for (Duration at = 0ms; at < end; at += 100ms) {
    if (at <= from || at >= to) {
      samples.push_back({Kind::order, Outcome::good, at, 10ms});
    }
  }
  return samples;
}

TEST(Timeline, ReadsCheckoutsOfARecordedHistory) {
  // As `load run` wrote it, shortened.
  const Result<History> history = parse_history(
      R"({"kind":"run","format":"securecart-history-1","tool":"load run",)"
      R"("url":"http://x","shop_id":"s","seed":7,"at":"2026-01-01T00:00:00.000Z"})"
      "\n"
      R"({"kind":"intent","client":1,"cart_id":"c1","key":"k1","currency":"EUR",)"
      R"("total":1,"method":"tok_approved","lines":[],"at":"2026-01-01T00:00:01.000Z"})"
      "\n"
      R"({"kind":"intent","client":2,"cart_id":"c2","key":"k2","currency":"EUR",)"
      R"("total":1,"method":"tok_approved","lines":[],"at":"2026-01-01T00:00:02.000Z"})"
      "\n"
      R"({"kind":"ack","key":"k1","status":201,"order_id":"o","number":"n",)"
      R"("total":1,"at":"2026-01-01T00:00:01.040Z"})"
      "\n"
      R"({"kind":"fail","key":"k2","outcome":"unknown","status":0,"code":"no_answer",)"
      R"("at":"2026-01-01T00:00:17.000Z"})"
      "\n");
  ASSERT_TRUE(history) << history.error().detail;
  const std::vector<Sample> samples = order_samples(*history, began);
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].outcome, Outcome::good);
  EXPECT_EQ(samples[0].at, 1s);
  EXPECT_EQ(samples[0].latency, 40ms);
  EXPECT_EQ(samples[1].outcome, Outcome::failed);
  EXPECT_EQ(samples[1].latency, 15s);
}

TEST(Timeline, TellsRefusalsFromFailures) {
  History history;
  history.intents = {intent("sold-out", 0ms), intent("broken", 1ms), intent("silent", 2ms)};
  history.fails = {{"sold-out", Fail::Outcome::refused, 409, "out_of_stock", began + 5ms},
                   {"broken", Fail::Outcome::refused, 503, "unavailable", began + 5ms}};
  const std::vector<Sample> samples = order_samples(history, began);
  ASSERT_EQ(samples.size(), 3U);
  EXPECT_EQ(samples[0].outcome, Outcome::refused);
  EXPECT_EQ(samples[1].outcome, Outcome::failed);
  EXPECT_EQ(samples[2].outcome, Outcome::failed) << "no answer was ever written down";
}

TEST(Timeline, OfTwoClicksTheFirstGoodAnswerCounts) {
  History history;
  history.intents = {intent("k", 0ms), intent("k", 1ms)};
  history.acks = {ack("k", 50ms), ack("k", 90ms)};
  const std::vector<Sample> samples = order_samples(history, began);
  ASSERT_EQ(samples.size(), 1U);
  EXPECT_EQ(samples[0].end(), 50ms);
}

TEST(Timeline, AGapCountsFromTheInjection) {
  // Answers at …, 5.01 s, then from 8.01 s on. The fault comes at 5.5 s.
  const std::vector<Sample> samples = steady_but_for(5s, 8s, 20s);
  const std::vector<Mark> marks{{"cut", 5500ms, 9s}};
  const Figures figures = figures_of(samples, marks, 20s);
  ASSERT_TRUE(figures.orders.gap);
  EXPECT_EQ(*figures.orders.gap, 8010ms - 5500ms);
  EXPECT_EQ(figures.orders.gap_before, 490ms) << "up to the injection";
  EXPECT_EQ(figures.orders.failed, 0);
  EXPECT_FALSE(figures.reads.gap) << "nobody read";
}

TEST(Timeline, AGapThatNeverClosesIsSeen) {
  std::vector<Sample> samples = steady_but_for(5s, 100s, 20s);
  const std::vector<Mark> marks{{"cut", 4s, std::nullopt}};
  EXPECT_EQ(figures_of(samples, marks, 20s).orders.gap, 20s - 5010ms);
  const std::vector<Mark> early{{"cut", 5500ms, std::nullopt}};
  EXPECT_FALSE(figures_of(samples, early, 20s).orders.gap);
  // Failed answers close none.
  samples.push_back({Kind::order, Outcome::failed, 10s, 1s});
  samples.push_back({Kind::order, Outcome::refused, 10s, 1s});
  EXPECT_FALSE(figures_of(samples, early, 20s).orders.gap);
  EXPECT_EQ(figures_of(samples, early, 20s).orders.failed, 1);
  EXPECT_EQ(figures_of(samples, early, 20s).orders.refused, 1);
}

TEST(Timeline, AnswersAfterTheLoadLeaveNoGapOpen) {
  const std::vector<Sample> samples{{Kind::order, Outcome::good, 1s, 10ms},
                                    {Kind::order, Outcome::good, 9s, 4s}};
  const std::vector<Mark> marks{{"slow", 2s, std::nullopt}};
  EXPECT_EQ(figures_of(samples, marks, 10s).orders.gap, 11s);
}

TEST(Timeline, IntervalsCountByTheTimeOfTheAnswer) {
  const std::vector<Sample> samples{{Kind::read, Outcome::good, 100ms, 20ms},
                                    {Kind::read, Outcome::good, 200ms, 900ms},
                                    {Kind::read, Outcome::failed, 300ms, 2s},
                                    {Kind::order, Outcome::good, 100ms, 1ms}};
  const std::vector<Interval> intervals = intervals_of(samples, Kind::read, 500ms, 3s);
  ASSERT_EQ(intervals.size(), 6U);
  EXPECT_DOUBLE_EQ(intervals[0].good, 2);
  EXPECT_DOUBLE_EQ(intervals[2].good, 2);
  EXPECT_EQ(intervals[2].slowest, 900ms);
  EXPECT_DOUBLE_EQ(intervals[4].failed, 2);
}

TEST(Timeline, ThePictureShowsEachMark) {
  const std::string picture =
      timeline_picture(steady_but_for(5s, 8s, 20s),
                       std::vector<Mark>{{"cut <zone>", 5s, 9s}, {"kill", 6s, {}}}, 20s);
  EXPECT_THAT(picture, testing::StartsWith("<svg"));
  EXPECT_THAT(picture, testing::HasSubstr("5.0 s  cut &lt;zone&gt; (healed at 9.0 s)"));
  EXPECT_THAT(picture, testing::HasSubstr("6.0 s  kill<"));
  EXPECT_THAT(timeline_picture({}, {}, 0s), testing::EndsWith("</svg>\n"));
}

}  // namespace
}  // namespace securecart::lab
