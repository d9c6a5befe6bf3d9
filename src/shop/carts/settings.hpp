// What a shop's taxes and shipping are made of, as statements. Used by the admin API and by
// seeding.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/errors.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"
#include "storage/database.hpp"

namespace securecart::shop::carts {

namespace errc {
// Something of the shop still uses it, or it was never there.
inline constexpr ErrorKind still_used{"still_used", 409, "Something of the shop still uses this."};
// There is one of that name, or for that place, already.
inline constexpr ErrorKind already_there{"already_there", 409, "There is one for this already."};
}  // namespace errc

struct TaxRateInput {
  std::string id;
  std::string tax_class_id;
  std::string country;
  std::string province;  // empty: the whole country
  std::string name;
  std::int64_t basis_points = 0;
};
// Refuse with errc::already_there.
void add_tax_class(storage::Batch& batch, const std::string& shop_id, const std::string& id,
                   const std::string& name);
void add_tax_rate(storage::Batch& batch, const std::string& shop_id, const TaxRateInput& rate);

struct ShippingMethodInput {
  std::string id;
  std::string name;
  std::string description;
  std::string tax_class_id;  // empty: the shop's default
  json::array bands;         // {"max_grams"?, "prices": {"EUR": 490}}, rising
};
struct ShippingZoneInput {
  std::string id;
  std::string name;
  std::vector<std::string> countries;  // "*": every country no other zone names
  std::vector<ShippingMethodInput> methods;
};
// Bands must rise and only the last may be open. Empty: they are fine; else what is wrong, by JSON
// pointer below `where`.
std::vector<FieldError> check_bands(const json::array& bands, const std::string& where);
void add_shipping_zone(storage::Batch& batch, const std::string& shop_id,
                       const ShippingZoneInput& zone);
// The zone's methods become exactly these; those that keep their id keep being chosen by carts.
void add_zone_methods(storage::Batch& batch, const std::string& shop_id,
                      const ShippingZoneInput& zone);

}  // namespace securecart::shop::carts
