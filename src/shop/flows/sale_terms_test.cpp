#include "shop/flows/sale_terms.hpp"

#include <gtest/gtest.h>

#include "shop/carts/settings.hpp"
#include "shop/flows/cart_snapshot.hpp"
#include "tests/support/flows_world.hpp"

namespace securecart::shop::flows {
namespace {

SaleTerms terms() {
  SaleTerms terms;
  terms.default_tax_class_id = "standard";
  terms.home_country = "NL";
  terms.rates = {{"standard", "NL", "", {"VAT 21 %", 2'100}},
                 {"reduced", "NL", "", {"VAT 9 %", 900}},
                 {"standard", "US", "NY", {"Sales tax", 400}},
                 {"standard", "CA", "", {"GST", 500}},
                 {"standard", "CA", "QC", {"GST + QST", 1'498}}};
  terms.zones = {{"zone_world", {"*"}}, {"zone_home", {"NL", "BE"}}};
  return terms;
}

TEST(SaleTerms, TaxesWhereTheCartGoes) {
  const SaleTerms sold = terms();
  EXPECT_EQ(sold.tax_rate("", "NL", "")->basis_points, 2'100);
  EXPECT_EQ(sold.tax_rate("reduced", "NL", "")->basis_points, 900);
  EXPECT_EQ(sold.tax_rate("", "", "")->basis_points, 2'100) << "no address yet: as at home";
  EXPECT_EQ(sold.tax_rate("", "DE", ""), std::nullopt);
}

TEST(SaleTerms, IncludesTaxWhereTheShopSaysSo) {
  SaleTerms sold = terms();
  EXPECT_TRUE(sold.tax_included("US"));
  sold.tax_included_in = {{"US", false}, {"NL", true}};
  EXPECT_FALSE(sold.tax_included("US"));
  EXPECT_TRUE(sold.tax_included("CA")) << "the shop's setting is the default";
  sold.prices_include_tax = false;
  EXPECT_FALSE(sold.tax_included("CA"));
  EXPECT_TRUE(sold.tax_included("NL"));
  EXPECT_TRUE(sold.tax_included("")) << "no address yet: as at home";
  EXPECT_EQ(sold.tax_country(""), "NL");
  EXPECT_EQ(sold.tax_country("US"), "US");
}

TEST(SaleTerms, PutsAProvinceBeforeItsCountry) {
  const SaleTerms sold = terms();
  EXPECT_EQ(sold.tax_rate("", "CA", "QC")->basis_points, 1'498);
  EXPECT_EQ(sold.tax_rate("", "CA", "ON")->basis_points, 500);
  EXPECT_EQ(sold.tax_rate("", "US", "NY")->basis_points, 400);
  EXPECT_EQ(sold.tax_rate("", "US", "OR"), std::nullopt);
}

TEST(SaleTerms, ShipsFromTheZoneThatNamesTheCountry) {
  SaleTerms sold = terms();
  EXPECT_EQ(sold.zone_for("BE"), "zone_home");
  EXPECT_EQ(sold.zone_for("JP"), "zone_world");
  sold.zones.erase(sold.zones.begin());
  EXPECT_EQ(sold.zone_for("JP"), "");
}

struct KeptTerms : test::FlowsWorld, ::testing::Test {
  std::string cart() {
    const auto variant = product("Mug", 1'000, 5);
    return ready_cart({{variant.id, 1}}).id;
  }
  void raise_tax() {
    storage::Batch batch;
    batch.add("UPDATE tax_rates SET basis_points = 5000 WHERE shop_id = $1 AND id = 'rate_nl'",
              {shop_a});
    change_terms(batch, shop_a);
    apply(std::move(batch));
  }
};

TEST_F(KeptTerms, AreReadOnceForManyCarts) {
  const std::string id = cart();
  EXPECT_EQ(see(id).terms, see(id).terms);
}

TEST_F(KeptTerms, AreReadAgainOnceTheyChange) {
  const std::string id = cart();
  const std::int64_t before = see(id).totals().tax;
  raise_tax();
  EXPECT_GT(see(id).totals().tax, before);
}

// Two processes share a database and nothing else.
TEST_F(KeptTerms, AreNotBelievedWhenAnotherProcessChangedThem) {
  const std::string id = cart();
  const Deps other{.database = database, .clock = clock, .ids = ids};
  const auto there = [&] { return run_ready(read_cart(other, shop_a, id))->totals().tax; };
  const std::int64_t before = there();
  raise_tax();
  EXPECT_EQ(there(), see(id).totals().tax);
  EXPECT_GT(there(), before);
}

}  // namespace
}  // namespace securecart::shop::flows
