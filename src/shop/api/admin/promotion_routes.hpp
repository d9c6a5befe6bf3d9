// /v1/admin/promotions: what the shop takes off its prices.
#pragma once

#include "shop/api/operation.hpp"
#include "shop/flows/deps.hpp"

namespace securecart::shop::api {

class PromotionRoutes {
 public:
  explicit PromotionRoutes(const flows::Deps& deps) : deps_(deps) {}
  void mount(Operations& operations);

 private:
  Task<Result<Reply>> list(Call& call);
  Task<Result<Reply>> create(Call& call);
  Task<Result<Reply>> get(Call& call);
  Task<Result<Reply>> change(Call& call);
  Task<Result<Reply>> remove(Call& call);

  Task<Result<Reply>> show(Call& call, std::string promotion_id, int status);
  // Whether one more may be added, or switched on.
  Task<std::optional<Error>> refuse_number(std::string shop_id, bool another, bool automatic);

  const flows::Deps& deps_;
};

}  // namespace securecart::shop::api
