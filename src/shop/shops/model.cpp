#include "shop/shops/model.hpp"

#include <algorithm>
#include <utility>

#include "base/limits.hpp"
#include "base/money.hpp"
#include "base/text.hpp"
#include "shop/shops/errc.hpp"
#include "shop/shops/limits.hpp"

namespace securecart::shop::shops {

namespace {

std::unexpected<Error> refuse(std::string where, std::string_view what) {
  std::string detail = std::string(where).append(" ").append(what);
  std::vector<FieldError> fields;
  fields.push_back({std::move(where), std::string(what)});
  return fail(errc::invalid_request, std::move(detail), std::move(fields));
}

bool is_country(std::string_view code) {
  return code.size() == 2 && std::ranges::all_of(code, [](char c) { return c >= 'A' && c <= 'Z'; });
}

// The first of equals stays where it is.
void drop_doubles(std::vector<std::string>& texts) {
  std::vector<std::string> kept;
  for (std::string& text : texts) {
    if (std::ranges::find(kept, text) == kept.end()) {
      kept.push_back(std::move(text));
    }
  }
  texts = std::move(kept);
}

Result<void> check_line(std::string& text, std::string where) {
  text = trim(text);
  if (text.size() > limits::text_bytes) {
    return refuse(std::move(where),
                  "has more than " + std::to_string(limits::text_bytes) + " bytes.");
  }
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
  if (std::ranges::any_of(text, is_control)) {
    return refuse(std::move(where), "has a control character.");
  }
  return {};
}

Result<void> check_currencies(ShopSettings& settings) {
  drop_doubles(settings.currencies);
  if (settings.currencies.empty() || settings.currencies.size() > limits::shop_currencies) {
    return refuse("/currencies",
                  "must name 1 to " + std::to_string(limits::shop_currencies) + " currencies.");
  }
  for (std::size_t i = 0; i < settings.currencies.size(); ++i) {
    if (!Currency::parse(settings.currencies[i])) {
      return refuse("/currencies/" + std::to_string(i), "is not a currency of ISO 4217.");
    }
  }
  if (settings.default_currency.empty()) {
    settings.default_currency = settings.currencies.front();
  }
  const auto found = std::ranges::find(settings.currencies, settings.default_currency);
  if (found == settings.currencies.end()) {
    return refuse("/default_currency", "is not one of the shop's currencies.");
  }
  std::rotate(settings.currencies.begin(), found, found + 1);
  return {};
}

Result<void> check_countries(ShopSettings& settings) {
  drop_doubles(settings.countries);
  if (settings.countries.empty() || settings.countries.size() > limits::shop_countries) {
    return refuse("/countries",
                  "must name 1 to " + std::to_string(limits::shop_countries) + " countries.");
  }
  for (std::size_t i = 0; i < settings.countries.size(); ++i) {
    if (!is_country(settings.countries[i])) {
      return refuse("/countries/" + std::to_string(i), "is not an ISO 3166-1 code.");
    }
  }
  if (settings.home_country.empty()) {
    settings.home_country = settings.countries.front();
  }
  if (!is_country(settings.home_country)) {
    return refuse("/home_country", "is not an ISO 3166-1 code.");
  }
  if (settings.tax_included_in.size() > limits::shop_countries) {
    return refuse("/tax_included_in",
                  "may name " + std::to_string(limits::shop_countries) + " countries.");
  }
  for (const auto& [country, included] : settings.tax_included_in) {
    if (!is_country(country)) {
      return refuse("/tax_included_in/" + country, "is not an ISO 3166-1 code.");
    }
  }
  return {};
}

template <class T>
void replace(T& member, std::optional<T>& with) {
  if (with) {
    member = std::move(*with);
  }
}

bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > limits::text_bytes || text.front() == '.' ||
      text.back() == '.' || text.find("..") != std::string_view::npos) {
    return false;
  }
  if (text.front() == '[') {
    const std::string_view inside = text.substr(1, text.size() - 2);
    return text.back() == ']' && inside.find(':') != std::string_view::npos &&
           inside.find_first_not_of("0123456789abcdef:.") == std::string_view::npos;
  }
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string_view::npos;
}

}  // namespace

json::object tax_exceptions(const ShopSettings& settings) {
  json::object exceptions;
  for (const auto& [country, included] : settings.tax_included_in) {
    exceptions[country] = included;
  }
  return exceptions;
}

ShopSettings changed(ShopSettings settings, ShopChange change) {
  replace(settings.name, change.name);
  replace(settings.tagline, change.tagline);
  replace(settings.currencies, change.currencies);
  replace(settings.default_currency, change.default_currency);
  replace(settings.countries, change.countries);
  replace(settings.home_country, change.home_country);
  replace(settings.default_tax_class_id, change.default_tax_class_id);
  replace(settings.prices_include_tax, change.prices_include_tax);
  replace(settings.tax_included_in, change.tax_included_in);
  replace(settings.contact_email, change.contact_email);
  replace(settings.presentation, change.presentation);
  return settings;
}

Result<ShopSettings> normalise(ShopSettings settings) {
  for (const auto& [text, where] :
       {std::pair(&settings.name, "/name"), std::pair(&settings.tagline, "/tagline"),
        std::pair(&settings.contact_email, "/contact_email")}) {
    if (Result<void> checked = check_line(*text, where); !checked) {
      return std::unexpected(std::move(checked.error()));
    }
  }
  if (settings.name.empty()) {
    return refuse("/name", "must not be empty.");
  }
  if (!settings.contact_email.empty() && settings.contact_email.find('@') == std::string::npos) {
    return refuse("/contact_email", "is not an e-mail address.");
  }
  if (Result<void> checked = check_currencies(settings); !checked) {
    return std::unexpected(std::move(checked.error()));
  }
  if (Result<void> checked = check_countries(settings); !checked) {
    return std::unexpected(std::move(checked.error()));
  }
  if (to_string(settings.presentation).size() > limits::metadata_bytes) {
    return refuse("/presentation",
                  "has more than " + std::to_string(limits::metadata_bytes) + " bytes.");
  }
  return settings;
}

Result<std::string> normalise_host(std::string_view text) {
  std::string host = to_lower(trim(text));
  if (!is_host_name(host)) {
    return refuse("/host", "is not a host name without a port.");
  }
  return host;
}

}  // namespace securecart::shop::shops
