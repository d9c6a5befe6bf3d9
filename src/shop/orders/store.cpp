#include "shop/orders/store.hpp"

#include <cassert>

#include <boost/json/parse.hpp>

#include "shop/orders/errc.hpp"

namespace securecart::shop::orders {
namespace {

using storage::Batch;
using storage::Query;
using storage::Row;
using storage::Rows;
using storage::Value;

constexpr std::string_view order_sql =
    "SELECT number, cart_id, token_hash, customer_id, email, currency, status, payment_status, "
    "fulfilment_status, prices_include_tax, subtotal, shipping_total, tax_total, total, "
    "refunded_total, captured_total, shipping_address, billing_address, shipping_method, "
    "tax_lines, "
    "receipt, home_region, version, placed_at, updated_at, shipping_tax, tax_country FROM orders "
    "WHERE shop_id = $1 AND id = $2";
constexpr std::string_view lines_sql =
    "SELECT id, product_id, variant_id, title, variant_title, sku, image, quantity, unit_price, "
    "total, tax, fulfilled, refunded, requires_shipping FROM order_lines "
    "WHERE shop_id = $1 AND order_id = $2 ORDER BY position";
constexpr std::string_view history_sql =
    "SELECT id, at, kind, actor, detail FROM order_history "
    "WHERE shop_id = $1 AND order_id = $2 ORDER BY at, id";
constexpr std::string_view fulfilments_sql =
    "SELECT id, lines, carrier, tracking_number, tracking_url, at FROM fulfilments "
    "WHERE shop_id = $1 AND order_id = $2 ORDER BY at, id";
constexpr std::string_view payment_sql =
    "SELECT id, attempt, provider, method, status, action_url, failure FROM payments "
    "WHERE shop_id = $1 AND order_id = $2 ORDER BY attempt DESC LIMIT 1";

Value text_or_null(const std::string& text) {
  return text.empty() ? Value() : Value(text);
}
Value document_or_null(const json::value& document) {
  return document.is_null() ? Value() : Value(securecart::to_string(document));
}
json::value stored_document(const std::optional<std::string>& text) {
  return text ? json::parse(*text) : json::value(nullptr);
}
std::int64_t as_integer(bool flag) {
  return flag ? 1 : 0;
}

void read_order_row(Order& order, const Row& row) {
  order.number = row.text(0);
  order.cart_id = row.text(1);
  order.token_hash = row.text(2);
  order.customer_id = row.text_or_null(3).value_or("");
  order.email = row.text(4);
  order.currency = row.text(5);
  order.state = {parse_status(row.text(6)), parse_payment_status(row.text(7)),
                 parse_fulfilment_status(row.text(8))};
  order.prices_include_tax = row.boolean(9);
  order.subtotal = row.integer(10);
  order.shipping_total = row.integer(11);
  order.tax_total = row.integer(12);
  order.total = row.integer(13);
  order.refunded_total = row.integer(14);
  order.captured_total = row.integer(15);
  order.shipping_address = stored_document(row.text_or_null(16));
  order.billing_address = stored_document(row.text_or_null(17));
  order.shipping_method = stored_document(row.text_or_null(18));
  order.tax_lines = json::parse(row.text(19)).as_array();
  order.receipt = json::parse(row.text(20)).as_object();
  order.home_region = row.text(21);
  order.version = row.integer(22);
  order.placed_at = from_millis(row.integer(23));
  order.updated_at = from_millis(row.integer(24));
  order.shipping_tax = row.integer(25);
  order.tax_country = row.text(26);
}

Line read_line(const Row& row) {
  Line line;
  line.id = row.text(0);
  line.product_id = row.text(1);
  line.variant_id = row.text(2);
  line.title = row.text(3);
  line.variant_title = row.text(4);
  line.sku = row.text(5);
  line.image = row.text(6);
  line.quantity = row.integer(7);
  line.unit_price = row.integer(8);
  line.total = row.integer(9);
  line.tax = row.integer(10);
  line.fulfilled = row.integer(11);
  line.refunded = row.integer(12);
  line.requires_shipping = row.boolean(13);
  return line;
}

}  // namespace

void add_order(Batch& batch, const Order& order, const ErrorKind& cart_refusal) {
  batch
      .add(
          "INSERT INTO orders (shop_id, id, number, cart_id, token_hash, customer_id, email, "
          "currency, status, payment_status, fulfilment_status, prices_include_tax, subtotal, "
          "shipping_total, tax_total, total, shipping_address, billing_address, shipping_method, "
          "tax_lines, receipt, home_region, placed_at, updated_at, shipping_tax, tax_country) "
          "VALUES "
          "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, "
          "$20, $21, $22, $23, $23, $24, $25)",
          {order.shop_id,
           order.id,
           order.number,
           order.cart_id,
           order.token_hash,
           text_or_null(order.customer_id),
           order.email,
           order.currency,
           std::string(to_string(order.state.status)),
           std::string(to_string(order.state.payment)),
           std::string(to_string(order.state.fulfilment)),
           as_integer(order.prices_include_tax),
           order.subtotal,
           order.shipping_total,
           order.tax_total,
           order.total,
           document_or_null(order.shipping_address),
           document_or_null(order.billing_address),
           document_or_null(order.shipping_method),
           securecart::to_string(json::value(order.tax_lines)),
           securecart::to_string(json::value(order.receipt)),
           order.home_region,
           to_millis(order.placed_at),
           order.shipping_tax,
           order.tax_country})
      .or_refuse(cart_refusal);
  std::int64_t position = 0;
  for (const Line& line : order.lines) {
    batch.add(
        "INSERT INTO order_lines (shop_id, order_id, id, position, product_id, variant_id, title, "
        "variant_title, sku, image, quantity, unit_price, total, tax, requires_shipping) VALUES "
        "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        {order.shop_id, order.id, line.id, ++position, line.product_id, line.variant_id, line.title,
         line.variant_title, line.sku, line.image, line.quantity, line.unit_price, line.total,
         line.tax, as_integer(line.requires_shipping)});
  }
}

void add_history(Batch& batch, const Ids& ids, std::string_view shop_id, std::string_view order_id,
                 Timestamp at, std::string_view kind, std::string_view actor,
                 const json::object& detail) {
  batch.add(
      "INSERT INTO order_history (shop_id, order_id, id, at, kind, actor, detail) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7)",
      {std::string(shop_id), std::string(order_id), ids.make("his"), to_millis(at),
       std::string(kind), std::string(actor), securecart::to_string(json::value(detail))});
}

void add_change(Batch& batch, const Order& order, const Change& change, Timestamp at) {
  assert(may_change(order.state, change.state) && "the tables of states have no such move");
  batch
      .add(
          "UPDATE orders SET status = $4, payment_status = $5, fulfilment_status = $6, "
          "refunded_total = refunded_total + $7, captured_total = captured_total + $8, "
          "version = version + 1, updated_at = $9 "
          "WHERE shop_id = $1 AND id = $2 AND version = $3",
          {order.shop_id, order.id, order.version, std::string(to_string(change.state.status)),
           std::string(to_string(change.state.payment)),
           std::string(to_string(change.state.fulfilment)), change.refunded_delta,
           change.captured_delta, to_millis(at)})
      .expect(1, errc::order_changed);
}

Task<std::optional<Order>> read_order(storage::Database& database, std::string shop_id,
                                      std::string order_id) {
  std::vector<Query> queries;
  for (const std::string_view sql :
       {order_sql, lines_sql, history_sql, fulfilments_sql, payment_sql}) {
    queries.push_back({sql, {shop_id, order_id}});
  }
  const std::vector<Rows> rows = co_await database.read_all(std::move(queries));
  if (rows[0].empty()) {
    co_return std::nullopt;
  }
  Order order;
  order.shop_id = std::move(shop_id);
  order.id = std::move(order_id);
  read_order_row(order, rows[0][0]);
  for (const Row row : rows[1]) {
    order.lines.push_back(read_line(row));
  }
  for (const Row row : rows[2]) {
    order.history.push_back({row.text(0), from_millis(row.integer(1)), row.text(2), row.text(3),
                             json::parse(row.text(4)).as_object()});
  }
  for (const Row row : rows[3]) {
    order.fulfilments.push_back({row.text(0), json::parse(row.text(1)).as_array(), row.text(2),
                                 row.text(3), row.text(4), from_millis(row.integer(5))});
  }
  for (const Row row : rows[4]) {
    order.payment = PaymentView{row.text(0), row.integer(1), row.text(2), row.text(3),
                                row.text(4), row.text(5),    row.text(6)};
  }
  co_return order;
}

}  // namespace securecart::shop::orders
