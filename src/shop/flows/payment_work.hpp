// Everything that asks a provider for money or gives some back. Three ways lead here, one state
// machine settles (settle_payment.hpp):
//
//   event order.placed, order.payment_requested -> charge -----+
//   the provider's webhook  (api/store/payment_webhooks) ------+--> settle_payment
//   reaper: what is due and not settled -> ask, else charge ---+
//
// A charge always carries the payment's key, so asking twice never charges twice; an answer that
// was lost is found again by asking for the key.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "events/consumer.hpp"
#include "shop/flows/deps.hpp"
#include "shop/payments/provider.hpp"
#include "shop/payments/store.hpp"

namespace securecart::shop::flows {

struct PaymentWorkOptions {
  std::string return_url_base;  // of the storefront: where a confirmed payment comes back to
  // Orders that nobody pays are cancelled after this long, so that their stock is on sale again.
  std::chrono::milliseconds unpaid_lifetime = std::chrono::hours(24);
};

class PaymentWork {
 public:
  PaymentWork(const Deps& deps, std::map<std::string, payments::Provider*, std::less<>> providers,
              PaymentWorkOptions options)
      : deps_(deps), providers_(std::move(providers)), options_(std::move(options)) {}

  // The provider of that name; null when this process has none.
  payments::Provider* provider(std::string_view name) const;

  // Handlers of the consumers "payments" and "refunds" (events/consumer.hpp).
  static events::EventTypes charge_events() {
    return {{"order.placed", "order.payment_requested"}};
  }
  Task<events::ConsumerOutcome> charge(const events::Event& event);
  static events::EventTypes refund_events() { return {{"order.refund_requested"}}; }
  Task<events::ConsumerOutcome> refund(const events::Event& event);

  // One round of the reaper: asks about what is due, cancels what nobody paid. Returns how much it
  // found to do. Throws Unavailable.
  Task<std::size_t> reap();

 private:
  Task<payments::ChargeResult> outcome_of(payments::Payment payment, bool order_cancelled,
                                          bool ask_first);
  payments::ChargeRequest charge_request(const payments::Payment& payment) const;
  Task<std::size_t> reap_payments();
  Task<std::size_t> reap_refunds();
  Task<std::size_t> cancel_unpaid();

  const Deps& deps_;
  std::map<std::string, payments::Provider*, std::less<>> providers_;
  PaymentWorkOptions options_;
};

}  // namespace securecart::shop::flows
