#include "shop/flows/erase_customer.hpp"

#include <gtest/gtest.h>

#include "shop/accounts/errc.hpp"
#include "shop/carts/errc.hpp"
#include "shop/carts/promotion_store.hpp"
#include "tests/support/flows_world.hpp"

namespace securecart::shop::flows {
namespace {

class EraseCustomer : public testing::Test {
 protected:
  EraseCustomer() {
    storage::Batch batch;
    batch.add(
        "INSERT INTO customers (shop_id, id, email, name, password, created_at) "
        "VALUES ($1, 'cus_ada', 'ada@example.com', 'Ada Veen', 'phc', 0)",
        {world.shop_a});
    batch.add(
        "INSERT INTO customer_addresses (shop_id, id, customer_id, address, created_at) "
        "VALUES ($1, 'adr_1', 'cus_ada', $2, 0)",
        {world.shop_a, to_string(json::value(test::FlowsWorld::address()))});
    batch.add(
        "INSERT INTO sessions (token_hash, shop_id, subject_kind, subject_id, created_at, "
        "expires_at) VALUES ('hash', $1, 'customer', 'cus_ada', 0, 1)",
        {world.shop_a});
    world.apply(std::move(batch));
  }

  Result<void> erase(std::int64_t version = 1) {
    return run_ready(erase_customer(world.deps, world.shop_a, "cus_ada", version));
  }
  // The consumer's part.
  void consume() {
    for (const events::EventPtr& event : world.events_of("customer.erased")) {
      events::ConsumerOutcome outcome = run_ready(blank_answers(world.deps, *event));
      world.apply(std::move(std::get<storage::Batch>(outcome)));
    }
  }
  CartSnapshot cart() {
    CartSnapshot cart = world.ready_cart({{lamp.id, 2}});
    storage::Batch batch;
    batch.add("UPDATE carts SET customer_id = 'cus_ada' WHERE id = $1", {cart.id});
    world.apply(std::move(batch));
    return world.see(cart.id);
  }
  // An order of the customer, with the answer that was given for it kept under its key.
  OrderSnapshot place(const std::string& key) {
    const KeyFor key_for = [&](const orders::Order& order) {
      const json::object answer{{"id", order.id},
                                {"email", order.email},
                                {"total", order.total},
                                {"shipping_address", order.shipping_address},
                                {"billing_address", order.billing_address},
                                {"fulfilments", fulfilled_answer},
                                {"history", history_answer}};
      return storage::BatchKey{
          world.shop_a, "complete", key, "fingerprint", {201, to_string(json::value(answer))}};
    };
    const Result<Completed> placed = run_ready(
        complete_cart(world.deps, cart(), test::FlowsWorld::completion(), world.key, key_for));
    EXPECT_TRUE(placed);
    return world.see_order(world.events_of("order.placed").back()->subject);
  }
  OrderSnapshot place_completed(const std::string& key) {
    const OrderSnapshot placed = place(key);
    world.settle(placed.payments[0].id, {.outcome = payments::Outcome::captured});
    FulfilRequest parcel;
    parcel.tracking_number = "3STEST1234";
    parcel.tracking_url = "https://post.example/3STEST1234";
    change(decide_fulfilment(world.see_order(placed.order.id), parcel, world.deps));
    return world.see_order(placed.order.id);
  }
  void change(Result<OrderPlan> plan) {
    ASSERT_TRUE(plan) << plan.error().detail;
    world.apply(std::move(plan->batch));
  }
  // A code that each customer may use once.
  void use_code(const std::string& order_id) {
    carts::StoredPromotion once;
    once.promotion.id = "promo_1";
    once.promotion.code = "ONCE";
    once.promotion.customer_limit = 1;
    storage::Batch batch;
    carts::add_promotion(batch, world.shop_a, once);
    carts::add_use(batch, once.promotion,
                   {.shop_id = world.shop_a, .order_id = order_id, .email = "Ada@example.com"},
                   carts::errc::cart_changed);
    world.apply(std::move(batch));
  }
  // Every column of every table in which the text stands somewhere.
  std::vector<std::string> traces_of(const std::string& text) {
    std::vector<std::string> traces;
    const storage::Rows columns = run_ready(
        world.database.read({"SELECT m.name, c.name FROM sqlite_master m JOIN "
                             "pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT "
                             "LIKE 'sqlite_%' AND m.name NOT LIKE '%_fts%'",
                             {}}));
    for (const storage::Row column : columns) {
      const std::string sql = "SELECT COUNT(*) FROM " + column.text(0) + " WHERE \"" +
                              column.text(1) + "\" LIKE '%' || $1 || '%'";
      if (world.count(sql, {text}) > 0) {
        traces.push_back(column.text(0) + "." + column.text(1));
      }
    }
    return traces;
  }

  const json::array fulfilled_answer{json::object{
      {"id", "ful_1"}, {"tracking_number", "3STEST1234"}, {"tracking_url", "https://3STEST1234"}}};
  const json::array history_answer{json::object{
      {"kind", "cancelled"}, {"detail", json::object{{"reason", "Mrs Veen moved away"}}}}};
  test::FlowsWorld world;
  const catalog::Variant lamp = world.product("Lamp", 1'210, 100);
};

TEST_F(EraseCustomer, NothingOfThePersonIsLeftAnywhere) {
  const std::vector<std::string> personal = {"ada@example.com", "Ada Veen",   "Rietwal",
                                             "2011 ZW",         "3STEST1234", "Mrs Veen"};
  place_completed("key-1");
  const OrderSnapshot refunded = place_completed("key-2");
  RefundOrderRequest refund;
  refund.actor = "staff";
  refund.amount = 1;
  refund.reason = "Mrs Veen fell ill";
  change(decide_refund(refunded, refund, world.deps));
  change(decide_cancel(place("key-3"), {"staff", "Mrs Veen moved away"}, world.deps));
  use_code(refunded.order.id);
  cart();
  for (const std::string& text : personal) {
    EXPECT_FALSE(traces_of(text).empty()) << "the test looks in the right places";
  }
  ASSERT_TRUE(erase());
  consume();
  for (const std::string& text : personal) {
    EXPECT_EQ(traces_of(text), std::vector<std::string>{}) << text;
  }
  EXPECT_EQ(world.count("SELECT COUNT(*) FROM sessions", {}), 0);
}

TEST_F(EraseCustomer, WhatWasSoldStays) {
  const OrderSnapshot before = place_completed("key-1");
  ASSERT_TRUE(erase());
  consume();
  const OrderSnapshot after = world.see_order(before.order.id);
  EXPECT_EQ(after.order.email, "");
  EXPECT_TRUE(after.order.shipping_address.is_null());
  EXPECT_TRUE(after.order.billing_address.is_null());
  EXPECT_EQ(after.order.number, before.order.number);
  EXPECT_EQ(after.order.customer_id, "cus_ada") << "orders of one person stay together";
  EXPECT_EQ(after.order.total, before.order.total);
  EXPECT_EQ(after.order.tax_lines, before.order.tax_lines);
  EXPECT_EQ(after.order.tax_country, "NL");
  EXPECT_EQ(after.order.receipt, before.order.receipt);
  EXPECT_EQ(after.order.lines.size(), before.order.lines.size());
  world.check_books();
}

TEST_F(EraseCustomer, ARepeatedRequestStillGetsItsAnswer) {
  const OrderSnapshot order = place_completed("key-1");
  ASSERT_TRUE(erase());
  consume();
  consume();  // delivered twice
  const storage::Rows rows = run_ready(
      world.database.read({"SELECT status, body FROM idempotency_keys WHERE key = 'key-1'", {}}));
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].integer(0), 201);
  const Result<json::value> body = parse_json(rows[0].text(1));
  ASSERT_TRUE(body);
  EXPECT_EQ(get_string(body->as_object(), "id"), order.order.id);
  EXPECT_EQ(get_int(body->as_object(), "total"), order.order.total);
}

TEST_F(EraseCustomer, AnOrderOnItsWayNeedsItsAddress) {
  const OrderSnapshot order = place("key-1");
  const Result<void> refused = erase();
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().is(accounts::errc::customer_has_open_orders));
  EXPECT_FALSE(world.see_order(order.order.id).order.shipping_address.is_null());
  Result<OrderPlan> plan =
      decide_cancel(world.see_order(order.order.id), {"staff", "asked"}, world.deps);
  world.apply(std::move(plan->batch));
  EXPECT_TRUE(erase());
}

TEST_F(EraseCustomer, ACartUnderWayIsNobodysAnyMore) {
  const CartSnapshot stale = cart();
  ASSERT_TRUE(erase());
  const Result<Completed> late = world.complete(stale, "key-1");
  ASSERT_FALSE(late);
  EXPECT_TRUE(late.error().is(carts::errc::cart_incomplete));
  EXPECT_EQ(world.see(stale.id).customer_id, "");
}

TEST_F(EraseCustomer, ADecisionMadeBeforeIsMadeAgain) {
  const OrderSnapshot stale = place_completed("key-1");
  const RefundOrderRequest wanted{
      .actor = "staff", .amount = 100, .lines = {}, .reason = "", .restock = false};
  Result<OrderPlan> plan = decide_refund(stale, wanted, world.deps);
  ASSERT_TRUE(plan);
  ASSERT_TRUE(erase());
  EXPECT_TRUE(std::holds_alternative<storage::Refused>(world.commit(std::move(plan->batch))));
}

TEST_F(EraseCustomer, IsAskedForByVersionAndInItsShop) {
  EXPECT_TRUE(erase(7).error().is(securecart::errc::version_conflict));
  const Result<void> elsewhere = run_ready(erase_customer(world.deps, world.shop_b, "cus_ada", 1));
  EXPECT_TRUE(elsewhere.error().is(securecart::errc::not_found));
  EXPECT_EQ(world.count("SELECT COUNT(*) FROM customers", {}), 1);
  EXPECT_TRUE(erase());
  EXPECT_TRUE(erase().error().is(securecart::errc::not_found));
}

TEST_F(EraseCustomer, AGuestOfTheSameAddressIsSomebodyElse) {
  const OrderSnapshot guest = world.place({{lamp.id, 1}});
  ASSERT_TRUE(erase());
  consume();
  EXPECT_EQ(world.see_order(guest.order.id).order.email, "ada@example.com");
}

}  // namespace
}  // namespace securecart::shop::flows
