// /v1/store/carts: carts, their lines, and the completion that makes them orders.
#pragma once

#include "shop/api/operation.hpp"
#include "shop/flows/cart_snapshot.hpp"
#include "shop/flows/deps.hpp"
#include "shop/flows/receipt_keys.hpp"

namespace securecart::shop::api {

class CartRoutes {
 public:
  CartRoutes(const flows::Deps& deps, flows::ReceiptKeys& keys) : deps_(deps), keys_(keys) {}
  void mount(Operations& operations);

 private:
  Task<Result<Reply>> create(Call& call);
  Task<Result<Reply>> get(Call& call);
  Task<Result<Reply>> update(Call& call);
  Task<Result<Reply>> add_line(Call& call);
  Task<Result<Reply>> set_line(Call& call);
  Task<Result<Reply>> remove_line(Call& call);
  Task<Result<Reply>> add_code(Call& call);
  Task<Result<Reply>> remove_code(Call& call);
  Task<Result<Reply>> shipping_methods(Call& call);
  Task<Result<Reply>> complete(Call& call);

  // The cart of the path, when the caller holds its token or is its signed-in owner. Everyone else
  // is told that there is none.
  Task<Result<flows::CartSnapshot>> find(Call& call);
  Task<Result<Reply>> show(Call& call);
  Task<Result<Reply>> changed(Call& call, Result<std::monostate> outcome);
  Task<Result<Reply>> existing_order(Call& call, std::string order_id, std::string token);

  const flows::Deps& deps_;
  flows::ReceiptKeys& keys_;
};

}  // namespace securecart::shop::api
