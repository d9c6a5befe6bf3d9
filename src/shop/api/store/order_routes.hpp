// /v1/store/orders: a shopper follows an order, pays again, cancels it, keeps its receipt.
#pragma once

#include "shop/api/operation.hpp"
#include "shop/flows/change_order.hpp"
#include "shop/flows/deps.hpp"

namespace securecart::shop::api {

class OrderRoutes {
 public:
  explicit OrderRoutes(const flows::Deps& deps) : deps_(deps) {}
  void mount(Operations& operations);

 private:
  Task<Result<Reply>> get(Call& call);
  Task<Result<Reply>> mine(Call& call);
  Task<Result<Reply>> pay(Call& call);
  Task<Result<Reply>> cancel(Call& call);
  Task<Result<Reply>> receipt(Call& call);

  // The order of the path, when the caller holds its token or placed it signed in. Everyone else is
  // told that there is none.
  Task<Result<orders::Order>> find(Call& call);

  const flows::Deps& deps_;
};

}  // namespace securecart::shop::api
