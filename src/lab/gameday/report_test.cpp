#include "lab/gameday/report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace securecart::lab {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Kind = Sample::Kind;
using Outcome = Sample::Outcome;

// Orders and pages each 100 ms for 20 s, none in the two seconds behind the fault at 5 s.
GameDayRun run() {
  GameDayRun run;
  run.name = "zone-cut";
  run.failure = "A zone is <cut> off";
  run.kind = "zone";
  run.revision = "abc1234";
  run.seed = 7;
  run.at = "2026-01-01T00:00:00.000Z";
  run.duration = 20s;
  run.marks = {{"cut zone:a", 5s, 15s}};
  run.verdict = {.checked = true, .orders = 180};
  for (Duration at = 0ms; at < 20s; at += 100ms) {
    if (at <= 5s || at >= 7s) {
      run.samples.push_back({Kind::order, Outcome::good, at, 10ms});
      run.samples.push_back({Kind::read, Outcome::good, at, 5ms});
    }
  }
  return run;
}

std::vector<std::string> unmet(const GameDayRun& run) {
  std::vector<std::string> names;
  for (const Expectation& one : run.expectations) {
    if (!one.met) {
      names.push_back(one.name);
    }
  }
  return names;
}

TEST(GameDayReport, HoldsFiguresAgainstWhatIsExpected) {
  GameDayRun good = run();
  hold_against({.write_gap = 3s, .slowest_order = 1s, .failed_orders = 0}, good);
  EXPECT_TRUE(good.passed()) << describe(good);

  GameDayRun slow = run();
  hold_against({.write_gap = 1s, .read_gap = 1s}, slow);
  EXPECT_EQ(unmet(slow), (std::vector<std::string>{"write gap", "read gap"}));

  GameDayRun failed = run();
  failed.gave_up = 1;
  hold_against({.failed_orders = 0}, failed);
  EXPECT_EQ(unmet(failed), std::vector<std::string>{"failed orders"});
}

TEST(GameDayReport, AnInconsistentOrUncheckedHistoryIsNeverGood) {
  GameDayRun lost = run();
  lost.verdict.broken = 1;
  hold_against({}, lost);
  EXPECT_EQ(unmet(lost), std::vector<std::string>{"history"});

  GameDayRun unchecked = run();
  unchecked.verdict = {.problem = "the shop does not answer"};
  hold_against({}, unchecked);
  EXPECT_FALSE(unchecked.passed());
  GameDayRun unchecked_red = run();
  unchecked_red.verdict = {.problem = "the shop does not answer"};
  hold_against({.consistent = false}, unchecked_red);
  EXPECT_FALSE(unchecked_red.passed()) << "what was not checked was not found out";

  GameDayRun bitten = run();
  bitten.verdict.broken = 1;
  hold_against({.consistent = false}, bitten);
  EXPECT_TRUE(bitten.passed()) << "a drill with a protection switched off has to turn red";
}

TEST(GameDayReport, ADrillWithoutLoadProvesNothing) {
  GameDayRun empty = run();
  empty.samples.clear();
  hold_against({}, empty);
  EXPECT_EQ(unmet(empty), std::vector<std::string>{"orders placed"});
}

TEST(GameDayReport, PageAndJsonTellTheSame) {
  GameDayRun told = run();
  hold_against({.write_gap = 1s}, told);
  const std::string page = report_page(told);
  EXPECT_THAT(page, HasSubstr("A zone is &lt;cut&gt; off"));
  EXPECT_THAT(page, HasSubstr("<svg"));
  EXPECT_THAT(page, HasSubstr("2.00 s"));
  const Result<DrillResult> result = parse_report(to_string(json::value(report_json(told))));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->name, "zone-cut");
  EXPECT_EQ(result->write_gap, 2000ms);
  EXPECT_EQ(result->seed, 7U);
  EXPECT_FALSE(result->passed);
  EXPECT_EQ(result->unmet, "write gap: 2.00 s");
  EXPECT_FALSE(parse_report("{}"));
}

TEST(GameDayReport, ResultsSumUpRunsOfADrill) {
  std::vector<DrillResult> results;
  for (int i = 1; i <= 3; ++i) {
    DrillResult one;
    one.name = "zone-cut";
    one.failure = "A zone is cut off";
    one.kind = "zone";
    one.revision = "abc1234";
    one.at = "2026-01-01T00:00:00.000Z";
    one.seed = static_cast<std::uint64_t>(i);
    one.passed = i != 3;
    one.orders = 100;
    one.write_gap = i * 1s;
    one.read_gap = 100ms;
    one.unmet = i == 3 ? "write gap: 3.00 s" : "";
    results.push_back(one);
  }
  const std::string page = results_page(results);
  EXPECT_THAT(page,
              HasSubstr("| `zone-cut` | A zone is cut off | 3 | 2 | 300 | 0 | 2.00 s / 3.00 s "
                        "| 100 ms / 100 ms |"));
  EXPECT_THAT(page, HasSubstr("- `zone-cut` seed 3: write gap: 3.00 s"));
  results[0].write_gap = std::nullopt;
  EXPECT_THAT(results_page(results), HasSubstr("never again (1×)"));
  EXPECT_THAT(results_json(results), HasSubstr("\"write_gap_ms\":null"));
}

}  // namespace
}  // namespace securecart::lab
