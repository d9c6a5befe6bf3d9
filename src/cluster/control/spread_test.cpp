#include "cluster/control/spread.hpp"

#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace securecart::cluster {
namespace {

using Counts = std::vector<int>;

Counts spread_anew(int wanted, int most, const Counts& room) {
  return spread(wanted, most, room, Counts(room.size()));
}

TEST(Spread, LeavesWhatIsWantedAfterTheLossOfAZone) {
  EXPECT_EQ(spread_anew(4, 100, {9, 9, 9}), (Counts{2, 2, 2}));
  EXPECT_EQ(spread_anew(4, 100, {9, 0, 9}), (Counts{4, 0, 4}));
  EXPECT_EQ(spread_anew(1, 100, {9, 9, 9}).size(), 3U);
  EXPECT_EQ(left_after_loss(spread_anew(1, 100, {9, 9, 9})), 1);
  EXPECT_EQ(left_after_loss(spread_anew(5, 100, {9, 9, 9})), 5);
  EXPECT_EQ(spread_anew(0, 100, {9, 9, 9}), (Counts{0, 0, 0}));
}

TEST(Spread, FillsUnevenZonesAsFarAsTheyGo) {
  EXPECT_EQ(spread_anew(4, 100, {1, 9, 9}), (Counts{1, 3, 3}));
  // Only two can be left whatever is placed in the large zone; so four in all have to do.
  EXPECT_EQ(spread_anew(4, 100, {1, 1, 9}), (Counts{1, 1, 2}));
  EXPECT_EQ(spread_anew(7, 100, {2, 2, 2}), (Counts{2, 2, 2}));
  EXPECT_EQ(spread_anew(3, 100, {0, 5, 0}), (Counts{0, 3, 0}));
  EXPECT_TRUE(spread_anew(3, 100, {}).empty());
}

TEST(Spread, HasAnUpperLimit) {
  EXPECT_EQ(spread_anew(9, 7, {9, 9, 9}).size(), 3U);
  const Counts counts = spread_anew(9, 7, {9, 9, 9});
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), 0), 7);
  EXPECT_EQ(most_wanted(7, Counts{9, 9, 9}), 4);
  EXPECT_EQ(most_wanted(9, Counts{9, 9, 9}), 6);
  EXPECT_EQ(most_wanted(9, Counts{0, 9, 0}), 9);
  EXPECT_EQ(most_wanted(9, Counts{0, 0, 0}), 0);
}

TEST(Spread, KeepsTheExtraOneWhereItIs) {
  EXPECT_EQ(spread(3, 100, Counts{9, 9, 9}, Counts{2, 1, 2}), (Counts{2, 1, 2}));
  EXPECT_EQ(spread(3, 100, Counts{9, 9, 9}, Counts{1, 2, 2}), (Counts{1, 2, 2}));
}

TEST(Spread, HoldsForEveryRegion) {
  EXPECT_TRUE(rc::check("spread", [] {
    const auto zones = *rc::gen::inRange<std::size_t>(1, 8);
    const auto room = *rc::gen::container<Counts>(zones, rc::gen::inRange(0, 20));
    const auto current = *rc::gen::container<Counts>(zones, rc::gen::inRange(0, 20));
    const int wanted = *rc::gen::inRange(0, 60);
    const int most = *rc::gen::inRange(0, 90);
    const Counts counts = spread(wanted, most, room, current);
    const int total = std::accumulate(counts.begin(), counts.end(), 0);
    RC_ASSERT(total <= most);
    for (std::size_t zone = 0; zone < zones; ++zone) {
      RC_ASSERT(counts[zone] >= 0);
      RC_ASSERT(counts[zone] <= room[zone]);
    }
    // One less in all would not do, unless it is there to carry the load.
    if (wanted <= most_wanted(most, room) &&
        std::ranges::count(room, 0) + 2 <= std::ptrdiff_t(zones)) {
      RC_ASSERT(left_after_loss(counts) >= wanted);
    }
    // Asked again, nothing moves.
    RC_ASSERT(spread(wanted, most, room, counts) == counts);
  }));
}

}  // namespace
}  // namespace securecart::cluster
