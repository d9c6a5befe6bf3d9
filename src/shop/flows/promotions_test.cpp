// Promotions on the way from a cart to an order and back, with a database behind them.
#include <gtest/gtest.h>

#include "shop/accounts/limits.hpp"
#include "shop/carts/errc.hpp"
#include "shop/carts/limits.hpp"
#include "shop/carts/promotion_store.hpp"
#include "shop/flows/change_cart.hpp"
#include "tests/support/flows_world.hpp"

namespace securecart::shop::flows {
namespace {

using carts::Promotion;
using carts::PromotionKind;

struct PromotionWorld : test::FlowsWorld {
  carts::StoredPromotion add(Promotion promotion) {
    carts::StoredPromotion stored;
    promotion.id = ids.make("promo");
    promotion.title = "Less";
    stored.promotion = std::move(promotion);
    stored.created_at = clock.now();
    storage::Batch batch;
    carts::add_promotion(batch, shop_a, stored);
    apply(std::move(batch));
    return stored;
  }
  carts::StoredPromotion add_code(const std::string& code, std::optional<std::int64_t> limit = {},
                                  std::optional<std::int64_t> by_customer = {}) {
    Promotion promotion;
    promotion.code = code;
    promotion.terms.basis_points = 1'000;
    promotion.usage_limit = limit;
    promotion.customer_limit = by_customer;
    return add(std::move(promotion));
  }
  Result<std::monostate> enter(const std::string& cart_id, const std::string& code,
                               const std::string& peer = "") {
    return run_ready(add_cart_code(deps, see(cart_id), code, peer));
  }
  CartSnapshot cart_with(const catalog::Variant& variant, const std::string& code) {
    const CartSnapshot cart = ready_cart({{variant.id, 1}});
    EXPECT_TRUE(enter(cart.id, code));
    return see(cart.id);
  }
  OrderSnapshot placed(const Result<Completed>& completed) {
    EXPECT_TRUE(completed);
    return see_order(completed->response.body);
  }
  std::int64_t used(const carts::StoredPromotion& stored) {
    return run_ready(carts::read_promotion(database, shop_a, stored.promotion.id))->promotion.used;
  }
  void cancel(const OrderSnapshot& order) {
    Result<OrderPlan> plan = decide_cancel(order, {.actor = "staff", .reason = ""}, deps);
    ASSERT_TRUE(plan);
    apply(std::move(plan->batch));
  }
};

TEST(CartPromotions, ACodeLowersTheOrderAndItsLedger) {
  PromotionWorld world;
  const auto lamp = world.product("Lamp", 12'100, 10);
  const auto promotion = world.add_code("WELCOME10");
  const CartSnapshot cart = world.cart_with(lamp, "WELCOME10");
  EXPECT_EQ(cart.totals().discount, 1'210);
  const OrderSnapshot order = world.placed(world.complete(cart, "key-1"));
  EXPECT_EQ(order.order.subtotal, 12'100);
  EXPECT_EQ(order.order.discount_total, 1'210);
  EXPECT_EQ(order.order.total, 12'100 - 1'210 + 595);
  EXPECT_EQ(order.order.lines.at(0).discount, 1'210);
  ASSERT_EQ(order.order.discounts.size(), 1U);
  EXPECT_EQ(get_string(order.order.discounts[0].as_object(), "code"), "WELCOME10");
  EXPECT_EQ(order.payments.at(0).amount, order.order.total);
  EXPECT_EQ(world.used(promotion), 1);
  world.check_books();
}

TEST(CartPromotions, APromotionWithoutACodeAppliesByItself) {
  PromotionWorld world;
  const auto lamp = world.product("Lamp", 12'100, 10);
  Promotion shipping;
  shipping.kind = PromotionKind::free_shipping;
  shipping.terms.minimum_subtotal = {{"EUR", 20'000}};
  const auto promotion = world.add(shipping);
  EXPECT_EQ(world.ready_cart({{lamp.id, 1}}).totals().discount, 0);
  const CartSnapshot cart = world.ready_cart({{lamp.id, 2}});
  EXPECT_EQ(cart.totals().shipping_discount, 595);
  const OrderSnapshot order = world.placed(world.complete(cart, "key-1"));
  EXPECT_EQ(order.order.total, 24'200);
  EXPECT_EQ(order.order.shipping_discount, 595);
  EXPECT_EQ(world.used(promotion), 1);
  world.check_books();
}

TEST(CartPromotions, AreForTheProductsOfACollection) {
  PromotionWorld world;
  const auto lamp = world.product("Lamp", 10'000, 10);
  const auto vase = world.product("Vase", 10'000, 10);
  storage::Batch batch;
  batch.add("INSERT INTO collections (shop_id, id, handle, title) VALUES ($1, 'col_1', 'l', 'L')",
            {world.shop_a});
  batch.add(
      "INSERT INTO collection_products (shop_id, collection_id, product_id) SELECT $1, 'col_1', "
      "product_id FROM variants WHERE shop_id = $1 AND id = $2",
      {world.shop_a, lamp.id});
  world.apply(std::move(batch));
  Promotion promotion;
  promotion.terms.basis_points = 5'000;
  promotion.terms.collection_ids = {"col_1"};
  world.add(promotion);
  const CartSnapshot cart = world.ready_cart({{lamp.id, 1}, {vase.id, 1}});
  const carts::Totals totals = cart.totals();
  EXPECT_EQ(totals.discount, 5'000);
  EXPECT_EQ(totals.line_discounts[cart.lines[0].variant_id == lamp.id ? 0 : 1], 5'000);
}

TEST(CartPromotions, ALimitHoldsHoweverManyDecideAtOnce) {
  PromotionWorld world;
  const auto lamp = world.product("Lamp", 10'000, 100);
  const auto promotion = world.add_code("FIVE", 5);
  std::vector<CartSnapshot> carts;
  for (int i = 0; i < 12; ++i) {
    carts.push_back(world.cart_with(lamp, "FIVE"));
  }
  int cheaper = 0;
  for (std::size_t i = 0; i < carts.size(); ++i) {  // all decided on five uses that are left
    const OrderSnapshot order = world.placed(world.complete(carts[i], "key-" + std::to_string(i)));
    cheaper += order.order.discount_total > 0 ? 1 : 0;
  }
  EXPECT_EQ(cheaper, 5);
  EXPECT_EQ(world.used(promotion), 5);
  world.check_books();
}

TEST(CartPromotions, TheTotalThatWasSeenIsThePriceOrNone) {
  PromotionWorld world;
  const auto lamp = world.product("Lamp", 10'000, 100);
  world.add_code("ONE", 1);
  const CartSnapshot late = world.cart_with(lamp, "ONE");
  ASSERT_TRUE(world.complete(world.cart_with(lamp, "ONE"), "key-1"));
  CompletionRequest request = test::FlowsWorld::completion();
  request.expected_total = late.totals().total;
  const KeyFor key_for = [&world](const orders::Order& order) {
    return storage::BatchKey{world.shop_a, "complete", "key-2", "fingerprint", {201, order.id}};
  };
  const Result<Completed> refused =
      run_ready(complete_cart(world.deps, late, request, world.key, key_for));
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().is(carts::errc::price_changed));
}

TEST(CartPromotions, ACustomerUsesACodeAsOftenAsOneMay) {
  PromotionWorld world;
  const auto lamp = world.product("Lamp", 10'000, 100);
  const auto promotion = world.add_code("ONCE", std::nullopt, 1);
  const CartSnapshot first = world.cart_with(lamp, "ONCE");
  const CartSnapshot second = world.cart_with(lamp, "ONCE");
  const OrderSnapshot order = world.placed(world.complete(first, "key-1"));
  EXPECT_EQ(order.order.discount_total, 1'000);
  EXPECT_EQ(world.placed(world.complete(second, "key-2")).order.discount_total, 0);
  const CartSnapshot third = world.cart_with(lamp, "ONCE");
  EXPECT_EQ(third.discounts().obstacles.at(0), carts::Obstacle::used_by_customer);
  world.cancel(order);
  EXPECT_EQ(world.used(promotion), 0);
  EXPECT_EQ(world.see(third.id).totals().discount, 1'000) << "given back with the order";
  world.check_books();
}

TEST(CartPromotions, ACancelledOrderGivesItsUseBackOnce) {
  PromotionWorld world;
  const auto lamp = world.product("Lamp", 10'000, 100);
  const auto promotion = world.add_code("ONE", 1);
  const OrderSnapshot order = world.placed(world.complete(world.cart_with(lamp, "ONE"), "key-1"));
  EXPECT_EQ(world.cart_with(lamp, "ONE").totals().discount, 0);
  world.cancel(order);
  EXPECT_EQ(world.used(promotion), 0);
  EXPECT_EQ(
      world.placed(world.complete(world.cart_with(lamp, "ONE"), "key-2")).order.discount_total,
      1'000);
  EXPECT_EQ(world.used(promotion), 1);
  world.check_books();
}

TEST(CartPromotions, ARefundOfALineIsWhatWasPaidForIt) {
  PromotionWorld world;
  const auto lamp = world.product("Lamp", 10'000, 100);
  world.add_code("TEN");
  const OrderSnapshot order = world.placed(world.complete(world.cart_with(lamp, "TEN"), "key-1"));
  world.settle(order.payments.at(0).id,
               {.outcome = payments::Outcome::captured, .reference = "ch_1"});
  Result<OrderPlan> plan =
      decide_refund(world.see_order(order.order.id),
                    {.actor = "staff", .lines = {{order.order.lines[0].id, 1}}}, world.deps);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->order.refunded_total, 9'000);
  world.apply(std::move(plan->batch));
  world.check_books();
}

TEST(CartCodes, OnlyThoseOfActivePromotionsAreTaken) {
  PromotionWorld world;
  const auto lamp = world.product("Lamp", 10'000, 100);
  carts::StoredPromotion promotion = world.add_code("TEN");
  const CartSnapshot cart = world.ready_cart({{lamp.id, 1}});
  const Result<std::monostate> unknown = world.enter(cart.id, "ELEVEN");
  ASSERT_FALSE(unknown);
  EXPECT_TRUE(unknown.error().is(carts::errc::code_unknown));
  ASSERT_TRUE(world.enter(cart.id, "TEN"));
  ASSERT_TRUE(world.enter(cart.id, "TEN")) << "a second time changes nothing";
  EXPECT_EQ(world.see(cart.id).codes, std::vector<std::string>{"TEN"});
  promotion.active = false;
  storage::Batch batch;
  carts::add_promotion_update(batch, world.shop_a, promotion);
  world.apply(std::move(batch));
  EXPECT_EQ(world.see(cart.id).codes.size(), 1U) << "it stays, and is told to be unknown";
  EXPECT_TRUE(world.see(cart.id).promotions.empty());
  EXPECT_FALSE(world.enter(world.ready_cart({{lamp.id, 1}}).id, "TEN"));
  ASSERT_TRUE(run_ready(remove_cart_code(world.deps, world.see(cart.id), "TEN")));
  EXPECT_TRUE(world.see(cart.id).codes.empty());
}

TEST(CartCodes, ACartTakesAFew) {
  PromotionWorld world;
  const auto lamp = world.product("Lamp", 10'000, 100);
  const CartSnapshot cart = world.ready_cart({{lamp.id, 1}});
  for (std::size_t i = 0; i < limits::cart_codes; ++i) {
    world.add_code("CODE" + std::to_string(i));
    ASSERT_TRUE(world.enter(cart.id, "CODE" + std::to_string(i)));
  }
  world.add_code("ANOTHER");
  const Result<std::monostate> refused = world.enter(cart.id, "ANOTHER");
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().is(carts::errc::cart_limit));
}

TEST(CartCodes, GuessingIsSlowedDownByNetworkAddress) {
  PromotionWorld world;
  const auto lamp = world.product("Lamp", 10'000, 100);
  world.add_code("TEN");
  const CartSnapshot cart = world.ready_cart({{lamp.id, 1}});
  for (std::int64_t i = 0; i < limits::wrong_codes_by_peer; ++i) {
    const Result<std::monostate> wrong = world.enter(cart.id, "GUESS", "192.0.2.1");
    ASSERT_FALSE(wrong);
    ASSERT_TRUE(wrong.error().is(carts::errc::code_unknown)) << i;
  }
  const Result<std::monostate> throttled = world.enter(cart.id, "TEN", "192.0.2.1");
  ASSERT_FALSE(throttled);
  EXPECT_TRUE(throttled.error().is(carts::errc::code_throttled));
  EXPECT_GE(throttled.error().retry_after_seconds, 1);
  EXPECT_TRUE(world.enter(cart.id, "TEN", "192.0.2.2")) << "others are heard";
}

TEST(CartCodes, ThoseThatAreRightCountNothing) {
  PromotionWorld world;
  const auto lamp = world.product("Lamp", 10'000, 100);
  world.add_code("TEN");
  for (std::int64_t i = 0; i <= limits::wrong_codes_by_peer; ++i) {
    ASSERT_TRUE(world.enter(world.ready_cart({{lamp.id, 1}}).id, "TEN", "192.0.2.1")) << i;
  }
}

TEST(Promotions, AreRemovedWhileNobodyUsedThem) {
  PromotionWorld world;
  const auto lamp = world.product("Lamp", 10'000, 100);
  const auto promotion = world.add_code("TEN", 3);
  ASSERT_TRUE(world.complete(world.cart_with(lamp, "TEN"), "key-1"));
  storage::Batch removal;
  carts::add_promotion_removal(removal, world.shop_a, promotion.promotion.id);
  const storage::Commit kept = world.commit(std::move(removal));
  EXPECT_EQ(std::get<storage::Refused>(kept).kind, &carts::errc::promotion_used);
  const auto unused = world.add_code("ELEVEN");
  storage::Batch second;
  carts::add_promotion_removal(second, world.shop_a, unused.promotion.id);
  world.apply(std::move(second));
  EXPECT_FALSE(run_ready(carts::read_promotion(world.database, world.shop_a, unused.promotion.id)));
}

TEST(Promotions, ALimitIsNotLoweredBelowWhatWasUsed) {
  PromotionWorld world;
  const auto lamp = world.product("Lamp", 10'000, 100);
  carts::StoredPromotion promotion = world.add_code("TEN");
  ASSERT_TRUE(world.complete(world.cart_with(lamp, "TEN"), "key-1"));
  ASSERT_TRUE(world.complete(world.cart_with(lamp, "TEN"), "key-2"));
  promotion.promotion.usage_limit = 1;
  storage::Batch lower;
  carts::add_promotion_update(lower, world.shop_a, promotion);
  const storage::Commit refused = world.commit(std::move(lower));
  EXPECT_EQ(std::get<storage::Refused>(refused).kind, &carts::errc::promotion_limit_below_use);
  promotion.promotion.usage_limit = 2;
  storage::Batch exact;
  carts::add_promotion_update(exact, world.shop_a, promotion);
  world.apply(std::move(exact));
  EXPECT_EQ(world.cart_with(lamp, "TEN").discounts().obstacles.at(0), carts::Obstacle::used_up);
}

}  // namespace
}  // namespace securecart::shop::flows
