// /v1/admin/sessions, /me, /staff, /api-keys and /customers: who may enter a shop, and who bought.
#pragma once

#include "shop/accounts/accounts.hpp"
#include "shop/api/operation.hpp"
#include "shop/flows/deps.hpp"

namespace securecart::shop::api {

class AdminAccountRoutes {
 public:
  // Both outlive this, and this the table it mounts on.
  AdminAccountRoutes(const flows::Deps& deps, accounts::Accounts& accounts)
      : deps_(deps), accounts_(accounts) {}
  void mount(Operations& operations);

 private:
  void mount_sessions(Operations& operations);
  void mount_staff(Operations& operations);
  void mount_api_keys(Operations& operations);
  void mount_customers(Operations& operations);

  Task<Result<Reply>> sign_in(Call& call);
  Task<Result<Reply>> sign_out(Call& call);
  Task<Result<Reply>> me(Call& call);

  Task<Result<Reply>> list_staff(Call& call);
  Task<Result<Reply>> add_staff(Call& call);
  Task<Result<Reply>> get_staff(Call& call);
  Task<Result<Reply>> change_staff(Call& call);

  Task<Result<Reply>> list_api_keys(Call& call);
  Task<Result<Reply>> add_api_key(Call& call);
  Task<Result<Reply>> revoke_api_key(Call& call);

  Task<Result<Reply>> list_customers(Call& call);
  Task<Result<Reply>> get_customer(Call& call);
  Task<Result<Reply>> change_customer(Call& call);
  Task<Result<Reply>> erase_customer(Call& call);

  const flows::Deps& deps_;
  accounts::Accounts& accounts_;
};

}  // namespace securecart::shop::api
