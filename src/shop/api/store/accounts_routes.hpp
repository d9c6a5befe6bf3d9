// /v1/store/customers and /v1/store/sessions: shoppers with an account.
#pragma once

#include "shop/accounts/accounts.hpp"
#include "shop/api/operation.hpp"

namespace securecart::shop::api {

class StoreAccountRoutes {
 public:
  // `accounts` outlives this, and this the table it mounts on.
  explicit StoreAccountRoutes(accounts::Accounts& accounts) : accounts_(accounts) {}
  void mount(Operations& operations);

 private:
  void mount_addresses(Operations& operations);

  Task<Result<Reply>> enrol(Call& call);
  Task<Result<Reply>> sign_in(Call& call);
  Task<Result<Reply>> sign_out(Call& call);
  Task<Result<Reply>> me(Call& call);
  Task<Result<Reply>> change_me(Call& call);
  Task<Result<Reply>> addresses(Call& call);
  Task<Result<Reply>> add_address(Call& call);
  Task<Result<Reply>> change_address(Call& call);
  Task<Result<Reply>> remove_address(Call& call);

  accounts::Accounts& accounts_;
};

}  // namespace securecart::shop::api
