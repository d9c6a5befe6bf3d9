#include "shop/flows/create_shop.hpp"

#include <gtest/gtest.h>

#include "base/errors.hpp"
#include "shop/accounts/errc.hpp"
#include "tests/support/accounts_world.hpp"

namespace securecart::shop::flows {
namespace {

class CreateShop : public testing::Test {
 protected:
  static NewShop wanted(const std::string& host) {
    NewShop shop;
    shop.settings.name = "Tern";
    shop.settings.currencies = {"EUR"};
    shop.settings.countries = {"NL", "DE"};
    shop.hosts = {host};
    shop.owner_email = "owner@" + host;
    shop.owner_name = "Ada";
    shop.owner_password = "correct horse battery";
    return shop;
  }
  Result<CreatedShop> create(const NewShop& shop) {
    return world.run([&] { return create_shop(deps, shops, *world.accounts, world.random, shop); });
  }
  std::int64_t rows_of(std::string_view sql) { return world.read(sql)[0].integer(0); }
  std::int64_t shop_count() { return rows_of("SELECT COUNT(*) FROM shops"); }

  test::AccountsWorld world;
  Deps deps{.database = *world.database, .clock = world.clock, .ids = world.ids};
  shops::Shops shops{*world.database, world.clock, world.ids};
};

TEST_F(CreateShop, MakesAShopThatCanSell) {
  const Result<CreatedShop> created = create(wanted("Tern.Example"));
  ASSERT_TRUE(created) << created.error().detail;
  const auto caller = [&](accounts::Credentials credentials) {
    return world.run([&] { return world.authenticator->authenticate(credentials); });
  };
  EXPECT_EQ(caller({"tern.example", "", ""})->shop_id, created->shop_id);
  EXPECT_EQ(caller({"", created->publishable_key, ""})->shop_id, created->shop_id);
  EXPECT_EQ(caller({"", "", created->secret_key})->role, accounts::Role::owner);
  const auto shop = world.run([&] { return shops.find(created->shop_id); });
  ASSERT_TRUE(shop);
  EXPECT_EQ((*shop)->settings.default_tax_class_id, created->tax_class_id);
  EXPECT_EQ((*shop)->settings.default_currency, "EUR");
  EXPECT_EQ((*shop)->settings.home_country, "NL");
  EXPECT_EQ(world.run([&] { return shops.receipt_keys(created->shop_id); }).size(), 1U);
  EXPECT_EQ(rows_of("SELECT COUNT(*) FROM locations"), 1);
  const auto enters = [&](std::string password) {
    const accounts::SignIn sign_in{"owner@tern.example", std::move(password), ""};
    return world.run([&] { return world.accounts->staff.sign_in(created->shop_id, sign_in); });
  };
  EXPECT_TRUE(enters("correct horse battery"));
  EXPECT_FALSE(enters("wrong horse battery"));
}

TEST_F(CreateShop, AHostIsOneShops) {
  ASSERT_TRUE(create(wanted("one.example")));
  NewShop again = wanted("two.example");
  again.hosts = {"two.example", "ONE.example"};
  const Result<CreatedShop> refused = create(again);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind->code, "host_taken");
  EXPECT_EQ(shop_count(), 1) << "all of it or nothing";
  EXPECT_EQ(rows_of("SELECT COUNT(*) FROM staff"), 1);
  EXPECT_EQ(rows_of("SELECT COUNT(*) FROM api_keys"), 2);
  EXPECT_TRUE(create(wanted("two.example"))) << "the refused one left no trace";
}

TEST_F(CreateShop, RefusesWhatIsWrongBeforeAnythingIsMade) {
  NewShop shop = wanted("one.example");
  shop.settings.currencies = {"XXX"};
  EXPECT_TRUE(create(shop).error().is(errc::invalid_request));
  shop = wanted("not a host");
  EXPECT_TRUE(create(shop).error().is(errc::invalid_request));
  shop = wanted("one.example");
  shop.owner_password = "short";
  EXPECT_FALSE(create(shop));
  EXPECT_EQ(shop_count(), 0);
}

}  // namespace
}  // namespace securecart::shop::flows
