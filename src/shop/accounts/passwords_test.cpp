#include "shop/accounts/passwords.hpp"

#include <future>
#include <vector>

#include <gtest/gtest.h>

#include "shop/accounts/errc.hpp"
#include "shop/accounts/limits.hpp"
#include "tests/support/thread_executor.hpp"

namespace securecart::shop::accounts {
namespace {

class PasswordsTest : public testing::Test {
 protected:
  PasswordsTest() { runtime.run(); }

  bool matches(std::optional<std::string> phc, std::string password) {
    const Passwords::Place place = passwords.enter().value();
    return executor.run_task<bool>([&] { return passwords.matches(place, phc, password); });
  }

  test::ThreadExecutor executor;  // outlives whoever answers on it
  SystemClock clock;
  net::Runtime runtime{1, 2, clock};
  Passwords passwords{runtime, PasswordCost::cheap};
};

TEST_F(PasswordsTest, MatchesOnlyTheRightOne) {
  const std::string phc = [this] {
    const Passwords::Place place = passwords.enter().value();
    return executor.run_task<std::string>([&] { return passwords.hash(place, "correct horse"); });
  }();
  EXPECT_TRUE(phc.starts_with("$argon2id$"));
  EXPECT_TRUE(matches(phc, "correct horse"));
  EXPECT_FALSE(matches(phc, "correct house"));
  EXPECT_FALSE(matches(std::nullopt, "correct horse"));
}

TEST_F(PasswordsTest, PlacesAreFewAndComeBack) {
  const std::size_t most = limits::password_hashes_at_once + limits::password_hashes_waiting;
  {
    std::vector<Passwords::Place> places;
    for (std::size_t i = 0; i < most; ++i) {
      places.push_back(passwords.enter().value());
    }
    const Result<Passwords::Place> one_more = passwords.enter();
    ASSERT_FALSE(one_more);
    EXPECT_TRUE(one_more.error().is(errc::sign_in_overloaded));
    EXPECT_EQ(one_more.error().kind->status, 503);
  }
  EXPECT_EQ(passwords.occupied(), 0U);
  EXPECT_TRUE(passwords.enter());
}

TEST_F(PasswordsTest, AllThatWaitAreServed) {
  const std::size_t most = limits::password_hashes_at_once + limits::password_hashes_waiting;
  std::vector<Passwords::Place> places;
  std::vector<std::future<bool>> answers;
  places.reserve(most);
  for (std::size_t i = 0; i < most; ++i) {
    places.push_back(passwords.enter().value());
    answers.push_back(executor.spawn<bool>(
        [this, &place = places.back()] { return passwords.matches(place, std::nullopt, "x"); }));
  }
  for (std::future<bool>& answer : answers) {
    EXPECT_FALSE(answer.get());
  }
}

}  // namespace
}  // namespace securecart::shop::accounts
