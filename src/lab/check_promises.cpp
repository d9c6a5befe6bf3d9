#include <algorithm>
#include <set>
#include <unordered_set>

#include <fmt/format.h>

#include "lab/checks.hpp"

namespace securecart::lab {
namespace {

std::string name_of(const Ack& ack) {
  return fmt::format("order {} ({}, key {})", ack.order_id, ack.number, ack.key);
}

void check_acks(const CheckContext& context) {
  std::unordered_map<std::string_view, const Ack*> answers;
  for (const Ack& ack : context.history.acks) {
    const Ack& first = *answers.emplace(ack.key, &ack).first->second;
    context.report.same("one answer", "key " + ack.key, "order", first.order_id, ack.order_id);
    const auto found = context.index.orders.find(ack.order_id);
    if (!context.report.that("acknowledged", found != context.index.orders.end(), name_of(ack),
                             "the order that was acknowledged", "no such order: lost")) {
      continue;
    }
    const WorldOrder& order = *found->second;
    context.report.equal("acknowledged", name_of(ack), "the acknowledged total", ack.total,
                         order.total);
    const auto intent = context.index.intents.find(ack.key);
    if (intent != context.index.intents.end()) {
      context.report.same("acknowledged", name_of(ack), "cart", intent->second->cart_id,
                          order.cart_id);
    }
  }
}

// A cart may have been asked for with several keys; it is refused when none of them may have
// succeeded.
void check_fails(const CheckContext& context) {
  std::unordered_set<std::string_view> acknowledged;
  std::unordered_set<std::string_view> refused;
  std::unordered_set<std::string_view> unknown;
  for (const Ack& ack : context.history.acks) {
    acknowledged.insert(ack.key);
  }
  for (const Fail& failure : context.history.fails) {
    (failure.outcome == Fail::Outcome::refused ? refused : unknown).insert(failure.key);
  }
  Findings& findings = context.report.findings();
  for (const auto& [cart_id, intents] : context.index.intents_of_cart) {
    const auto orders = context.index.by_cart.find(cart_id);
    const bool exists = orders != context.index.by_cart.end();
    // Sent twice at once, a key may have failed in two ways: only a refusal of all is one.
    const auto is_refused = [&](const Intent* intent) {
      return refused.contains(intent->key) && !unknown.contains(intent->key) &&
             !acknowledged.contains(intent->key);
    };
    const auto is_acknowledged = [&](const Intent* intent) {
      return acknowledged.contains(intent->key);
    };
    if (std::ranges::all_of(intents, is_refused)) {
      context.report.that("refused", !exists, fmt::format("key {}", intents.front()->key),
                          "no order, for it was refused",
                          exists ? context.index.name(*orders->second.front()) : "");
    } else if (std::ranges::none_of(intents, is_acknowledged)) {
      ++findings.unknown_outcomes;
      findings.unknown_that_became_orders += exists ? 1 : 0;
    }
  }
}

void check_single(const CheckContext& context) {
  for (const auto& [cart_id, orders] : context.index.by_cart) {
    std::set<std::string> ids;
    for (const WorldOrder* order : orders) {
      ids.insert(order->id);
    }
    context.report.expect(
        "one order", ids.size() == 1, context.index.name(*orders.front()),
        [&] { return fmt::format("one order of cart {}", cart_id); },
        [&] { return fmt::format("{}: doubled", fmt::join(ids, ", ")); });
  }
  std::unordered_set<std::string_view> listed;
  for (const WorldListing& row : context.world.listings) {
    context.report.that("one order", listed.insert(row.id).second, "order " + row.id,
                        "one place in the list of orders", "two");
    const auto order = context.index.orders.find(row.id);
    if (context.report.that("one order", order != context.index.orders.end(), "order " + row.id,
                            "the order that the list names", "no such order")) {
      context.report.equal("one order", context.index.name(*order->second), "the total of the list",
                           row.total, order->second->total);
    }
  }
}

std::string render(const std::map<std::string, std::int64_t>& quantities) {
  std::vector<std::string> parts;
  for (const auto& [variant, quantity] : quantities) {
    parts.push_back(fmt::format("{} x {}", quantity, variant));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

void check_as_asked(const CheckContext& context, const WorldOrder& order, const Intent& intent) {
  const std::string name = context.index.name(order);
  std::map<std::string, std::int64_t> asked;
  std::map<std::string, std::int64_t> got;
  for (const IntentLine& line : intent.lines) {
    asked[line.variant_id] += line.quantity;
  }
  for (const WorldLine& line : order.lines) {
    got[line.variant_id] += line.quantity;
  }
  context.report.equal("as asked", name, "total", intent.total, order.total);
  context.report.same("as asked", name, "currency", intent.currency, order.currency);
  context.report.expect(
      "as asked", asked == got, name, [&] { return render(asked); }, [&] { return render(got); });
}

void check_sums(const CheckContext& context, const WorldOrder& order) {
  const std::string name = context.index.name(order);
  std::int64_t lines = 0;
  for (const WorldLine& line : order.lines) {
    context.report.equal("sums", name, "line " + line.id + " at", line.quantity * line.unit_price,
                         line.total);
    lines += line.total;
  }
  context.report.equal("sums", name, "subtotal", lines, order.subtotal);
  std::int64_t given = 0;
  for (const WorldDiscount& discount : order.discounts) {
    given += discount.amount;
  }
  context.report.equal("sums", name, "discount", given, order.discount);
  context.report.equal(
      "sums", name, "total",
      order.subtotal - order.discount + order.shipping + (order.tax_included ? 0 : order.tax),
      order.total);
}

// A cancelled order has given its uses back.
void check_promotions(const CheckContext& context) {
  std::map<std::string, std::int64_t> uses;
  for (const WorldOrder& order : context.world.orders) {
    for (const WorldDiscount& discount : order.discounts) {
      uses[discount.promotion_id] += order.status == "cancelled" ? 0 : 1;
    }
  }
  for (const WorldPromotion& promotion : context.world.promotions) {
    const std::string name = "promotion " + promotion.id;
    context.report.equal("promotions", name, "uses", uses[promotion.id], promotion.used);
    if (promotion.usage_limit >= 0) {
      context.report.expect(
          "promotions", promotion.used <= promotion.usage_limit, name,
          [&] { return fmt::format("at most {} uses", promotion.usage_limit); },
          [&] { return fmt::format("{}", promotion.used); });
    }
  }
}

}  // namespace

void check_promises(const CheckContext& context) {
  check_acks(context);
  check_fails(context);
  check_single(context);
  check_promotions(context);
  for (const WorldOrder& order : context.world.orders) {
    check_sums(context, order);
    const auto asked = context.index.intents_of_cart.find(order.cart_id);
    const bool known = asked != context.index.intents_of_cart.end();
    if (known) {
      check_as_asked(context, order, *asked->second.front());
    }
    if (context.options.exclusive) {
      context.report.that("intended", known, context.index.name(order), "an intent in the history",
                          "none: nobody asked for it");
    }
  }
}

}  // namespace securecart::lab
