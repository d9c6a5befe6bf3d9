#include "upstream/balancer.hpp"

#include <map>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "tests/support/seed.hpp"

namespace securecart::upstream {
namespace {

using namespace std::chrono_literals;
using State = resilience::CircuitBreaker::State;

class BalancerTest : public testing::Test {
 protected:
  Balancer of(std::vector<std::string> urls, Balancer::Settings settings = {}) {
    Balancer balancer(settings);
    balancer.set_instances(urls);
    return balancer;
  }
  void answer(Balancer& balancer, const std::string& url, Verdict verdict, int times) {
    for (int i = 0; i < times; ++i) {
      std::vector<Balancer::Lease> others;
      for (;;) {
        const auto lease = balancer.pick(now, random, {});
        ASSERT_TRUE(lease);
        const bool wanted = balancer.url_of(lease->instance) == url;
        if (wanted) {
          balancer.record(*lease, verdict, now);
          break;
        }
        others.push_back(*lease);
      }
      for (const Balancer::Lease& other : others) {
        balancer.record(other, Verdict::ignored, now);
      }
    }
  }

  Prng random{test::seed()};
  SteadyTime now{1h};
};

TEST_F(BalancerTest, AsksTheLessLoadedOfTwo) {
  Balancer balancer = of({"a", "b"});
  std::map<std::string, int> asked;
  for (int i = 0; i < 100; ++i) {
    ++asked[balancer.url_of(balancer.pick(now, random, {})->instance)];
  }
  EXPECT_EQ(asked["a"], 50);
  EXPECT_EQ(asked["b"], 50);
}

TEST_F(BalancerTest, TriesAnotherOneAfterALoss) {
  Balancer balancer = of({"a", "b", "c"});
  std::vector<std::uint64_t> tried;
  std::map<std::string, int> asked;
  for (int i = 0; i < 3; ++i) {
    const auto lease = balancer.pick(now, random, tried);
    tried.push_back(lease->instance);
    ++asked[balancer.url_of(lease->instance)];
  }
  EXPECT_EQ(asked.size(), 3U);
  EXPECT_TRUE(balancer.pick(now, random, tried)) << "everybody was tried: anybody will do";
}

TEST_F(BalancerTest, AsksWhoIsDownOnlyWhenNobodyElseIsLeft) {
  Balancer balancer = of({"a", "b"});
  answer(balancer, "a", Verdict::unreachable, 1);
  for (int i = 0; i < 20; ++i) {
    const auto lease = balancer.pick(now, random, {});
    EXPECT_EQ(balancer.url_of(lease->instance), "b");
    balancer.record(*lease, Verdict::success, now);
  }
  balancer.set_ready("b", false);
  EXPECT_TRUE(balancer.pick(now, random, {})) << "better somebody who may be back";
  balancer.set_ready("a", true);
  EXPECT_EQ(balancer.url_of(balancer.pick(now, random, {})->instance), "a");
}

TEST_F(BalancerTest, LeavesTheOutlierOutUntilItsProbesAreAnswered) {
  Balancer balancer = of({"a", "b"});
  answer(balancer, "a", Verdict::failure, 20);
  EXPECT_EQ(balancer.view(now)[0].state, State::open);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(balancer.url_of(balancer.pick(now, random, {})->instance), "b");
  }
  EXPECT_FALSE(balancer.has_other(now, std::vector<std::uint64_t>{2}));
  now += 1s;
  EXPECT_EQ(balancer.view(now)[0].state, State::half_open);
  answer(balancer, "a", Verdict::success, 3);
  EXPECT_EQ(balancer.view(now)[0].state, State::closed);
}

TEST_F(BalancerTest, SaysWhyItAsksNobody) {
  Balancer none;
  EXPECT_EQ(none.pick(now, random, {}).error().reason, Balancer::Reason::no_instances);
  Balancer small = of({"a"}, {.breaker = {}, .in_flight_most = 1});
  const auto lease = small.pick(now, random, {});
  ASSERT_TRUE(lease);
  EXPECT_EQ(small.pick(now, random, {}).error().reason, Balancer::Reason::full);
  small.record(*lease, Verdict::success, now);
  Balancer broken = of({"a"});
  for (int i = 0; i < 20; ++i) {
    broken.record(*broken.pick(now, random, {}), Verdict::failure, now);
  }
  const auto refused = broken.pick(now, random, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().reason, Balancer::Reason::all_open);
  EXPECT_GT(refused.error().retry_after, Duration::zero());
}

TEST_F(BalancerTest, KeepsWhatItKnowsWhenTheListChanges) {
  Balancer balancer = of({"a", "b"});
  answer(balancer, "a", Verdict::failure, 20);
  const auto lease = balancer.pick(now, random, {});
  balancer.set_instances(std::vector<std::string>{"a", "c"});
  balancer.record(*lease, Verdict::success, now);  // b is gone: nothing happens
  ASSERT_EQ(balancer.size(), 2U);
  EXPECT_EQ(balancer.view(now)[0].state, State::open);
  EXPECT_EQ(balancer.url_of(balancer.pick(now, random, {})->instance), "c");
}

RC_GTEST_PROP(Balancer, CountsEveryLease, (std::uint64_t seed)) {
  Prng random(seed);
  Balancer balancer({.breaker = {}, .in_flight_most = 20});
  const std::vector<std::string> urls{"a", "b", "c"};
  balancer.set_instances(urls);
  SteadyTime now(1h);
  std::vector<Balancer::Lease> out;
  for (int i = 0; i < 500; ++i) {
    now += std::chrono::milliseconds(random.below(100));
    if (random.below(2) == 0 || out.empty()) {
      if (const auto lease = balancer.pick(now, random, {})) {
        out.push_back(*lease);
      }
    } else {
      balancer.record(out.back(), static_cast<Verdict>(random.below(4)), now);
      out.pop_back();
    }
    std::size_t in_flight = 0;
    for (const Balancer::View& one : balancer.view(now)) {
      in_flight += one.in_flight;
    }
    RC_ASSERT(in_flight == out.size());
    RC_ASSERT(in_flight <= 20U);
  }
}

}  // namespace
}  // namespace securecart::upstream
