#include "shop/accounts/customers.hpp"

#include <algorithm>
#include <future>
#include <vector>

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "shop/accounts/errc.hpp"
#include "shop/accounts/limits.hpp"
#include "tests/support/accounts_world.hpp"

namespace securecart::shop::accounts {
namespace {

using namespace std::chrono_literals;

const std::string password = "correct horse battery";

class CustomersTest : public testing::Test {
 protected:
  Customers& customers() { return world.accounts->customers; }

  Result<SignedInCustomer> enrol(std::string email, std::string in_shop = "") {
    const Registration registration{std::move(email), "Ada Lovelace", password};
    const std::string where = in_shop.empty() ? shop : in_shop;
    return world.run([&] { return customers().enrol(where, registration); });
  }
  Result<SignedInCustomer> sign_in(std::string email, std::string with = password) {
    const SignIn attempt{std::move(email), std::move(with), "192.0.2.1"};
    return world.run([&] { return customers().sign_in(shop, attempt); });
  }
  Result<Customer> change(const std::string& customer_id, CustomerChange wanted,
                          std::string kept_token = "") {
    return world.run(
        [&] { return customers().change(shop, customer_id, wanted, "192.0.2.1", kept_token); });
  }
  Result<CustomerAddress> add_address(const std::string& customer_id, std::string city) {
    Address address;
    address.name = "Ada";
    address.line1 = "Rietwal 14";
    address.city = std::move(city);
    address.postal_code = "2011 ZW";
    address.country = "NL";
    return world.run([&] { return customers().add_address(shop, customer_id, address); });
  }
  std::int64_t sessions() { return world.read("SELECT COUNT(*) FROM sessions")[0].integer(0); }

  test::AccountsWorld world;
  const std::string shop = world.add_shop("one.example");
};

TEST_F(CustomersTest, RegistersAndSignsIn) {
  const Result<SignedInCustomer> enrolled = enrol(" Ada@Example.com");
  ASSERT_TRUE(enrolled);
  EXPECT_EQ(enrolled->customer.email, "ada@example.com");
  EXPECT_TRUE(enrolled->session.token.starts_with("cs_"));
  EXPECT_EQ(enrolled->session.expires_at, world.clock.now() + limits::customer_session_lifetime);
  const Result<SignedInCustomer> signed_in = sign_in("ADA@example.com");
  ASSERT_TRUE(signed_in);
  EXPECT_EQ(signed_in->customer.id, enrolled->customer.id);
  EXPECT_NE(signed_in->session.token, enrolled->session.token);
}

TEST_F(CustomersTest, StoresNeitherPasswordNorToken) {
  const Result<SignedInCustomer> enrolled = enrol("ada@example.com");
  const storage::Rows stored = world.read("SELECT password FROM customers");
  EXPECT_TRUE(stored[0].text(0).starts_with("$argon2id$"));
  const storage::Rows rows = world.read("SELECT token_hash FROM sessions");
  EXPECT_EQ(rows[0].text(0), sha256_hex(enrolled->session.token));
}

TEST_F(CustomersTest, OneAccountAnEmailEvenAtOnce) {
  std::vector<std::future<Result<SignedInCustomer>>> answers;
  for (int i = 0; i < 12; ++i) {
    answers.push_back(world.executor.spawn<Result<SignedInCustomer>>(
        [this] { return customers().enrol(shop, {"ada@example.com", "Ada", password}); }));
  }
  int enrolled = 0;
  for (auto& answer : answers) {
    const Result<SignedInCustomer> customer = answer.get();
    enrolled += customer ? 1 : 0;
    EXPECT_TRUE(customer || customer.error().is(errc::email_taken));
  }
  EXPECT_EQ(enrolled, 1);
  EXPECT_EQ(sessions(), 1);
}

TEST_F(CustomersTest, AnotherShopMayHaveTheSameEmail) {
  const std::string other = world.add_shop("two.example");
  ASSERT_TRUE(enrol("ada@example.com"));
  EXPECT_TRUE(enrol("ada@example.com", other));
}

TEST_F(CustomersTest, UnknownEmailAndWrongPasswordAreOneAnswer) {
  ASSERT_TRUE(enrol("ada@example.com"));
  const Result<SignedInCustomer> unknown = sign_in("grace@example.com");
  const Result<SignedInCustomer> wrong = sign_in("ada@example.com", "wrong horse battery");
  ASSERT_FALSE(unknown);
  ASSERT_FALSE(wrong);
  EXPECT_TRUE(unknown.error().is(errc::bad_credentials));
  EXPECT_TRUE(wrong.error().is(errc::bad_credentials));
  EXPECT_EQ(unknown.error().detail, wrong.error().detail);
  EXPECT_EQ(world.passwords->occupied(), 0U);
}

// With the real cost a hash takes tens of milliseconds, a look-up far below one: an answer that
// skipped the hash would be a hundred times as fast.
TEST_F(CustomersTest, UnknownEmailAndWrongPasswordTakeTheSameTime) {
  Passwords real(world.runtime, PasswordCost::interactive);
  Customers slow(*world.database, world.clock, world.ids, real, world.accounts->throttle,
                 world.accounts->sessions);
  const Registration registration{"ada@example.com", "Ada", password};
  ASSERT_TRUE(world.run([&] { return slow.enrol(shop, registration); }));
  const auto fastest = [&](const std::string& email) {
    Duration best = Duration::max();
    for (int i = 0; i < 3; ++i) {
      const SteadyTime begin = world.real_clock.steady();
      EXPECT_FALSE(world.run([&] { return slow.sign_in(shop, {email, "wrong horse", ""}); }));
      best = std::min(best, world.real_clock.steady() - begin);
    }
    return best;
  };
  const Duration wrong = fastest("ada@example.com");
  const Duration unknown = fastest("grace@example.com");
  EXPECT_LT(wrong, 5 * unknown);
  EXPECT_LT(unknown, 5 * wrong);
}

TEST_F(CustomersTest, AGuestWithoutPasswordCannotSignIn) {
  storage::Batch batch;
  batch.add(
      "INSERT INTO customers (shop_id, id, email, name, created_at) "
      "VALUES ($1, 'cus_guest', 'guest@example.com', 'Guest', 0)",
      {shop});
  world.commit(std::move(batch));
  EXPECT_TRUE(sign_in("guest@example.com", "").error().is(errc::bad_credentials));
}

TEST_F(CustomersTest, FailuresThrottleAndASuccessForgives) {
  ASSERT_TRUE(enrol("ada@example.com"));
  for (int round = 0; round < 3; ++round) {
    for (std::int64_t i = 1; i < limits::login_failures_by_email; ++i) {
      EXPECT_TRUE(sign_in("ada@example.com", "wrong horse").error().is(errc::bad_credentials));
    }
    EXPECT_TRUE(sign_in("ada@example.com"));
  }
  for (std::int64_t i = 0; i < limits::login_failures_by_email; ++i) {
    EXPECT_TRUE(sign_in("ada@example.com", "wrong horse").error().is(errc::bad_credentials));
  }
  const Result<SignedInCustomer> throttled = sign_in("ada@example.com");
  ASSERT_FALSE(throttled);
  EXPECT_TRUE(throttled.error().is(errc::login_throttled));
  EXPECT_GT(throttled.error().retry_after_seconds, 0);
  world.clock.advance(2s);
  EXPECT_TRUE(sign_in("ada@example.com"));
}

TEST_F(CustomersTest, ANameChangesWithoutThePassword) {
  const Result<SignedInCustomer> enrolled = enrol("ada@example.com");
  CustomerChange wanted;
  wanted.name = "Ada King";
  const Result<Customer> changed = change(enrolled->customer.id, wanted);
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->name, "Ada King");
  EXPECT_EQ(changed->version, 2);
  EXPECT_EQ(sessions(), 1);
}

TEST_F(CustomersTest, EmailAndPasswordNeedTheCurrentPassword) {
  const Result<SignedInCustomer> enrolled = enrol("ada@example.com");
  const std::string id = enrolled->customer.id;
  CustomerChange wanted;
  wanted.email = "king@example.com";
  EXPECT_TRUE(change(id, wanted).error().is(errc::bad_credentials));
  wanted.current_password = password;
  EXPECT_EQ(change(id, wanted).value().email, "king@example.com");
  EXPECT_TRUE(sign_in("king@example.com"));
  EXPECT_FALSE(sign_in("ada@example.com"));
}

TEST_F(CustomersTest, AnEmailOfSomeoneElseIsTaken) {
  const Result<SignedInCustomer> ada = enrol("ada@example.com");
  ASSERT_TRUE(enrol("grace@example.com"));
  CustomerChange wanted;
  wanted.email = "grace@example.com";
  wanted.name = "Not Grace";
  wanted.current_password = password;
  EXPECT_TRUE(change(ada->customer.id, wanted).error().is(errc::email_taken));
  EXPECT_EQ(world.run([&] { return customers().find(shop, ada->customer.id); })->name,
            "Ada Lovelace");
}

TEST_F(CustomersTest, ANewPasswordEndsTheOtherSessions) {
  const Result<SignedInCustomer> enrolled = enrol("ada@example.com");
  const Result<SignedInCustomer> here = sign_in("ada@example.com");
  ASSERT_TRUE(sign_in("ada@example.com"));
  ASSERT_EQ(sessions(), 3);
  CustomerChange wanted;
  wanted.password = "another horse battery";
  wanted.current_password = password;
  ASSERT_TRUE(change(enrolled->customer.id, wanted, here->session.token));
  const storage::Rows left = world.read("SELECT token_hash FROM sessions");
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].text(0), sha256_hex(here->session.token));
  EXPECT_FALSE(sign_in("ada@example.com"));
  EXPECT_TRUE(sign_in("ada@example.com", "another horse battery"));
}

TEST_F(CustomersTest, KeepsAddressesOfTheirOwner) {
  const std::string ada = enrol("ada@example.com")->customer.id;
  const std::string grace = enrol("grace@example.com")->customer.id;
  const Result<CustomerAddress> address = add_address(ada, "Haarlem");
  ASSERT_TRUE(address);
  EXPECT_EQ(world.run([&] { return customers().addresses(shop, ada); }).size(), 1U);
  EXPECT_TRUE(world.run([&] { return customers().addresses(shop, grace); }).empty());

  AddressChange move;
  move.city = "Zaandam";
  const Result<CustomerAddress> stolen =
      world.run([&] { return customers().change_address(shop, grace, address->id, move); });
  EXPECT_TRUE(stolen.error().is(errc::not_found));
  const Result<void> removed =
      world.run([&] { return customers().remove_address(shop, grace, address->id); });
  EXPECT_TRUE(removed.error().is(errc::not_found));

  const Result<CustomerAddress> moved =
      world.run([&] { return customers().change_address(shop, ada, address->id, move); });
  ASSERT_TRUE(moved);
  EXPECT_EQ(moved->address.city, "Zaandam");
  EXPECT_EQ(moved->address.line1, "Rietwal 14");
  EXPECT_TRUE(world.run([&] { return customers().remove_address(shop, ada, address->id); }));
  EXPECT_TRUE(world.run([&] { return customers().addresses(shop, ada); }).empty());
}

TEST_F(CustomersTest, NoChangeOfAnAddressIsLostUnderAnother) {
  const std::string ada = enrol("ada@example.com")->customer.id;
  const std::string address = add_address(ada, "Haarlem")->id;
  std::vector<std::future<Result<CustomerAddress>>> answers;
  for (int i = 0; i < 10; ++i) {
    answers.push_back(world.executor.spawn<Result<CustomerAddress>>([&, i] {
      AddressChange change;
      (i % 2 == 0 ? change.city : change.line1) = "Changed " + std::to_string(i);
      return customers().change_address(shop, ada, address, change);
    }));
  }
  Address expected;
  int changed = 0;
  for (auto& answer : answers) {
    const Result<CustomerAddress> outcome = answer.get();
    EXPECT_TRUE(outcome || outcome.error().is(errc::version_conflict));
    if (outcome) {
      expected = outcome->address;
      ++changed;
    }
  }
  EXPECT_GE(changed, 1);
  const auto stored = world.run([&] { return customers().addresses(shop, ada); });
  EXPECT_EQ(to_json(stored.at(0).address), to_json(expected));
}

TEST_F(CustomersTest, GuessingTheCurrentPasswordIsThrottledToo) {
  const std::string ada = enrol("ada@example.com")->customer.id;
  CustomerChange wanted;
  wanted.password = "another horse battery";
  wanted.current_password = "wrong horse";
  for (std::int64_t i = 0; i < limits::login_failures_by_email; ++i) {
    EXPECT_TRUE(change(ada, wanted).error().is(errc::bad_credentials));
  }
  wanted.current_password = password;
  EXPECT_TRUE(change(ada, wanted).error().is(errc::login_throttled));
  EXPECT_TRUE(sign_in("ada@example.com").error().is(errc::login_throttled));
  world.clock.advance(2s);
  EXPECT_TRUE(change(ada, wanted));
}

TEST_F(CustomersTest, AddressesHaveALimit) {
  const std::string ada = enrol("ada@example.com")->customer.id;
  for (std::size_t i = 0; i < limits::customer_addresses; ++i) {
    ASSERT_TRUE(add_address(ada, "Haarlem"));
  }
  EXPECT_TRUE(add_address(ada, "Haarlem").error().is(errc::too_many_addresses));
}

TEST_F(CustomersTest, ListsInPagesAndFindsWords) {
  for (int i = 0; i < 7; ++i) {
    ASSERT_TRUE(enrol("customer" + std::to_string(i) + "@example.com"));
    // The first three share a millisecond: only their ids order them.
    world.clock.advance(i < 2 ? 0ms : 1ms);
  }
  std::vector<std::string> seen;
  std::optional<Position> after;
  do {
    const Page<Customer> page = world.run([&] { return customers().list(shop, "", 3, after); });
    for (const Customer& customer : page.items) {
      seen.push_back(customer.email);
    }
    after = page.next;
  } while (after);
  EXPECT_EQ(seen.size(), 7U);
  EXPECT_EQ(seen.front(), "customer6@example.com");
  std::ranges::sort(seen);
  EXPECT_EQ(std::ranges::unique(seen).begin(), seen.end());

  const auto find = [&](std::string words) {
    return world.run([&] { return customers().list(shop, words, 10, std::nullopt); }).items.size();
  };
  EXPECT_EQ(find("Customer3"), 1U);
  EXPECT_EQ(find("lovelace"), 7U);
  EXPECT_EQ(find("%"), 0U);
  EXPECT_EQ(find("_"), 0U);
  EXPECT_EQ(find("\\"), 0U);
}

TEST_F(CustomersTest, AnotherShopFindsNothing) {
  const std::string other = world.add_shop("two.example");
  const std::string ada = enrol("ada@example.com")->customer.id;
  EXPECT_FALSE(world.run([&] { return customers().find(other, ada); }));
  EXPECT_TRUE(
      world.run([&] { return customers().list(other, "", 10, std::nullopt); }).items.empty());
  EXPECT_FALSE(
      world.run([&] { return customers().sign_in(other, {"ada@example.com", password, ""}); }));
}

TEST_F(CustomersTest, ExpiredSessionsArePurged) {
  ASSERT_TRUE(enrol("ada@example.com"));
  world.run([&] { return world.accounts->purge(); });
  EXPECT_EQ(sessions(), 1);
  world.clock.advance(limits::customer_session_lifetime);
  world.run([&] { return world.accounts->purge(); });
  EXPECT_EQ(sessions(), 0);
}

}  // namespace
}  // namespace securecart::shop::accounts
