// A good world has no findings; break one thing in it and the rule that watches over it is red.
#include "lab/checker.hpp"

#include <functional>
#include <ostream>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "base/json.hpp"
#include "lab/world_reader.hpp"

namespace securecart::lab {
namespace {

const Timestamp at = from_millis(1'767'225'600'000);
const SigningKey& shop_key() {
  static const SigningKey key = signing_key_from_seed(std::string(32, 's'));
  return key;
}

WorldDocument signed_document(const json::object& facts) {
  const std::string payload = canonical_json(facts);
  return {payload, "rkey_1", base64url(sign(shop_key(), payload))};
}

struct Scene {
  History history;
  World world;
};

// Chains what the orders say, in their order.
void chain_receipts(World& world) {
  world.receipt_chain.clear();
  const auto add_entry = [&world](json::object link) {
    WorldEntry entry;
    entry.sequence = static_cast<std::int64_t>(world.receipt_chain.size()) + 1;
    entry.previous =
        world.receipt_chain.empty() ? std::string(64, '0') : world.receipt_chain.back().digest;
    link["sequence"] = entry.sequence;
    link["previous"] = entry.previous;
    entry.document = signed_document(link);
    entry.digest = sha256_hex(entry.document.payload);
    world.receipt_chain.push_back(std::move(entry));
  };
  json::array waiting;
  for (WorldOrder& order : world.orders) {
    order.statement = signed_document({{"order_id", order.id},
                                       {"number", order.number},
                                       {"currency", order.currency},
                                       {"total", order.total}});
    const std::string digest = sha256_hex(order.statement.payload);
    if (world.receipt_chain.empty()) {  // as earlier versions wrote them
      add_entry({{"order_id", order.id}, {"statement", digest}});
      continue;
    }
    waiting.emplace_back(digest);
    if (waiting.size() == 2) {
      add_entry({{"statements", std::exchange(waiting, {})}});
    }
  }
  if (!waiting.empty()) {
    add_entry({{"statements", std::move(waiting)}});
  }
}

class Builder {
 public:
  Scene build() {
    World& world = scene_.world;
    world.shop_id = "shop_1";
    world.receipt_keys = {{"rkey_1", shop_key().public_key}};
    world.charges.emplace();
    world.unsettled_events = {{"payments", 0}, {"refunds", 0}};
    scene_.history.runs.push_back({"load run", "http://127.0.0.1:8080", "shop_1", 1, at});
    scene_.history.stock.push_back({"var_1", "item_1", 10, at});
    move({"", "item_1", "loc_1", "receive", 10, 10, 0, 0, 0, ""});

    add_order(1, 2);
    discount(1, 20);
    pay(1);
    add_order(2, 3);
    pay(2);
    cancel_paid(2);
    add_order(3, 1);
    decline(3);
    add_order(4, 4);
    pay(4);
    fulfil(4);
    refund(4, 100);
    refuse(5);
    lose(6);
    finish();
    return std::move(scene_);
  }

 private:
  static std::string id(std::string_view prefix, int n) { return fmt::format("{}_{}", prefix, n); }
  WorldOrder& order(int n) { return scene_.world.orders[static_cast<std::size_t>(n - 1)]; }

  void intend(int n, std::int64_t quantity) {
    scene_.history.intents.push_back({n,
                                      id("cart", n),
                                      id("key", n),
                                      "EUR",
                                      quantity * 100 + 50,
                                      "tok_approved",
                                      {{"var_1", quantity}},
                                      at});
  }
  void move(WorldMovement movement) {
    movement.id = id("mov", static_cast<int>(scene_.world.movements.size()));
    scene_.world.movements.push_back(std::move(movement));
  }
  void transfer(std::string journal, std::string debit, std::string credit, std::int64_t amount,
                int n) {
    scene_.world.transfers.push_back({id("trf", static_cast<int>(scene_.world.transfers.size())),
                                      std::move(journal), std::move(debit), std::move(credit),
                                      "EUR", amount, id("ord", n)});
  }
  void event(std::string type, int n) {
    const auto position = static_cast<std::int64_t>(scene_.world.events.size()) + 1;
    scene_.world.events.push_back({position, std::move(type), id("ord", n)});
  }

  void add_order(int n, std::int64_t quantity) {
    intend(n, quantity);
    const std::int64_t total = quantity * 100 + 50;
    scene_.history.acks.push_back({id("key", n), 201, id("ord", n), id("NUM", n), total, at});
    WorldOrder placed;
    placed.id = id("ord", n);
    placed.number = id("NUM", n);
    placed.cart_id = id("cart", n);
    placed.status = "placed";
    placed.payment_status = "pending";
    placed.currency = "EUR";
    placed.subtotal = quantity * 100;
    placed.shipping = 50;
    placed.tax = 20;
    placed.total = total;
    placed.tax_included = true;
    placed.lines = {{id("line", n), "var_1", quantity, 100, quantity * 100, 20, 0}};
    placed.payments = {{id("pay", n), id("pkey", n), "EUR", total, "pending"}};
    placed.reservations = {{"item_1", "loc_1", quantity, 0}};
    scene_.world.orders.push_back(std::move(placed));
    scene_.world.listings.push_back({id("ord", n), id("cart", n), total});
    move({"", "item_1", "loc_1", "reserve", 0, 0, quantity, 0, 0, id("ord", n)});
    transfer(id("ord", n) + ":placed", "receivable", "sales", total - 65, n);
    transfer(id("ord", n) + ":placed", "receivable", "shipping_income", 45, n);
    transfer(id("ord", n) + ":placed", "receivable", "tax_payable", 20, n);
    event("order.placed", n);
  }
  void pay(int n) {
    WorldOrder& paid = order(n);
    paid.payment_status = "paid";
    paid.captured = paid.total;
    paid.payments[0].status = "captured";
    transfer(id("pay", n) + ":captured", "provider:test", "receivable", paid.total, n);
    event("order.paid", n);
    scene_.world.charges->push_back(
        {id("ch", n), id("pkey", n), "EUR", paid.total, "captured", id("pay", n), 0});
  }
  void decline(int n) {
    order(n).payment_status = "declined";
    order(n).payments[0].status = "declined";
    scene_.world.charges->push_back(
        {id("ch", n), id("pkey", n), "EUR", order(n).total, "declined", id("pay", n), 0});
    event("order.payment_declined", n);
  }
  void give_money_back(int n, std::int64_t amount) {
    WorldOrder& refunded = order(n);
    refunded.refunded = amount;
    refunded.refunds = {{id("ref", n), id("pay", n), amount, "succeeded"}};
    transfer(id("ref", n) + ":succeeded", "receivable", "provider:test", amount, n);
    scene_.world.charges->at(static_cast<std::size_t>(n - 1)).refunded = amount;
  }
  void cancel_paid(int n) {
    WorldOrder& cancelled = order(n);
    cancelled.status = "cancelled";
    cancelled.payment_status = "refunded";
    const std::int64_t quantity = cancelled.lines[0].quantity;
    cancelled.reservations.clear();
    move({"", "item_1", "loc_1", "release", 0, 0, -quantity, 0, 0, id("ord", n)});
    transfer(id("ord", n) + ":cancelled", "sales", "receivable", cancelled.total, n);
    event("order.cancelled", n);
    give_money_back(n, cancelled.total);
  }
  void fulfil(int n) {
    WorldOrder& fulfilled = order(n);
    const std::int64_t quantity = fulfilled.lines[0].quantity;
    fulfilled.reservations.clear();
    move({"", "item_1", "loc_1", "fulfil", -quantity, 0, -quantity, quantity, 0, id("ord", n)});
    event("order.fulfilled", n);
  }
  void refund(int n, std::int64_t amount) {
    order(n).payment_status = "partially_refunded";
    transfer(id("ref", n) + ":requested", "sales", "receivable", amount, n);
    give_money_back(n, amount);
  }
  // Of two uses the one that is left; taken off the order before it was paid.
  void discount(int n, std::int64_t amount) {
    WorldOrder& cheaper = order(n);
    cheaper.discount = amount;
    cheaper.subtotal += amount;
    cheaper.lines[0].unit_price += amount / cheaper.lines[0].quantity;
    cheaper.lines[0].total += amount;
    cheaper.lines[0].discount = amount;
    cheaper.discounts = {{"promo_1", amount}};
    scene_.world.promotions = {{"promo_1", 1, 2}};
  }
  void refuse(int n) {
    intend(n, 9);
    scene_.history.fails.push_back({id("key", n), Fail::Outcome::refused, 409, "out_of_stock", at});
  }
  void lose(int n) {
    intend(n, 1);
    scene_.history.fails.push_back({id("key", n), Fail::Outcome::unknown, 0, "", at});
  }
  void finish() {
    World& world = scene_.world;
    WorldLevel level{"item_1", "SKU-1", "loc_1", 0, 0, 0, 0, 0};
    for (const WorldMovement& movement : world.movements) {
      level.on_hand += movement.on_hand;
      level.granted += movement.granted;
      level.reserved += movement.reserved;
      level.sold += movement.sold;
    }
    world.levels.push_back(level);
    std::map<std::string, std::int64_t> balances;
    for (const WorldTransfer& transfer : world.transfers) {
      balances[transfer.debit] += transfer.amount;
      balances[transfer.credit] -= transfer.amount;
    }
    for (const auto& [account, balance] : balances) {
      world.balances.push_back({account, "EUR", balance});
    }
    world.events_tail = static_cast<std::int64_t>(world.events.size());
    chain_receipts(world);
  }

  Scene scene_;
};

constexpr CheckOptions strict{.exclusive = true, .only_shop = true};

std::string everything(const Findings& findings) {
  std::string text = summary_table(findings);
  for (const Finding& finding : findings.findings) {
    text += describe(finding) + "\n";
  }
  return text;
}

TEST(Checker, FindsNothingWrongInAGoodWorld) {
  const Scene scene = Builder().build();
  const Findings findings = check(scene.history, scene.world, strict);
  EXPECT_TRUE(findings.good()) << everything(findings);
  EXPECT_TRUE(findings.findings.empty());
  EXPECT_EQ(findings.unknown_outcomes, 1);
  EXPECT_EQ(findings.unknown_that_became_orders, 0);
  for (const Rule& rule : findings.rules) {
    EXPECT_GT(rule.checked, 0) << rule.name << " was not checked at all";
  }
}

TEST(Checker, TakesAnEmptyShop) {
  EXPECT_TRUE(check({}, {}, strict).good());
}

struct Mutation {
  std::string_view name;
  std::string_view rule;  // must be among the broken ones
  void (*mutate)(Scene&);
};
void PrintTo(const Mutation& mutation, std::ostream* out) {
  *out << mutation.name;
}

void drop_order(Scene& s) {
  s.world.orders.erase(s.world.orders.begin());
  s.world.listings.erase(s.world.listings.begin());
}
void double_order(Scene& s) {
  WorldOrder twin = s.world.orders[0];
  twin.id = "ord_twin";
  s.world.orders.push_back(std::move(twin));
}

const Mutation mutations[] = {
    // promises
    {"lost_order", "acknowledged", drop_order},
    {"lost_order_leaves_a_charge", "charged once", drop_order},
    {"lost_order_leaves_entries", "journals", drop_order},
    {"lost_order_leaves_a_hold", "stock held", drop_order},
    {"lost_order_leaves_events", "events", drop_order},
    {"other_total_than_acknowledged", "acknowledged",
     [](Scene& s) { s.history.acks[0].total += 1; }},
    {"acknowledged_for_another_cart", "acknowledged",
     [](Scene& s) { s.history.intents[0].cart_id = "cart_other"; }},
    {"two_answers_for_a_key", "one answer",
     [](Scene& s) {
       Ack again = s.history.acks[0];
       again.order_id = "ord_2";
       s.history.acks.push_back(again);
     }},
    {"cart_with_two_orders", "one order", double_order},
    {"order_listed_twice", "one order",
     [](Scene& s) { s.world.listings.push_back(s.world.listings[0]); }},
    {"listed_but_not_there", "one order",
     [](Scene& s) { s.world.listings.push_back({"ord_9", "cart_9", 1}); }},
    {"listed_with_another_total", "one order", [](Scene& s) { ++s.world.listings[0].total; }},
    {"refused_and_placed", "refused",
     [](Scene& s) {
       s.history.fails.push_back({"key_1", Fail::Outcome::refused, 409, "out_of_stock", at});
       s.history.acks.erase(s.history.acks.begin());
     }},
    {"other_quantity_than_asked", "as asked",
     [](Scene& s) { s.history.intents[0].lines[0].quantity = 1; }},
    {"other_variant_than_asked", "as asked",
     [](Scene& s) { s.history.intents[0].lines[0].variant_id = "var_2"; }},
    {"other_currency_than_asked", "as asked",
     [](Scene& s) { s.history.intents[0].currency = "USD"; }},
    {"order_nobody_asked_for", "intended",
     [](Scene& s) { s.history.intents.erase(s.history.intents.begin()); }},
    {"line_with_a_wrong_total", "sums", [](Scene& s) { ++s.world.orders[0].lines[0].total; }},
    {"subtotal_is_not_the_lines", "sums", [](Scene& s) { ++s.world.orders[0].subtotal; }},
    {"discount_is_not_its_parts", "sums",
     [](Scene& s) { ++s.world.orders[0].discounts[0].amount; }},
    {"promotion_used_too_often", "promotions",
     [](Scene& s) { s.world.promotions[0].usage_limit = 0; }},
    {"use_that_is_not_counted", "promotions", [](Scene& s) { s.world.promotions[0].used = 0; }},
    {"total_is_not_the_parts", "sums", [](Scene& s) { ++s.world.orders[0].shipping; }},
    // payments
    {"payment_without_outcome", "settled",
     [](Scene& s) { s.world.orders[0].payments[0].status = "unknown"; }},
    {"refund_without_outcome", "settled",
     [](Scene& s) { s.world.orders[3].refunds[0].status = "pending"; }},
    {"paid_twice", "paid once",
     [](Scene& s) {
       WorldPayment again = s.world.orders[0].payments[0];
       again.id = "pay_again";
       s.world.orders[0].payments.push_back(again);
     }},
    {"paid_without_a_payment", "paid once", [](Scene& s) { s.world.orders[0].payments.clear(); }},
    {"captured_and_still_pending", "paid once",
     [](Scene& s) { s.world.orders[0].payment_status = "pending"; }},
    {"captured_another_amount", "paid once",
     [](Scene& s) { s.world.orders[0].payments[0].amount -= 1; }},
    {"captured_total_is_wrong", "paid once", [](Scene& s) { ++s.world.orders[0].captured; }},
    {"refunded_more_than_refunds", "paid once", [](Scene& s) { ++s.world.orders[3].refunded; }},
    {"charged_twice_under_one_key", "charged once",
     [](Scene& s) { s.world.charges->push_back(s.world.charges->front()); }},
    {"charged_twice_under_two_keys", "charged once",
     [](Scene& s) {
       WorldCharge again = s.world.charges->front();
       again.key = "another";
       s.world.charges->push_back(again);
     }},
    {"paid_and_never_charged", "charged once",
     [](Scene& s) { s.world.charges->erase(s.world.charges->begin()); }},
    {"charged_another_amount", "charged once", [](Scene& s) { ++s.world.charges->front().amount; }},
    {"charged_in_another_currency", "charged once",
     [](Scene& s) { s.world.charges->front().currency = "USD"; }},
    {"charged_though_declined", "charged once",
     [](Scene& s) { s.world.charges->at(2).status = "captured"; }},
    {"charged_for_nothing", "charged once",
     [](Scene& s) {
       s.world.charges->push_back({"ch_9", "pkey_9", "EUR", 5, "captured", "pay_9", 0});
     }},
    {"refunded_twice_at_the_provider", "charged once",
     [](Scene& s) { s.world.charges->at(3).refunded *= 2; }},
    // ledger
    {"journal_posted_twice", "journals",
     [](Scene& s) { s.world.transfers.push_back(s.world.transfers[0]); }},
    {"entry_of_nothing", "journals", [](Scene& s) { s.world.transfers[0].amount = 0; }},
    {"entry_from_an_account_to_itself", "journals",
     [](Scene& s) { s.world.transfers[0].credit = s.world.transfers[0].debit; }},
    {"balance_is_not_its_entries", "accounts", [](Scene& s) { ++s.world.balances[0].balance; }},
    {"balance_is_missing", "accounts", [](Scene& s) { s.world.balances.pop_back(); }},
    {"entry_is_missing", "order accounts",
     [](Scene& s) { s.world.transfers.erase(s.world.transfers.begin()); }},
    {"capture_is_not_booked", "order accounts",
     [](Scene& s) { s.world.transfers.erase(s.world.transfers.begin() + 3); }},
    {"tax_is_booked_wrongly", "order accounts",
     [](Scene& s) { s.world.transfers[2].credit = "sales"; }},
    {"refund_is_not_booked", "order accounts", [](Scene& s) { s.world.transfers.pop_back(); }},
    // stock
    {"reserved_is_not_the_movements", "stock sums", [](Scene& s) { ++s.world.levels[0].reserved; }},
    {"on_hand_is_not_the_movements", "stock sums", [](Scene& s) { ++s.world.levels[0].on_hand; }},
    {"granted_is_not_the_movements", "stock sums", [](Scene& s) { ++s.world.levels[0].granted; }},
    {"sold_is_not_the_movements", "stock sums", [](Scene& s) { ++s.world.levels[0].sold; }},
    {"backordered_is_not_the_movements", "stock sums",
     [](Scene& s) { ++s.world.levels[0].backordered; }},
    {"level_is_missing", "stock sums", [](Scene& s) { s.world.levels.clear(); }},
    {"hold_is_missing", "stock held", [](Scene& s) { s.world.orders[0].reservations.clear(); }},
    {"cancelled_order_still_holds", "stock held",
     [](Scene& s) { s.world.orders[1].reservations = {{"item_1", "loc_1", 3, 0}}; }},
    {"reserved_twice", "stock held",
     [](Scene& s) {
       WorldMovement again = s.world.movements[1];
       s.world.movements.push_back(again);
       s.world.levels[0].reserved += again.reserved;
       s.world.orders[0].reservations[0].quantity += again.reserved;
     }},
    {"movement_of_no_order", "stock held",
     [](Scene& s) { s.world.movements[1].order_id = "ord_9"; }},
    {"more_held_than_granted", "oversold",
     [](Scene& s) {
       s.world.levels[0].granted = 1;
       s.world.movements[0].granted = 1;
     }},
    {"sold_more_than_there_was", "oversold", [](Scene& s) { s.history.stock[0].units = 6; }},
    // events
    {"event_twice", "events",
     [](Scene& s) {
       WorldEvent again = s.world.events[0];
       again.position = ++s.world.events_tail;
       s.world.events.push_back(again);
     }},
    {"paid_event_is_missing", "events", [](Scene& s) { s.world.events[1].type = "order.noted"; }},
    {"paid_event_of_a_declined_order", "events",
     [](Scene& s) { s.world.events.push_back({++s.world.events_tail, "order.paid", "ord_3"}); }},
    {"cancelled_event_is_missing", "events",
     [](Scene& s) { s.world.events[4].type = "order.noted"; }},
    {"positions_fall", "events", [](Scene& s) { s.world.events[3].position = 2; }},
    {"a_gap_in_the_log", "events",
     [](Scene& s) {
       s.world.events.back().position += 1;
       s.world.events_tail += 1;
     }},
    {"the_log_ends_too_soon", "events", [](Scene& s) { s.world.events_tail += 1; }},
    // receipts
    {"orders_without_receipt", "receipts", [](Scene& s) { s.world.receipt_chain.pop_back(); }},
    {"orders_chained_twice", "receipts",
     [](Scene& s) { s.world.receipt_chain.push_back(s.world.receipt_chain.back()); }},
    {"chained_order_is_lost", "receipts",
     [](Scene& s) {
       s.world.orders.push_back(s.world.orders.back());
       s.world.orders.back().id = "ord_lost";
       chain_receipts(s.world);
       s.world.orders.pop_back();
     }},
    {"entry_is_cut_out", "receipts",
     [](Scene& s) { s.world.receipt_chain.erase(s.world.receipt_chain.begin() + 1); }},
    {"entries_change_places", "receipts",
     [](Scene& s) { std::swap(s.world.receipt_chain[0], s.world.receipt_chain[1]); }},
    {"statement_is_rewritten", "receipts",
     [](Scene& s) { s.world.orders[0].statement.payload.back() = ' '; }},
    {"entry_is_rewritten", "receipts",
     [](Scene& s) { s.world.receipt_chain[0].document.payload.back() = ' '; }},
    {"signed_with_an_unknown_key", "receipts",
     [](Scene& s) { s.world.orders[0].statement.key_id = "rkey_9"; }},
    {"signed_by_somebody_else", "receipts",
     [](Scene& s) {
       s.world.receipt_keys["rkey_1"] = signing_key_from_seed(std::string(32, 'x')).public_key;
     }},
    {"statement_over_another_total", "receipts",
     [](Scene& s) {
       ++s.world.orders[0].total;
       chain_receipts(s.world);
       --s.world.orders[0].total;
     }},
    {"digest_is_not_of_the_entry", "receipts",
     [](Scene& s) { s.world.receipt_chain.back().digest = std::string(64, 'a'); }},
    {"consumer_is_behind", "handled", [](Scene& s) { s.world.unsettled_events["payments"] = 1; }},
};

class CheckerMutation : public testing::TestWithParam<Mutation> {};

TEST_P(CheckerMutation, IsFound) {
  Scene scene = Builder().build();
  GetParam().mutate(scene);
  const Findings findings = check(scene.history, scene.world, strict);
  EXPECT_FALSE(findings.good());
  ASSERT_FALSE(findings.findings.empty());
  const bool red = std::ranges::any_of(findings.rules, [](const Rule& rule) {
    return rule.name == GetParam().rule && rule.broken > 0;
  });
  EXPECT_TRUE(red) << "not found by `" << GetParam().rule << "`\n" << everything(findings);
  for (const Finding& finding : findings.findings) {
    EXPECT_FALSE(finding.subject.empty());
    EXPECT_FALSE(finding.expected.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Each, CheckerMutation, testing::ValuesIn(mutations),
                         [](const testing::TestParamInfo<Mutation>& mutation) {
                           return std::string(mutation.param.name);
                         });

TEST(Checker, ReadsHowFarConsumersAreBehind) {
  const auto behind = unsettled_events(
      "# TYPE securecart_consumer_lag_events gauge\n"
      "securecart_consumer_lag_events{consumer=\"payments\"} 3\n"
      "securecart_consumer_lag_events{consumer=\"refunds\"} -17\n"
      "securecart_consumer_lag_seconds{consumer=\"payments\"} 9\n"
      "securecart_consumer_lag_events{consumer=\"cut");
  EXPECT_EQ(behind, (std::map<std::string, std::int64_t>{{"payments", 3}, {"refunds", 0}}));
}

TEST(Checker, CountsUnknownOutcomesThatBecameOrders) {
  Scene scene = Builder().build();
  scene.history.acks.erase(scene.history.acks.begin());
  scene.history.fails.push_back({"key_1", Fail::Outcome::unknown, 0, "", at});
  const Findings findings = check(scene.history, scene.world, strict);
  EXPECT_TRUE(findings.good()) << everything(findings);
  EXPECT_EQ(findings.unknown_outcomes, 2);
  EXPECT_EQ(findings.unknown_that_became_orders, 1);
}

TEST(Checker, TakesARefusalBesideAnUnknownOutcomeForUnknown) {
  Scene scene = Builder().build();
  scene.history.acks.erase(scene.history.acks.begin());
  scene.history.fails.push_back({"key_1", Fail::Outcome::refused, 409, "out_of_stock", at});
  scene.history.fails.push_back({"key_1", Fail::Outcome::unknown, 0, "", at});
  EXPECT_TRUE(check(scene.history, scene.world, strict).good());
}

TEST(Checker, TakesRisingPositionsWhereOtherShopsAre) {
  Scene scene = Builder().build();
  for (WorldEvent& event : scene.world.events) {
    event.position *= 10;
  }
  EXPECT_TRUE(check(scene.history, scene.world, {}).good());
  EXPECT_FALSE(check(scene.history, scene.world, strict).good());
}

TEST(Checker, DoesNotJudgeChargesItWasNotShown) {
  Scene scene = Builder().build();
  scene.world.charges.reset();
  EXPECT_TRUE(check(scene.history, scene.world, strict).good());
}

TEST(Checker, NamesOrderKeyAndNumbers) {
  Scene scene = Builder().build();
  drop_order(scene);
  const Findings findings = check(scene.history, scene.world, strict);
  const std::string text = everything(findings);
  EXPECT_NE(text.find("acknowledged: order ord_1 (NUM_1, key key_1): expected the order that was "
                      "acknowledged, found no such order: lost"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace securecart::lab
