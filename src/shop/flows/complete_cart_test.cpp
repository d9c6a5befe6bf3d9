#include "shop/flows/complete_cart.hpp"

#include <numeric>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/crypto.hpp"
#include "base/money.hpp"
#include "shop/carts/errc.hpp"
#include "shop/inventory/errc.hpp"
#include "tests/support/flows_world.hpp"

namespace securecart::shop::flows {
namespace {

// ---- The decision, on snapshots that were never in a database ----

class NoDatabase final : public storage::Database {
 public:
  Task<std::vector<storage::Rows>> read_all(std::vector<storage::Query> /*queries*/,
                                            storage::Freshness /*freshness*/) override {
    throw Unavailable("a decision reads nothing");
  }
  Task<storage::Commit> commit(storage::Batch /*batch*/) override {
    throw Unavailable("a decision writes nothing");
  }
  void on_commit(storage::CommitObserver /*observer*/) override {}
};

struct Decisions {
  NoDatabase database;
  ManualClock clock;
  Prng random{test::seed()};
  Ids ids{clock, random};
  Deps deps{.database = database, .clock = clock, .ids = ids};
  orders::ReceiptKey key{"rkey_1", make_signing_key(random)};

  Result<Plan> decide(const CartSnapshot& cart,
                      std::optional<std::int64_t> expected_total = std::nullopt) {
    CompletionRequest request = test::FlowsWorld::completion();
    request.expected_total = expected_total;
    return decide_completion(cart, request, key, deps);
  }
};

SnapshotLine line_of(int number, std::int64_t price, std::int64_t quantity) {
  SnapshotLine line;
  line.id = "line_" + std::to_string(number);
  line.variant_id = "var_" + std::to_string(number);
  line.product_id = "prod_" + std::to_string(number);
  line.title = "Thing";
  line.quantity = quantity;
  line.published = true;
  line.unit_price = price;
  line.grams = 100;
  line.item_id = "item_" + std::to_string(number);
  return line;
}

// Of a shop at home in the Netherlands, with one way to ship.
SaleTerms terms_of_shop() {
  SaleTerms terms;
  terms.default_tax_class_id = "tax_1";
  terms.home_country = "NL";
  terms.fallback_location = "loc_1";
  terms.rates.push_back({"tax_1", "NL", "", {"VAT 21 %", 2'100}});
  terms.zones.push_back({"zone_1", {"NL"}});
  terms.methods.push_back({"ship_1", "zone_1", "Parcel", "", "", {{100'000'000, {{"EUR", 605}}}}});
  return terms;
}

CartSnapshot ready_cart(SaleTerms terms = terms_of_shop()) {
  CartSnapshot cart;
  cart.shop_id = "shop_1";
  cart.terms = std::make_shared<const SaleTerms>(std::move(terms));
  cart.id = "cart_1";
  cart.currency = "EUR";
  cart.email = "ada@example.com";
  cart.status = "open";
  cart.version = 3;
  cart.shipping_country = "NL";
  cart.shipping_address = test::FlowsWorld::address();
  cart.shipping_method_id = "ship_1";
  cart.lines.push_back(line_of(1, 1'210, 2));
  cart.stands.push_back({"item_1", "loc_1", 10, 0, 0});
  return cart;
}

// The rows a batch inserts into a table, by their parameters.
std::vector<storage::Values> rows_into(const storage::Batch& batch, std::string_view table) {
  std::vector<storage::Values> rows;
  for (const storage::Statement& statement : batch.statements) {
    if (statement.sql.starts_with("INSERT INTO " + std::string(table) + " ")) {
      rows.push_back(statement.parameters);
    }
  }
  return rows;
}

std::vector<std::string> fields_of(const Error& error) {
  std::vector<std::string> where;
  for (const FieldError& field : error.fields) {
    where.push_back(field.where);
  }
  return where;
}

TEST(DecideCompletion, SaysEverythingThatIsMissing) {
  Decisions world;
  CartSnapshot cart = ready_cart();
  cart.email.clear();
  cart.shipping_address = nullptr;
  cart.shipping_method_id.clear();
  const Result<Plan> plan = world.decide(cart);
  ASSERT_FALSE(plan);
  EXPECT_TRUE(plan.error().is(carts::errc::cart_incomplete));
  EXPECT_EQ(fields_of(plan.error()),
            (std::vector<std::string>{"/email", "/shipping_address", "/shipping_method_id"}));
  cart.lines.clear();
  EXPECT_EQ(missing_for_completion(cart), (std::vector<std::string>{"lines", "email"}))
      << "nothing is shipped, so nothing is asked about shipping";
}

TEST(DecideCompletion, AMethodThatCannotCarryItIsNoMethod) {
  Decisions world;
  CartSnapshot cart = ready_cart();
  cart.lines[0].grams = 60'000'000;
  EXPECT_EQ(missing_for_completion(cart), std::vector<std::string>{"shipping_method_id"});
  cart.lines[0].requires_shipping = false;
  EXPECT_TRUE(missing_for_completion(cart).empty());
  const Result<Plan> plan = world.decide(cart);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->order.shipping_total, 0);
  EXPECT_TRUE(plan->order.shipping_address.is_null());
  EXPECT_TRUE(plan->order.shipping_method.is_null());
}

TEST(DecideCompletion, NamesTheLinesThatCannotBeBought) {
  Decisions world;
  CartSnapshot cart = ready_cart();
  cart.lines.push_back(line_of(2, 100, 1));
  cart.lines[1].published = false;
  cart.lines.push_back(line_of(3, 100, 1));
  cart.lines[2].unit_price.reset();
  const Result<Plan> plan = world.decide(cart);
  ASSERT_FALSE(plan);
  EXPECT_TRUE(plan.error().is(carts::errc::variant_unavailable));
  EXPECT_EQ(fields_of(plan.error()), (std::vector<std::string>{"/lines/line_2", "/lines/line_3"}));
}

TEST(DecideCompletion, HoldsTheShopperToTheTotalSheSaw) {
  Decisions world;
  const CartSnapshot cart = ready_cart();
  EXPECT_TRUE(world.decide(cart, 3'025));
  for (const std::int64_t seen : {std::int64_t{0}, std::int64_t{3'024}, std::int64_t{3'026}}) {
    const Result<Plan> plan = world.decide(cart, seen);
    ASSERT_FALSE(plan);
    EXPECT_TRUE(plan.error().is(carts::errc::price_changed));
  }
}

TEST(DecideCompletion, RefusesATotalBeyondAllMoney) {
  Decisions world;
  CartSnapshot cart = ready_cart();
  cart.lines[0].unit_price = max_amount;
  cart.lines[0].quantity = 2;
  const Result<Plan> plan = world.decide(cart);
  ASSERT_FALSE(plan);
  EXPECT_TRUE(plan.error().is(carts::errc::cart_limit));
}

TEST(DecideCompletion, LinesThatShareAnItemCannotOversell) {
  Decisions world;
  CartSnapshot cart = ready_cart();
  cart.lines[0].quantity = 6;
  cart.lines.push_back(line_of(2, 100, 5));
  cart.lines[1].item_id = "item_1";
  const Result<Plan> plan = world.decide(cart);
  ASSERT_FALSE(plan);
  EXPECT_TRUE(plan.error().is(inventory::errc::out_of_stock));
  EXPECT_EQ(fields_of(plan.error()), std::vector<std::string>{"/lines/line_2"});
  cart.lines[1].quantity = 4;
  EXPECT_TRUE(world.decide(cart));
}

TEST(DecideCompletion, ASetTakesAllItsPieces) {
  Decisions world;
  CartSnapshot cart = ready_cart();
  cart.lines[0].units = 6;
  EXPECT_FALSE(world.decide(cart)) << "two sets of six out of ten";
  cart.lines[0].backorder = true;
  const Result<Plan> plan = world.decide(cart);
  ASSERT_TRUE(plan);
  const auto rows = rows_into(plan->batch, "reservations");
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(std::get<std::int64_t>(rows[0][6]), 10);
  EXPECT_EQ(std::get<std::int64_t>(rows[0][7]), 2);
}

TEST(DecideCompletion, WhatCostsNothingIsPaid) {
  Decisions world;
  CartSnapshot cart = ready_cart();
  cart.lines[0].unit_price = 0;
  cart.lines[0].requires_shipping = false;
  const Result<Plan> plan = world.decide(cart);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->order.state.payment, orders::PaymentStatus::paid);
  EXPECT_FALSE(plan->order.payment);
  EXPECT_TRUE(rows_into(plan->batch, "payments").empty());
  EXPECT_TRUE(rows_into(plan->batch, "ledger_transfers").empty());
}

TEST(DecideCompletion, TheReceiptIsOfThisOrder) {
  Decisions world;
  const Result<Plan> plan = world.decide(ready_cart());
  ASSERT_TRUE(plan);
  const std::string digests[] = {orders::statement_digest(plan->order.receipt)};
  const orders::ChainEntry entry =
      orders::chain_statements("shop_1", digests, 1, orders::first_link(), world.key);
  const std::string public_key = base64url(world.key.key.public_key);
  const orders::Verification verified = orders::verify_receipt(
      to_string(json::value(orders::receipt_file(plan->order.receipt, entry, public_key))),
      public_key);
  EXPECT_TRUE(verified.valid) << verified.failure;
  EXPECT_EQ(get_int(verified.statement, "total"), plan->order.total);
}

TEST(DecideCompletion, WhoHoldsTheCartCanFindTheOrder) {
  Decisions world;
  const Result<Plan> plan = world.decide(ready_cart());
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->order.token_hash, sha256_hex(order_token("secret", "cart_1")));
  EXPECT_NE(order_token("secret", "cart_1"), order_token("secret", "cart_2"));
  EXPECT_NE(order_token("secret", "cart_1"), order_token("Secret", "cart_1"));
}

CartSnapshot any_cart() {
  CartSnapshot cart = ready_cart();
  cart.lines.clear();
  cart.stands.clear();
  SaleTerms terms = *cart.terms;
  terms.prices_include_tax = *rc::gen::arbitrary<bool>();
  if (*rc::gen::arbitrary<bool>()) {
    terms.tax_included_in["NL"] = *rc::gen::arbitrary<bool>();
  }
  terms.rates.push_back(
      {"tax_2", "NL", "", {"Reduced", *rc::gen::inRange<std::int64_t>(0, 2'000)}});
  cart.terms = std::make_shared<const SaleTerms>(std::move(terms));
  const int items = *rc::gen::inRange(1, 5);
  for (int i = 0; i < items; ++i) {
    cart.stands.push_back({"item_" + std::to_string(i), "loc_" + std::to_string(i % 2),
                           *rc::gen::inRange<std::int64_t>(0, 60), 0, 0});
  }
  const int lines = *rc::gen::inRange(1, 8);
  for (int i = 0; i < lines; ++i) {
    SnapshotLine line = line_of(i, *rc::gen::inRange<std::int64_t>(0, 1'000'000),
                                *rc::gen::inRange<std::int64_t>(1, 12));
    line.item_id = "item_" + std::to_string(*rc::gen::inRange(0, items));
    line.units = *rc::gen::inRange<std::int64_t>(1, 3);
    line.backorder = *rc::gen::arbitrary<bool>();
    line.taxable = *rc::gen::inRange(0, 4) != 0;
    line.tax_class_id = *rc::gen::element<std::string>("", "tax_1", "tax_2");
    line.requires_shipping = *rc::gen::arbitrary<bool>();
    cart.lines.push_back(std::move(line));
  }
  return cart;
}

RC_GTEST_PROP(DecideCompletion, MoneyAddsUpAndJournalsBalance, ()) {
  Decisions world;
  const CartSnapshot cart = any_cart();
  const Result<Plan> plan = world.decide(cart);
  RC_PRE(plan.has_value());
  const orders::Order& order = plan->order;
  std::int64_t lines = 0;
  std::int64_t taxes = order.shipping_tax;
  for (const orders::Line& line : order.lines) {
    RC_ASSERT(line.total == line.unit_price * line.quantity);
    lines += line.total;
    taxes += line.tax;
  }
  RC_ASSERT(lines == order.subtotal);
  RC_ASSERT(taxes == order.tax_total);
  const bool included = cart.terms->tax_included("NL");
  RC_ASSERT(order.prices_include_tax == included);
  RC_ASSERT(order.total ==
            order.subtotal + order.shipping_total + (included ? 0 : order.tax_total));
  std::int64_t tax_lines = 0;
  for (const json::value& tax : order.tax_lines) {
    tax_lines += get_int(tax.as_object(), "amount");
  }
  RC_ASSERT(tax_lines == order.tax_total);

  // shop, id, journal, debit, credit, currency, amount, …: every row owes somebody what it gives.
  std::int64_t earned = 0;
  std::int64_t owed_tax = 0;
  for (const storage::Values& row : rows_into(plan->batch, "ledger_transfers")) {
    RC_ASSERT(std::get<std::string>(row[3]) == "receivable");
    RC_ASSERT(std::get<std::int64_t>(row[6]) > 0);
    earned += std::get<std::int64_t>(row[6]);
    owed_tax += std::get<std::string>(row[4]) == "tax_payable" ? std::get<std::int64_t>(row[6]) : 0;
  }
  RC_ASSERT(earned == order.total);
  RC_ASSERT(owed_tax == order.tax_total);
  const auto payments = rows_into(plan->batch, "payments");
  RC_ASSERT(payments.size() == (order.total > 0 ? 1U : 0U));
}

RC_GTEST_PROP(DecideCompletion, HoldsWhatTheLinesNeedAndNoMoreThanThereIs, ()) {
  Decisions world;
  const CartSnapshot cart = any_cart();
  const Result<Plan> plan = world.decide(cart);
  if (!plan) {
    RC_ASSERT(plan.error().is(inventory::errc::out_of_stock));
    RC_ASSERT(!plan.error().fields.empty());
    return;
  }
  std::map<std::string, std::int64_t> of_line;
  std::map<std::string, std::int64_t> of_item;
  // shop, order, line, item, location, region, quantity, backordered
  for (const storage::Values& row : rows_into(plan->batch, "reservations")) {
    const std::int64_t units = std::get<std::int64_t>(row[6]);
    const std::int64_t beyond = std::get<std::int64_t>(row[7]);
    RC_ASSERT(units >= 0 && beyond >= 0 && units + beyond > 0);
    of_line[std::get<std::string>(row[2])] += units + beyond;
    of_item[std::get<std::string>(row[3])] += units;
  }
  for (const SnapshotLine& line : cart.lines) {
    RC_ASSERT(of_line[line.id] == line.quantity * line.units);
  }
  for (const inventory::Stand& stand : cart.stands) {
    RC_ASSERT(of_item[stand.item_id] <= stand.granted);
  }
}

// ---- With a database behind it ----

TEST(CompleteCart, OneKeyOneOrder) {
  test::FlowsWorld world;
  const auto lamp = world.product("Lamp", 2'500, 10);
  const CartSnapshot cart = world.ready_cart({{lamp.id, 2}});
  const Result<Completed> first = world.complete(cart, "key-1");
  ASSERT_TRUE(first);
  EXPECT_FALSE(first->replayed);
  // The client lost the answer and sends it again, with what it knew then.
  const Result<Completed> again = world.complete(cart, "key-1");
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->response.body, first->response.body);
  EXPECT_EQ(world.count("SELECT COUNT(*) FROM orders", {}), 1);
  EXPECT_EQ(world.events_of("order.placed").size(), 1U);
  world.check_books();
}

TEST(CompleteCart, AnotherKeyMeetsTheOrderThatIsThere) {
  test::FlowsWorld world;
  const auto lamp = world.product("Lamp", 2'500, 10);
  const CartSnapshot cart = world.ready_cart({{lamp.id, 1}});
  const Result<Completed> first = world.complete(cart, "key-1");
  const Result<Completed> second = world.complete(cart, "key-2");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(second->existing_order_id, first->response.body);
  EXPECT_EQ(world.count("SELECT COUNT(*) FROM orders", {}), 1);
  EXPECT_EQ(world.count("SELECT reserved FROM allotments", {}), 1);
}

TEST(CompleteCart, DecidesAgainOnWhatIsThereNow) {
  test::FlowsWorld world;
  const auto lamp = world.product("Lamp", 2'500, 3);
  const CartSnapshot stale = world.ready_cart({{lamp.id, 3}});
  ASSERT_TRUE(world.complete(world.ready_cart({{lamp.id, 1}}), "key-1"));
  const Result<Completed> late = world.complete(stale, "key-2");
  ASSERT_FALSE(late);
  EXPECT_TRUE(late.error().is(inventory::errc::out_of_stock));
  // What changed in the cart meanwhile is what is bought.
  const CartSnapshot before = world.ready_cart({{lamp.id, 2}});
  ASSERT_TRUE(run_ready(set_cart_line(world.deps, before, before.lines[0].id, 1)));
  const Result<Completed> bought = world.complete(before, "key-3");
  ASSERT_TRUE(bought);
  EXPECT_EQ(world.see_order(bought->response.body).order.lines[0].quantity, 1);
  world.check_books();
}

TEST(CompleteCart, TheLastFiveUnitsMakeFiveOrders) {
  test::FlowsWorld world;
  const auto lamp = world.product("Lamp", 2'500, 5);
  std::vector<CartSnapshot> carts;
  for (int i = 0; i < 12; ++i) {
    carts.push_back(world.ready_cart({{lamp.id, 1}}));
  }
  int orders = 0;
  for (std::size_t i = 0; i < carts.size(); ++i) {  // all decided on five
    orders += world.complete(carts[i], "key-" + std::to_string(i)) ? 1 : 0;
  }
  EXPECT_EQ(orders, 5);
  EXPECT_EQ(world.count("SELECT reserved FROM allotments", {}), 5);
  world.check_books();
}

}  // namespace
}  // namespace securecart::shop::flows
