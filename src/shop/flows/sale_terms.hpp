// What a shop sells on: currencies, countries, taxes, shipping, ways to pay, its own checks. It
// decides what every cart costs and changes a few times a year, so it is kept in memory.
//
// A kept copy is never trusted by its age: shops.terms_version grows in the same batch as any
// change (change_terms), is read with the cart in one snapshot, and a copy of another version is
// not used. So it is right in every process, also when another one made the change.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shop/carts/pricing.hpp"
#include "shop/functions/model.hpp"
#include "storage/cache/read_cache.hpp"
#include "storage/database.hpp"

namespace securecart::shop::flows {

struct ShippingMethod {
  std::string id;
  std::string zone_id;
  std::string name;
  std::string description;
  std::string tax_class_id;  // empty: the shop's default
  std::vector<carts::ShippingBand> bands;
};

struct SaleTerms {
  struct Rate {
    std::string tax_class_id;
    std::string country;
    std::string province;  // empty: the whole country
    carts::TaxRate rate;
  };
  struct Zone {
    std::string id;
    std::vector<std::string> countries;
  };

  std::int64_t version = 0;
  bool prices_include_tax = true;
  std::map<std::string, bool, std::less<>> tax_included_in;  // by country, where it is otherwise
  std::string default_tax_class_id;
  std::string home_country;  // taxes of a cart whose address is not known yet
  std::string default_currency;
  std::vector<std::string> currencies;
  std::vector<std::string> countries;
  std::string fallback_location;
  std::vector<Rate> rates;
  std::vector<Zone> zones;
  std::vector<ShippingMethod> methods;                 // in the order they are offered
  std::vector<std::string> payment_providers{"test"};  // those the shop takes payments through

  std::vector<functions::ActiveFunction> functions;  // to be asked before an order is placed

  bool takes_payments_by(std::string_view provider) const;

  // Whose taxes apply to what goes to `country`: its own; the shop's, while that is empty.
  std::string_view tax_country(std::string_view country) const;
  // Whether the listed prices contain the tax of this destination, or have it on top.
  bool tax_included(std::string_view country) const;
  // Of a class (empty: the default one) at a destination.
  std::optional<carts::TaxRate> tax_rate(std::string_view tax_class_id, std::string_view country,
                                         std::string_view province) const;
  // The zone that ships to the country: the one that names it, else the one that takes every other
  // ('*'), else empty.
  std::string_view zone_for(std::string_view country) const;
};

// Belongs into every batch that changes what SaleTerms holds.
void change_terms(storage::Batch& batch, const std::string& shop_id);

// Reads them from the database. Null: no such shop.
Task<std::shared_ptr<const SaleTerms>> read_terms(storage::Database& database, std::string shop_id);

using TermsCache = storage::ReadCache<SaleTerms>;

}  // namespace securecart::shop::flows
