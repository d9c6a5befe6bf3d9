#include "shop/api/render_accounts.hpp"

#include <utility>

#include "base/text_list.hpp"
#include "shop/api/cursor.hpp"
#include "shop/api/render.hpp"

namespace securecart::shop::api {

namespace {

json::object render_settings(const shops::Shop& shop) {
  const shops::ShopSettings& settings = shop.settings;
  return {{"id", shop.id},
          {"name", settings.name},
          {"tagline", settings.tagline},
          {"currencies", json_list(settings.currencies)},
          {"default_currency", settings.default_currency},
          {"countries", json_list(settings.countries)},
          {"home_country", settings.home_country},
          {"prices_include_tax", settings.prices_include_tax},
          {"tax_included_in", shops::tax_exceptions(settings)},
          {"contact_email", settings.contact_email},
          {"presentation", settings.presentation}};
}

}  // namespace

json::object render_customer(const accounts::Customer& customer) {
  return {{"id", customer.id},
          {"email", customer.email},
          {"name", customer.name},
          {"created_at", format_rfc3339(customer.created_at)}};
}

json::object render_customer_for_admin(const accounts::Customer& customer) {
  json::object rendered = render_customer(customer);
  rendered["version"] = customer.version;
  return rendered;
}

json::object render_customer_address(const accounts::CustomerAddress& address) {
  json::object rendered = {{"id", address.id}};
  for (const json::key_value_pair& member : accounts::to_json(address.address)) {
    rendered.insert(member);
  }
  rendered["created_at"] = format_rfc3339(address.created_at);
  return rendered;
}

json::object render_staff(const accounts::StaffMember& member) {
  return {{"id", member.id},
          {"email", member.email},
          {"name", member.name},
          {"role", accounts::to_string(member.role)},
          {"disabled", member.disabled},
          {"version", member.version},
          {"created_at", format_rfc3339(member.created_at)}};
}

json::object render_api_key(const accounts::ApiKey& key) {
  json::object rendered = {{"id", key.id},         {"kind", accounts::to_string(key.kind)},
                           {"name", key.name},     {"prefix", key.prefix},
                           {"role", nullptr},      {"created_at", format_rfc3339(key.created_at)},
                           {"revoked_at", nullptr}};
  if (key.role) {
    rendered["role"] = accounts::to_string(*key.role);
  }
  if (key.revoked_at) {
    rendered["revoked_at"] = format_rfc3339(*key.revoked_at);
  }
  return rendered;
}

json::object render_session(const accounts::IssuedSession& session) {
  return {{"token", session.token}, {"expires_at", format_rfc3339(session.expires_at)}};
}

json::object render_shop(const shops::Shop& shop, bool test_payments) {
  json::object rendered = render_settings(shop);
  rendered["test_payments"] = test_payments;
  return rendered;
}

json::object render_shop_for_admin(const shops::Shop& shop) {
  json::object rendered = render_settings(shop);
  rendered["default_tax_class_id"] = text_or_null(shop.settings.default_tax_class_id);
  rendered["version"] = shop.version;
  rendered["created_at"] = format_rfc3339(shop.created_at);
  return rendered;
}

json::object render_page(json::array items, std::string_view list,
                         const std::optional<accounts::Position>& next) {
  json::object page = render_whole_list(std::move(items));
  if (next) {
    CursorKeys keys;
    keys.emplace_back(next->at);
    keys.emplace_back(next->id);
    page["next_cursor"] = encode_cursor(list, keys);
  }
  return page;
}

json::object render_whole_list(json::array items) {
  return {{"items", std::move(items)}, {"next_cursor", nullptr}};
}

Result<std::optional<accounts::Position>> position_of(const Call& call, std::string_view list) {
  Result<std::optional<CursorKeys>> keys = cursor_of(call, list, "is");
  if (!keys) {
    return std::unexpected(std::move(keys.error()));
  }
  if (!*keys) {
    return std::nullopt;
  }
  return accounts::Position{integer_at(**keys, 0), text_at(**keys, 1)};
}

std::optional<std::string> text_member(const json::object& body, std::string_view name) {
  if (!has(body, name)) {
    return std::nullopt;
  }
  return std::string(get_string(body, name));
}

}  // namespace securecart::shop::api
