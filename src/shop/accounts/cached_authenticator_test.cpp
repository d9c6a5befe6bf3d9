#include "shop/accounts/cached_authenticator.hpp"

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "shop/accounts/errc.hpp"
#include "shop/accounts/limits.hpp"
#include "tests/support/accounts_world.hpp"

namespace securecart::shop::accounts {
namespace {

class AuthenticatorTest : public testing::Test {
 protected:
  Result<Caller> authenticate(std::string host, std::string key = "", std::string bearer = "") {
    const Credentials credentials{std::move(host), std::move(key), std::move(bearer)};
    return world.run([&] { return world.authenticator->authenticate(credentials); });
  }
  IssuedKey key(const std::string& in_shop, KeyKind kind, std::optional<Role> role = {}) {
    const NewKey wanted{kind, "Key", role};
    return world.run([&] { return world.accounts->api_keys.add(in_shop, wanted); }).value();
  }
  SignedInCustomer customer(const std::string& in_shop, std::string email) {
    const Registration wanted{std::move(email), "Ada", "correct horse battery"};
    return world.run([&] { return world.accounts->customers.enrol(in_shop, wanted); }).value();
  }

  test::AccountsWorld world;
  const std::string one = world.add_shop("one.example");
  const std::string two = world.add_shop("two.example");
};

TEST_F(AuthenticatorTest, FindsTheShopByHost) {
  const Result<Caller> caller = authenticate("one.example");
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->shop_id, one);
  EXPECT_EQ(caller->actor, "guest");
  EXPECT_FALSE(caller->role);
  EXPECT_EQ(authenticate("two.example")->shop_id, two);
  EXPECT_TRUE(authenticate("three.example").error().is(errc::shop_unknown));
  EXPECT_TRUE(authenticate("").error().is(errc::shop_unknown));
}

TEST_F(AuthenticatorTest, FindsTheShopByPublishableKey) {
  const IssuedKey issued = key(two, KeyKind::publishable);
  EXPECT_EQ(authenticate("", issued.secret)->shop_id, two);
  EXPECT_EQ(authenticate("api.example", issued.secret)->shop_id, two);
  EXPECT_EQ(authenticate("two.example", issued.secret)->shop_id, two);
  EXPECT_EQ(authenticate("one.example", issued.secret)->shop_id, two)
      << "the key decides, wherever it is sent";
}

TEST_F(AuthenticatorTest, AKeyThatIsNoneDoesNotFallBackToTheHost) {
  const IssuedKey revoked = key(two, KeyKind::publishable);
  ASSERT_TRUE(world.run([&] { return world.accounts->api_keys.revoke(two, revoked.key.id); }));
  EXPECT_TRUE(authenticate("one.example", revoked.secret).error().is(errc::shop_unknown));
  EXPECT_TRUE(authenticate("one.example", "pk_none").error().is(errc::shop_unknown));
}

TEST_F(AuthenticatorTest, AKeyOpensNoSessionOfAnotherShop) {
  const SignedInCustomer ada = customer(one, "ada@example.com");
  const IssuedKey of_one = key(one, KeyKind::publishable);
  const IssuedKey of_two = key(two, KeyKind::publishable);
  EXPECT_TRUE(
      authenticate("one.example", of_two.secret, ada.session.token).error().is(errc::unauthorised));
  EXPECT_EQ(authenticate("two.example", of_one.secret, ada.session.token)->shop_id, one);
}

TEST_F(AuthenticatorTest, RefusesKeysThatAreNone) {
  const IssuedKey secret = key(one, KeyKind::secret, Role::viewer);
  for (const std::string& text :
       {std::string("pk_"), std::string("pk_short"), std::string(500, 'p'),
        "pk_" + std::string(43, 'A'), secret.secret}) {
    EXPECT_TRUE(authenticate("", text).error().is(errc::shop_unknown)) << text;
  }
}

TEST_F(AuthenticatorTest, ASecretKeyNamesItsShopAndRole) {
  const IssuedKey issued = key(two, KeyKind::secret, Role::fulfilment);
  const Result<Caller> caller = authenticate("one.example", "", issued.secret);
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->shop_id, two);
  EXPECT_EQ(caller->actor, "key:" + issued.key.id);
  EXPECT_EQ(caller->role, Role::fulfilment);
  const IssuedKey of_one = key(one, KeyKind::publishable);
  EXPECT_TRUE(authenticate("", of_one.secret, issued.secret).error().is(errc::unauthorised));
}

TEST_F(AuthenticatorTest, RefusesTokensThatAreNone) {
  const std::string publishable = key(one, KeyKind::publishable).secret;
  for (const std::string& text :
       {std::string("x"), std::string("sk_"), "sk_" + std::string(43, 'A'),
        "ss_" + std::string(43, 'A'), "cs_" + std::string(43, 'A'), publishable,
        std::string(10'000, 's')}) {
    EXPECT_TRUE(authenticate("one.example", "", text).error().is(errc::unauthorised)) << text;
  }
}

TEST_F(AuthenticatorTest, ACustomerIsOneOfHerShopOnly) {
  const SignedInCustomer ada = customer(one, "ada@example.com");
  const Result<Caller> caller = authenticate("one.example", "", ada.session.token);
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->customer_id, ada.customer.id);
  EXPECT_EQ(caller->actor, "customer:" + ada.customer.id);
  EXPECT_FALSE(caller->role);
  EXPECT_TRUE(authenticate("two.example", "", ada.session.token).error().is(errc::unauthorised));
  // Known to the cache by now: still refused elsewhere.
  EXPECT_TRUE(authenticate("two.example", "", ada.session.token).error().is(errc::unauthorised));
}

TEST_F(AuthenticatorTest, ACustomersTokenIsNoStaffToken) {
  const SignedInCustomer ada = customer(one, "ada@example.com");
  const std::string disguised = "ss_" + ada.session.token.substr(3);
  EXPECT_FALSE(authenticate("one.example", "", disguised));
}

TEST_F(AuthenticatorTest, ASessionEndsAtItsTime) {
  const SignedInCustomer ada = customer(one, "ada@example.com");
  ASSERT_TRUE(authenticate("one.example", "", ada.session.token));
  world.clock.advance(limits::customer_session_lifetime - std::chrono::milliseconds(1));
  EXPECT_TRUE(authenticate("one.example", "", ada.session.token));
  world.clock.advance(std::chrono::milliseconds(1));
  EXPECT_FALSE(authenticate("one.example", "", ada.session.token));
}

TEST_F(AuthenticatorTest, ASessionSurvivesARestart) {
  const SignedInCustomer ada = customer(one, "ada@example.com");
  world.restart();
  EXPECT_EQ(authenticate("one.example", "", ada.session.token)->customer_id, ada.customer.id);
}

// The shared cache is somebody else's memory: what lies there is read with suspicion.
TEST_F(AuthenticatorTest, AnythingElseInTheCacheIsNoSession) {
  int customers = 0;
  for (
      const std::string_view other :
      {"", "null", "[]", "{}", R"({"expires_at":"soon"})", R"({"expires_at":99999999999999})",
       R"({"expires_at":99999999999999,"kind":"god","shop":"s","subject":"x"})",
       R"({"expires_at":99999999999999,"kind":"customer","shop":"s","subject":"x","role":"owner"})",
       R"({"expires_at":99999999999999,"kind":"customer","shop":"","subject":"x"})"}) {
    const SignedInCustomer ada = customer(one, std::to_string(++customers) + "@example.com");
    const storage::CacheKey place{"sessions", "session/1/" + sha256_hex(ada.session.token)};
    const storage::Cache::Found missed = run_ready(world.memory->get(place));
    ASSERT_EQ(missed.bytes, nullptr);
    storage::CacheEntry entry{
        std::make_shared<const std::string>(other), false, {}, std::chrono::hours(1)};
    ASSERT_TRUE(run_ready(world.memory->put(place, std::move(entry), *missed.ticket)));
    const Result<Caller> caller = authenticate("one.example", "", ada.session.token);
    ASSERT_TRUE(caller) << other;
    EXPECT_EQ(caller->customer_id, ada.customer.id);
  }
}

TEST_F(AuthenticatorTest, SigningOutEndsOneSessionAtOnce) {
  const SignedInCustomer ada = customer(one, "ada@example.com");
  const SignIn again{"ada@example.com", "correct horse battery", ""};
  const Result<SignedInCustomer> second =
      world.run([&] { return world.accounts->customers.sign_in(one, again); });
  ASSERT_TRUE(authenticate("one.example", "", ada.session.token));
  ASSERT_TRUE(authenticate("one.example", "", second->session.token));
  world.run([&] { return world.accounts->sessions.end(one, ada.customer.id, ada.session.token); });
  EXPECT_FALSE(authenticate("one.example", "", ada.session.token));
  EXPECT_TRUE(authenticate("one.example", "", second->session.token));
}

TEST_F(AuthenticatorTest, ASessionOfAnotherShopCannotBeEnded) {
  const SignedInCustomer ada = customer(one, "ada@example.com");
  world.run([&] { return world.accounts->sessions.end(two, ada.customer.id, ada.session.token); });
  EXPECT_TRUE(authenticate("one.example", "", ada.session.token));
}

TEST_F(AuthenticatorTest, ANewPasswordEndsCachedSessionsButOne) {
  const SignedInCustomer ada = customer(one, "ada@example.com");
  const SignIn again{"ada@example.com", "correct horse battery", ""};
  const Result<SignedInCustomer> kept =
      world.run([&] { return world.accounts->customers.sign_in(one, again); });
  ASSERT_TRUE(authenticate("one.example", "", ada.session.token));
  ASSERT_TRUE(authenticate("one.example", "", kept->session.token));
  CustomerChange change;
  change.password = "another horse battery";
  change.current_password = "correct horse battery";
  ASSERT_TRUE(world.run([&] {
    return world.accounts->customers.change(one, ada.customer.id, change, "", kept->session.token);
  }));
  EXPECT_FALSE(authenticate("one.example", "", ada.session.token));
  EXPECT_TRUE(authenticate("one.example", "", kept->session.token));
}

TEST_F(AuthenticatorTest, ARevokedKeyIsRefusedAtOnce) {
  const IssuedKey secret = key(one, KeyKind::secret, Role::owner);
  const IssuedKey publishable = key(one, KeyKind::publishable);
  ASSERT_TRUE(authenticate("", "", secret.secret));
  ASSERT_TRUE(authenticate("", publishable.secret));
  ASSERT_TRUE(world.run([&] { return world.accounts->api_keys.revoke(one, secret.key.id); }));
  EXPECT_FALSE(authenticate("", "", secret.secret));
  EXPECT_TRUE(authenticate("", publishable.secret));
  ASSERT_TRUE(world.run([&] { return world.accounts->api_keys.revoke(one, publishable.key.id); }));
  EXPECT_FALSE(authenticate("", publishable.secret));
}

// Other threads keep the key warm while it is revoked: whoever sees the answer sees it refused.
TEST_F(AuthenticatorTest, ARevokedKeyIsRefusedUnderLoad) {
  for (int round = 0; round < 20; ++round) {
    const IssuedKey issued = key(one, KeyKind::secret, Role::viewer);
    const Credentials credentials{"", "", issued.secret};
    std::atomic<bool> stop = false;
    std::thread reader([&] {
      test::ThreadExecutor executor;
      while (!stop) {
        (void)executor.run_task<Result<Caller>>(
            [&] { return world.authenticator->authenticate(credentials); });
      }
    });
    ASSERT_TRUE(world.run([&] { return world.accounts->api_keys.revoke(one, issued.key.id); }));
    for (int i = 0; i < 10; ++i) {
      EXPECT_FALSE(authenticate("", "", issued.secret));
    }
    stop = true;
    reader.join();
    EXPECT_FALSE(authenticate("", "", issued.secret));
  }
}

TEST_F(AuthenticatorTest, HostsComeAndGo) {
  EXPECT_FALSE(authenticate("new.example"));
  storage::Batch add;
  add.add("INSERT INTO shop_hosts (host, shop_id) VALUES ('new.example', $1)", {one});
  add.event("shop.host_added", one, one, R"({"host": "new.example"})");
  world.commit(std::move(add));
  EXPECT_EQ(authenticate("new.example")->shop_id, one);
  storage::Batch remove;
  remove.add("DELETE FROM shop_hosts WHERE host = 'new.example'");
  remove.event("shop.host_removed", one, one, R"({"host": "new.example"})");
  world.commit(std::move(remove));
  EXPECT_FALSE(authenticate("new.example"));
}

TEST_F(AuthenticatorTest, AKnownCallerNeedsNoDatabase) {
  const IssuedKey publishable = key(one, KeyKind::publishable);
  const SignedInCustomer ada = customer(one, "ada@example.com");
  const Credentials credentials{"one.example", publishable.secret, ada.session.token};
  ASSERT_TRUE(authenticate("one.example", publishable.secret, ada.session.token));
  // Nothing it awaits has to wait any more.
  EXPECT_EQ(run_ready(world.authenticator->authenticate(credentials))->customer_id,
            ada.customer.id);
  world.database->close();
  EXPECT_EQ(run_ready(world.authenticator->authenticate(credentials))->customer_id,
            ada.customer.id);
}

}  // namespace
}  // namespace securecart::shop::accounts
