#include "shop/api/store/payment_webhooks.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "shop/api/errc.hpp"
#include "shop/flows/settle_payment.hpp"
#include "shop/payments/stripe_amount.hpp"
#include "shop/payments/stripe_signature.hpp"
#include "shop/payments/test_provider.hpp"
#include "shop/payments/webhook.hpp"

namespace securecart::shop::api {
namespace {

// The signature does not hold, or the time in it is not now.
inline constexpr ErrorKind bad_signature{"bad_signature", 401,
                                         "The webhook's signature does not hold."};

// Settled ones stay as they are.
constexpr std::string_view payment_due_sql =
    "UPDATE payments SET next_check_at = $3 WHERE shop_id = $1 AND id = $2 AND provider = 'stripe' "
    "AND next_check_at > $3";
constexpr std::string_view refund_due_sql =
    "UPDATE refunds SET next_check_at = $3 WHERE shop_id = $1 AND id = $2 AND next_check_at > $3";

payments::WebhookHeaders headers_of(const net::Request& request) {
  return {std::string(request.header("webhook-id").value_or("")),
          std::string(request.header("webhook-timestamp").value_or("")),
          std::string(request.header("webhook-signature").value_or(""))};
}

}  // namespace

void PaymentWebhooks::mount(Operations& operations) {
  operations.add(
      {.id = "receivePaymentWebhook",
       .method = net::Method::post,
       .path = "/v1/webhooks/payments/{provider}",
       .tag = "Webhooks",
       .summary = "A payment provider reports",
       .description =
           "Signed by Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature). The "
           "same report may come any number of times, before or after any other news.",
       .access = Access::open,
       .request_schema = "PaymentReport",
       .success = 204,
       .errors = {&errc::not_found, &bad_signature}},
      *this, &PaymentWebhooks::receive);
  operations.add(
      {.id = "receiveStripeWebhook",
       .method = net::Method::post,
       .path = "/v1/webhooks/payments/stripe/{shop_id}",
       .tag = "Webhooks",
       .summary = "Stripe reports",
       .description =
           "Signed with the secret of the shop's endpoint (Stripe-Signature). The same event may "
           "come any number of times, in any order.",
       .access = Access::open,
       .request_schema = "StripeEvent",
       .success = 204,
       .errors = {&errc::not_found, &bad_signature}},
      *this, &PaymentWebhooks::receive_stripe);
}

Task<Result<Reply>> PaymentWebhooks::receive(Call& call) {
  if (call.path("provider") != "test") {
    co_return fail(errc::not_found, "There is no payment provider of this name.");
  }
  if (!payments::webhook_holds(secret_, headers_of(call.request()), call.raw_body(),
                               deps_.clock.now())) {
    co_return fail(bad_signature, "Sign id, timestamp and body with the webhook secret.");
  }
  const json::object& report = call.body();
  const payments::ChargeResult result = payments::charge_result(report);
  const std::string shop_id(get_string(report, "shop_id"));
  const std::string payment_id(get_string(report, "payment_id"));
  const bool changed = co_await flows::settle_payment(deps_, shop_id, payment_id, result);
  (void)changed;
  co_return no_content();
}

Task<Result<Reply>> PaymentWebhooks::receive_stripe(Call& call) {
  const std::string& shop_id = call.path("shop_id");
  const std::optional<payments::ProviderKeys> keys = co_await accounts_.keys(shop_id, "stripe");
  if (!keys) {
    co_return fail(errc::not_found, "No such shop takes payments through Stripe.");
  }
  if (!payments::stripe_event_holds(keys->webhook_secret,
                                    call.request().header("Stripe-Signature").value_or(""),
                                    call.raw_body(), deps_.clock.now())) {
    co_return fail(bad_signature, "Stripe-Signature must hold for the endpoint's secret.");
  }
  payments::StripeEvent event = payments::stripe_event(call.body());
  if (event.shop_id == shop_id && event.captured) {
    co_await settle_stripe(std::move(event));
  } else if (event.shop_id == shop_id) {
    co_await ask_soon(std::move(event));
  }
  co_return no_content();
}

Task<void> PaymentWebhooks::settle_stripe(payments::StripeEvent event) {
  const std::optional<payments::Payment> payment =
      co_await payments::read_payment(deps_.database, event.shop_id, event.id);
  if (!payment || payment->provider != "stripe") {
    co_return;
  }
  if (event.amount != payments::stripe_amount(payment->amount, payment->currency) ||
      event.currency != to_lower(payment->currency)) {
    log::error("Stripe reports another amount than the payment's", {{"payment", event.id}});
    co_return;
  }
  const payments::ChargeResult result{.outcome = payments::Outcome::captured,
                                      .reference = event.reference};
  const bool changed = co_await flows::settle_payment(deps_, payment->shop_id, payment->id, result);
  (void)changed;
}

// The reaper asks about what is due.
Task<void> PaymentWebhooks::ask_soon(payments::StripeEvent event) {
  if (event.about == payments::StripeEvent::About::other) {
    co_return;
  }
  storage::Batch batch;
  batch.add(event.about == payments::StripeEvent::About::payment ? payment_due_sql : refund_due_sql,
            {event.shop_id, event.id, to_millis(deps_.clock.now())});
  co_await deps_.database.commit(std::move(batch));
}

}  // namespace securecart::shop::api
