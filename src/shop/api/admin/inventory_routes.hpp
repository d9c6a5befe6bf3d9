// /v1/admin/locations and /v1/admin/inventory: what is where, and its ledger of movements.
#pragma once

#include "shop/api/operation.hpp"
#include "shop/flows/deps.hpp"

namespace securecart::shop::api {

class InventoryRoutes {
 public:
  explicit InventoryRoutes(const flows::Deps& deps) : deps_(deps) {}
  void mount(Operations& operations);

 private:
  void mount_locations(Operations& operations);
  void mount_levels(Operations& operations);

  Task<Result<Reply>> list_locations(Call& call);
  Task<Result<Reply>> create_location(Call& call);
  Task<Result<Reply>> update_location(Call& call);
  Task<Result<Reply>> list_levels(Call& call);
  Task<Result<Reply>> item_levels(Call& call);
  Task<Result<Reply>> adjust(Call& call);
  Task<Result<Reply>> transfer(Call& call);
  Task<Result<Reply>> list_movements(Call& call);

  const flows::Deps& deps_;
};

}  // namespace securecart::shop::api
