#include "shop/api/admin/shops_routes.hpp"

#include <memory>
#include <utility>

#include "base/text_list.hpp"
#include "shop/api/errc.hpp"
#include "shop/api/render_accounts.hpp"
#include "shop/shops/errc.hpp"

namespace securecart::shop::api {

namespace {

std::optional<std::vector<std::string>> texts_member(const json::object& body,
                                                     std::string_view name) {
  if (!has(body, name)) {
    return std::nullopt;
  }
  return text_list(get_array(body, name));
}

shops::ShopChange change_of(const json::object& body) {
  shops::ShopChange change;
  change.name = text_member(body, "name");
  change.tagline = text_member(body, "tagline");
  change.default_currency = text_member(body, "default_currency");
  change.currencies = texts_member(body, "currencies");
  change.countries = texts_member(body, "countries");
  change.home_country = text_member(body, "home_country");
  if (body.contains("default_tax_class_id")) {
    change.default_tax_class_id = std::string(get_string_or(body, "default_tax_class_id", ""));
  }
  if (has(body, "prices_include_tax")) {
    change.prices_include_tax = get_bool(body, "prices_include_tax");
  }
  if (has(body, "tax_included_in")) {
    change.tax_included_in.emplace();
    for (const auto& [country, included] : get_object(body, "tax_included_in")) {
      change.tax_included_in->emplace(country, included.as_bool());
    }
  }
  change.contact_email = text_member(body, "contact_email");
  if (has(body, "presentation")) {
    change.presentation = get_object(body, "presentation");
  }
  return change;
}

}  // namespace

void AdminShopRoutes::mount(Operations& operations) {
  using net::Method;
  operations.add({.id = "getShopSettings",
                  .method = Method::get,
                  .path = "/v1/admin/shop",
                  .tag = "Settings",
                  .summary = "Read the shop's settings",
                  .access = Access::admin,
                  .permission = Permission::settings_read,
                  .response_schema = "AdminShop"},
                 *this, &AdminShopRoutes::get);
  operations.add({.id = "updateShopSettings",
                  .method = Method::patch,
                  .path = "/v1/admin/shop",
                  .tag = "Settings",
                  .summary = "Change the shop's settings",
                  .access = Access::admin,
                  .permission = Permission::settings_write,
                  .request_schema = "ShopUpdate",
                  .response_schema = "AdminShop",
                  .if_match = true,
                  .errors = {&shops::errc::tax_class_unknown}},
                 *this, &AdminShopRoutes::change);
  operations.add({.id = "listHosts",
                  .method = Method::get,
                  .path = "/v1/admin/hosts",
                  .tag = "Settings",
                  .summary = "List the names the shop answers under",
                  .access = Access::admin,
                  .permission = Permission::settings_read,
                  .response_schema = "Host[]"},
                 *this, &AdminShopRoutes::hosts);
  operations.add({.id = "createHost",
                  .method = Method::post,
                  .path = "/v1/admin/hosts",
                  .tag = "Settings",
                  .summary = "Let the shop answer under a name",
                  .access = Access::admin,
                  .permission = Permission::settings_write,
                  .request_schema = "HostInput",
                  .success = 201,
                  .response_schema = "Host",
                  .errors = {&shops::errc::host_taken, &shops::errc::too_many_hosts}},
                 *this, &AdminShopRoutes::add_host);
  operations.add({.id = "deleteHost",
                  .method = Method::del,
                  .path = "/v1/admin/hosts/{host}",
                  .tag = "Settings",
                  .summary = "Give a name up",
                  .access = Access::admin,
                  .permission = Permission::settings_write,
                  .success = 204,
                  .errors = {&errc::not_found}},
                 *this, &AdminShopRoutes::remove_host);
}

Task<Result<Reply>> AdminShopRoutes::get(Call& call) {
  Task<Result<std::shared_ptr<const shops::Shop>>> finding = shops_.find(call.shop());
  const Result<std::shared_ptr<const shops::Shop>> shop = co_await finding;
  if (!shop) {
    co_return std::unexpected(shop.error());
  }
  co_return reply(200, render_shop_for_admin(**shop), (*shop)->version);
}

Task<Result<Reply>> AdminShopRoutes::change(Call& call) {
  Task<Result<shops::Shop>> changing =
      shops_.change(call.shop(), call.if_match(), change_of(call.body()));
  const Result<shops::Shop> shop = co_await changing;
  if (!shop) {
    co_return std::unexpected(shop.error());
  }
  co_return reply(200, render_shop_for_admin(*shop), shop->version);
}

Task<Result<Reply>> AdminShopRoutes::hosts(Call& call) {
  Task<std::vector<std::string>> reading = shops_.hosts(call.shop());
  const std::vector<std::string> hosts = co_await reading;
  json::array items;
  for (const std::string& host : hosts) {
    items.emplace_back(json::object{{"host", host}});
  }
  co_return reply(200, render_whole_list(std::move(items)));
}

Task<Result<Reply>> AdminShopRoutes::add_host(Call& call) {
  Task<Result<std::string>> adding =
      shops_.add_host(call.shop(), std::string(get_string(call.body(), "host")));
  const Result<std::string> host = co_await adding;
  if (!host) {
    co_return std::unexpected(host.error());
  }
  const json::object rendered = {{"host", *host}};
  co_return reply(201, rendered);
}

Task<Result<Reply>> AdminShopRoutes::remove_host(Call& call) {
  Task<Result<void>> removing = shops_.remove_host(call.shop(), call.path("host"));
  const Result<void> removed = co_await removing;
  if (!removed) {
    co_return std::unexpected(removed.error());
  }
  co_return no_content();
}

}  // namespace securecart::shop::api
