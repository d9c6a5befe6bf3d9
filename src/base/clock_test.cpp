#include "base/clock.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace securecart {
namespace {

using namespace std::chrono_literals;

TEST(Rfc3339, FormatsInUtcWithMilliseconds) {
  EXPECT_EQ(format_rfc3339(from_millis(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_rfc3339(from_millis(1'767'225'600'007)), "2026-01-01T00:00:00.007Z");
  EXPECT_EQ(format_rfc3339(from_millis(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(Rfc3339, ReadsTheExamplesOfTheRfc) {
  EXPECT_EQ(parse_rfc3339("1985-04-12T23:20:50.52Z"), from_millis(482'196'050'520));
  EXPECT_EQ(parse_rfc3339("1996-12-19T16:39:57-08:00"), parse_rfc3339("1996-12-20T00:39:57Z"));
  EXPECT_EQ(parse_rfc3339("1990-12-31T23:59:60Z"), parse_rfc3339("1991-01-01T00:00:00Z"));
  EXPECT_EQ(parse_rfc3339("1990-12-31T15:59:60-08:00"), parse_rfc3339("1991-01-01T00:00:00Z"));
  EXPECT_EQ(parse_rfc3339("1937-01-01T12:00:27.87+00:20"),
            parse_rfc3339("1937-01-01T11:40:27.870Z"));
}

TEST(Rfc3339, CutsFinerFractions) {
  EXPECT_EQ(parse_rfc3339("2026-01-01t00:00:00.123999999z"), from_millis(1'767'225'600'123));
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
  for (const std::string_view text :
       {"", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01T12:00:60Z",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567890Z", "2026-01-01T00:00:00Zx",
        "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+0100", "+026-01-01T00:00:00Z"}) {
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
  }
}

RC_GTEST_PROP(Rfc3339, ReadsWhatItWrote, ()) {
  // From the year 0 to the year 9999.
  const auto millis = *rc::gen::inRange<std::int64_t>(-62'167'219'200'000, 253'402'300'800'000);
  const std::string text = format_rfc3339(from_millis(millis));
  RC_ASSERT(text.size() == 24U);
  RC_ASSERT(parse_rfc3339(text) == from_millis(millis));
}

RC_GTEST_PROP(Rfc3339, NeverFailsOnAnyBytes, (const std::string& text)) {
  parse_rfc3339(text);
}

TEST(ManualClock, MovesOnlyWhenTold) {
  ManualClock clock(from_millis(1'000));
  const SteadyTime begin = clock.steady();
  EXPECT_EQ(clock.now(), from_millis(1'000));
  clock.advance(1'500us);
  EXPECT_EQ(clock.now(), from_millis(1'001));
  EXPECT_EQ(clock.steady() - begin, 1'500us);
}

TEST(SystemClock, GoesOn) {
  const SystemClock clock;
  const SteadyTime before = clock.steady();
  EXPECT_GE(clock.steady(), before);
  EXPECT_GT(clock.now(), from_millis(1'700'000'000'000));
}

}  // namespace
}  // namespace securecart
