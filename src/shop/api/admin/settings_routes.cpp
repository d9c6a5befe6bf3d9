#include "shop/api/admin/settings_routes.hpp"

#include <set>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "base/text_list.hpp"
#include "shop/api/errc.hpp"
#include "shop/carts/settings.hpp"
#include "shop/shops/errc.hpp"

namespace securecart::shop::api {
namespace {

using storage::Row;
using storage::Rows;

constexpr std::int64_t most_settings = 10'000;
constexpr std::string_view tax_classes_sql =
    "SELECT c.id, c.name, CASE WHEN s.default_tax_class_id = c.id THEN 1 ELSE 0 END "
    "FROM tax_classes c JOIN shops s ON s.id = c.shop_id WHERE c.shop_id = $1 ORDER BY c.name "
    "LIMIT $2";
constexpr std::string_view tax_rates_sql =
    "SELECT id, tax_class_id, country, province, name, basis_points FROM tax_rates "
    "WHERE shop_id = $1 ORDER BY country, province, tax_class_id LIMIT $2";
constexpr std::string_view zones_sql =
    "SELECT id, name, countries, version FROM shipping_zones WHERE shop_id = $1 AND "
    "($2 = '' OR id = $2) ORDER BY name, id LIMIT $3";
constexpr std::string_view methods_sql =
    "SELECT id, zone_id, name, description, tax_class_id, bands FROM shipping_methods "
    "WHERE shop_id = $1 AND ($2 = '' OR zone_id = $2) ORDER BY position, id LIMIT $3";

json::object render_method(const Row& row) {
  return {{"id", row.text(0)},
          {"name", row.text(2)},
          {"description", row.text(3)},
          {"tax_class_id", row.is_null(4) ? json::value(nullptr) : json::value(row.text(4))},
          {"bands", json::parse(row.text(5))}};
}

json::object render_zone(const Row& row, const Rows& methods) {
  json::array list;
  for (const Row method : methods) {
    if (method.text(1) == row.text(0)) {
      list.push_back(render_method(method));
    }
  }
  return {{"id", row.text(0)},
          {"name", row.text(1)},
          {"countries", json::parse(row.text(2))},
          {"methods", std::move(list)},
          {"version", row.integer(3)}};
}

// The zone of a body, with ids for methods that bring none.
Result<carts::ShippingZoneInput> zone_of(const json::object& body, std::string id, const Ids& ids) {
  carts::ShippingZoneInput zone;
  zone.id = std::move(id);
  zone.name = get_string(body, "name");
  zone.countries = text_list(get_array(body, "countries"));
  std::vector<FieldError> wrong;
  const json::array& methods = get_array(body, "methods");
  for (std::size_t i = 0; i < methods.size(); ++i) {
    const json::object& method = methods[i].as_object();
    carts::ShippingMethodInput input;
    input.id = get_string_or(method, "id", "");
    if (input.id.empty()) {
      input.id = ids.make("ship");
    }
    input.name = get_string(method, "name");
    input.description = get_string_or(method, "description", "");
    input.tax_class_id = get_string_or(method, "tax_class_id", "");
    input.bands = get_array(method, "bands");
    const auto found = carts::check_bands(input.bands, fmt::format("/methods/{}/bands", i));
    wrong.insert(wrong.end(), found.begin(), found.end());
    zone.methods.push_back(std::move(input));
  }
  if (!wrong.empty()) {
    return fail(errc::invalid_request, "Weight bands must rise; the last may be open.",
                std::move(wrong));
  }
  return zone;
}

// Refuses the batch unless the shop has the class, and keeps it from being removed meanwhile.
void require_tax_class(storage::Batch& batch, const std::string& shop_id, const std::string& id) {
  batch.add("UPDATE tax_classes SET name = name WHERE shop_id = $1 AND id = $2", {shop_id, id})
      .expect(1, shops::errc::tax_class_unknown);
}

// In one order always: two batches that need the same classes never wait for each other.
void require_tax_classes(storage::Batch& batch, const std::string& shop_id,
                         const carts::ShippingZoneInput& zone) {
  std::set<std::string> named;
  for (const carts::ShippingMethodInput& method : zone.methods) {
    if (!method.tax_class_id.empty()) {
      named.insert(method.tax_class_id);
    }
  }
  for (const std::string& id : named) {
    require_tax_class(batch, shop_id, id);
  }
}

// Why a zone was not stored.
Error zone_refusal(const storage::Refused& refused) {
  std::string_view detail = "There is no such shipping zone.";
  if (refused.kind == &shops::errc::tax_class_unknown) {
    detail = "A shipping method names a tax class that this shop does not have.";
  } else if (refused.kind == &carts::errc::already_there) {
    detail = "A shipping method of this id exists in another zone.";
  } else if (refused.kind == &errc::version_conflict) {
    detail = "Read the zone again and repeat the change on what is there.";
  }
  return {*refused.kind, std::string(detail)};
}

// Refuses the batch unless the zone is there and as the caller read it.
void require_zone(storage::Batch& batch, const Call& call, const std::string& id) {
  batch
      .add("UPDATE shipping_zones SET name = name WHERE shop_id = $1 AND id = $2",
           {call.shop(), id})
      .expect(1, errc::not_found);
  batch
      .add(
          "UPDATE shipping_zones SET version = version + 1 "
          "WHERE shop_id = $1 AND id = $2 AND version = $3",
          {call.shop(), id, call.if_match()})
      .expect(1, errc::version_conflict);
}

}  // namespace

void SettingsRoutes::mount(Operations& operations) {
  mount_taxes(operations);
  mount_shipping(operations);
}

void SettingsRoutes::mount_taxes(Operations& operations) {
  using net::Method;
  operations.add({.id = "listTaxClasses",
                  .method = Method::get,
                  .path = "/v1/admin/tax-classes",
                  .tag = "Admin: settings",
                  .summary = "Kinds of goods that are taxed alike",
                  .access = Access::admin,
                  .permission = Permission::settings_read,
                  .response_schema = "TaxClassList"},
                 *this, &SettingsRoutes::list_tax_classes);
  operations.add({.id = "createTaxClass",
                  .method = Method::post,
                  .path = "/v1/admin/tax-classes",
                  .tag = "Admin: settings",
                  .summary = "Add a tax class",
                  .access = Access::admin,
                  .permission = Permission::settings_write,
                  .request_schema = "TaxClassInput",
                  .success = 201,
                  .response_schema = "TaxClass",
                  .errors = {&carts::errc::already_there}},
                 *this, &SettingsRoutes::create_tax_class);
  operations.add({.id = "deleteTaxClass",
                  .method = Method::del,
                  .path = "/v1/admin/tax-classes/{tax_class_id}",
                  .tag = "Admin: settings",
                  .summary = "Remove a tax class that nothing uses",
                  .access = Access::admin,
                  .permission = Permission::settings_write,
                  .success = 204,
                  .errors = {&carts::errc::still_used}},
                 *this, &SettingsRoutes::delete_tax_class);
  operations.add({.id = "listTaxRates",
                  .method = Method::get,
                  .path = "/v1/admin/tax-rates",
                  .tag = "Admin: settings",
                  .summary = "What is charged where",
                  .access = Access::admin,
                  .permission = Permission::settings_read,
                  .response_schema = "TaxRateList"},
                 *this, &SettingsRoutes::list_tax_rates);
  operations.add({.id = "createTaxRate",
                  .method = Method::post,
                  .path = "/v1/admin/tax-rates",
                  .tag = "Admin: settings",
                  .summary = "Add the rate of a class in a country or province",
                  .access = Access::admin,
                  .permission = Permission::settings_write,
                  .request_schema = "TaxRateInput",
                  .success = 201,
                  .response_schema = "TaxRate",
                  .errors = {&shops::errc::tax_class_unknown, &carts::errc::already_there}},
                 *this, &SettingsRoutes::create_tax_rate);
  operations.add({.id = "deleteTaxRate",
                  .method = Method::del,
                  .path = "/v1/admin/tax-rates/{rate_id}",
                  .tag = "Admin: settings",
                  .summary = "Remove a rate",
                  .access = Access::admin,
                  .permission = Permission::settings_write,
                  .success = 204,
                  .errors = {&errc::not_found}},
                 *this, &SettingsRoutes::delete_tax_rate);
}

void SettingsRoutes::mount_shipping(Operations& operations) {
  using net::Method;
  operations.add({.id = "listShippingZones",
                  .method = Method::get,
                  .path = "/v1/admin/shipping-zones",
                  .tag = "Admin: settings",
                  .summary = "Where the shop ships to, how, and for how much",
                  .access = Access::admin,
                  .permission = Permission::settings_read,
                  .response_schema = "ShippingZoneList"},
                 *this, &SettingsRoutes::list_zones);
  operations.add({.id = "createShippingZone",
                  .method = Method::post,
                  .path = "/v1/admin/shipping-zones",
                  .tag = "Admin: settings",
                  .summary = "Add a zone with its methods",
                  .access = Access::admin,
                  .permission = Permission::settings_write,
                  .request_schema = "ShippingZoneInput",
                  .success = 201,
                  .response_schema = "ShippingZone",
                  .errors = {&shops::errc::tax_class_unknown, &carts::errc::already_there}},
                 *this, &SettingsRoutes::create_zone);
  operations.add({.id = "getShippingZone",
                  .method = Method::get,
                  .path = "/v1/admin/shipping-zones/{zone_id}",
                  .tag = "Admin: settings",
                  .summary = "Read a zone",
                  .access = Access::admin,
                  .permission = Permission::settings_read,
                  .response_schema = "ShippingZone",
                  .errors = {&errc::not_found}},
                 *this, &SettingsRoutes::get_zone);
  operations.add(
      {.id = "replaceShippingZone",
       .method = Method::put,
       .path = "/v1/admin/shipping-zones/{zone_id}",
       .tag = "Admin: settings",
       .summary = "Change a zone and its methods",
       .description = "Methods that keep their id stay chosen in carts.",
       .access = Access::admin,
       .permission = Permission::settings_write,
       .request_schema = "ShippingZoneInput",
       .response_schema = "ShippingZone",
       .if_match = true,
       .errors = {&errc::not_found, &shops::errc::tax_class_unknown, &carts::errc::already_there}},
      *this, &SettingsRoutes::replace_zone);
  operations.add({.id = "deleteShippingZone",
                  .method = Method::del,
                  .path = "/v1/admin/shipping-zones/{zone_id}",
                  .tag = "Admin: settings",
                  .summary = "Remove a zone and its methods",
                  .access = Access::admin,
                  .permission = Permission::settings_write,
                  .success = 204,
                  .if_match = true,
                  .errors = {&errc::not_found}},
                 *this, &SettingsRoutes::delete_zone);
}

Task<Result<Reply>> SettingsRoutes::list_tax_classes(Call& call) {
  storage::Query query{tax_classes_sql, {call.shop(), most_settings}};
  const Rows rows = co_await deps_.database.read(std::move(query));
  json::array items;
  for (const Row row : rows) {
    items.push_back(
        json::object{{"id", row.text(0)}, {"name", row.text(1)}, {"is_default", row.boolean(2)}});
  }
  co_return reply(200, json::object{{"items", std::move(items)}});
}

Task<Result<Reply>> SettingsRoutes::create_tax_class(Call& call) {
  const std::string id = deps_.ids.make("tax");
  const std::string name(get_string(call.body(), "name"));
  storage::Batch batch;
  carts::add_tax_class(batch, call.shop(), id, name);
  storage::Commit outcome = co_await deps_.database.commit(std::move(batch));
  co_return settle(std::move(outcome),
                   reply(201, json::object{{"id", id}, {"name", name}, {"is_default", false}}));
}

Task<Result<Reply>> SettingsRoutes::delete_tax_class(Call& call) {
  const std::string id = call.path("tax_class_id");
  storage::Batch batch;
  batch.add("UPDATE tax_classes SET name = name WHERE shop_id = $1 AND id = $2", {call.shop(), id})
      .expect(1, errc::not_found);
  batch
      .add(
          "DELETE FROM tax_classes WHERE shop_id = $1 AND id = $2 AND NOT EXISTS "
          "(SELECT 1 FROM products p WHERE p.shop_id = $1 AND p.tax_class_id = $2) AND NOT EXISTS "
          "(SELECT 1 FROM shipping_methods m WHERE m.shop_id = $1 AND m.tax_class_id = $2) "
          "AND NOT EXISTS (SELECT 1 FROM shops s WHERE s.id = $1 AND s.default_tax_class_id = $2)",
          {call.shop(), id})
      .expect(1, carts::errc::still_used);
  flows::change_terms(batch, call.shop());
  const storage::Commit outcome = co_await deps_.database.commit(std::move(batch));
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    co_return fail(*refused->kind, "Nothing was removed.");
  }
  co_return no_content();
}

Task<Result<Reply>> SettingsRoutes::list_tax_rates(Call& call) {
  storage::Query query{tax_rates_sql, {call.shop(), most_settings}};
  const Rows rows = co_await deps_.database.read(std::move(query));
  json::array items;
  for (const Row row : rows) {
    items.push_back(json::object{{"id", row.text(0)},
                                 {"tax_class_id", row.text(1)},
                                 {"country", row.text(2)},
                                 {"province", row.text(3)},
                                 {"name", row.text(4)},
                                 {"basis_points", row.integer(5)}});
  }
  co_return reply(200, json::object{{"items", std::move(items)}});
}

Task<Result<Reply>> SettingsRoutes::create_tax_rate(Call& call) {
  const json::object& body = call.body();
  const carts::TaxRateInput rate{deps_.ids.make("rate"),
                                 std::string(get_string(body, "tax_class_id")),
                                 std::string(get_string(body, "country")),
                                 std::string(get_string_or(body, "province", "")),
                                 std::string(get_string(body, "name")),
                                 get_int(body, "basis_points")};
  storage::Batch batch;
  require_tax_class(batch, call.shop(), rate.tax_class_id);
  carts::add_tax_rate(batch, call.shop(), rate);
  flows::change_terms(batch, call.shop());
  storage::Commit outcome = co_await deps_.database.commit(std::move(batch));
  co_return settle(std::move(outcome),
                   reply(201, json::object{{"id", rate.id},
                                           {"tax_class_id", rate.tax_class_id},
                                           {"country", rate.country},
                                           {"province", rate.province},
                                           {"name", rate.name},
                                           {"basis_points", rate.basis_points}}));
}

Task<Result<Reply>> SettingsRoutes::delete_tax_rate(Call& call) {
  storage::Batch batch;
  batch
      .add("DELETE FROM tax_rates WHERE shop_id = $1 AND id = $2",
           {call.shop(), call.path("rate_id")})
      .expect(1, errc::not_found);
  flows::change_terms(batch, call.shop());
  const storage::Commit outcome = co_await deps_.database.commit(std::move(batch));
  if (std::holds_alternative<storage::Refused>(outcome)) {
    co_return fail(errc::not_found, "There is no such tax rate.");
  }
  co_return no_content();
}

Task<Result<Reply>> SettingsRoutes::list_zones(Call& call) {
  std::vector<storage::Query> queries;
  queries.push_back({zones_sql, {call.shop(), "", most_settings}});
  queries.push_back({methods_sql, {call.shop(), "", most_settings}});
  const std::vector<Rows> rows = co_await deps_.database.read_all(std::move(queries));
  json::array items;
  for (const Row row : rows[0]) {
    items.push_back(render_zone(row, rows[1]));
  }
  co_return reply(200, json::object{{"items", std::move(items)}});
}

Task<Result<Reply>> SettingsRoutes::show_zone(Call& call, std::string zone_id, int status) {
  std::vector<storage::Query> queries;
  queries.push_back({zones_sql, {call.shop(), zone_id, most_settings}});
  queries.push_back({methods_sql, {call.shop(), zone_id, most_settings}});
  const std::vector<Rows> rows = co_await deps_.database.read_all(std::move(queries));
  if (rows[0].empty()) {
    co_return fail(errc::not_found, "There is no such shipping zone.");
  }
  co_return reply(status, render_zone(rows[0][0], rows[1]), rows[0][0].integer(3));
}

Task<Result<Reply>> SettingsRoutes::create_zone(Call& call) {
  const Result<carts::ShippingZoneInput> zone =
      zone_of(call.body(), deps_.ids.make("zone"), deps_.ids);
  if (!zone) {
    co_return std::unexpected(zone.error());
  }
  storage::Batch batch;
  require_tax_classes(batch, call.shop(), *zone);
  carts::add_shipping_zone(batch, call.shop(), *zone);
  flows::change_terms(batch, call.shop());
  const storage::Commit outcome = co_await deps_.database.commit(std::move(batch));
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    co_return std::unexpected(zone_refusal(*refused));
  }
  co_return co_await show_zone(call, zone->id, 201);
}

Task<Result<Reply>> SettingsRoutes::get_zone(Call& call) {
  co_return co_await show_zone(call, call.path("zone_id"), 200);
}

Task<Result<Reply>> SettingsRoutes::replace_zone(Call& call) {
  const Result<carts::ShippingZoneInput> zone =
      zone_of(call.body(), call.path("zone_id"), deps_.ids);
  if (!zone) {
    co_return std::unexpected(zone.error());
  }
  storage::Batch batch;
  require_zone(batch, call, zone->id);
  require_tax_classes(batch, call.shop(), *zone);
  batch.add("UPDATE shipping_zones SET name = $3, countries = $4 WHERE shop_id = $1 AND id = $2",
            {call.shop(), zone->id, zone->name, store_text_list(zone->countries)});
  carts::add_zone_methods(batch, call.shop(), *zone);
  flows::change_terms(batch, call.shop());
  const storage::Commit outcome = co_await deps_.database.commit(std::move(batch));
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    co_return std::unexpected(zone_refusal(*refused));
  }
  co_return co_await show_zone(call, zone->id, 200);
}

Task<Result<Reply>> SettingsRoutes::delete_zone(Call& call) {
  const std::string id = call.path("zone_id");
  storage::Batch batch;
  require_zone(batch, call, id);
  batch.add("DELETE FROM shipping_methods WHERE shop_id = $1 AND zone_id = $2", {call.shop(), id});
  batch.add("DELETE FROM shipping_zones WHERE shop_id = $1 AND id = $2", {call.shop(), id});
  flows::change_terms(batch, call.shop());
  const storage::Commit outcome = co_await deps_.database.commit(std::move(batch));
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    co_return std::unexpected(zone_refusal(*refused));
  }
  co_return no_content();
}

}  // namespace securecart::shop::api
