#include "shop/carts/settings.hpp"

#include <fmt/format.h>

#include "base/text_list.hpp"

namespace securecart::shop::carts {
namespace {

storage::Value text_or_null(const std::string& text) {
  return text.empty() ? storage::Value() : storage::Value(text);
}

}  // namespace

void add_tax_class(storage::Batch& batch, const std::string& shop_id, const std::string& id,
                   const std::string& name) {
  batch.add("INSERT INTO tax_classes (shop_id, id, name) VALUES ($1, $2, $3)", {shop_id, id, name})
      .or_refuse(errc::already_there);
}

void add_tax_rate(storage::Batch& batch, const std::string& shop_id, const TaxRateInput& rate) {
  batch
      .add(
          "INSERT INTO tax_rates (shop_id, id, tax_class_id, country, province, name, "
          "basis_points) VALUES ($1, $2, $3, $4, $5, $6, $7)",
          {shop_id, rate.id, rate.tax_class_id, rate.country, rate.province, rate.name,
           rate.basis_points})
      .or_refuse(errc::already_there);
}

std::vector<FieldError> check_bands(const json::array& bands, const std::string& where) {
  std::vector<FieldError> wrong;
  std::int64_t below = -1;
  for (std::size_t i = 0; i < bands.size(); ++i) {
    const json::object& band = bands[i].as_object();
    const bool last = i + 1 == bands.size();
    if (!has(band, "max_grams")) {
      if (!last) {
        wrong.push_back({fmt::format("{}/{}/max_grams", where, i), "only the last may be open"});
      }
      continue;
    }
    const std::int64_t grams = get_int(band, "max_grams");
    if (grams <= below) {
      wrong.push_back({fmt::format("{}/{}/max_grams", where, i), "must rise from band to band"});
    }
    below = grams;
  }
  return wrong;
}

void add_shipping_zone(storage::Batch& batch, const std::string& shop_id,
                       const ShippingZoneInput& zone) {
  batch.add("INSERT INTO shipping_zones (shop_id, id, name, countries) VALUES ($1, $2, $3, $4)",
            {shop_id, zone.id, zone.name, store_text_list(zone.countries)});
  add_zone_methods(batch, shop_id, zone);
}

void add_zone_methods(storage::Batch& batch, const std::string& shop_id,
                      const ShippingZoneInput& zone) {
  batch.add("DELETE FROM shipping_methods WHERE shop_id = $1 AND zone_id = $2", {shop_id, zone.id});
  std::int64_t position = 0;
  for (const ShippingMethodInput& method : zone.methods) {
    batch
        .add(
            "INSERT INTO shipping_methods (shop_id, id, zone_id, name, description, bands, "
            "tax_class_id, position) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            {shop_id, method.id, zone.id, method.name, method.description,
             to_string(json::value(method.bands)), text_or_null(method.tax_class_id), ++position})
        .or_refuse(errc::already_there);
  }
}

}  // namespace securecart::shop::carts
