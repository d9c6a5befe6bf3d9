#include "shop/flows/payment_work.hpp"

#include <boost/json/parse.hpp>

#include "base/log.hpp"
#include "shop/flows/change_order.hpp"
#include "shop/flows/limits.hpp"
#include "shop/flows/settle_payment.hpp"
#include "shop/orders/store.hpp"

namespace securecart::shop::flows {
namespace {

using events::ConsumerOutcome;
using events::Event;
using payments::ChargeResult;
using payments::Outcome;
using payments::Payment;
using payments::Provider;
using payments::Refund;
using payments::RefundResult;
using storage::Batch;

constexpr auto reaper_page = static_cast<std::int64_t>(limits::reaper_page);
constexpr std::string_view unpaid_sql =
    "SELECT shop_id, id FROM orders WHERE status = 'placed' AND "
    "payment_status IN ('declined', 'requires_action') AND fulfilment_status = 'unfulfilled' AND "
    "placed_at < $1 ORDER BY placed_at LIMIT $2";

std::string member_of(const Event& event, std::string_view name) {
  const json::value payload = json::parse(event.payload);
  return std::string(get_string_or(payload.as_object(), name, ""));
}

payments::RefundRequest refund_request(const Refund& refund, const Payment& payment) {
  return {.key = refund.provider_key,
          .shop_id = refund.shop_id,
          .charge_reference = payment.provider_reference,
          .amount = refund.amount,
          .currency = payment.currency,
          .created_at = refund.created_at};
}

// Whether money may still move for a charge that was sent.
bool is_open(const ChargeResult& result) {
  return result.outcome == Outcome::requires_action || result.outcome == Outcome::pending;
}

bool is_cancelled(const orders::Order& order) {
  return order.state.status == orders::Status::cancelled;
}

}  // namespace

Provider* PaymentWork::provider(std::string_view name) const {
  const auto found = providers_.find(name);
  return found != providers_.end() ? found->second : nullptr;
}

// What became of a payment at its provider. A payment that was cancelled before it was sent is
// asked about and never sent.
Task<ChargeResult> PaymentWork::outcome_of(Payment payment, bool order_cancelled, bool ask_first) {
  Provider* at = provider(payment.provider);
  if (at == nullptr) {
    co_return ChargeResult{.outcome = Outcome::declined,
                           .reason = "The shop does not take this way to pay any more."};
  }
  const payments::ChargeRequest request = charge_request(payment);
  if (ask_first || order_cancelled) {
    std::optional<ChargeResult> found = co_await at->find_charge(request);
    if (found && order_cancelled && is_open(*found)) {
      co_return co_await at->cancel_charge(request);
    }
    if (found) {
      co_return std::move(*found);
    }
    if (order_cancelled) {
      co_return ChargeResult{.outcome = Outcome::declined,
                             .reason = "The order was cancelled before it was paid."};
    }
  }
  co_return co_await at->charge(request);
}

payments::ChargeRequest PaymentWork::charge_request(const Payment& payment) const {
  return {.key = payment.provider_key,
          .shop_id = payment.shop_id,
          .payment_id = payment.id,
          .amount = payment.amount,
          .currency = payment.currency,
          .method = payment.method,
          .return_url = options_.return_url_base + "/orders/" + payment.order_id,
          .reference = payment.provider_reference,
          .created_at = payment.created_at};
}

Task<ConsumerOutcome> PaymentWork::charge(const Event& event) {
  const std::string payment_id = member_of(event, "payment_id");
  if (payment_id.empty()) {
    co_return Batch();
  }
  std::optional<PaymentOfOrder> found =
      co_await read_payment_of_order(deps_, event.shop_id, payment_id);
  if (!found) {
    co_return events::Park{"the event names payment " + payment_id + ", which is not there"};
  }
  if (found->payment.settled()) {
    co_return Batch();
  }
  // Sent before (a lost answer, a crash)? Then the provider is asked first.
  const bool ask_first = found->payment.status != "pending";
  const ChargeResult result =
      co_await outcome_of(found->payment, is_cancelled(found->order), ask_first);
  // The provider took its time: decide on what is there now.
  found = co_await read_payment_of_order(deps_, event.shop_id, payment_id);
  if (!found) {
    co_return events::Park{"payment " + payment_id + " was lost while it was charged"};
  }
  std::optional<Batch> batch = decide_settlement(found->payment, found->order, result, deps_);
  co_return batch ? std::move(*batch) : Batch();
}

Task<ConsumerOutcome> PaymentWork::refund(const Event& event) {
  const std::string refund_id = member_of(event, "refund_id");
  std::optional<RefundOfOrder> found =
      co_await read_refund_of_order(deps_, event.shop_id, refund_id);
  if (!found) {
    co_return events::Park{"the event names refund " + refund_id + ", which is not there"};
  }
  if (found->refund.status != "pending") {
    co_return Batch();
  }
  Provider* at = provider(found->payment.provider);
  if (at == nullptr) {
    co_return events::Park{"there is no payment provider " + found->payment.provider};
  }
  const RefundResult result = co_await at->refund(refund_request(found->refund, found->payment));
  found = co_await read_refund_of_order(deps_, event.shop_id, refund_id);
  if (!found) {
    co_return events::Park{"refund " + refund_id + " was lost while it was made"};
  }
  std::optional<Batch> batch =
      decide_refund_settlement(found->refund, found->payment, found->order, result, deps_);
  co_return batch ? std::move(*batch) : Batch();
}

Task<std::size_t> PaymentWork::reap() {
  const std::size_t payments = co_await reap_payments();
  const std::size_t refunds = co_await reap_refunds();
  const std::size_t cancelled = co_await cancel_unpaid();
  co_return payments + refunds + cancelled;
}

Task<std::size_t> PaymentWork::reap_payments() {
  const std::vector<Payment> due =
      co_await payments::payments_due(deps_.database, deps_.clock.now(), reaper_page);
  for (const Payment& payment : due) {
    const auto found = co_await read_payment_of_order(deps_, payment.shop_id, payment.id);
    if (!found) {
      continue;
    }
    const ChargeResult result = co_await outcome_of(payment, is_cancelled(found->order), true);
    const bool settled = co_await settle_payment(deps_, payment.shop_id, payment.id, result);
    log::info("asked the provider about a payment",
              {{"payment", payment.id}, {"checks", payment.checks + 1}, {"changed", settled}});
  }
  co_return due.size();
}

Task<std::size_t> PaymentWork::reap_refunds() {
  const std::vector<Refund> due =
      co_await payments::refunds_due(deps_.database, deps_.clock.now(), reaper_page);
  for (const Refund& refund : due) {
    const std::optional<Payment> payment =
        co_await payments::read_payment(deps_.database, refund.shop_id, refund.payment_id);
    Provider* at = payment ? provider(payment->provider) : nullptr;
    if (at == nullptr) {
      continue;
    }
    std::optional<RefundResult> result = co_await at->find_refund(refund_request(refund, *payment));
    if (!result) {
      result = co_await at->refund(refund_request(refund, *payment));
    }
    co_await settle_refund(deps_, refund.shop_id, refund.id, *result);
  }
  co_return due.size();
}

Task<std::size_t> PaymentWork::cancel_unpaid() {
  const Timestamp limit = deps_.clock.now() - options_.unpaid_lifetime;
  storage::Query query{unpaid_sql, {to_millis(limit), reaper_page}};
  const storage::Rows rows = co_await deps_.database.read(std::move(query));
  for (const storage::Row row : rows) {
    const std::optional<OrderSnapshot> snapshot =
        co_await read_order_snapshot(deps_, row.text(0), row.text(1));
    if (!snapshot) {
      continue;
    }
    const CancelRequest request{"reaper", "not paid in time"};
    Result<OrderPlan> plan = decide_cancel(*snapshot, request, deps_);
    if (plan) {
      // Refused when the shopper paid at this moment: then there is nothing to cancel.
      co_await deps_.database.commit(std::move(plan->batch));
    }
  }
  co_return rows.size();
}

}  // namespace securecart::shop::flows
