#include "shop/accounts/throttle.hpp"

#include <future>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "shop/accounts/errc.hpp"
#include "shop/accounts/limits.hpp"
#include "tests/support/accounts_world.hpp"

namespace securecart::shop::accounts {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

TEST(LoginWait, DoublesUpToALimit) {
  EXPECT_EQ(login_wait(0, 5), 0ms);
  EXPECT_EQ(login_wait(4, 5), 0ms);
  EXPECT_EQ(login_wait(5, 5), 2s);
  EXPECT_EQ(login_wait(6, 5), 4s);
  EXPECT_EQ(login_wait(7, 5), 8s);
  EXPECT_EQ(login_wait(1'000'000, 5), 15min);
}

RC_GTEST_PROP(LoginWait, NeverShrinks, ()) {
  const auto failures = *rc::gen::inRange<std::int64_t>(0, 100);
  RC_ASSERT(login_wait(failures, 5) <= login_wait(failures + 1, 5));
  RC_ASSERT(login_wait(failures, 5) <= limits::login_wait_most);
}

TEST(Network, IsTheFirstHalfOfAnIpv6Address) {
  EXPECT_EQ(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:2:ffff::9"));
  EXPECT_NE(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:3::1"));
  EXPECT_EQ(network_of("192.0.2.1"), "192.0.2.1");
  EXPECT_NE(network_of("::ffff:192.0.2.1"), network_of("::ffff:192.0.2.2"));
  EXPECT_EQ(network_of("unix"), "unix");
}

class LoginThrottleTest : public testing::Test {
 protected:
  Result<void> count(std::string email, std::string peer = "192.0.2.1") {
    const LoginAttempt attempt{shop, SubjectKind::customer, std::move(email), std::move(peer)};
    return world.run([&] { return world.accounts->throttle.count(attempt); });
  }
  void forgive(std::string email, std::string peer = "192.0.2.1") {
    storage::Batch batch;
    LoginThrottle::forgive(batch, {shop, SubjectKind::customer, std::move(email), peer});
    world.commit(std::move(batch));
  }

  test::AccountsWorld world;
  const std::string shop = world.add_shop("one.example");
};

TEST_F(LoginThrottleTest, TheStatementWaitsAsLongAsThePureFunctionSays) {
  std::int64_t failures = 0;
  for (int step = 0; step < 20; ++step) {
    const milliseconds wait = login_wait(failures, limits::login_failures_by_email);
    if (wait > 0ms) {
      world.clock.advance(wait - 1ms);
      const Result<void> early = count("ada@example.com", "");
      ASSERT_FALSE(early) << failures;
      EXPECT_TRUE(early.error().is(errc::login_throttled));
      EXPECT_EQ(early.error().retry_after_seconds, 1);
      world.clock.advance(1ms);
    }
    ASSERT_TRUE(count("ada@example.com", "")) << failures;
    ++failures;
  }
}

TEST_F(LoginThrottleTest, SaysWhenToComeBack) {
  for (std::int64_t i = 0; i < limits::login_failures_by_email; ++i) {
    ASSERT_TRUE(count("ada@example.com"));
  }
  EXPECT_EQ(count("ada@example.com").error().retry_after_seconds, 2);
  world.clock.advance(1s);
  EXPECT_EQ(count("ada@example.com").error().retry_after_seconds, 1);
  world.clock.advance(1s);
  EXPECT_TRUE(count("ada@example.com"));
  EXPECT_EQ(count("ada@example.com").error().retry_after_seconds, 4);
}

TEST_F(LoginThrottleTest, ABurstIsCountedAsWhatItIs) {
  std::vector<std::future<Result<void>>> answers;
  for (int i = 0; i < 60; ++i) {
    answers.push_back(world.executor.spawn<Result<void>>([this] {
      LoginAttempt attempt{shop, SubjectKind::customer, "ada@example.com", "192.0.2.1"};
      return world.accounts->throttle.count(std::move(attempt));
    }));
  }
  std::int64_t heard = 0;
  for (auto& answer : answers) {
    heard += answer.get() ? 1 : 0;
  }
  EXPECT_EQ(heard, limits::login_failures_by_email);
}

TEST_F(LoginThrottleTest, OneAddressCannotTryManyAccounts) {
  for (std::int64_t i = 0; i < limits::login_failures_by_peer; ++i) {
    ASSERT_TRUE(count("customer" + std::to_string(i) + "@example.com"));
  }
  EXPECT_FALSE(count("another@example.com"));
  EXPECT_TRUE(count("another@example.com", "192.0.2.2"));
  EXPECT_TRUE(count("yet-another@example.com", ""));
}

TEST_F(LoginThrottleTest, ARefusedAttemptCountsNothing) {
  for (std::int64_t i = 0; i < limits::login_failures_by_email; ++i) {
    ASSERT_TRUE(count("ada@example.com"));
  }
  for (int i = 0; i < 50; ++i) {
    ASSERT_FALSE(count("ada@example.com"));
  }
  world.clock.advance(2s);
  EXPECT_TRUE(count("ada@example.com"));
}

TEST_F(LoginThrottleTest, ARightPasswordForgivesTheAddressOnlyItsOwnAttempt) {
  for (std::int64_t i = 1; i < limits::login_failures_by_peer; ++i) {
    ASSERT_TRUE(count("customer" + std::to_string(i) + "@example.com"));
  }
  ASSERT_TRUE(count("ada@example.com"));
  forgive("ada@example.com");
  EXPECT_TRUE(count("ada@example.com"));
  EXPECT_FALSE(count("ada@example.com"));
}

TEST_F(LoginThrottleTest, AShopDoesNotFeelAnothersFailures) {
  for (std::int64_t i = 0; i < limits::login_failures_by_email; ++i) {
    ASSERT_TRUE(count("ada@example.com"));
  }
  const LoginAttempt elsewhere{world.add_shop("two.example"), SubjectKind::customer,
                               "ada@example.com", "192.0.2.1"};
  EXPECT_TRUE(world.run([&] { return world.accounts->throttle.count(elsewhere); }));
}

TEST_F(LoginThrottleTest, SurvivesARestartAndIsForgottenAfterADay) {
  for (std::int64_t i = 0; i < limits::login_failures_by_email; ++i) {
    ASSERT_TRUE(count("ada@example.com"));
  }
  world.restart();
  EXPECT_FALSE(count("ada@example.com"));
  world.clock.advance(limits::login_failures_forgotten);
  for (std::int64_t i = 0; i < limits::login_failures_by_email; ++i) {
    EXPECT_TRUE(count("ada@example.com"));
  }
  EXPECT_FALSE(count("ada@example.com"));
}

TEST_F(LoginThrottleTest, PurgesWhatIsForgotten) {
  ASSERT_TRUE(count("ada@example.com"));
  world.run([&] { return world.accounts->throttle.purge(); });
  EXPECT_EQ(world.read("SELECT COUNT(*) FROM login_attempts")[0].integer(0), 2);
  world.clock.advance(limits::login_failures_forgotten);
  world.run([&] { return world.accounts->throttle.purge(); });
  EXPECT_EQ(world.read("SELECT COUNT(*) FROM login_attempts")[0].integer(0), 0);
}

TEST_F(LoginThrottleTest, StoresNoEmail) {
  ASSERT_TRUE(count("ada@example.com"));
  for (const storage::Row row : world.read("SELECT bucket FROM login_attempts")) {
    EXPECT_EQ(row.text(0).find("ada"), std::string::npos);
  }
}

}  // namespace
}  // namespace securecart::shop::accounts
