#include "base/prng.hpp"

#include <array>
#include <set>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/support/seed.hpp"

namespace securecart {
namespace {

TEST(Prng, RepeatsFromItsSeed) {
  Prng a(1);
  Prng b(1);
  Prng c(2);
  EXPECT_EQ(a.next(), b.next());
  EXPECT_NE(a.next(), c.next());
}

TEST(Prng, FollowsSplitmix64AndXoshiro256StarStar) {
  // The first output depends on state[1] alone: the second word of splitmix64 from seed 0.
  Prng prng(0);
  const std::uint64_t word = 0x6e789e6aa1b965f4;
  EXPECT_EQ(prng.next(), ((word * 5) << 7 | (word * 5) >> 57) * 9);
}

RC_GTEST_PROP(Random, StaysBelowItsBound, (std::uint64_t seed)) {
  const auto bound = *rc::gen::nonZero<std::uint64_t>();
  Prng prng(seed);
  for (int i = 0; i < 20; ++i) {
    RC_ASSERT(prng.below(bound) < bound);
    const double unit = prng.unit();
    RC_ASSERT(unit >= 0.0);
    RC_ASSERT(unit < 1.0);
  }
}

TEST(Random, IsUniform) {
  Prng prng(test::seed());
  std::array<int, 10> counts{};
  for (int i = 0; i < 100'000; ++i) {
    ++counts[prng.below(counts.size())];
  }
  for (const int count : counts) {
    EXPECT_NEAR(count, 10'000, 700);  // seven standard deviations
  }
}

TEST(SecureRandom, DoesNotRepeat) {
  SecureRandom random;
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1'000; ++i) {
    seen.insert(random.next());
  }
  EXPECT_EQ(seen.size(), 1'000U);
}

TEST(SecureRandom, SharesNothingWithAForkedChild) {
  SecureRandom random;
  random.next();  // both have the rest of its block
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  const pid_t child = fork();
  if (child == 0) {
    const std::uint64_t value = random.next();
    _exit(write(ends[1], &value, sizeof value) == sizeof value ? 0 : 1);
  }
  std::uint64_t theirs = 0;
  ASSERT_EQ(read(ends[0], &theirs, sizeof theirs), static_cast<ssize_t>(sizeof theirs));
  EXPECT_NE(theirs, random.next());
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace securecart
