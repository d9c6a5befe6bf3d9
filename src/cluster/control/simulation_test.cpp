// The controller against seeded stories of failures: bench/control_bench.cpp plays a thousand of
// them; here are a few, and the proof that each check bites.
#include <algorithm>

#include <gtest/gtest.h>

#include "cluster/control/story_fixture.hpp"
#include "tests/support/seed.hpp"

namespace securecart::cluster::simulation {
namespace {

std::string text_of(const StoryResult& story) {
  std::string text;
  for (const std::string& line : story.told) {
    text += line + "\n";
  }
  for (const Violation& violation : story.violations) {
    text += fmt::format("at {} s: {}: {}\n", violation.at, violation.invariant, violation.what);
  }
  return text;
}

void play(std::uint64_t seed) {
  const StoryResult story = Story(seed, Sabotage::none).tell();
  EXPECT_TRUE(story.violations.empty()) << "story " << seed << "\n" << text_of(story);
}

TEST(Simulation, InvariantsHoldInSeededStories) {
  for (std::uint64_t i = 0; i < 12; ++i) {
    play(test::seed() + i);
  }
}

// A zone without the service proved a version; a rollback and a second loss left too few; what was
// new was given back; a version was proven by what was ready for a second.
TEST(Simulation, InvariantsHoldInStoriesThatWereMended) {
  for (const std::uint64_t seed : {91U, 277U, 183U, 962U, 334U, 370U, 659U, 1503U}) {
    play(seed);
  }
}

struct Bite {
  Sabotage sabotage;
  std::string invariant;
  std::uint64_t first = 1;  // not every story meets every protection
};
class Sabotaged : public testing::TestWithParam<Bite> {};

TEST_P(Sabotaged, IsSeen) {
  constexpr int stories = 60;
  for (int i = 0; i < stories; ++i) {
    const std::uint64_t seed = GetParam().first + static_cast<std::uint64_t>(i);
    const StoryResult story = Story(seed, GetParam().sabotage).tell();
    for (const Violation& violation : story.violations) {
      if (violation.invariant == GetParam().invariant) {
        return;
      }
    }
  }
  FAIL() << "nobody noticed: " << GetParam().invariant;
}

INSTANTIATE_TEST_SUITE_P(
    All, Sabotaged,
    testing::Values(Bite{Sabotage::fencing, "fencing"}, Bite{Sabotage::provision, "minimum"},
                    Bite{Sabotage::sight, "static stability"},
                    Bite{Sabotage::move_limit, "bounded moves"},
                    Bite{Sabotage::incident, "no scale-in during an incident"},
                    Bite{Sabotage::bake, "a zone at a time"},
                    Bite{Sabotage::rollback, "a bad version stays in one zone"},
                    Bite{Sabotage::drain_reports, "one order a slot", 41},
                    Bite{Sabotage::hysteresis, "no flapping"}));

TEST(Simulation, DaysOfTradeDoNotFlap) {
  const MonthResult month = play_month(test::seed(), Sabotage::none, 2);
  EXPECT_TRUE(month.violations.empty());
  EXPECT_LE(month.reversals,
            2 * 3);  // two a day over a month; chance adds one to a day now and then
  EXPECT_GE(month.least_serving, 4);
  const MonthResult flapping = play_month(test::seed(), Sabotage::hysteresis, 1);
  EXPECT_GT(flapping.reversals, 10);
}

}  // namespace
}  // namespace securecart::cluster::simulation
