#include "lab/arrivals.hpp"

#include <map>

#include <gtest/gtest.h>

#include "tests/support/seed.hpp"

namespace securecart::lab {
namespace {

using namespace std::chrono_literals;

TEST(Arrivals, ComeAtTheRateAndInOrder) {
  Prng random(test::seed());
  Arrivals arrivals(200.0, random);
  constexpr int count = 100'000;
  Duration last{};
  for (int i = 0; i < count; ++i) {
    const Duration at = arrivals.next();
    ASSERT_GE(at, last);
    last = at;
  }
  // 500 seconds; the standard deviation is a third of a percent, six of them are allowed.
  EXPECT_GT(last, 490s);
  EXPECT_LT(last, 510s);
}

TEST(Arrivals, AreNotEven) {
  Prng random(test::seed());
  Arrivals arrivals(100.0, random);
  int bursts = 0;
  Duration last{};
  for (int i = 0; i < 10'000; ++i) {
    const Duration at = arrivals.next();
    bursts += at - last < 1ms ? 1 : 0;
    last = at;
  }
  EXPECT_NEAR(bursts, 952, 300) << "1 - exp(-0.1) of the gaps are below a tenth of the mean";
}

TEST(Arrivals, RepeatWithTheirSeed) {
  Prng one(7);
  Prng two(7);
  Arrivals first(50.0, one);
  Arrivals second(50.0, two);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(first.next(), second.next());
  }
}

TEST(MethodMix, PicksByWeight) {
  const Result<MethodMix> mix = MethodMix::parse("tok_approved=90, tok_declined=10,tok_slow=0");
  ASSERT_TRUE(mix) << mix.error().detail;
  Prng random(test::seed());
  std::map<std::string, int> picked;
  for (int i = 0; i < 10'000; ++i) {
    ++picked[mix->pick(random)];
  }
  EXPECT_NEAR(picked["tok_approved"], 9'000, 300);
  EXPECT_NEAR(picked["tok_declined"], 1'000, 300);
  EXPECT_EQ(picked.count("tok_slow"), 0U);
}

TEST(MethodMix, TakesANameAlone) {
  const Result<MethodMix> mix = MethodMix::parse("tok_approved");
  ASSERT_TRUE(mix);
  Prng random(1);
  EXPECT_EQ(mix->pick(random), "tok_approved");
}

TEST(MethodMix, SaysWhatIsWrong) {
  EXPECT_FALSE(MethodMix::parse(""));
  EXPECT_FALSE(MethodMix::parse("=3"));
  EXPECT_FALSE(MethodMix::parse("tok_approved=0"));
  EXPECT_FALSE(MethodMix::parse("tok_approved=-1"));
  EXPECT_FALSE(MethodMix::parse("tok_approved=1x"));
  EXPECT_FALSE(MethodMix::parse("tok_approved=99999999999999999999"));
}

}  // namespace
}  // namespace securecart::lab
