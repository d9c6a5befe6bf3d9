// /v1/admin/functions: the shop's own checks of orders, their versions, their runs; and the orders
// they hold.
#pragma once

#include "shop/api/operation.hpp"
#include "shop/flows/deps.hpp"
#include "shop/functions/model.hpp"

namespace securecart::shop::api {

class FunctionRoutes {
 public:
  explicit FunctionRoutes(const flows::Deps& deps) : deps_(deps) {}
  void mount(Operations& operations);

 private:
  void mount_functions(Operations& operations);
  void mount_versions(Operations& operations);
  void mount_reviews(Operations& operations);

  Task<Result<Reply>> list(Call& call);
  Task<Result<Reply>> create(Call& call);
  Task<Result<Reply>> get(Call& call);
  Task<Result<Reply>> change(Call& call);
  Task<Result<Reply>> versions(Call& call);
  Task<Result<Reply>> add_version(Call& call);
  Task<Result<Reply>> get_version(Call& call);
  Task<Result<Reply>> try_out(Call& call);
  Task<Result<Reply>> runs(Call& call);
  Task<Result<Reply>> reviews(Call& call);
  Task<Result<Reply>> release(Call& call);

  Task<Result<functions::Function>> find(Call& call);
  Task<std::optional<Error>> check_source(std::string source);
  Task<Result<Reply>> show(Call& call, std::string function_id, int status);

  const flows::Deps& deps_;
};

}  // namespace securecart::shop::api
