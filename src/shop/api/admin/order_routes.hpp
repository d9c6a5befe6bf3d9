// /v1/admin/orders and the ledger: what merchants see of orders and do to them.
#pragma once

#include "shop/api/change.hpp"
#include "shop/api/operation.hpp"
#include "shop/flows/deps.hpp"

namespace securecart::shop::api {

class AdminOrderRoutes {
 public:
  explicit AdminOrderRoutes(const flows::Deps& deps) : deps_(deps) {}
  void mount(Operations& operations);

 private:
  void mount_orders(Operations& operations);
  void mount_ledger(Operations& operations);

  Task<Result<Reply>> list(Call& call);
  Task<Result<Reply>> get(Call& call);
  Task<Result<Reply>> cancel(Call& call);
  Task<Result<Reply>> fulfil(Call& call);
  Task<Result<Reply>> refund(Call& call);
  Task<Result<Reply>> balances(Call& call);
  Task<Result<Reply>> transfers(Call& call);
  Task<Result<Reply>> receipts(Call& call);

  const flows::Deps& deps_;
};

}  // namespace securecart::shop::api
