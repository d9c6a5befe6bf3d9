#include "shop/flows/complete_cart.hpp"

#include <cassert>
#include <set>

#include <fmt/ranges.h>

#include "base/money.hpp"
#include "shop/carts/errc.hpp"
#include "shop/carts/promotion_store.hpp"
#include "shop/flows/settle_payment.hpp"
#include "shop/inventory/errc.hpp"
#include "shop/orders/store.hpp"
#include "shop/payments/errc.hpp"
#include "shop/payments/ledger.hpp"
#include "shop/payments/store.hpp"

namespace securecart::shop::flows {
namespace {

constexpr int completion_attempts = 5;

std::vector<FieldError> shortage_fields(const std::vector<inventory::Shortage>& shortages) {
  std::vector<FieldError> fields;
  for (const inventory::Shortage& shortage : shortages) {
    fields.push_back({"/lines/" + shortage.line_id,
                      fmt::format("{} wanted, {} left", shortage.wanted, shortage.available)});
  }
  return fields;
}

std::optional<Error> refuse_incomplete(const CartSnapshot& cart) {
  std::vector<FieldError> fields;
  for (const std::string& missing : missing_for_completion(cart)) {
    fields.push_back({"/" + missing, "is needed before the cart can be completed"});
  }
  if (fields.empty()) {
    return std::nullopt;
  }
  return Error(carts::errc::cart_incomplete,
               "Set what `errors` names on the cart, then complete it.", std::move(fields));
}

std::optional<Error> refuse_unavailable(const CartSnapshot& cart) {
  std::vector<FieldError> fields;
  for (const SnapshotLine& line : cart.lines) {
    if (!line.buyable()) {
      fields.push_back({"/lines/" + line.id, line.title + " cannot be bought right now"});
    }
  }
  if (fields.empty()) {
    return std::nullopt;
  }
  return Error(carts::errc::variant_unavailable,
               "Remove the lines that `errors` names from the cart.", std::move(fields));
}

std::optional<Error> refuse_total(const CartSnapshot& cart, const CompletionRequest& request,
                                  const carts::Totals& totals) {
  if (totals.total > max_amount) {
    return Error(carts::errc::cart_limit,
                 fmt::format("The total {} is beyond {}, the most one order may come to.",
                             totals.total, max_amount));
  }
  if (request.expected_total && *request.expected_total != totals.total) {
    return Error(carts::errc::price_changed,
                 fmt::format("The total is now {} {} (minor units), not {}. Show it and ask again.",
                             totals.total, cart.currency, *request.expected_total));
  }
  return std::nullopt;
}

orders::Order make_order(const CartSnapshot& cart, const CompletionRequest& request,
                         const carts::Totals& totals, const Deps& deps) {
  orders::Order order;
  order.shop_id = cart.shop_id;
  order.id = deps.ids.make("ord");
  order.number = deps.ids.order_number();
  order.cart_id = cart.id;
  order.token_hash = sha256_hex(order_token(request.cart_secret, cart.id));
  order.customer_id = cart.customer_id;
  order.email = cart.email;
  order.currency = cart.currency;
  order.state.payment =
      totals.total == 0 ? orders::PaymentStatus::paid : orders::PaymentStatus::pending;
  order.prices_include_tax = totals.tax_included;
  order.tax_country = cart.terms->tax_country(cart.shipping_country);
  order.subtotal = totals.subtotal;
  order.shipping_total = totals.shipping;
  order.discount_total = totals.discount;
  order.shipping_discount = totals.shipping_discount;
  order.tax_total = totals.tax;
  order.shipping_tax = totals.shipping_tax;
  order.total = totals.total;
  order.shipping_address = cart.requires_shipping() ? cart.shipping_address : nullptr;
  order.billing_address =
      cart.billing_address.is_null() ? cart.shipping_address : cart.billing_address;
  if (cart.requires_shipping()) {
    const ShippingMethod* method = cart.chosen_method();
    order.shipping_method =
        json::object{{"id", method->id}, {"name", method->name}, {"amount", totals.shipping}};
  }
  for (const carts::TaxLine& tax : totals.tax_lines) {
    order.tax_lines.push_back(json::object{
        {"name", tax.rate.name}, {"basis_points", tax.rate.basis_points}, {"amount", tax.amount}});
  }
  order.home_region = deps.region;
  order.placed_at = deps.clock.now();
  order.updated_at = order.placed_at;
  for (std::size_t i = 0; i < cart.lines.size(); ++i) {
    const SnapshotLine& from = cart.lines[i];
    orders::Line line;
    line.id = from.id;
    line.product_id = from.product_id;
    line.variant_id = from.variant_id;
    line.title = from.title;
    line.variant_title = from.variant_title;
    line.sku = from.sku;
    line.image = from.image;
    line.quantity = from.quantity;
    line.unit_price = *from.unit_price;
    line.total = totals.line_totals[i];
    line.discount = totals.line_discounts[i];
    line.tax = totals.line_taxes[i];
    line.requires_shipping = from.requires_shipping;
    order.lines.push_back(std::move(line));
  }
  return order;
}

// The guard that makes the cart's completion happen once, and only as it was seen.
void add_cart_guard(storage::Batch& batch, const CartSnapshot& cart, const Deps& deps,
                    Timestamp now) {
  storage::Statement& close = batch.add(
      "UPDATE carts SET status = 'completed', version = version + 1, updated_at = $4 "
      "WHERE shop_id = $1 AND id = $2 AND version = $3 AND status = 'open'",
      {cart.shop_id, cart.id, cart.version, to_millis(now)});
  if (deps.guard_completed_carts) {
    close.expect(1, carts::errc::cart_changed);
  }
}

// Each promotion that took something off counts this order; with none of its uses left, the cart is
// looked at again and costs what it costs without it.
void add_uses(storage::Batch& batch, const CartSnapshot& cart, const carts::Discounts& discounts,
              const orders::Order& order) {
  for (const carts::Discount& discount : discounts.applied) {
    carts::add_use(batch, cart.promotions[discount.promotion],
                   {.shop_id = order.shop_id,
                    .order_id = order.id,
                    .email = order.email,
                    .amount = discount.amount,
                    .at = order.placed_at},
                   carts::errc::cart_changed);
  }
}

void add_ledger(storage::Batch& batch, const orders::Order& order, const Deps& deps) {
  payments::add_journal(batch, deps.ids,
                        {.shop_id = order.shop_id,
                         .id = order.id + ":placed",
                         .order_id = order.id,
                         .currency = order.currency,
                         .at = order.placed_at,
                         .transfers = payments::earn(revenue_of(order))});
}

// The first attempt to be paid; an order over nothing needs none.
void add_payment(storage::Batch& batch, orders::Order& order, const CompletionRequest& request,
                 const Deps& deps) {
  if (order.total == 0) {
    return;
  }
  const payments::Payment payment = payments::first_attempt({.shop_id = order.shop_id,
                                                             .order_id = order.id,
                                                             .currency = order.currency,
                                                             .amount = order.total,
                                                             .provider = request.provider,
                                                             .method = request.method,
                                                             .at = order.placed_at},
                                                            deps.ids);
  payments::add_payment(batch, payment);
  order.payment = orders::PaymentView{
      payment.id, payment.attempt, payment.provider, payment.method, "pending", "", ""};
}

json::object placed_payload(const orders::Order& order, const CartSnapshot& cart) {
  std::set<std::string> items;
  for (const SnapshotLine& line : cart.lines) {
    if (!line.item_id.empty()) {
      items.insert(line.item_id);
    }
  }
  json::array item_list;
  for (const std::string& item : items) {
    item_list.emplace_back(item);
  }
  return {{"order_id", order.id},
          {"number", order.number},
          {"cart_id", order.cart_id},
          {"currency", order.currency},
          {"total", order.total},
          {"payment_id", order.payment ? json::value(order.payment->id) : json::value(nullptr)},
          {"statement", orders::statement_digest(order.receipt)},
          {"items", std::move(item_list)}};
}

}  // namespace

std::string order_token(std::string_view cart_secret, std::string_view cart_id) {
  return "ot_" + base64url(hmac_sha256(cart_secret, "order of " + std::string(cart_id)));
}

json::array describe_discounts(const CartSnapshot& cart, const carts::Discounts& discounts) {
  json::array list;
  for (const carts::Discount& discount : discounts.applied) {
    const carts::Promotion& promotion = cart.promotions[discount.promotion];
    list.push_back(json::object{{"promotion_id", promotion.id},
                                {"title", promotion.title},
                                {"code", promotion.code},
                                {"amount", discount.amount}});
  }
  return list;
}

std::vector<std::string> missing_for_completion(const CartSnapshot& cart) {
  std::vector<std::string> missing;
  if (cart.lines.empty()) {
    missing.emplace_back("lines");
  }
  if (cart.email.empty()) {
    missing.emplace_back("email");
  }
  if (cart.requires_shipping() && cart.shipping_address.is_null()) {
    missing.emplace_back("shipping_address");
  }
  if (cart.requires_shipping() && cart.chosen_method() == nullptr) {
    missing.emplace_back("shipping_method_id");
  }
  return missing;
}

Result<Plan> decide_completion(const CartSnapshot& cart, const CompletionRequest& request,
                               const orders::ReceiptKey& key, const Deps& deps) {
  if (auto refusal = refuse_incomplete(cart)) {
    return std::unexpected(std::move(*refusal));
  }
  if (auto refusal = refuse_unavailable(cart)) {
    return std::unexpected(std::move(*refusal));
  }
  const carts::Totals totals = cart.totals();
  if (!cart.terms->takes_payments_by(request.provider)) {
    return fail(payments::errc::payment_provider_unavailable,
                fmt::format("Not through {}: the shop takes payments through {}.", request.provider,
                            fmt::join(cart.terms->payment_providers, ", ")));
  }
  if (auto refusal = refuse_total(cart, request, totals)) {
    return std::unexpected(std::move(*refusal));
  }
  if (!request.functions.empty() && request.asked_version != cart.version) {
    return fail(carts::errc::cart_changed, "The cart changed while it was checked; try again.");
  }
  const auto holds =
      inventory::plan_holds(cart.needs(), cart.stands, cart.terms->fallback_location);
  if (!holds) {
    return fail(inventory::errc::out_of_stock,
                "Lower the quantity of the lines that `errors` names, or remove them.",
                shortage_fields(holds.error()));
  }

  Plan plan;
  plan.order = make_order(cart, request, totals, deps);
  orders::Order& order = plan.order;
  const carts::Discounts discounts = cart.discounts();
  order.discounts = describe_discounts(cart, discounts);
  order.receipt = orders::sign_statement(order, key);
  add_cart_guard(plan.batch, cart, deps, order.placed_at);
  orders::add_order(plan.batch, order, carts::errc::cart_changed);
  add_uses(plan.batch, cart, discounts, order);
  inventory::add_holds(plan.batch, deps.ids,
                       {.shop_id = order.shop_id,
                        .region = deps.region,
                        .order_id = order.id,
                        .actor = request.actor,
                        .reason = "order " + order.number,
                        .at = order.placed_at},
                       *holds);
  add_payment(plan.batch, order, request, deps);
  add_ledger(plan.batch, order, deps);
  const json::object detail{{"total", order.total}, {"currency", order.currency}};
  order.history.push_back({"", order.placed_at, "placed", request.actor, detail});
  orders::add_history(plan.batch, deps.ids, order.shop_id, order.id, order.placed_at, "placed",
                      request.actor, detail);
  add_runs(plan.batch, deps, order, request.functions);
  plan.batch.event("order.placed", order.shop_id, order.id,
                   to_string(json::value(placed_payload(order, cart))));
  return plan;
}

Task<Result<Completed>> complete_cart(const Deps& deps, CartSnapshot cart,
                                      CompletionRequest request, orders::ReceiptKey key,
                                      KeyFor key_for) {
  for (int attempt = 1;; ++attempt) {
    if (!cart.order_id.empty() && deps.guard_completed_carts) {
      Completed completed;
      completed.existing_order_id = cart.order_id;
      co_return completed;
    }
    Result<Plan> plan = decide_completion(cart, request, key, deps);
    if (!plan) {
      co_return std::unexpected(std::move(plan.error()));
    }
    plan->batch.key = key_for(plan->order);
    storage::Commit outcome = co_await deps.database.commit(std::move(plan->batch));
    if (auto* committed = std::get_if<storage::Committed>(&outcome)) {
      Completed completed;
      completed.response = std::move(committed->response);
      completed.replayed = committed->replayed;
      co_return completed;
    }
    if (std::holds_alternative<storage::KeyReused>(outcome)) {
      Completed completed;
      completed.key_reused = true;
      co_return completed;
    }
    const ErrorKind& refusal = *std::get<storage::Refused>(outcome).kind;
    if (attempt == completion_attempts) {
      co_return fail(refusal, "The cart or its stock keeps changing; send the request again.");
    }
    std::optional<CartSnapshot> fresh = co_await read_cart(deps, cart.shop_id, cart.id);
    assert(fresh && "carts are never deleted while they are open");
    cart = std::move(*fresh);
  }
}

}  // namespace securecart::shop::flows
