// /v1/store/shop and /v1/store/receipt-keys: what a storefront knows about its shop.
#pragma once

#include "shop/api/operation.hpp"
#include "shop/shops/shops.hpp"

namespace securecart::shop::api {

class StoreShopRoutes {
 public:
  // `test_payments`: the test provider is there to take the shop's orders. `shops` outlives this,
  // and this the table it mounts on.
  StoreShopRoutes(shops::Shops& shops, storage::Database& database, bool test_payments)
      : shops_(shops), database_(database), test_payments_(test_payments) {}
  void mount(Operations& operations);

 private:
  Task<Result<Reply>> get(Call& call);
  Task<Result<Reply>> receipt_keys(Call& call);

  shops::Shops& shops_;
  storage::Database& database_;
  const bool test_payments_;
};

}  // namespace securecart::shop::api
