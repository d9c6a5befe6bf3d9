#include "shop/api/order_list.hpp"

#include <limits>

#include "base/text.hpp"
#include "shop/api/cursor.hpp"

namespace securecart::shop::api {
namespace {

// One statement for each way in, so that each has its index; the other filters narrow it down.
#define SECURECART_ORDER_SUMMARY                                                                \
  "SELECT id, number, cart_id, customer_id, status, payment_status, fulfilment_status, email, " \
  "currency, total, placed_at, version FROM orders WHERE shop_id = $1 AND "                     \
  "(placed_at < $2 OR (placed_at = $2 AND id < $3)) AND placed_at > $4 AND "                    \
  "($5 = '' OR payment_status = $5) AND ($6 = '' OR fulfilment_status = $6) AND "               \
  "($7 = '' OR status = $7) AND ($8 = '' OR customer_id = $8) AND "                             \
  "($9 = '' OR number LIKE upper($9) || '%' OR email LIKE $10 || '%') "
constexpr std::string_view all_sql =
    SECURECART_ORDER_SUMMARY "ORDER BY placed_at DESC, id DESC LIMIT $11";
constexpr std::string_view status_sql =
    SECURECART_ORDER_SUMMARY "AND status = $7 ORDER BY placed_at DESC, id DESC LIMIT $11";
constexpr std::string_view customer_sql =
    SECURECART_ORDER_SUMMARY "AND customer_id = $8 ORDER BY placed_at DESC, id DESC LIMIT $11";

std::string_view statement_for(const OrderFilter& filter) {
  if (!filter.customer_id.empty()) {
    return customer_sql;
  }
  return filter.status.empty() ? all_sql : status_sql;
}

json::object render_summary(const storage::Row& row) {
  return {{"id", row.text(0)},
          {"number", row.text(1)},
          {"cart_id", row.text(2)},
          {"customer_id", row.is_null(3) ? json::value(nullptr) : json::value(row.text(3))},
          {"status", row.text(4)},
          {"payment_status", row.text(5)},
          {"fulfilment_status", row.text(6)},
          {"email", row.text(7)},
          {"currency", row.text(8)},
          {"total", row.integer(9)},
          {"placed_at", format_rfc3339(from_millis(row.integer(10)))},
          {"version", row.integer(11)}};
}

// LIKE without its wildcards: people search for what they typed.
std::string without_wildcards(std::string text) {
  std::erase_if(text, [](char c) { return c == '%' || c == '_' || c == '\\'; });
  return text;
}

}  // namespace

Task<Result<Reply>> list_orders(storage::Database& database, Call& call, OrderFilter filter) {
  const Result<std::optional<CursorKeys>> cursor = cursor_of(call, "orders/newest", "is");
  if (!cursor) {
    co_return std::unexpected(cursor.error());
  }
  const std::int64_t before =
      *cursor ? integer_at(**cursor, 0) : std::numeric_limits<std::int64_t>::max();
  const std::string before_id = *cursor ? text_at(**cursor, 1) : "";
  const std::string text = without_wildcards(filter.text);
  const auto limit = static_cast<std::int64_t>(call.limit());
  storage::Query query{statement_for(filter),
                       {call.shop(), before, before_id, filter.placed_after, filter.payment_status,
                        filter.fulfilment_status, filter.status, filter.customer_id, text,
                        to_lower(text), limit + 1}};
  const storage::Rows rows = co_await database.read(std::move(query), storage::Freshness::replica);
  json::array items;
  json::value next = nullptr;
  for (const storage::Row row : rows) {
    if (static_cast<std::int64_t>(items.size()) == limit) {
      const storage::Row last = rows[items.size() - 1];
      next = encode_cursor("orders/newest", {last.integer(10), last.text(0)});
      break;
    }
    items.push_back(render_summary(row));
  }
  co_return reply(200, json::object{{"items", std::move(items)}, {"next_cursor", std::move(next)}});
}

}  // namespace securecart::shop::api
