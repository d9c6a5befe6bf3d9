// POST /v1/webhooks/payments/{provider}: a provider tells what became of a charge. The news goes
// the same way as every other (flows/settle_payment.hpp); a webhook that comes twice changes
// nothing.
//
// Stripe's events come in any order, late, and more than once. One that says the money is there is
// the last word and settles at once; every other is only a hint to ask, which the reaper then does.
#pragma once

#include <string>

#include "shop/api/operation.hpp"
#include "shop/flows/deps.hpp"
#include "shop/payments/accounts.hpp"
#include "shop/payments/stripe_provider.hpp"

namespace securecart::shop::api {

class PaymentWebhooks {
 public:
  // `secret` is the test provider's; Stripe's are each shop's own. All outlive this.
  PaymentWebhooks(const flows::Deps& deps, const payments::ProviderAccounts& accounts,
                  std::string secret)
      : deps_(deps), accounts_(accounts), secret_(std::move(secret)) {}
  void mount(Operations& operations);

 private:
  Task<Result<Reply>> receive(Call& call);
  Task<Result<Reply>> receive_stripe(Call& call);
  Task<void> settle_stripe(payments::StripeEvent event);
  Task<void> ask_soon(payments::StripeEvent event);

  const flows::Deps& deps_;
  const payments::ProviderAccounts& accounts_;
  const std::string secret_;
};

}  // namespace securecart::shop::api
