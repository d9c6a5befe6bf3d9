// /v1/admin/tax-classes, tax-rates and shipping-zones.
#pragma once

#include "shop/api/operation.hpp"
#include "shop/flows/deps.hpp"

namespace securecart::shop::api {

class SettingsRoutes {
 public:
  explicit SettingsRoutes(const flows::Deps& deps) : deps_(deps) {}
  void mount(Operations& operations);

 private:
  void mount_taxes(Operations& operations);
  void mount_shipping(Operations& operations);

  Task<Result<Reply>> list_tax_classes(Call& call);
  Task<Result<Reply>> create_tax_class(Call& call);
  Task<Result<Reply>> delete_tax_class(Call& call);
  Task<Result<Reply>> list_tax_rates(Call& call);
  Task<Result<Reply>> create_tax_rate(Call& call);
  Task<Result<Reply>> delete_tax_rate(Call& call);
  Task<Result<Reply>> list_zones(Call& call);
  Task<Result<Reply>> create_zone(Call& call);
  Task<Result<Reply>> get_zone(Call& call);
  Task<Result<Reply>> replace_zone(Call& call);
  Task<Result<Reply>> delete_zone(Call& call);

  Task<Result<Reply>> show_zone(Call& call, std::string zone_id, int status);

  const flows::Deps& deps_;
};

}  // namespace securecart::shop::api
