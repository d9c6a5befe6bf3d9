#include "shop/api/admin/sales_routes.hpp"

#include "base/clock.hpp"
#include "shop/api/errc.hpp"
#include "shop/api/limits.hpp"

namespace securecart::shop::api {
namespace {

using storage::Row;
using storage::Rows;

constexpr std::int64_t latest_time = 253'402'300'799'999;  // the end of the year 9999

// A cancelled order was no sale. Slots are counted from the beginning of the stretch, so that a day
// begins where the merchant's does.
constexpr std::string_view slots_sql =
    "SELECT (placed_at - $2) / $4 AS slot, currency, COUNT(*), CAST(SUM(total) AS BIGINT), "
    "CAST(SUM(refunded_total) AS BIGINT) FROM orders WHERE shop_id = $1 AND placed_at >= $2 AND "
    "placed_at < $3 AND status <> 'cancelled' GROUP BY slot, currency ORDER BY slot, currency";
constexpr std::string_view products_sql =
    "SELECT l.product_id, MIN(l.title), o.currency, CAST(SUM(l.quantity) AS BIGINT) AS units, "
    "CAST(SUM(l.total) AS BIGINT) FROM orders o JOIN order_lines l ON l.shop_id = o.shop_id AND "
    "l.order_id = o.id WHERE o.shop_id = $1 AND o.placed_at >= $2 AND o.placed_at < $3 AND "
    "o.status <> 'cancelled' GROUP BY l.product_id, o.currency "
    "ORDER BY units DESC, l.product_id, o.currency LIMIT $4";

struct Stretch {
  std::int64_t from_ms = 0;
  std::int64_t until_ms = 0;
  std::int64_t slot_ms = 0;
};

Result<Stretch> stretch_of(const Call& call) {
  constexpr std::int64_t hour_ms = 3'600'000;
  const std::string interval = call.query("interval").value_or("hour");
  const Stretch stretch{call.query_int("from").value_or(0), call.query_int("until").value_or(0),
                        interval == "day" ? 24 * hour_ms : hour_ms};
  if (stretch.from_ms >= stretch.until_ms) {
    return fail(errc::invalid_request, "The stretch ends before it begins.",
                {{"query.until", "must be later than `from`"}});
  }
  const std::int64_t slots =
      (stretch.until_ms - stretch.from_ms + stretch.slot_ms - 1) / stretch.slot_ms;
  if (slots > limits::sales_slots) {
    return fail(errc::invalid_request, "The stretch is too long for this interval.",
                {{"query.until", "must be at most " + std::to_string(limits::sales_slots) +
                                     " intervals after `from`"}});
  }
  return stretch;
}

Parameter time_parameter(std::string_view name, std::string_view description) {
  return {.name = name,
          .type = Parameter::Type::integer,
          .description = description,
          .required = true,
          .minimum = 0,
          .maximum = latest_time};
}

json::array render_slots(const Rows& rows, const Stretch& stretch) {
  json::array items;
  for (const Row row : rows) {
    const std::int64_t begins = stretch.from_ms + row.integer(0) * stretch.slot_ms;
    items.push_back(json::object{{"at", format_rfc3339(from_millis(begins))},
                                 {"currency", row.text(1)},
                                 {"orders", row.integer(2)},
                                 {"total", row.integer(3)},
                                 {"refunded", row.integer(4)}});
  }
  return items;
}

json::array render_products(const Rows& rows) {
  json::array products;
  for (const Row row : rows) {
    products.push_back(json::object{{"product_id", row.text(0)},
                                    {"title", row.text(1)},
                                    {"currency", row.text(2)},
                                    {"quantity", row.integer(3)},
                                    {"total", row.integer(4)}});
  }
  return products;
}

}  // namespace

void SalesRoutes::mount(Operations& operations) {
  operations.add(
      {.id = "getSales",
       .method = net::Method::get,
       .path = "/v1/admin/sales",
       .tag = "Admin: orders",
       .summary = "What was sold, by hour or day",
       .description = "Sums of orders that were placed from `from` until before `until` and were "
                      "not cancelled, for each currency. A slot without a sale is left out. "
                      "`products` are those of which most units were sold.",
       .access = Access::admin,
       .permission = Permission::orders_read,
       .query = {time_parameter("from", "The beginning (milliseconds since 1970 UTC)."),
                 time_parameter("until", "The end, not included (milliseconds since 1970 UTC)."),
                 {.name = "interval",
                  .description = "How long a slot is; the first begins at `from`. An hour when "
                                 "left out.",
                  .choices = {"hour", "day"}}},
       .response_schema = "SalesReport"},
      *this, &SalesRoutes::report);
}

Task<Result<Reply>> SalesRoutes::report(Call& call) {
  const Result<Stretch> stretch = stretch_of(call);
  if (!stretch) {
    co_return std::unexpected(stretch.error());
  }
  storage::Query slots{slots_sql,
                       {call.shop(), stretch->from_ms, stretch->until_ms, stretch->slot_ms}};
  const Rows sums = co_await database_.read(std::move(slots), storage::Freshness::replica);
  storage::Query products{
      products_sql, {call.shop(), stretch->from_ms, stretch->until_ms, limits::sales_products}};
  const Rows best = co_await database_.read(std::move(products), storage::Freshness::replica);
  co_return reply(200, json::object{{"from", format_rfc3339(from_millis(stretch->from_ms))},
                                    {"until", format_rfc3339(from_millis(stretch->until_ms))},
                                    {"interval", call.query("interval").value_or("hour")},
                                    {"items", render_slots(sums, *stretch)},
                                    {"products", render_products(best)}});
}

}  // namespace securecart::shop::api
