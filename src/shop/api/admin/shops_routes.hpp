// /v1/admin/shop and /v1/admin/hosts: the merchant's settings.
#pragma once

#include "shop/api/operation.hpp"
#include "shop/shops/shops.hpp"

namespace securecart::shop::api {

class AdminShopRoutes {
 public:
  // `shops` outlives this, and this the table it mounts on.
  explicit AdminShopRoutes(shops::Shops& shops) : shops_(shops) {}
  void mount(Operations& operations);

 private:
  Task<Result<Reply>> get(Call& call);
  Task<Result<Reply>> change(Call& call);
  Task<Result<Reply>> hosts(Call& call);
  Task<Result<Reply>> add_host(Call& call);
  Task<Result<Reply>> remove_host(Call& call);

  shops::Shops& shops_;
};

}  // namespace securecart::shop::api
