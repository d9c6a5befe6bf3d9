#include "shop/accounts/api_keys.hpp"

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "shop/accounts/errc.hpp"
#include "shop/accounts/limits.hpp"
#include "tests/support/accounts_world.hpp"

namespace securecart::shop::accounts {
namespace {

class ApiKeysTest : public testing::Test {
 protected:
  Result<IssuedKey> add(KeyKind kind, std::optional<Role> role) {
    const NewKey wanted{kind, "Back office", role};
    return world.run([&] { return world.accounts->api_keys.add(shop, wanted); });
  }
  Result<void> revoke(const std::string& in_shop, const std::string& id) {
    return world.run([&] { return world.accounts->api_keys.revoke(in_shop, id); });
  }

  test::AccountsWorld world;
  const std::string shop = world.add_shop("one.example");
};

TEST_F(ApiKeysTest, IsShownOnceAndStoredAsAHash) {
  const Result<IssuedKey> issued = add(KeyKind::secret, Role::manager);
  ASSERT_TRUE(issued);
  EXPECT_TRUE(issued->secret.starts_with("sk_"));
  EXPECT_TRUE(issued->secret.starts_with(issued->key.prefix));
  EXPECT_LT(issued->key.prefix.size(), 12U);
  const storage::Rows rows = world.read("SELECT key_hash, prefix, role FROM api_keys");
  EXPECT_EQ(rows[0].text(0), sha256_hex(issued->secret));
  EXPECT_EQ(rows[0].text(2), "manager");
}

TEST_F(ApiKeysTest, ARoleBelongsToSecretKeysOnly) {
  EXPECT_TRUE(add(KeyKind::secret, std::nullopt).error().is(errc::invalid_request));
  EXPECT_TRUE(add(KeyKind::publishable, Role::viewer).error().is(errc::invalid_request));
  EXPECT_TRUE(add(KeyKind::publishable, std::nullopt));
}

TEST_F(ApiKeysTest, RevokingIsOnceAndForAll) {
  const Result<IssuedKey> issued = add(KeyKind::publishable, std::nullopt);
  const std::string other = world.add_shop("two.example");
  EXPECT_TRUE(revoke(other, issued->key.id).error().is(errc::not_found));
  EXPECT_TRUE(revoke(shop, issued->key.id));
  const auto first = world.read("SELECT revoked_at FROM api_keys")[0].integer(0);
  world.clock.advance(std::chrono::hours(1));
  EXPECT_TRUE(revoke(shop, issued->key.id));
  EXPECT_EQ(world.read("SELECT revoked_at FROM api_keys")[0].integer(0), first);
  const Page<ApiKey> page =
      world.run([&] { return world.accounts->api_keys.list(shop, 10, std::nullopt); });
  ASSERT_EQ(page.items.size(), 1U);
  EXPECT_TRUE(page.items[0].revoked_at);
}

TEST_F(ApiKeysTest, HasALimitOfLiveKeys) {
  std::string last;
  for (std::size_t i = 0; i < limits::api_keys; ++i) {
    last = add(KeyKind::publishable, std::nullopt).value().key.id;
  }
  EXPECT_TRUE(add(KeyKind::publishable, std::nullopt).error().is(errc::too_many_keys));
  EXPECT_TRUE(revoke(shop, last));
  EXPECT_TRUE(add(KeyKind::publishable, std::nullopt));
}

}  // namespace
}  // namespace securecart::shop::accounts
