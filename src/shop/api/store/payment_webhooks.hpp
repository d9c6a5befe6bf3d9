// POST /v1/webhooks/payments/{provider}: a provider tells what became of a charge. The news goes
// the same way as every other (flows/settle_payment.hpp); a webhook that comes twice changes
// nothing.
#pragma once

#include <string>

#include "shop/api/operation.hpp"
#include "shop/flows/deps.hpp"

namespace securecart::shop::api {

class PaymentWebhooks {
 public:
  PaymentWebhooks(const flows::Deps& deps, std::string secret)
      : deps_(deps), secret_(std::move(secret)) {}
  void mount(Operations& operations);

 private:
  Task<Result<Reply>> receive(Call& call);

  const flows::Deps& deps_;
  const std::string secret_;
};

}  // namespace securecart::shop::api
