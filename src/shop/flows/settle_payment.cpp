#include "shop/flows/settle_payment.hpp"

#include <algorithm>
#include <cassert>

#include "shop/orders/errc.hpp"
#include "shop/orders/store.hpp"
#include "shop/payments/ledger.hpp"

namespace securecart::shop::flows {
namespace {

using namespace std::chrono_literals;
using orders::PaymentStatus;
using payments::ChargeResult;
using payments::Outcome;
using payments::Payment;
using payments::Refund;
using payments::RefundResult;

constexpr int settle_attempts = 20;
constexpr std::string_view actor = "payments";

// When the reaper asks again: soon at first, then ever more rarely, at least every hour.
std::chrono::milliseconds check_delay(std::int64_t checks) {
  const auto exponent = std::min<std::int64_t>(checks, 10);
  return std::min<std::chrono::milliseconds>(2s * (std::int64_t{1} << exponent), 1h);
}

json::object event_payload(const orders::Order& order, const Payment& payment) {
  return {{"order_id", order.id},
          {"number", order.number},
          {"payment_id", payment.id},
          {"amount", payment.amount},
          {"currency", payment.currency}};
}

void add_order_event(storage::Batch& batch, std::string type, const orders::Order& order,
                     const Payment& payment) {
  batch.event(std::move(type), order.shop_id, order.id,
              to_string(json::value(event_payload(order, payment))));
}

// The order's payment status after this outcome, when the order still waits for one.
bool awaits_payment(const orders::Order& order, const Payment& payment) {
  const PaymentStatus status = order.state.payment;
  return order.payment && order.payment->id == payment.id &&
         (status == PaymentStatus::pending || status == PaymentStatus::requires_action);
}

void capture(storage::Batch& batch, Payment& payment, const orders::Order& order,
             const Deps& deps) {
  payment.status = "captured";
  payment.next_check_at.reset();
  payments::add_journal(batch, deps.ids,
                        {.shop_id = order.shop_id,
                         .id = payment.id + ":captured",
                         .order_id = order.id,
                         .currency = payment.currency,
                         .at = payment.updated_at,
                         .transfers = {{payments::provider_account(payment.provider),
                                        std::string(payments::receivable), payment.amount}}});
  orders::add_history(batch, deps.ids, order.shop_id, order.id, payment.updated_at,
                      "payment_captured", actor,
                      {{"amount", payment.amount}, {"currency", payment.currency}});
  if (awaits_payment(order, payment)) {
    orders::Change change{order.state, 0, payment.amount};
    change.state.payment = PaymentStatus::paid;
    change.state.status = orders::settled_status(change.state);
    orders::add_change(batch, order, change, payment.updated_at);
    add_order_event(batch, "order.paid", order, payment);
    return;
  }
  // The order was cancelled while the provider took the money: it goes back at once.
  orders::Change change{order.state, payment.amount, payment.amount};
  change.state.payment = PaymentStatus::refunded;
  orders::add_change(batch, order, change, payment.updated_at);
  add_refund_request(batch, payment, payment.amount, "order was cancelled before it was paid", "[]",
                     deps);
  orders::add_history(batch, deps.ids, order.shop_id, order.id, payment.updated_at,
                      "refund_requested", actor,
                      {{"amount", payment.amount}, {"reason", "cancelled before it was paid"}});
}

void decline(storage::Batch& batch, Payment& payment, const orders::Order& order,
             const std::string& reason, const Deps& deps) {
  payment.status = "declined";
  payment.failure = reason;
  payment.next_check_at.reset();
  if (!awaits_payment(order, payment)) {
    return;
  }
  orders::Change change{order.state};
  change.state.payment = PaymentStatus::declined;
  orders::add_change(batch, order, change, payment.updated_at);
  orders::add_history(batch, deps.ids, order.shop_id, order.id, payment.updated_at,
                      "payment_declined", actor, {{"reason", reason}});
  add_order_event(batch, "order.payment_declined", order, payment);
}

void require_action(storage::Batch& batch, Payment& payment, const orders::Order& order,
                    const ChargeResult& result, const Deps& deps) {
  payment.status = "requires_action";
  payment.action_url = result.action_url;
  payment.next_check_at = payment.updated_at + check_delay(++payment.checks);
  if (!awaits_payment(order, payment) || order.state.payment == PaymentStatus::requires_action) {
    return;
  }
  orders::Change change{order.state};
  change.state.payment = PaymentStatus::requires_action;
  orders::add_change(batch, order, change, payment.updated_at);
  orders::add_history(batch, deps.ids, order.shop_id, order.id, payment.updated_at,
                      "payment_requires_action", actor, {});
}

// The money stays with us: what was counted as refunded is counted back.
void fail_refund(storage::Batch& batch, Refund& refund, const orders::Order& order,
                 const Payment& payment, const std::string& reason, const Deps& deps) {
  refund.status = "failed";
  refund.failure = reason;
  refund.next_check_at.reset();
  orders::Change change{order.state, -refund.amount, 0};
  change.state.payment =
      orders::after_refund(order.captured_total, order.refunded_total - refund.amount);
  orders::add_change(batch, order, change, refund.updated_at);
  if (order.state.status != orders::Status::cancelled) {
    payments::add_journal(batch, deps.ids,
                          {.shop_id = refund.shop_id,
                           .id = refund.id + ":failed",
                           .order_id = order.id,
                           .currency = payment.currency,
                           .at = refund.updated_at,
                           .transfers = payments::give_back(revenue_of(order), order.refunded_total,
                                                            order.refunded_total - refund.amount)});
  }
  orders::add_history(batch, deps.ids, order.shop_id, order.id, refund.updated_at, "refund_failed",
                      actor, {{"amount", refund.amount}, {"reason", reason}});
  batch.event("order.refund_failed", order.shop_id, order.id,
              to_string(json::value(json::object{
                  {"order_id", order.id}, {"refund_id", refund.id}, {"reason", reason}})));
}

}  // namespace

payments::Revenue revenue_of(const orders::Order& order) {
  const std::int64_t off_lines = order.discount_total - order.shipping_discount;
  return payments::revenue_of(order.subtotal - off_lines,
                              order.shipping_total - order.shipping_discount, order.tax_total,
                              order.shipping_tax, order.prices_include_tax);
}

Refund add_refund_request(storage::Batch& batch, const Payment& payment, std::int64_t amount,
                          std::string reason, std::string lines, const Deps& deps) {
  Refund refund;
  refund.shop_id = payment.shop_id;
  refund.id = deps.ids.make("ref");
  refund.order_id = payment.order_id;
  refund.payment_id = payment.id;
  refund.amount = amount;
  refund.reason = std::move(reason);
  refund.lines = std::move(lines);
  refund.provider_key = refund.id;
  refund.created_at = deps.clock.now();
  refund.updated_at = refund.created_at;
  refund.next_check_at = refund.created_at + 30s;
  payments::add_refund(batch, refund);
  batch.event("order.refund_requested", refund.shop_id, refund.order_id,
              to_string(json::value(json::object{{"order_id", refund.order_id},
                                                 {"refund_id", refund.id},
                                                 {"amount", refund.amount},
                                                 {"currency", payment.currency}})));
  return refund;
}

std::optional<storage::Batch> decide_settlement(const Payment& payment, const orders::Order& order,
                                                const ChargeResult& result, const Deps& deps) {
  if (payment.settled()) {
    return std::nullopt;
  }
  storage::Batch batch;
  Payment changed = payment;
  changed.updated_at = deps.clock.now();
  if (!result.reference.empty()) {
    changed.provider_reference = result.reference;
  }
  switch (result.outcome) {
    case Outcome::captured:
      capture(batch, changed, order, deps);
      break;
    case Outcome::declined:
      decline(batch, changed, order, result.reason, deps);
      break;
    case Outcome::requires_action:
      require_action(batch, changed, order, result, deps);
      break;
    case Outcome::pending:
    case Outcome::unknown:
      changed.status = payment.status == "requires_action" ? payment.status : "unknown";
      changed.next_check_at = changed.updated_at + check_delay(++changed.checks);
      break;
  }
  payments::add_update(batch, changed, orders::errc::order_changed);
  return batch;
}

Task<bool> settle_payment(const Deps& deps, std::string shop_id, std::string payment_id,
                          ChargeResult result) {
  for (int attempt = 0; attempt < settle_attempts; ++attempt) {
    const auto payment = co_await payments::read_payment(deps.database, shop_id, payment_id);
    if (!payment) {
      co_return false;
    }
    const auto order = co_await orders::read_order(deps.database, shop_id, payment->order_id);
    assert(order && "a payment belongs to an order");
    std::optional<storage::Batch> batch = decide_settlement(*payment, *order, result, deps);
    if (!batch) {
      co_return false;
    }
    const storage::Commit outcome = co_await deps.database.commit(std::move(*batch));
    if (std::holds_alternative<storage::Committed>(outcome)) {
      co_return true;
    }
    // Refused: payment or order changed meanwhile. Decide again on what is there now.
  }
  throw Unavailable("payment " + payment_id + " changes faster than it can be settled");
}

std::optional<storage::Batch> decide_refund_settlement(const Refund& refund, const Payment& payment,
                                                       const orders::Order& order,
                                                       const RefundResult& result,
                                                       const Deps& deps) {
  if (refund.status != "pending") {
    return std::nullopt;
  }
  storage::Batch batch;
  Refund changed = refund;
  changed.updated_at = deps.clock.now();
  changed.provider_reference = result.reference;
  switch (result.outcome) {
    case RefundResult::Outcome::unknown:
      changed.next_check_at = changed.updated_at + check_delay(++changed.checks);
      break;
    case RefundResult::Outcome::succeeded:
      changed.status = "succeeded";
      changed.next_check_at.reset();
      payments::add_journal(
          batch, deps.ids,
          {.shop_id = refund.shop_id,
           .id = refund.id + ":succeeded",
           .order_id = order.id,
           .currency = payment.currency,
           .at = changed.updated_at,
           .transfers = {{std::string(payments::receivable),
                          payments::provider_account(payment.provider), refund.amount}}});
      orders::add_history(batch, deps.ids, order.shop_id, order.id, changed.updated_at, "refunded",
                          actor, {{"amount", refund.amount}, {"currency", payment.currency}});
      batch.event("order.refunded", order.shop_id, order.id,
                  to_string(json::value(json::object{{"order_id", order.id},
                                                     {"refund_id", refund.id},
                                                     {"amount", refund.amount},
                                                     {"currency", payment.currency}})));
      break;
    case RefundResult::Outcome::failed:
      fail_refund(batch, changed, order, payment, result.reason, deps);
      break;
  }
  payments::add_update(batch, changed, orders::errc::order_changed);
  return batch;
}

Task<bool> settle_refund(const Deps& deps, std::string shop_id, std::string refund_id,
                         RefundResult result) {
  for (int attempt = 0; attempt < settle_attempts; ++attempt) {
    const auto refund = co_await payments::read_refund(deps.database, shop_id, refund_id);
    if (!refund) {
      co_return false;
    }
    const auto payment =
        co_await payments::read_payment(deps.database, shop_id, refund->payment_id);
    const auto order = co_await orders::read_order(deps.database, shop_id, refund->order_id);
    assert(payment && order && "a refund belongs to a payment of an order");
    std::optional<storage::Batch> batch =
        decide_refund_settlement(*refund, *payment, *order, result, deps);
    if (!batch) {
      co_return false;
    }
    const storage::Commit outcome = co_await deps.database.commit(std::move(*batch));
    if (std::holds_alternative<storage::Committed>(outcome)) {
      co_return true;
    }
  }
  throw Unavailable("refund " + refund_id + " changes faster than it can be settled");
}

}  // namespace securecart::shop::flows
