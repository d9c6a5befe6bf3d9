// /v1/admin/sales: what was sold in a stretch of time, summed up for a merchant's plots.
#pragma once

#include "shop/api/operation.hpp"
#include "storage/database.hpp"

namespace securecart::shop::api {

class SalesRoutes {
 public:
  explicit SalesRoutes(storage::Database& database) : database_(database) {}
  void mount(Operations& operations);

 private:
  Task<Result<Reply>> report(Call& call);

  storage::Database& database_;
};

}  // namespace securecart::shop::api
