#include "shop/api/admin/inventory_routes.hpp"

#include <limits>

#include "shop/api/cursor.hpp"
#include "shop/api/errc.hpp"
#include "shop/inventory/errc.hpp"
#include "shop/inventory/holds.hpp"

namespace securecart::shop::api {
namespace {

using storage::Row;
using storage::Rows;

constexpr std::int64_t most_locations = 1'000;

constexpr std::string_view item_sql =
    "SELECT id FROM inventory_items WHERE shop_id = $1 AND id = $2";
constexpr std::string_view locations_sql =
    "SELECT id, name, priority, version FROM locations WHERE shop_id = $1 "
    "ORDER BY priority, id LIMIT $2";
constexpr std::string_view location_sql =
    "SELECT id, name, priority, version FROM locations WHERE shop_id = $1 AND id = $2";
#define SECURECART_LEVEL_COLUMNS                                                                  \
  "SELECT l.item_id, i.sku, l.location_id, l.on_hand, COALESCE(a.granted, 0), "                   \
  "COALESCE(a.reserved, 0), COALESCE(a.sold, 0), COALESCE(a.backordered, 0) FROM stock_levels l " \
  "JOIN inventory_items i ON i.shop_id = l.shop_id AND i.id = l.item_id "                         \
  "LEFT JOIN allotments a ON a.shop_id = l.shop_id AND a.item_id = l.item_id AND "                \
  "a.location_id = l.location_id AND a.region = $2 WHERE l.shop_id = $1 "
constexpr std::string_view item_levels_sql =
    SECURECART_LEVEL_COLUMNS "AND l.item_id = $3 ORDER BY l.location_id";
constexpr std::string_view levels_sql = SECURECART_LEVEL_COLUMNS
    "AND (l.item_id, l.location_id) > ($3, $4) AND ($5 = '' OR i.sku = $5) AND "
    "($6 = '' OR l.location_id = $6) AND ($7 = '' OR l.item_id = $7) "
    "ORDER BY l.item_id, l.location_id LIMIT $8";
constexpr std::string_view movements_sql =
    "SELECT id, item_id, location_id, kind, on_hand, granted, reserved, sold, backordered, "
    "order_id, actor, reason, at FROM stock_movements WHERE shop_id = $1 AND item_id = $2 AND "
    "(at < $3 OR (at = $3 AND id < $4)) ORDER BY at DESC, id DESC LIMIT $5";

json::object render_location(const Row& row) {
  return {{"id", row.text(0)},
          {"name", row.text(1)},
          {"priority", row.integer(2)},
          {"version", row.integer(3)}};
}

json::object render_level(const Row& row) {
  const std::int64_t available = row.integer(4) - row.integer(5) - row.integer(6);
  return {{"item_id", row.text(0)},     {"sku", row.text(1)},
          {"location_id", row.text(2)}, {"on_hand", row.integer(3)},
          {"granted", row.integer(4)},  {"reserved", row.integer(5)},
          {"sold", row.integer(6)},     {"backordered", row.integer(7)},
          {"available", available}};
}

json::object render_movement(const Row& row) {
  return {{"id", row.text(0)},
          {"item_id", row.text(1)},
          {"location_id", row.text(2)},
          {"kind", row.text(3)},
          {"on_hand", row.integer(4)},
          {"granted", row.integer(5)},
          {"reserved", row.integer(6)},
          {"sold", row.integer(7)},
          {"backordered", row.integer(8)},
          {"order_id", row.is_null(9) ? json::value(nullptr) : json::value(row.text(9))},
          {"actor", row.text(10)},
          {"reason", row.text(11)},
          {"at", format_rfc3339(from_millis(row.integer(12)))}};
}

Parameter text_filter(std::string_view name, std::string_view description) {
  return {.name = name, .description = description, .maximum = 255};
}

Error unknown_stock() {
  return {errc::not_found, "There is no such item or location in this shop."};
}

// Levels of one item, as the answer to changing it: read after the commit.
json::object levels_body(const Rows& rows) {
  json::array items;
  for (const Row row : rows) {
    items.push_back(render_level(row));
  }
  return {{"items", std::move(items)}};
}

}  // namespace

void InventoryRoutes::mount(Operations& operations) {
  mount_locations(operations);
  mount_levels(operations);
}

void InventoryRoutes::mount_locations(Operations& operations) {
  using net::Method;
  operations.add({.id = "listLocations",
                  .method = Method::get,
                  .path = "/v1/admin/locations",
                  .tag = "Admin: inventory",
                  .summary = "Where stock is kept, first choice first",
                  .access = Access::admin,
                  .permission = Permission::inventory_read,
                  .response_schema = "LocationList"},
                 *this, &InventoryRoutes::list_locations);
  operations.add({.id = "createLocation",
                  .method = Method::post,
                  .path = "/v1/admin/locations",
                  .tag = "Admin: inventory",
                  .summary = "Add a location",
                  .access = Access::admin,
                  .permission = Permission::settings_write,
                  .request_schema = "LocationInput",
                  .success = 201,
                  .response_schema = "Location",
                  .errors = {&inventory::errc::location_name_taken}},
                 *this, &InventoryRoutes::create_location);
  operations.add({.id = "updateLocation",
                  .method = Method::patch,
                  .path = "/v1/admin/locations/{location_id}",
                  .tag = "Admin: inventory",
                  .summary = "Rename a location or change its priority",
                  .access = Access::admin,
                  .permission = Permission::settings_write,
                  .request_schema = "LocationUpdate",
                  .response_schema = "Location",
                  .if_match = true,
                  .errors = {&errc::not_found, &inventory::errc::location_name_taken}},
                 *this, &InventoryRoutes::update_location);
}

void InventoryRoutes::mount_levels(Operations& operations) {
  using net::Method;
  operations.add({.id = "listStockLevels",
                  .method = Method::get,
                  .path = "/v1/admin/inventory",
                  .tag = "Admin: inventory",
                  .summary = "Stock by item and location",
                  .access = Access::admin,
                  .permission = Permission::inventory_read,
                  .query = page_parameters({text_filter("sku", "Only items of this SKU."),
                                            text_filter("location_id", "Only this location."),
                                            text_filter("item_id", "Only this item.")}),
                  .response_schema = "StockLevel[]"},
                 *this, &InventoryRoutes::list_levels);
  operations.add({.id = "getStockLevels",
                  .method = Method::get,
                  .path = "/v1/admin/inventory/{item_id}",
                  .tag = "Admin: inventory",
                  .summary = "The stock of one item at every location",
                  .access = Access::admin,
                  .permission = Permission::inventory_read,
                  .response_schema = "StockLevelList",
                  .errors = {&errc::not_found}},
                 *this, &InventoryRoutes::item_levels);
  operations.add(
      {.id = "adjustStock",
       .method = Method::post,
       .path = "/v1/admin/inventory/{item_id}/adjustments",
       .tag = "Admin: inventory",
       .summary = "Receive goods or correct a count, by difference",
       .description = "Differences add up whatever else happens at the same time; setting a number "
                      "would overwrite what was sold since it was counted.",
       .access = Access::admin,
       .permission = Permission::inventory_write,
       .request_schema = "StockAdjustment",
       .success = 201,
       .response_schema = "StockMovementReceipt",
       .idempotent = true,
       .errors = {&errc::not_found, &inventory::errc::stock_below_zero,
                  &inventory::errc::stock_reserved}},
      *this, &InventoryRoutes::adjust);
  operations.add({.id = "transferStock",
                  .method = Method::post,
                  .path = "/v1/admin/inventory/{item_id}/transfers",
                  .tag = "Admin: inventory",
                  .summary = "Move units from one location to another",
                  .access = Access::admin,
                  .permission = Permission::inventory_write,
                  .request_schema = "StockTransfer",
                  .success = 201,
                  .response_schema = "StockMovementReceipt",
                  .idempotent = true,
                  .errors = {&errc::not_found, &inventory::errc::stock_below_zero,
                             &inventory::errc::stock_reserved}},
                 *this, &InventoryRoutes::transfer);
  operations.add({.id = "listStockMovements",
                  .method = Method::get,
                  .path = "/v1/admin/inventory/{item_id}/movements",
                  .tag = "Admin: inventory",
                  .summary = "The ledger of an item's stock, newest first",
                  .access = Access::admin,
                  .permission = Permission::inventory_read,
                  .query = page_parameters(),
                  .response_schema = "StockMovement[]",
                  .errors = {&errc::not_found}},
                 *this, &InventoryRoutes::list_movements);
}

Task<Result<Reply>> InventoryRoutes::list_locations(Call& call) {
  storage::Query query{locations_sql, {call.shop(), most_locations}};
  const Rows rows = co_await deps_.database.read(std::move(query));
  json::array items;
  for (const Row row : rows) {
    items.push_back(render_location(row));
  }
  co_return reply(200, json::object{{"items", std::move(items)}});
}

Task<Result<Reply>> InventoryRoutes::create_location(Call& call) {
  const std::string id = deps_.ids.make("loc");
  const std::string name(get_string(call.body(), "name"));
  const std::int64_t priority = get_int_or(call.body(), "priority", 0);
  storage::Batch batch;
  batch
      .add("INSERT INTO locations (shop_id, id, name, priority) VALUES ($1, $2, $3, $4)",
           {call.shop(), id, name, priority})
      .or_refuse(inventory::errc::location_name_taken);
  flows::change_terms(batch, call.shop());
  storage::Commit outcome = co_await deps_.database.commit(std::move(batch));
  const json::object body{{"id", id}, {"name", name}, {"priority", priority}, {"version", 1}};
  co_return settle(std::move(outcome), reply(201, body, 1));
}

Task<Result<Reply>> InventoryRoutes::update_location(Call& call) {
  const std::string id = call.path("location_id");
  const json::object& body = call.body();
  storage::Value name;
  storage::Value priority;
  if (has(body, "name")) {
    name = std::string(get_string(body, "name"));
  }
  if (has(body, "priority")) {
    priority = get_int(body, "priority");
  }
  storage::Batch batch;
  batch
      .add("UPDATE locations SET priority = priority WHERE shop_id = $1 AND id = $2",
           {call.shop(), id})
      .expect(1, errc::not_found);
  batch
      .add(
          "UPDATE locations SET version = version + 1 WHERE shop_id = $1 AND id = $2 AND "
          "version = $3",
          {call.shop(), id, call.if_match()})
      .expect(1, errc::version_conflict);
  batch
      .add(
          "UPDATE locations SET name = COALESCE($3, name), priority = COALESCE($4, priority) "
          "WHERE shop_id = $1 AND id = $2",
          {call.shop(), id, name, priority})
      .or_refuse(inventory::errc::location_name_taken);
  flows::change_terms(batch, call.shop());
  const storage::Commit outcome = co_await deps_.database.commit(std::move(batch));
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    co_return fail(*refused->kind, "Nothing was changed.");
  }
  storage::Query query{location_sql, {call.shop(), id}};
  const Rows rows = co_await deps_.database.read(std::move(query));
  co_return reply(200, render_location(rows[0]), rows[0].integer(3));
}

Task<Result<Reply>> InventoryRoutes::list_levels(Call& call) {
  const auto cursor = cursor_of(call, "inventory", "ss");
  if (!cursor) {
    co_return std::unexpected(cursor.error());
  }
  const auto limit = static_cast<std::int64_t>(call.limit());
  storage::Query query{
      levels_sql,
      {call.shop(), deps_.region, *cursor ? text_at(**cursor, 0) : std::string(),
       *cursor ? text_at(**cursor, 1) : std::string(), call.query("sku").value_or(""),
       call.query("location_id").value_or(""), call.query("item_id").value_or(""), limit + 1}};
  const Rows rows = co_await deps_.database.read(std::move(query), storage::Freshness::replica);
  json::object body = levels_body(rows);
  json::array& items = body["items"].as_array();
  json::value next = nullptr;
  if (static_cast<std::int64_t>(items.size()) > limit) {
    items.pop_back();
    const Row last = rows[items.size() - 1];
    next = encode_cursor("inventory", {last.text(0), last.text(2)});
  }
  body["next_cursor"] = std::move(next);
  co_return reply(200, body);
}

Task<Result<Reply>> InventoryRoutes::item_levels(Call& call) {
  std::vector<storage::Query> queries;
  queries.push_back({item_sql, {call.shop(), call.path("item_id")}});
  queries.push_back({item_levels_sql, {call.shop(), deps_.region, call.path("item_id")}});
  const std::vector<Rows> rows = co_await deps_.database.read_all(std::move(queries));
  if (rows[0].empty()) {
    co_return std::unexpected(unknown_stock());
  }
  co_return reply(200, levels_body(rows[1]));
}

Task<Result<Reply>> InventoryRoutes::adjust(Call& call) {
  const json::object& body = call.body();
  const std::string item = call.path("item_id");
  const inventory::Adjustment adjustment{item, std::string(get_string(body, "location_id")),
                                         get_int(body, "delta"),
                                         std::string(get_string_or(body, "kind", "adjust"))};
  const inventory::MovementContext context{.shop_id = call.shop(),
                                           .region = deps_.region,
                                           .order_id = "",
                                           .actor = call.caller().actor,
                                           .reason = std::string(get_string_or(body, "reason", "")),
                                           .at = deps_.clock.now()};
  Reply answer = reply(201, json::object{{"item_id", item},
                                         {"location_id", adjustment.location_id},
                                         {"delta", adjustment.delta}});
  storage::Batch batch;
  batch.key = call.batch_key(answer);
  batch
      .add(
          "UPDATE inventory_items SET sku = sku WHERE shop_id = $1 AND id = $2 AND EXISTS "
          "(SELECT 1 FROM locations WHERE shop_id = $1 AND id = $3)",
          {call.shop(), item, adjustment.location_id})
      .expect(1, errc::not_found);
  inventory::add_adjustment(batch, deps_.ids, context, adjustment);
  batch.event("stock.changed", call.shop(), item,
              to_string(json::value(json::object{{"location_id", adjustment.location_id},
                                                 {"delta", adjustment.delta}})));
  storage::Commit outcome = co_await deps_.database.commit(std::move(batch));
  co_return settle(std::move(outcome), std::move(answer));
}

Task<Result<Reply>> InventoryRoutes::transfer(Call& call) {
  const json::object& body = call.body();
  const std::string item = call.path("item_id");
  const std::string from(get_string(body, "from_location_id"));
  const std::string to(get_string(body, "to_location_id"));
  const std::int64_t quantity = get_int(body, "quantity");
  if (from == to) {
    co_return fail(errc::invalid_request, "A transfer goes from one location to another.",
                   {{"/to_location_id", "must differ from from_location_id"}});
  }
  const inventory::MovementContext context{.shop_id = call.shop(),
                                           .region = deps_.region,
                                           .order_id = "",
                                           .actor = call.caller().actor,
                                           .reason = std::string(get_string_or(body, "reason", "")),
                                           .at = deps_.clock.now()};
  Reply answer =
      reply(201, json::object{{"item_id", item}, {"location_id", to}, {"delta", quantity}});
  storage::Batch batch;
  batch.key = call.batch_key(answer);
  batch
      .add(
          "UPDATE inventory_items SET sku = sku WHERE shop_id = $1 AND id = $2 AND "
          "(SELECT COUNT(*) FROM locations WHERE shop_id = $1 AND id IN ($3, $4)) = 2",
          {call.shop(), item, from, to})
      .expect(1, errc::not_found);
  inventory::add_adjustment(batch, deps_.ids, context, {item, from, -quantity, "transfer"});
  inventory::add_adjustment(batch, deps_.ids, context, {item, to, quantity, "transfer"});
  batch.event("stock.changed", call.shop(), item,
              to_string(json::value(json::object{
                  {"from_location_id", from}, {"to_location_id", to}, {"quantity", quantity}})));
  storage::Commit outcome = co_await deps_.database.commit(std::move(batch));
  co_return settle(std::move(outcome), std::move(answer));
}

Task<Result<Reply>> InventoryRoutes::list_movements(Call& call) {
  const auto cursor = cursor_of(call, "movements", "is");
  if (!cursor) {
    co_return std::unexpected(cursor.error());
  }
  const auto limit = static_cast<std::int64_t>(call.limit());
  std::vector<storage::Query> queries;
  queries.push_back({item_sql, {call.shop(), call.path("item_id")}});
  queries.push_back({movements_sql,
                     {call.shop(), call.path("item_id"),
                      *cursor ? integer_at(**cursor, 0) : std::numeric_limits<std::int64_t>::max(),
                      *cursor ? text_at(**cursor, 1) : std::string(), limit + 1}});
  const std::vector<Rows> found =
      co_await deps_.database.read_all(std::move(queries), storage::Freshness::replica);
  if (found[0].empty()) {
    co_return std::unexpected(unknown_stock());
  }
  const Rows& rows = found[1];
  json::array items;
  for (const Row row : rows) {
    items.push_back(render_movement(row));
  }
  json::value next = nullptr;
  if (static_cast<std::int64_t>(items.size()) > limit) {
    items.pop_back();
    const Row last = rows[items.size() - 1];
    next = encode_cursor("movements", {last.integer(12), last.text(0)});
  }
  co_return reply(200, json::object{{"items", std::move(items)}, {"next_cursor", std::move(next)}});
}

}  // namespace securecart::shop::api
