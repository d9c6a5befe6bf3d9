#include "base/money.hpp"

#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace securecart {
namespace {

__extension__ typedef __int128 Wide;

const Currency gbp = *Currency::parse("GBP");
const Currency jpy = *Currency::parse("JPY");
const Currency kwd = *Currency::parse("KWD");

TEST(Currency, KnowsMinorDigits) {
  EXPECT_EQ(gbp.minor_digits(), 2);
  EXPECT_EQ(jpy.minor_digits(), 0);
  EXPECT_EQ(kwd.minor_digits(), 3);
  EXPECT_EQ(Currency::parse("EUR")->code(), "EUR");
}

TEST(Currency, RefusesOthers) {
  for (const std::string_view code : {"", "eur", "EU", "EURO", "XXX", "UDA", "PGB"}) {
    EXPECT_FALSE(Currency::parse(code)) << code;
  }
}

TEST(Amount, Reads) {
  EXPECT_EQ(parse_amount("12", gbp), 1200);
  EXPECT_EQ(parse_amount("12.5", gbp), 1250);
  EXPECT_EQ(parse_amount("012.05", gbp), 1205);
  EXPECT_EQ(parse_amount("0", gbp), 0);
  EXPECT_EQ(parse_amount("1200", jpy), 1200);
  EXPECT_EQ(parse_amount("1.234", kwd), 1234);
  EXPECT_EQ(parse_amount("10000000000.00", gbp), max_amount);
}

TEST(Amount, RefusesWhatIsNoAmount) {
  for (const std::string_view text :
       {"", ".", "12.", ".5", "1,234.50", "-1", "+1", " 1", "1 ", "1e3", "12.345", "12.500", "0x1",
        "10000000000.01", "99999999999999999999999999999999999", "1.2.3", "NaN"}) {
    EXPECT_EQ(parse_amount(text, gbp), std::nullopt) << text;
  }
  EXPECT_EQ(parse_amount("12.0", jpy), std::nullopt);
}

TEST(Amount, Writes) {
  EXPECT_EQ(format_amount(1250, gbp), "12.50");
  EXPECT_EQ(format_amount(5, gbp), "0.05");
  EXPECT_EQ(format_amount(-5, gbp), "-0.05");
  EXPECT_EQ(format_amount(1200, jpy), "1200");
  EXPECT_EQ(format_amount(1, kwd), "0.001");
  EXPECT_EQ(format_amount(std::numeric_limits<std::int64_t>::min(), gbp), "-92233720368547758.08");
}

RC_GTEST_PROP(Amount, ReadsWhatItWrote, ()) {
  const auto minor = *rc::gen::inRange<std::int64_t>(0, max_amount + 1);
  const Currency currency = *rc::gen::element(gbp, jpy, kwd);
  RC_ASSERT(parse_amount(format_amount(minor, currency), currency) == minor);
}

TEST(Scale, RoundsHalfToEven) {
  EXPECT_EQ(scale(5, 1, 10), 0);
  EXPECT_EQ(scale(15, 1, 10), 2);
  EXPECT_EQ(scale(25, 1, 10), 2);
  EXPECT_EQ(scale(-5, 1, 10), 0);
  EXPECT_EQ(scale(-15, 1, 10), -2);
  EXPECT_EQ(scale(-25, 1, 10), -2);
  EXPECT_EQ(scale(26, 1, 10), 3);
  EXPECT_EQ(scale(1999, 2000, 10'000), 400);  // 20 % of 19.99
}

RC_GTEST_PROP(Scale, AgreesWithExactArithmetic, (std::int64_t value)) {
  const auto numerator = *rc::gen::inRange<std::int64_t>(-1'000'000, 1'000'000);
  const auto denominator = *rc::gen::inRange<std::int64_t>(1, 2'000'000'000);
  const Wide exact = static_cast<Wide>(value) * numerator;
  RC_PRE(exact / denominator < std::numeric_limits<std::int64_t>::max() &&
         exact / denominator > std::numeric_limits<std::int64_t>::min());
  const Wide result = scale(value, numerator, denominator);
  const Wide error = exact - result * denominator;  // |error| <= denominator / 2
  RC_ASSERT(2 * error <= denominator);
  RC_ASSERT(2 * error >= -denominator);
  if (2 * error == denominator || 2 * error == -denominator) {
    RC_ASSERT(result % 2 == 0);
  }
  RC_ASSERT(result == -static_cast<Wide>(scale(value, -numerator, denominator)));
}

std::vector<std::int64_t> any_weights() {
  return *rc::gen::nonEmpty(rc::gen::container<std::vector<std::int64_t>>(
      rc::gen::inRange<std::int64_t>(0, std::numeric_limits<std::int64_t>::max())));
}

RC_GTEST_PROP(Allocate, SumsToTheTotal, (std::int64_t total)) {
  const std::vector<std::int64_t> weights = any_weights();
  const std::vector<std::int64_t> parts = allocate(total, weights);
  RC_ASSERT(parts.size() == weights.size());
  RC_ASSERT(std::accumulate(parts.begin(), parts.end(), Wide{0}) == total);
}

RC_GTEST_PROP(Allocate, GivesEachPartItsShareRoundedUpOrDown, ()) {
  const auto total = *rc::gen::inRange<std::int64_t>(-max_amount, max_amount);
  const std::vector<std::int64_t> weights = any_weights();
  const Wide sum = std::accumulate(weights.begin(), weights.end(), Wide{0});
  RC_PRE(sum > 0);
  const std::vector<std::int64_t> parts = allocate(total, weights);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Wide distance = parts[i] * sum - static_cast<Wide>(total) * weights[i];
    RC_ASSERT(distance < sum);
    RC_ASSERT(distance > -sum);
    RC_ASSERT(weights[i] > 0 || parts[i] == 0);
  }
}

TEST(Allocate, ByLargestRemainderThenPosition) {
  using Parts = std::vector<std::int64_t>;
  EXPECT_EQ(allocate(100, Parts{1, 1, 1}), (Parts{34, 33, 33}));
  EXPECT_EQ(allocate(-100, Parts{1, 1, 1}), (Parts{-34, -33, -33}));
  EXPECT_EQ(allocate(10, Parts{5, 3, 2, 1}), (Parts{4, 3, 2, 1}));
  EXPECT_EQ(allocate(5, Parts{0, 0}), (Parts{3, 2}));
  EXPECT_EQ(allocate(0, Parts{}), Parts{});
}

}  // namespace
}  // namespace securecart
