// What the tests of flows stand on: a shop with taxes, shipping and stock in a real database, and a
// payment provider that says what it is told to. Nothing waits and nothing runs by itself.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "events/log.hpp"
#include "shop/carts/settings.hpp"
#include "shop/flows/change_cart.hpp"
#include "shop/flows/change_order.hpp"
#include "shop/flows/complete_cart.hpp"
#include "shop/flows/settle_payment.hpp"
#include "shop/payments/provider.hpp"
#include "tests/support/catalog_fixture.hpp"

namespace securecart::test {

namespace flows = securecart::shop::flows;
namespace orders = securecart::shop::orders;
namespace payments = securecart::shop::payments;

// The provider's books, and what it answers to charges that it has not seen: the next of `script`,
// else captured.
class ScriptedProvider final : public payments::Provider {
 public:
  std::deque<payments::ChargeResult> script;
  // These many answers are lost on the way back: the money moved, the caller hears `unknown`.
  int lost_answers = 0;
  bool refuses_refunds = false;
  int asked = 0;
  int cancelled = 0;
  std::map<std::string, payments::ChargeResult> charges;  // by key
  std::map<std::string, payments::RefundResult> refunds;
  std::map<std::string, std::int64_t> amounts;  // by key, of both

  std::string_view name() const override { return "test"; }

  Task<payments::ChargeResult> charge(payments::ChargeRequest request) override {
    if (!charges.contains(request.key)) {
      payments::ChargeResult result{.outcome = payments::Outcome::captured};
      if (!script.empty()) {
        result = script.front();
        script.pop_front();
      }
      result.reference = "ch_" + request.key;
      charges.emplace(request.key, result);
      amounts[request.key] = request.amount;
    }
    co_return answer(charges.at(request.key));
  }
  Task<std::optional<payments::ChargeResult>> find_charge(
      payments::ChargeRequest request) override {
    ++asked;
    const auto found = charges.find(request.key);
    co_return found != charges.end() ? std::optional(found->second) : std::nullopt;
  }
  Task<payments::ChargeResult> cancel_charge(payments::ChargeRequest request) override {
    ++cancelled;
    payments::ChargeResult& charge = charges.at(request.key);
    if (charge.outcome != payments::Outcome::captured) {
      charge.outcome = payments::Outcome::declined;
      charge.reason = "cancelled";
    }
    co_return answer(charge);
  }
  Task<payments::RefundResult> refund(payments::RefundRequest request) override {
    if (!refunds.contains(request.key)) {
      payments::RefundResult result{.outcome = payments::RefundResult::Outcome::succeeded,
                                    .reference = "re_" + request.key,
                                    .reason = ""};
      if (refuses_refunds) {
        result.outcome = payments::RefundResult::Outcome::failed;
        result.reason = "the account is closed";
      }
      refunds.emplace(request.key, result);
      amounts[request.key] = request.amount;
    }
    co_return answer(refunds.at(request.key));
  }
  Task<std::optional<payments::RefundResult>> find_refund(
      payments::RefundRequest request) override {
    ++asked;
    const auto found = refunds.find(request.key);
    co_return found != refunds.end() ? std::optional(found->second) : std::nullopt;
  }

 private:
  template <class Result>
  Result answer(const Result& truth) {
    if (lost_answers == 0) {
      return truth;
    }
    --lost_answers;
    return Result{};
  }
};

struct FlowsWorld : CatalogFixture {
  FlowsWorld() {
    storage::Batch batch;
    batch.add(
        "UPDATE shops SET default_tax_class_id = 'tax_shop_a', home_country = 'NL', "
        "countries = '[\"NL\",\"DE\",\"US\"]' WHERE id = $1",
        {shop_a});
    const json::array bands{
        json::object{{"max_grams", 2'000}, {"prices", {{"EUR", 595}, {"USD", 700}}}},
        json::object{{"max_grams", 10'000}, {"prices", {{"EUR", 1'500}}}}};
    shop::carts::add_tax_rate(batch, shop_a,
                              {"rate_nl", "tax_shop_a", "NL", "", "VAT 21 %", 2'100});
    shop::carts::add_tax_rate(batch, shop_a,
                              {"rate_de", "tax_shop_a", "DE", "", "MwSt. 19 %", 1'900});
    shop::carts::add_shipping_zone(
        batch, shop_a, {"zone_eu", "Europe", {"NL", "DE"}, {{"ship_eu", "Parcel", "", "", bands}}});
    shop::carts::add_shipping_zone(
        batch, shop_a, {"zone_all", "World", {"*"}, {{"ship_all", "Air mail", "", "", bands}}});
    batch.add(
        "INSERT INTO signing_keys (shop_id, id, public_key, secret_seed, created_at) VALUES "
        "($1, $2, $3, $4, 0)",
        {shop_a, key.id, base64url(key.key.public_key), base64url(key_seed)});
    commit(std::move(batch));
  }

  storage::Commit commit(storage::Batch batch) {
    return run_ready(database.commit(std::move(batch)));
  }
  // Of a decision that must hold.
  void apply(storage::Batch batch) {
    const storage::Commit outcome = commit(std::move(batch));
    ASSERT_TRUE(std::holds_alternative<storage::Committed>(outcome));
  }

  // A published product of one variant with `units` in stock.
  shop::catalog::Variant product(const std::string& title, std::int64_t amount, std::int64_t units,
                                 const std::function<void(VariantInput&)>& adjust = {}) {
    ProductInput input = simple_product(title, amount);
    input.variants[0].grams = 100;
    if (adjust) {
      adjust(input.variants[0]);
    }
    Result<Product> made = run_ready(catalog.create(shop_a, std::move(input)));
    EXPECT_TRUE(made);
    shop::catalog::Variant variant = made->variants.at(0);
    if (units > 0) {
      receive(*variant.inventory_item_id, units);
    }
    return variant;
  }
  void receive(const std::string& item, std::int64_t units) {
    storage::Batch batch;
    shop::inventory::add_adjustment(batch, ids, movement("receive"),
                                    {item, "loc_1", units, "receive"});
    commit(std::move(batch));
  }
  shop::inventory::MovementContext movement(const std::string& reason) {
    return {.shop_id = shop_a,
            .region = deps.region,
            .order_id = "",
            .actor = "test",
            .reason = reason,
            .at = clock.now()};
  }

  static json::object address(const std::string& country = "NL") {
    return {{"name", "Ada Veen"},
            {"line1", "Rietwal 14"},
            {"city", "Haarlem"},
            {"postal_code", "2011 ZW"},
            {"country", country}};
  }
  flows::CreatedCart open_cart(std::vector<flows::NewLine> lines) {
    Result<flows::CreatedCart> created = run_ready(flows::create_cart(
        deps, {.shop_id = shop_a, .customer_id = "", .currency = "", .email = "", .lines = lines}));
    EXPECT_TRUE(created);
    return *created;
  }
  flows::CartSnapshot see(const std::string& cart_id) {
    std::optional<flows::CartSnapshot> cart = run_ready(flows::read_cart(deps, shop_a, cart_id));
    EXPECT_TRUE(cart);
    return *cart;
  }
  // A cart that lacks nothing.
  flows::CartSnapshot ready_cart(std::vector<flows::NewLine> lines,
                                 const std::string& country = "NL") {
    const flows::CreatedCart created = open_cart(std::move(lines));
    const Result<std::monostate> updated = run_ready(
        flows::update_cart(deps, see(created.id),
                           {.email = "ada@example.com",
                            .currency = std::nullopt,
                            .shipping_address = address(country),
                            .billing_address = std::nullopt,
                            .shipping_method_id = country == "US" ? "ship_all" : "ship_eu"}));
    EXPECT_TRUE(updated);
    return see(created.id);
  }
  static flows::CompletionRequest completion(std::string provider = "test",
                                             std::string method = "pm_approved") {
    return {.actor = "guest",
            .cart_secret = "secret",
            .provider = std::move(provider),
            .method = std::move(method),
            .expected_total = std::nullopt};
  }
  // Completes the cart under a key of its own; the answer is the order's id.
  Result<flows::Completed> complete(flows::CartSnapshot cart, const std::string& idempotency_key) {
    const flows::KeyFor key_for = [this, idempotency_key](const orders::Order& order) {
      return storage::BatchKey{shop_a, "complete", idempotency_key, "fingerprint", {201, order.id}};
    };
    return run_ready(
        flows::complete_cart(deps, std::move(cart), completion(pays_with, pays_by), key, key_for));
  }
  flows::OrderSnapshot place(std::vector<flows::NewLine> lines) {
    const Result<flows::Completed> placed = complete(ready_cart(std::move(lines)), ids.make("key"));
    EXPECT_TRUE(placed);
    return see_order(placed->response.body);
  }
  flows::OrderSnapshot see_order(const std::string& order_id) {
    std::optional<flows::OrderSnapshot> order =
        run_ready(flows::read_order_snapshot(deps, shop_a, order_id));
    EXPECT_TRUE(order);
    return *order;
  }
  bool settle(const std::string& payment_id, payments::ChargeResult result) {
    return run_ready(flows::settle_payment(deps, shop_a, payment_id, std::move(result)));
  }
  flows::OrderSnapshot place_paid(std::vector<flows::NewLine> lines) {
    const flows::OrderSnapshot order = place(std::move(lines));
    settle(order.payments.at(0).id, {.outcome = payments::Outcome::captured, .reference = "ch_1"});
    return see_order(order.order.id);
  }

  std::vector<events::EventPtr> events_of(const std::string& type) {
    return run_ready(log.read_after(0, {{type}})).events;
  }

  // What no flow may ever break: counters are the sums of their movements and never negative, what
  // orders hold is what is reserved, and the books of an order are its money.
  void check_books() {
    expect_none(
        "a level that is not the sum of its movements",
        "SELECT l.item_id FROM stock_levels l WHERE l.on_hand < 0 OR l.on_hand <> (SELECT "
        "COALESCE(SUM(m.on_hand), 0) FROM stock_movements m WHERE m.shop_id = l.shop_id AND "
        "m.item_id = l.item_id AND m.location_id = l.location_id)");
    expect_none(
        "an allotment that is not the sum of its movements",
        "SELECT a.item_id FROM allotments a JOIN (SELECT shop_id, item_id, location_id, "
        "SUM(granted) AS granted, SUM(reserved) AS reserved, SUM(sold) AS sold, "
        "SUM(backordered) AS backordered FROM stock_movements GROUP BY shop_id, item_id, "
        "location_id) m ON m.shop_id = a.shop_id AND m.item_id = a.item_id AND m.location_id = "
        "a.location_id WHERE a.granted <> m.granted OR a.reserved <> m.reserved OR a.sold <> "
        "m.sold OR a.backordered <> m.backordered");
    expect_none(
        "units reserved that no order holds, or the other way round",
        "SELECT a.item_id FROM allotments a WHERE a.reserved <> (SELECT "
        "COALESCE(SUM(r.quantity), 0) FROM reservations r WHERE r.shop_id = a.shop_id AND "
        "r.item_id = a.item_id AND r.location_id = a.location_id) OR a.backordered <> (SELECT "
        "COALESCE(SUM(r.backordered), 0) FROM reservations r WHERE r.shop_id = a.shop_id AND "
        "r.item_id = a.item_id AND r.location_id = a.location_id)");
    expect_none(
        "an order whose parts are not its whole",
        "SELECT o.id FROM orders o WHERE o.subtotal <> (SELECT SUM(l.total) FROM order_lines l "
        "WHERE l.shop_id = o.shop_id AND l.order_id = o.id) OR o.tax_total <> o.shipping_tax + "
        "(SELECT SUM(l.tax) FROM order_lines l WHERE l.shop_id = o.shop_id AND l.order_id = o.id) "
        "OR o.discount_total <> o.shipping_discount + (SELECT SUM(l.discount) FROM order_lines l "
        "WHERE l.shop_id = o.shop_id AND l.order_id = o.id) OR o.discount_total <> (SELECT "
        "COALESCE(SUM(r.amount), 0) FROM promotion_redemptions r WHERE r.shop_id = o.shop_id AND "
        "r.order_id = o.id) OR o.total <> o.subtotal - o.discount_total + o.shipping_total + "
        "(CASE WHEN o.prices_include_tax = 1 THEN 0 ELSE o.tax_total END)");
    expect_none(
        "a promotion used more often than it may, or counted wrongly",
        "SELECT p.id FROM promotions p WHERE p.code <> '' AND p.used <> (SELECT COUNT(*) FROM "
        "promotion_redemptions r WHERE r.shop_id = p.shop_id AND r.promotion_id = p.id AND "
        "r.released_at IS NULL) OR p.used > p.usage_limit");
    expect_none(
        "revenue that is not what the order came to less what was given back",
        "SELECT o.id FROM orders o WHERE (CASE WHEN o.status = 'cancelled' THEN 0 ELSE o.total - "
        "o.refunded_total END) <> (SELECT COALESCE(SUM(CASE WHEN t.credit IN ('sales', "
        "'shipping_income', 'tax_payable') THEN t.amount ELSE 0 END) - SUM(CASE WHEN t.debit IN "
        "('sales', 'shipping_income', 'tax_payable') THEN t.amount ELSE 0 END), 0) FROM "
        "ledger_transfers t WHERE t.shop_id = o.shop_id AND t.order_id = o.id)");
    expect_none(
        "an account of an order that gave back more than it got",
        "SELECT order_id, account FROM (SELECT order_id, credit AS account, amount FROM "
        "ledger_transfers UNION ALL SELECT order_id, debit, -amount FROM ledger_transfers) "
        "WHERE account IN ('sales', 'shipping_income', 'tax_payable') GROUP BY order_id, account "
        "HAVING SUM(amount) < 0");
    expect_none(
        "refunds that are not counted, or counted twice",
        "SELECT o.id FROM orders o WHERE o.refunded_total <> (SELECT COALESCE(SUM(r.amount), 0) "
        "FROM refunds r WHERE r.shop_id = o.shop_id AND r.order_id = o.id AND r.status <> "
        "'failed') OR o.captured_total <> (SELECT COALESCE(SUM(p.amount), 0) FROM payments p "
        "WHERE p.shop_id = o.shop_id AND p.order_id = o.id AND p.status = 'captured')");
  }
  void expect_none(std::string_view what, std::string_view sql) {
    const storage::Rows rows = run_ready(database.read({sql, {}}));
    EXPECT_TRUE(rows.empty()) << what << ": " << (rows.empty() ? "" : rows[0].text(0));
  }

  // Of the carts completed next.
  std::string pays_with = "test";
  std::string pays_by = "pm_approved";
  flows::Deps deps{.database = database, .clock = clock, .ids = ids};
  const std::string key_seed = std::string(32, 'k');
  const orders::ReceiptKey key{"rkey_1", signing_key_from_seed(key_seed)};
  events::Log log{database};
};

}  // namespace securecart::test
