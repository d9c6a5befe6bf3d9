// A shop: a tenant of the installation, with what its storefront needs to know about it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/json.hpp"
#include "base/limits.hpp"

namespace securecart::shop::shops {

// What the merchant decides.
struct ShopSettings {
  std::string name;
  std::string tagline;
  std::string default_currency;         // ISO 4217; empty: the first of currencies
  std::vector<std::string> currencies;  // default first
  std::vector<std::string> countries;   // ISO 3166-1 alpha-2: where it ships to
  std::string home_country;             // taxes of a cart without an address; empty: the first
  std::string default_tax_class_id;     // may be empty
  bool prices_include_tax = true;       // where tax_included_in says nothing else
  // By destination, ISO 3166-1 alpha-2: whether the listed prices contain the destination's tax. A
  // shop may include it at home and add it abroad.
  std::map<std::string, bool> tax_included_in;
  std::string contact_email;  // may be empty
  json::object presentation;  // the storefront's own: logo, hero, texts
};

// tax_included_in as it is stored and shown: {"US": false}.
json::object tax_exceptions(const ShopSettings& settings);

struct Shop {
  std::string id;  // shop_
  ShopSettings settings;
  std::int64_t version = 1;
  Timestamp created_at;
};

// Absent members stay.
struct ShopChange {
  std::optional<std::string> name;
  std::optional<std::string> tagline;
  std::optional<std::string> default_currency;
  std::optional<std::vector<std::string>> currencies;
  std::optional<std::vector<std::string>> countries;
  std::optional<std::string> home_country;
  std::optional<std::string> default_tax_class_id;
  std::optional<bool> prices_include_tax;
  std::optional<std::map<std::string, bool>> tax_included_in;  // the whole map
  std::optional<std::string> contact_email;
  std::optional<json::object> presentation;
};
ShopSettings changed(ShopSettings settings, ShopChange change);

// Fills defaults, drops doubles, puts the default currency first. Error: invalid_request, with a
// pointer to what is wrong: no name, no or unknown currency, a country that is not two capital
// letters (also in tax_included_in), a default currency that is not among the currencies, a
// presentation beyond
// limits::metadata_bytes.
Result<ShopSettings> normalise(ShopSettings settings);

// A host name without port as browsers send it: lower case; letters, digits, dots and hyphens, or
// an IPv6 address in brackets. Error: invalid_request at /host.
Result<std::string> normalise_host(std::string_view text);

// A key receipts are signed with, as the world may know it.
struct PublicReceiptKey {
  std::string id;          // rkey_
  std::string public_key;  // base64url, Ed25519
  Timestamp created_at;
};

}  // namespace securecart::shop::shops
