#include "shop/shops/shops.hpp"

#include <memory>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/limits.hpp"
#include "observe/metrics.hpp"
#include "shop/shops/errc.hpp"
#include "shop/shops/limits.hpp"
#include "storage/sqlite/sqlite_database.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/thread_executor.hpp"

namespace securecart::shop::shops {
namespace {

ShopSettings settings() {
  ShopSettings wanted;
  wanted.name = "Saltmarsh & Wren";
  wanted.currencies = {"EUR", "GBP"};
  wanted.countries = {"NL", "GB"};
  wanted.presentation = {{"headline", "Plain good things"}};
  return wanted;
}

TEST(ShopSettings, FillsDefaults) {
  ShopSettings wanted = settings();
  wanted.currencies = {"EUR", "GBP", "EUR"};
  wanted.default_currency = "GBP";
  const ShopSettings normal = normalise(wanted).value();
  EXPECT_EQ(normal.currencies, (std::vector<std::string>{"GBP", "EUR"}));
  EXPECT_EQ(normal.home_country, "NL");
  EXPECT_EQ(normalise(settings())->default_currency, "EUR");
}

TEST(ShopSettings, NamesWhatIsWrong) {
  const auto where = [](auto spoil) {
    ShopSettings wanted = settings();
    spoil(wanted);
    const Result<ShopSettings> normal = normalise(wanted);
    EXPECT_FALSE(normal);
    return normal ? std::string() : normal.error().fields.at(0).where;
  };
  EXPECT_EQ(where([](ShopSettings& s) { s.name = " "; }), "/name");
  EXPECT_EQ(where([](ShopSettings& s) { s.name = "a\nb"; }), "/name");
  EXPECT_EQ(where([](ShopSettings& s) { s.currencies = {}; }), "/currencies");
  EXPECT_EQ(where([](ShopSettings& s) { s.currencies = {"EUR", "XQQ"}; }), "/currencies/1");
  EXPECT_EQ(where([](ShopSettings& s) { s.default_currency = "USD"; }), "/default_currency");
  EXPECT_EQ(where([](ShopSettings& s) { s.countries = {"nl"}; }), "/countries/0");
  EXPECT_EQ(where([](ShopSettings& s) { s.home_country = "N"; }), "/home_country");
  EXPECT_EQ(where([](ShopSettings& s) { s.contact_email = "nobody"; }), "/contact_email");
  EXPECT_EQ(where([](ShopSettings& s) {
              s.presentation["about"] = std::string(limits::metadata_bytes, 'x');
            }),
            "/presentation");
}

TEST(Host, IsANameWithoutPort) {
  EXPECT_EQ(normalise_host(" Shop.Example ").value(), "shop.example");
  EXPECT_TRUE(normalise_host("127.0.0.1"));
  EXPECT_TRUE(normalise_host("[::1]"));
  for (const std::string_view text :
       {"", ".", "a..b", "a.", "a:80", "a/b", "[", "[a", "[]", "a b"}) {
    EXPECT_FALSE(normalise_host(text)) << text;
  }
}

RC_GTEST_PROP(Host, NormalisingTwiceChangesNothing, (const std::string& text)) {
  const Result<std::string> once = normalise_host(text);
  if (once) {
    RC_ASSERT(normalise_host(*once).value() == *once);
  }
}

class ShopsTest : public testing::Test {
 protected:
  template <class T>
  T run(std::move_only_function<Task<T>()> make) {
    return executor.run_task<T>(std::move(make));
  }
  std::string add(const std::string& host) {
    const Shop shop = shops.make(settings()).value();
    storage::Batch batch;
    shops.add_to(batch, shop, make_signing_key(random));
    Shops::add_host_to(batch, shop.id, host);
    batch.add("INSERT INTO tax_classes (shop_id, id, name) VALUES ($1, $2, 'Standard')",
              {shop.id, "tax_of_" + shop.id});
    const storage::Commit outcome =
        run<storage::Commit>([&] { return database->commit(std::move(batch)); });
    EXPECT_TRUE(std::holds_alternative<storage::Committed>(outcome));
    return shop.id;
  }
  Result<std::shared_ptr<const Shop>> find(const std::string& id) {
    return run<Result<std::shared_ptr<const Shop>>>([&] { return shops.find(id); });
  }
  Result<Shop> change(const std::string& id, std::int64_t version, const ShopChange& wanted) {
    return run<Result<Shop>>([&] { return shops.change(id, version, wanted); });
  }
  Result<std::string> add_host(const std::string& id, const std::string& host) {
    return run<Result<std::string>>([&] { return shops.add_host(id, host); });
  }

  test::ThreadExecutor executor;  // outlives whoever answers on it
  test::TempDir folder;
  ManualClock clock;
  SecureRandom random;
  Ids ids{clock, random};
  observe::Metrics metrics;
  std::unique_ptr<storage::SqliteDatabase> database =
      storage::sqlite::open_files(folder.path(), clock, metrics);
  Shops shops{*database, clock, ids};
};

TEST_F(ShopsTest, ReadsBackWhatWasMade) {
  const std::string id = add("one.example");
  const auto shop = find(id).value();
  EXPECT_EQ(shop->settings.name, "Saltmarsh & Wren");
  EXPECT_EQ(shop->settings.currencies, (std::vector<std::string>{"EUR", "GBP"}));
  EXPECT_EQ(get_string(shop->settings.presentation, "headline"), "Plain good things");
  EXPECT_TRUE(find("shop_nowhere").error().is(errc::not_found));
}

TEST_F(ShopsTest, IsKeptInMemoryUntilItChanges) {
  const std::string id = add("one.example");
  const auto first = find(id).value();
  EXPECT_EQ(find(id).value().get(), first.get());
  ShopChange wanted;
  wanted.tagline = "Made to be kept";
  ASSERT_TRUE(change(id, 1, wanted));
  const auto second = find(id).value();
  EXPECT_EQ(second->settings.tagline, "Made to be kept");
  EXPECT_EQ(second->version, 2);
  EXPECT_EQ(second->settings.name, "Saltmarsh & Wren");
}

TEST_F(ShopsTest, AStaleVersionIsRefused) {
  const std::string id = add("one.example");
  ShopChange wanted;
  wanted.name = "Another";
  ASSERT_TRUE(change(id, 1, wanted));
  EXPECT_TRUE(change(id, 1, wanted).error().is(errc::version_conflict));
  EXPECT_TRUE(change("shop_nowhere", 1, wanted).error().is(errc::not_found));
}

TEST_F(ShopsTest, ATaxClassMustBeTheShopsOwn) {
  const std::string one = add("one.example");
  const std::string two = add("two.example");
  ShopChange wanted;
  wanted.default_tax_class_id = "tax_of_" + two;
  EXPECT_TRUE(change(one, 1, wanted).error().is(errc::tax_class_unknown));
  EXPECT_EQ(find(one).value()->version, 1);
  wanted.default_tax_class_id = "tax_of_" + one;
  EXPECT_TRUE(change(one, 1, wanted));
  wanted.default_tax_class_id = "";
  EXPECT_TRUE(change(one, 2, wanted));
  EXPECT_EQ(find(one).value()->settings.default_tax_class_id, "");
}

TEST_F(ShopsTest, AHostNamesOneShop) {
  const std::string one = add("one.example");
  const std::string two = add("two.example");
  EXPECT_EQ(add_host(one, "WWW.one.example").value(), "www.one.example");
  EXPECT_TRUE(add_host(two, "www.one.example").error().is(errc::host_taken));
  EXPECT_TRUE(add_host(one, "www.one.example").error().is(errc::host_taken));
  EXPECT_EQ(run<Result<std::string>>([&] { return shops.shop_of_host("www.one.example"); }).value(),
            one);
  const auto remove = [&](const std::string& id) {
    return run<Result<void>>([&] { return shops.remove_host(id, "www.one.example"); });
  };
  EXPECT_TRUE(remove(two).error().is(errc::not_found));
  EXPECT_TRUE(remove(one));
  EXPECT_EQ(run<std::vector<std::string>>([&] { return shops.hosts(one); }),
            (std::vector<std::string>{"one.example"}));
  EXPECT_TRUE(add_host(two, "www.one.example"));
}

TEST_F(ShopsTest, HostsHaveALimit) {
  const std::string one = add("host0.example");
  for (std::size_t i = 1; i < limits::shop_hosts; ++i) {
    ASSERT_TRUE(add_host(one, "host" + std::to_string(i) + ".example"));
  }
  EXPECT_TRUE(add_host(one, "more.example").error().is(errc::too_many_hosts));
}

TEST_F(ShopsTest, ShowsItsPublicReceiptKeys) {
  const std::string one = add("one.example");
  add("two.example");
  const auto keys = run<std::vector<PublicReceiptKey>>([&] { return shops.receipt_keys(one); });
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_TRUE(is_id(keys[0].id, "rkey"));
  EXPECT_EQ(from_base64url(keys[0].public_key)->size(), 32U);
}

}  // namespace
}  // namespace securecart::shop::shops
