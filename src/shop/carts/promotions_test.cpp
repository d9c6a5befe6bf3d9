#include "shop/carts/promotions.hpp"

#include <numeric>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "shop/carts/pricing.hpp"
#include "shop/carts/promotion_store.hpp"

namespace securecart::shop::carts {
namespace {

constexpr std::int64_t millis_of_now = 1'800'000'000'000;

Promotion percentage(std::int64_t basis_points) {
  Promotion promotion;
  promotion.id = "promo_p";
  promotion.title = "Less";
  promotion.kind = PromotionKind::percentage;
  promotion.terms.basis_points = basis_points;
  return promotion;
}

Promotion amount(std::int64_t euros, std::string id = "promo_f") {
  Promotion promotion;
  promotion.id = std::move(id);
  promotion.kind = PromotionKind::fixed_amount;
  promotion.terms.amounts = {{"EUR", euros}};
  return promotion;
}

Promotion free_shipping() {
  Promotion promotion;
  promotion.id = "promo_s";
  promotion.kind = PromotionKind::free_shipping;
  return promotion;
}

Promotion buy_get(std::int64_t buy, std::int64_t get, std::int64_t basis_points = 10'000) {
  Promotion promotion;
  promotion.id = "promo_b";
  promotion.kind = PromotionKind::buy_x_get_y;
  promotion.terms.basis_points = basis_points;
  promotion.terms.buy_quantity = buy;
  promotion.terms.get_quantity = get;
  return promotion;
}

Promotion combining(Promotion promotion) {
  promotion.combines = true;
  return promotion;
}

DiscountableCart cart_of(std::vector<DiscountableLine> lines, std::int64_t shipping = 595) {
  return {"EUR", std::move(lines), shipping, from_millis(millis_of_now)};
}

// What one promotion alone takes off.
std::int64_t off(const Promotion& promotion, const DiscountableCart& cart) {
  return discount({promotion}, cart).total();
}

std::optional<Obstacle> obstacle(const Promotion& promotion, const DiscountableCart& cart) {
  return discount({promotion}, cart).obstacles.at(0);
}

TEST(Promotions, TakeAPercentageOffTheSumOfTheLines) {
  const Discounts found =
      discount({percentage(1'000)}, cart_of({{"prod_1", {}, 333, 1}, {"prod_2", {}, 333, 1}}));
  EXPECT_EQ(found.total(), 67) << "of the sum, rounded once";
  EXPECT_EQ(found.lines, (std::vector<std::int64_t>{34, 33}));
  EXPECT_EQ(found.shipping, 0);
}

TEST(Promotions, TakeNoMoreThanThereIs) {
  EXPECT_EQ(off(amount(10'000), cart_of({{"prod_1", {}, 700, 1}})), 700);
  EXPECT_EQ(off(percentage(10'000), cart_of({{"prod_1", {}, 700, 3}})), 2'100);
}

TEST(Promotions, GiveTheCheapestUnits) {
  const DiscountableCart cart = cart_of({{"prod_1", {}, 500, 2}, {"prod_2", {}, 300, 1}});
  EXPECT_EQ(off(buy_get(2, 1), cart), 300);
  EXPECT_EQ(off(buy_get(2, 1, 5'000), cart), 150);
  EXPECT_EQ(off(buy_get(1, 1), cart), 300) << "three units hold one pair";
  EXPECT_EQ(obstacle(buy_get(3, 1), cart), Obstacle::nothing_matches);
  EXPECT_EQ(off(buy_get(1, 2), cart_of({{"prod_1", {}, 500, 7}})), 2'000) << "two times two";
}

TEST(Promotions, AreForProductsAndCollections) {
  const DiscountableCart cart = cart_of({{"prod_1", {"col_1"}, 1'000, 1}, {"prod_2", {}, 50, 1}});
  Promotion promotion = percentage(1'000);
  promotion.terms.collection_ids = {"col_1"};
  EXPECT_EQ(off(promotion, cart), 100);
  promotion.terms.product_ids = {"prod_2"};
  EXPECT_EQ(off(promotion, cart), 105);
  promotion.terms = {};
  promotion.terms.basis_points = 1'000;
  promotion.terms.product_ids = {"prod_3"};
  EXPECT_EQ(obstacle(promotion, cart), Obstacle::nothing_matches);
  Promotion shipping = free_shipping();
  shipping.terms.product_ids = {"prod_3"};
  EXPECT_EQ(obstacle(shipping, cart), Obstacle::nothing_matches);
}

TEST(Promotions, SayWhatStandsInTheirWay) {
  const DiscountableCart cart = cart_of({{"prod_1", {}, 1'000, 1}});
  Promotion promotion = percentage(1'000);
  promotion.starts_at = from_millis(millis_of_now + 1);
  EXPECT_EQ(obstacle(promotion, cart), Obstacle::not_started);
  promotion.starts_at = from_millis(millis_of_now);
  EXPECT_EQ(obstacle(promotion, cart), std::nullopt);
  promotion.ends_at = from_millis(millis_of_now);
  EXPECT_EQ(obstacle(promotion, cart), Obstacle::ended);
  promotion.ends_at = from_millis(millis_of_now + 1);
  promotion.usage_limit = 3;
  promotion.used = 2;
  EXPECT_EQ(obstacle(promotion, cart), std::nullopt);
  promotion.used = 3;
  EXPECT_EQ(obstacle(promotion, cart), Obstacle::used_up);
  promotion.usage_limit = std::nullopt;
  promotion.customer_limit = 1;
  promotion.used_by_customer = 1;
  EXPECT_EQ(obstacle(promotion, cart), Obstacle::used_by_customer);
  promotion.customer_limit = std::nullopt;
  promotion.terms.minimum_subtotal = {{"EUR", 1'001}};
  EXPECT_EQ(obstacle(promotion, cart), Obstacle::below_minimum);
  promotion.terms.minimum_subtotal = {{"USD", 1}};
  EXPECT_EQ(obstacle(promotion, cart), Obstacle::not_in_currency);
  promotion.terms.minimum_subtotal = {{"EUR", 1'000}};
  EXPECT_EQ(obstacle(promotion, cart), std::nullopt);
  Promotion dollars = amount(100);
  dollars.terms.amounts = {{"USD", 100}};
  EXPECT_EQ(obstacle(dollars, cart), Obstacle::not_in_currency);
}

TEST(Promotions, ThatDoNotCombineLeaveTheBestOne) {
  const DiscountableCart cart = cart_of({{"prod_1", {}, 1'000, 1}});
  const Discounts found = discount({amount(300), percentage(1'000)}, cart);
  EXPECT_EQ(found.total(), 300);
  ASSERT_EQ(found.applied.size(), 1U);
  EXPECT_EQ(found.applied[0].promotion, 0U);
  EXPECT_EQ(found.obstacles[1], Obstacle::better_applies);
}

TEST(Promotions, ThatCombineApplyOneOnWhatTheOtherLeft) {
  const DiscountableCart cart = cart_of({{"prod_1", {}, 1'000, 1}});
  const Discounts found = discount(
      {combining(amount(300)), combining(percentage(1'000)), combining(free_shipping())}, cart);
  EXPECT_EQ(found.lines, std::vector<std::int64_t>{400}) << "100 of 1000, then 300";
  EXPECT_EQ(found.shipping, 595);
  // Alone it would take off more than all of them together.
  const Discounts alone = discount({combining(amount(300)), percentage(9'000)}, cart);
  EXPECT_EQ(alone.total(), 900);
  EXPECT_EQ(alone.obstacles[0], Obstacle::better_applies);
}

TEST(Promotions, ThatAreWorthTheSameGoByTheCode) {
  Promotion coded = amount(300, "promo_z");
  coded.code = "THREE";
  const Discounts found = discount({amount(300), coded}, cart_of({{"prod_1", {}, 1'000, 1}}));
  ASSERT_EQ(found.applied.size(), 1U);
  EXPECT_EQ(found.applied[0].promotion, 1U);
}

TEST(Promotions, FreeShippingAppliesBeforeTheShippingIsKnown) {
  const Discounts found = discount({free_shipping()}, cart_of({{"prod_1", {}, 1'000, 1}}, 0));
  ASSERT_EQ(found.applied.size(), 1U);
  EXPECT_EQ(found.applied[0].amount, 0);
  EXPECT_EQ(found.obstacles[0], std::nullopt);
}

TEST(Promotions, TakeNothingOffAnEmptyCart) {
  const Discounts found =
      discount({percentage(1'000), free_shipping(), buy_get(1, 1)}, cart_of({}));
  EXPECT_TRUE(found.applied.empty());
  EXPECT_EQ(found.total(), 0);
}

RC_GTEST_PROP(Promotions, NeverTakeOffMoreThanThereIsAndSumUp, (bool tax_included)) {
  DiscountableCart cart = cart_of({}, *rc::gen::inRange<std::int64_t>(0, 5'000));
  const auto count = *rc::gen::inRange<std::size_t>(0, 8);
  for (std::size_t i = 0; i < count; ++i) {
    cart.lines.push_back({"prod_" + std::to_string(i % 3),
                          {"col_" + std::to_string(i % 2)},
                          *rc::gen::inRange<std::int64_t>(0, 20'000),
                          *rc::gen::inRange<std::int64_t>(0, 30)});
  }
  std::vector<Promotion> promotions;
  const auto offered = *rc::gen::inRange<std::size_t>(0, 7);
  for (std::size_t i = 0; i < offered; ++i) {
    const auto points = *rc::gen::inRange<std::int64_t>(1, 10'001);
    Promotion promotion;
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        promotion = percentage(points);
        break;
      case 1:
        promotion = amount(points);
        break;
      case 2:
        promotion = buy_get(points % 4 + 1, points % 3 + 1, points);
        break;
      default:
        promotion = free_shipping();
    }
    promotion.id += std::to_string(i);
    promotion.combines = *rc::gen::arbitrary<bool>();
    if (*rc::gen::arbitrary<bool>()) {
      promotion.terms.product_ids = {"prod_1"};
    }
    promotions.push_back(std::move(promotion));
  }
  const Discounts found = discount(promotions, cart);
  RC_ASSERT(found.lines.size() == cart.lines.size());
  RC_ASSERT(found.shipping >= 0 && found.shipping <= cart.shipping);
  std::int64_t applied = 0;
  for (const Discount& one : found.applied) {
    RC_ASSERT(one.amount >= 0);
    RC_ASSERT(!found.obstacles[one.promotion]);
    applied += one.amount;
  }
  RC_ASSERT(applied == found.total());
  std::vector<PricedLine> priced;
  for (std::size_t i = 0; i < cart.lines.size(); ++i) {
    const DiscountableLine& line = cart.lines[i];
    RC_ASSERT(found.lines[i] >= 0 && found.lines[i] <= line.unit_price * line.quantity);
    priced.push_back({line.unit_price, line.quantity, TaxRate{"VAT", 2'100}, found.lines[i]});
  }
  const Totals totals =
      price(priced, cart.shipping, TaxRate{"VAT", 900}, tax_included, found.shipping);
  RC_ASSERT(totals.discount == found.total());
  RC_ASSERT(totals.total ==
            totals.subtotal + totals.shipping - totals.discount + (tax_included ? 0 : totals.tax));
  RC_ASSERT(totals.tax == totals.shipping_tax + std::accumulate(totals.line_taxes.begin(),
                                                                totals.line_taxes.end(),
                                                                std::int64_t{0}));
}

TEST(Promotions, AreStoredAsTheyAre) {
  Promotion promotion = buy_get(2, 1, 5'000);
  promotion.terms.product_ids = {"prod_1"};
  promotion.terms.collection_ids = {"col_1", "col_2"};
  promotion.terms.minimum_subtotal = {{"EUR", 5'000}};
  const PromotionTerms read = terms_of(render_terms(promotion.kind, promotion.terms));
  EXPECT_EQ(read.basis_points, 5'000);
  EXPECT_EQ(read.buy_quantity, 2);
  EXPECT_EQ(read.get_quantity, 1);
  EXPECT_EQ(read.product_ids, promotion.terms.product_ids);
  EXPECT_EQ(read.collection_ids, promotion.terms.collection_ids);
  EXPECT_EQ(read.minimum_subtotal, promotion.terms.minimum_subtotal);
  EXPECT_EQ(terms_of(render_terms(PromotionKind::fixed_amount, amount(5).terms)).amounts,
            amount(5).terms.amounts);
  for (const auto kind : {PromotionKind::buy_x_get_y, PromotionKind::percentage,
                          PromotionKind::fixed_amount, PromotionKind::free_shipping}) {
    EXPECT_EQ(parse_promotion_kind(to_string(kind)), kind);
  }
  EXPECT_EQ(parse_promotion_kind("half"), std::nullopt);
}

TEST(Promotions, ThatMakeNoSenseAreToldWhy) {
  EXPECT_TRUE(check_promotion(percentage(1'000)).empty());
  EXPECT_TRUE(check_promotion(amount(100)).empty());
  EXPECT_TRUE(check_promotion(buy_get(2, 1)).empty());
  EXPECT_TRUE(check_promotion(free_shipping()).empty());
  const auto where = [](const Promotion& promotion) {
    std::string places;
    for (const FieldError& field : check_promotion(promotion)) {
      places += field.where;
    }
    return places;
  };
  EXPECT_EQ(where(percentage(0)), "/basis_points");
  EXPECT_EQ(where(buy_get(0, 0)), "/buy_quantity/get_quantity");
  Promotion both = free_shipping();
  both.terms.amounts = {{"EUR", 1}};
  EXPECT_EQ(where(both), "/amounts");
  Promotion limited = percentage(1'000);
  limited.usage_limit = 1;
  EXPECT_EQ(where(limited), "/usage_limit");
  limited.code = "ONCE";
  EXPECT_EQ(where(limited), "");
  limited.starts_at = from_millis(2);
  limited.ends_at = from_millis(2);
  EXPECT_EQ(where(limited), "/ends_at");
}

TEST(Promotions, CodesAreTheSameHoweverTheyAreTyped) {
  EXPECT_EQ(normalised_code("  welcome10\n"), "WELCOME10");
  EXPECT_EQ(normalised_code("\t"), "");
  EXPECT_EQ(normalised_code("größe-5"), "GRößE-5");
}

}  // namespace
}  // namespace securecart::shop::carts
