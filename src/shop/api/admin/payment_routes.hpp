// /v1/admin/payment-providers: who the shop takes payments through, and with which keys.
#pragma once

#include "shop/api/operation.hpp"
#include "shop/flows/deps.hpp"
#include "shop/payments/accounts.hpp"

namespace securecart::shop::api {

class PaymentProviderRoutes {
 public:
  // Both outlive this, and this the table it mounts on.
  PaymentProviderRoutes(const flows::Deps& deps, const payments::ProviderAccounts& accounts)
      : deps_(deps), accounts_(accounts) {}
  void mount(Operations& operations);

 private:
  Task<Result<Reply>> list(Call& call);
  Task<Result<Reply>> get(Call& call);
  Task<Result<Reply>> change(Call& call);

  const flows::Deps& deps_;
  const payments::ProviderAccounts& accounts_;
};

}  // namespace securecart::shop::api
