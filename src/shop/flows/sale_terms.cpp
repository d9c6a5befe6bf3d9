#include "shop/flows/sale_terms.hpp"

#include <algorithm>

#include <boost/json/parse.hpp>

#include "base/json.hpp"
#include "base/text_list.hpp"
#include "shop/functions/store.hpp"
#include "shop/payments/accounts.hpp"

namespace securecart::shop::flows {
namespace {

using storage::Query;
using storage::Row;
using storage::Rows;

constexpr std::string_view shop_sql =
    "SELECT terms_version, prices_include_tax, default_tax_class_id, home_country, currencies, "
    "countries, tax_included_in, default_currency FROM shops WHERE id = $1";
constexpr std::string_view fallback_sql =
    "SELECT id FROM locations WHERE shop_id = $1 ORDER BY priority, id LIMIT 1";
constexpr std::string_view rates_sql =
    "SELECT tax_class_id, country, province, name, basis_points FROM tax_rates WHERE shop_id = $1";
constexpr std::string_view zones_sql =
    "SELECT id, countries FROM shipping_zones WHERE shop_id = $1 ORDER BY id";
constexpr std::string_view methods_sql =
    "SELECT id, zone_id, name, description, tax_class_id, bands FROM shipping_methods "
    "WHERE shop_id = $1 ORDER BY position, id";

carts::ShippingBand band_of(const json::object& stored) {
  carts::ShippingBand band;
  if (has(stored, "max_grams")) {
    band.max_grams = get_int(stored, "max_grams");
  }
  for (const auto& price : get_object(stored, "prices")) {
    band.prices.emplace_back(price.key(), price.value().as_int64());
  }
  return band;
}

ShippingMethod method_of(const Row& row) {
  ShippingMethod method{
      row.text(0), row.text(1), row.text(2), row.text(3), row.text_or_null(4).value_or(""), {}};
  const json::value bands = json::parse(row.text(5));
  for (const json::value& band : bands.as_array()) {
    method.bands.push_back(band_of(band.as_object()));
  }
  return method;
}

}  // namespace

std::string_view SaleTerms::tax_country(std::string_view country) const {
  return country.empty() ? std::string_view(home_country) : country;
}

bool SaleTerms::tax_included(std::string_view country) const {
  const auto found = tax_included_in.find(tax_country(country));
  return found != tax_included_in.end() ? found->second : prices_include_tax;
}

std::optional<carts::TaxRate> SaleTerms::tax_rate(std::string_view tax_class_id,
                                                  std::string_view country,
                                                  std::string_view province) const {
  const std::string_view wanted = tax_class_id.empty() ? default_tax_class_id : tax_class_id;
  const std::string_view place = tax_country(country);
  const Rate* best = nullptr;
  for (const Rate& rate : rates) {
    const bool applies = rate.tax_class_id == wanted && rate.country == place &&
                         (rate.province.empty() || rate.province == province);
    // A province's own rate stands before the country's.
    if (applies && (best == nullptr || !rate.province.empty())) {
      best = &rate;
    }
  }
  return best != nullptr ? std::optional(best->rate) : std::nullopt;
}

bool SaleTerms::takes_payments_by(std::string_view provider) const {
  return std::ranges::find(payment_providers, provider) != payment_providers.end();
}

std::string_view SaleTerms::zone_for(std::string_view country) const {
  std::string_view rest;
  for (const Zone& zone : zones) {
    for (const std::string& name : zone.countries) {
      if (name == country) {
        return zone.id;
      }
      if (name == "*") {
        rest = zone.id;
      }
    }
  }
  return rest;
}

void change_terms(storage::Batch& batch, const std::string& shop_id) {
  batch.add("UPDATE shops SET terms_version = terms_version + 1 WHERE id = $1", {shop_id});
}

Task<std::shared_ptr<const SaleTerms>> read_terms(storage::Database& database,
                                                  std::string shop_id) {
  std::vector<Query> queries;
  for (const std::string_view sql :
       {shop_sql, fallback_sql, rates_sql, zones_sql, methods_sql, payments::accounts_sql}) {
    queries.push_back({sql, {shop_id}});
  }
  queries.push_back({functions::active_sql, {shop_id, std::string(functions::before_completion)}});
  const std::vector<Rows> rows = co_await database.read_all(std::move(queries));
  if (rows[0].empty()) {
    co_return nullptr;
  }
  const Row shop = rows[0][0];
  auto terms = std::make_shared<SaleTerms>();
  terms->version = shop.integer(0);
  terms->prices_include_tax = shop.boolean(1);
  terms->default_tax_class_id = shop.text_or_null(2).value_or("");
  terms->home_country = shop.text(3);
  terms->currencies = stored_text_list(shop.text(4));
  terms->countries = stored_text_list(shop.text(5));
  terms->default_currency = shop.text(7);
  const json::value exceptions = json::parse(shop.text(6));
  for (const auto& [country, included] : exceptions.as_object()) {
    terms->tax_included_in.emplace(country, included.as_bool());
  }
  terms->fallback_location = rows[1].empty() ? "" : rows[1][0].text(0);
  for (const Row row : rows[2]) {
    terms->rates.push_back({row.text(0), row.text(1), row.text(2), {row.text(3), row.integer(4)}});
  }
  for (const Row row : rows[3]) {
    terms->zones.push_back({row.text(0), stored_text_list(row.text(1))});
  }
  for (const Row row : rows[4]) {
    terms->methods.push_back(method_of(row));
  }
  terms->payment_providers.clear();
  for (const auto& account : payments::accepted(payments::accounts_of(rows[5], shop_id))) {
    terms->payment_providers.push_back(account.provider);
  }
  terms->functions = functions::active_of(rows[6]);
  co_return terms;
}

}  // namespace securecart::shop::flows
