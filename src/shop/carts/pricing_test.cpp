#include "shop/carts/pricing.hpp"

#include <numeric>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace securecart::shop::carts {
namespace {

const TaxRate standard{"VAT 21 %", 2100};
const TaxRate reduced{"VAT 9 %", 900};

TEST(Pricing, InclusivePricesContainTheirTax) {
  const Totals totals = price({{12100, 1, standard}}, 0, std::nullopt, true);
  EXPECT_EQ(totals.total, 12100);
  EXPECT_EQ(totals.tax, 2100);
  EXPECT_EQ(totals.line_taxes, std::vector<std::int64_t>{2100});
}

TEST(Pricing, ExclusivePricesGetTaxOnTop) {
  const Totals totals = price({{10000, 2, standard}}, 500, standard, false);
  EXPECT_EQ(totals.subtotal, 20000);
  EXPECT_EQ(totals.tax, 4305);
  EXPECT_EQ(totals.shipping_tax, 105);
  EXPECT_EQ(totals.total, 24805);
}

TEST(Pricing, ListsRatesLargestFirst) {
  const Totals totals = price({{1090, 1, reduced}, {1210, 1, standard}, {1000, 1, std::nullopt}}, 0,
                              std::nullopt, true);
  ASSERT_EQ(totals.tax_lines.size(), 2U);
  EXPECT_EQ(totals.tax_lines[0].rate, standard);
  EXPECT_EQ(totals.tax_lines[0].amount, 210);
  EXPECT_EQ(totals.tax_lines[1].amount, 90);
  EXPECT_EQ(totals.line_taxes[2], 0);
}

TEST(Pricing, AnEmptyCartCostsNothing) {
  EXPECT_EQ(price({}, 0, std::nullopt, true).total, 0);
}

RC_GTEST_PROP(Pricing, PartsAlwaysSumToTheWhole, (bool included)) {
  const auto count = *rc::gen::inRange<std::size_t>(0, 12);
  std::vector<PricedLine> lines;
  for (std::size_t i = 0; i < count; ++i) {
    const auto points = *rc::gen::inRange<std::int64_t>(0, 10001);
    lines.push_back(
        {*rc::gen::inRange<std::int64_t>(0, 100'000'000),
         *rc::gen::inRange<std::int64_t>(0, 10'000),
         points % 3 == 0 ? std::nullopt : std::optional(TaxRate{"rate", points % 5 * 500})});
  }
  const auto shipping = *rc::gen::inRange<std::int64_t>(0, 1'000'000);
  const Totals totals = price(lines, shipping, standard, included);
  const auto sum = [](const auto& list) {
    return std::accumulate(list.begin(), list.end(), std::int64_t{0});
  };
  RC_ASSERT(sum(totals.line_totals) == totals.subtotal);
  RC_ASSERT(sum(totals.line_taxes) + totals.shipping_tax == totals.tax);
  std::int64_t by_rate = 0;
  for (const TaxLine& line : totals.tax_lines) {
    by_rate += line.amount;
  }
  RC_ASSERT(by_rate == totals.tax);
  RC_ASSERT(totals.total == totals.subtotal + shipping + (included ? 0 : totals.tax));
  RC_ASSERT(!included || totals.tax <= totals.total);
}

TEST(ShippingPrice, TakesTheFirstBandThatCarriesTheWeight) {
  const std::vector<ShippingBand> bands{
      {500, {{"EUR", 395}}}, {2000, {{"EUR", 595}}}, {std::nullopt, {{"EUR", 1500}}}};
  EXPECT_EQ(shipping_price(bands, 0, "EUR"), 395);
  EXPECT_EQ(shipping_price(bands, 500, "EUR"), 395);
  EXPECT_EQ(shipping_price(bands, 501, "EUR"), 595);
  EXPECT_EQ(shipping_price(bands, 90000, "EUR"), 1500);
}

TEST(ShippingPrice, RefusesWhatIsTooHeavyOrHasNoPrice) {
  EXPECT_EQ(shipping_price({{500, {{"EUR", 395}}}}, 501, "EUR"), std::nullopt);
  EXPECT_EQ(shipping_price({{500, {{"USD", 395}}}}, 10, "EUR"), std::nullopt);
  EXPECT_EQ(shipping_price({}, 10, "EUR"), std::nullopt);
}

}  // namespace
}  // namespace securecart::shop::carts
