#include "shop/api/store/payment_webhooks.hpp"

#include "shop/api/errc.hpp"
#include "shop/flows/settle_payment.hpp"
#include "shop/payments/test_provider.hpp"
#include "shop/payments/webhook.hpp"

namespace securecart::shop::api {
namespace {

// The signature does not hold, or the time in it is not now.
inline constexpr ErrorKind bad_signature{"bad_signature", 401,
                                         "The webhook's signature does not hold."};

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

}  // namespace securecart::shop::api
