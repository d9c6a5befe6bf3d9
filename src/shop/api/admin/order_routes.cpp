#include "shop/api/admin/order_routes.hpp"

#include <boost/json/parse.hpp>

#include "shop/api/cursor.hpp"
#include "shop/api/errc.hpp"
#include "shop/api/order_list.hpp"
#include "shop/api/render.hpp"
#include "shop/inventory/errc.hpp"
#include "shop/orders/errc.hpp"

namespace securecart::shop::api {
namespace {

using storage::Row;
using storage::Rows;

#define SECURECART_TRANSFER_COLUMNS                                       \
  "SELECT id, journal_id, debit, credit, currency, amount, order_id, at " \
  "FROM ledger_transfers WHERE shop_id = $1 "
constexpr std::string_view order_transfers_sql =
    SECURECART_TRANSFER_COLUMNS "AND order_id = $2 AND id > $3 ORDER BY id LIMIT $4";
constexpr std::string_view transfers_sql =
    SECURECART_TRANSFER_COLUMNS "AND id > $2 ORDER BY id LIMIT $3";
constexpr std::string_view balances_sql =
    "SELECT account, currency, SUM(amount) FROM ("
    "SELECT debit AS account, currency, amount FROM ledger_transfers WHERE shop_id = $1 UNION ALL "
    "SELECT credit, currency, -amount FROM ledger_transfers WHERE shop_id = $1) entries "
    "GROUP BY account, currency ORDER BY account, currency";
constexpr std::string_view receipts_sql =
    "SELECT sequence, previous, digest, entry FROM receipt_chain "
    "WHERE shop_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3";

json::object render_transfer(const Row& row) {
  return {{"id", row.text(0)},
          {"journal_id", row.text(1)},
          {"debit", row.text(2)},
          {"credit", row.text(3)},
          {"currency", row.text(4)},
          {"amount", row.integer(5)},
          {"order_id", row.is_null(6) ? json::value(nullptr) : json::value(row.text(6))},
          {"at", format_rfc3339(from_millis(row.integer(7)))}};
}

json::object render_payment(const payments::Payment& payment) {
  return {{"id", payment.id},
          {"attempt", payment.attempt},
          {"provider", payment.provider},
          {"provider_key", payment.provider_key},
          {"provider_reference", payment.provider_reference},
          {"method", payment.method},
          {"currency", payment.currency},
          {"amount", payment.amount},
          {"status", payment.status},
          {"failure", payment.failure},
          {"created_at", format_rfc3339(payment.created_at)},
          {"updated_at", format_rfc3339(payment.updated_at)}};
}

json::object render_refund(const payments::Refund& refund) {
  return {{"id", refund.id},
          {"payment_id", refund.payment_id},
          {"amount", refund.amount},
          {"reason", refund.reason},
          {"lines", json::parse(refund.lines)},
          {"status", refund.status},
          {"failure", refund.failure},
          {"created_at", format_rfc3339(refund.created_at)},
          {"updated_at", format_rfc3339(refund.updated_at)}};
}

json::object render_review(const functions::Review& review) {
  return {{"status", review.status},
          {"flags", review.flags},
          {"created_at", format_rfc3339(review.created_at)},
          {"decided_by",
           review.decided_by.empty() ? json::value(nullptr) : json::value(review.decided_by)},
          {"decided_at", review.decided_at ? json::value(format_rfc3339(*review.decided_at))
                                           : json::value(nullptr)}};
}

json::object render_admin_order(const flows::OrderSnapshot& snapshot, const Rows& transfers) {
  const orders::Order& order = snapshot.order;
  json::object rendered = render_order(order);
  json::array payment_list;
  for (const payments::Payment& payment : snapshot.payments) {
    payment_list.push_back(render_payment(payment));
  }
  json::array refund_list;
  for (const payments::Refund& refund : snapshot.refunds) {
    refund_list.push_back(render_refund(refund));
  }
  json::array holds;
  for (const inventory::Hold& hold : snapshot.holds) {
    holds.push_back(json::object{{"line_id", hold.line_id},
                                 {"item_id", hold.item_id},
                                 {"location_id", hold.location_id},
                                 {"quantity", hold.units},
                                 {"backordered", hold.backordered}});
  }
  json::array transfer_list;
  for (const Row row : transfers) {
    transfer_list.push_back(render_transfer(row));
  }
  rendered["cart_id"] = order.cart_id;
  rendered["customer_id"] =
      order.customer_id.empty() ? json::value(nullptr) : json::value(order.customer_id);
  rendered["captured_total"] = order.captured_total;
  rendered["home_region"] = order.home_region;
  rendered["payments"] = std::move(payment_list);
  rendered["refunds"] = std::move(refund_list);
  rendered["reservations"] = std::move(holds);
  rendered["transfers"] = std::move(transfer_list);
  rendered["review"] =
      snapshot.review ? json::value(render_review(*snapshot.review)) : json::value(nullptr);
  return rendered;
}

std::vector<flows::LineQuantity> lines_of(const json::object& body) {
  std::vector<flows::LineQuantity> lines;
  if (has(body, "lines")) {
    for (const json::value& line : get_array(body, "lines")) {
      lines.push_back({std::string(get_string(line.as_object(), "line_id")),
                       get_int(line.as_object(), "quantity")});
    }
  }
  return lines;
}

std::string text_of(const json::object& body, std::string_view name) {
  return std::string(get_string_or(body, name, ""));
}

OrderAnswer answer_with(int status) {
  return [status](const flows::OrderPlan& plan) {
    return reply(status, render_order(plan.order), plan.order.version);
  };
}

}  // namespace

void AdminOrderRoutes::mount(Operations& operations) {
  mount_orders(operations);
  mount_ledger(operations);
}

void AdminOrderRoutes::mount_orders(Operations& operations) {
  using net::Method;
  using Type = Parameter::Type;
  operations.add(
      {.id = "listOrders",
       .method = Method::get,
       .path = "/v1/admin/orders",
       .tag = "Admin: orders",
       .summary = "Orders, newest first",
       .access = Access::admin,
       .permission = Permission::orders_read,
       .query = page_parameters(
           {{.name = "status",
             .description = "Only orders in this state.",
             .choices = {"placed", "completed", "cancelled"}},
            {.name = "payment_status",
             .description = "Only orders whose payment is in this state.",
             .choices = {"pending", "requires_action", "paid", "declined", "partially_refunded",
                         "refunded", "voided"}},
            {.name = "fulfilment_status",
             .description = "Only orders whose fulfilment is in this state.",
             .choices = {"unfulfilled", "partially_fulfilled", "fulfilled"}},
            {.name = "customer_id", .description = "Only this customer's.", .maximum = 40},
            {.name = "q",
             .description = "The beginning of an order number or of an e-mail address.",
             .maximum = 255},
            {.name = "placed_after",
             .type = Type::integer,
             .description = "Only orders placed after this time (milliseconds since 1970 UTC).",
             .minimum = 0,
             .maximum = 253'402'300'799'999}}),
       .response_schema = "OrderSummary[]"},
      *this, &AdminOrderRoutes::list);
  operations.add({.id = "getAdminOrder",
                  .method = Method::get,
                  .path = "/v1/admin/orders/{order_id}",
                  .tag = "Admin: orders",
                  .summary = "An order with everything behind it",
                  .access = Access::admin,
                  .permission = Permission::orders_read,
                  .response_schema = "AdminOrder",
                  .errors = {&errc::not_found}},
                 *this, &AdminOrderRoutes::get);
  operations.add(
      {.id = "cancelOrder",
       .method = Method::post,
       .path = "/v1/admin/orders/{order_id}/cancel",
       .tag = "Admin: orders",
       .summary = "Cancel an order of which nothing has left yet",
       .description = "What was paid is refunded; what was held is on sale again.",
       .access = Access::admin,
       .permission = Permission::orders_write,
       .request_schema = "OrderCancellation",
       .body_optional = true,
       .response_schema = "Order",
       .idempotent = true,
       .errors = {&errc::not_found, &orders::errc::order_state, &orders::errc::order_changed}},
      *this, &AdminOrderRoutes::cancel);
  operations.add(
      {.id = "createFulfilment",
       .method = Method::post,
       .path = "/v1/admin/orders/{order_id}/fulfilments",
       .tag = "Admin: orders",
       .summary = "Send goods of a paid order",
       .access = Access::admin,
       .permission = Permission::orders_write,
       .request_schema = "FulfilmentInput",
       .body_optional = true,
       .success = 201,
       .response_schema = "Order",
       .idempotent = true,
       .errors = {&errc::not_found, &orders::errc::order_state, &orders::errc::order_not_paid,
                  &orders::errc::order_held, &orders::errc::line_quantity,
                  &orders::errc::order_changed, &inventory::errc::out_of_stock}},
      *this, &AdminOrderRoutes::fulfil);
  operations.add(
      {.id = "createRefund",
       .method = Method::post,
       .path = "/v1/admin/orders/{order_id}/refunds",
       .tag = "Admin: orders",
       .summary = "Give money back",
       .access = Access::admin,
       .permission = Permission::refunds_write,
       .request_schema = "RefundInput",
       .body_optional = true,
       .success = 201,
       .response_schema = "Order",
       .idempotent = true,
       .errors = {&errc::not_found, &orders::errc::order_state, &orders::errc::line_quantity,
                  &orders::errc::order_changed, &orders::errc::refund_exceeds_payment}},
      *this, &AdminOrderRoutes::refund);
}

void AdminOrderRoutes::mount_ledger(Operations& operations) {
  using net::Method;
  operations.add({.id = "listLedgerBalances",
                  .method = Method::get,
                  .path = "/v1/admin/ledger/balances",
                  .tag = "Admin: ledger",
                  .summary = "The balance of every account; their sum is zero in each currency",
                  .access = Access::admin,
                  .permission = Permission::orders_read,
                  .response_schema = "LedgerBalances"},
                 *this, &AdminOrderRoutes::balances);
  operations.add(
      {.id = "listLedgerTransfers",
       .method = Method::get,
       .path = "/v1/admin/ledger/transfers",
       .tag = "Admin: ledger",
       .summary = "Entries of the double-entry ledger, oldest first",
       .access = Access::admin,
       .permission = Permission::orders_read,
       .query = page_parameters(
           {{.name = "order_id", .description = "Only entries of this order.", .maximum = 40}}),
       .response_schema = "LedgerTransfer[]"},
      *this, &AdminOrderRoutes::transfers);
  operations.add({.id = "listReceipts",
                  .method = Method::get,
                  .path = "/v1/admin/receipts",
                  .tag = "Admin: ledger",
                  .summary = "The shop's chain of signed receipts, oldest first",
                  .description = "An entry's payload names the statements it chains by their "
                                 "SHA-256; a statement is the `receipt` of its order.",
                  .access = Access::admin,
                  .permission = Permission::orders_read,
                  .query = page_parameters(),
                  .response_schema = "ReceiptChainEntry[]"},
                 *this, &AdminOrderRoutes::receipts);
}

Task<Result<Reply>> AdminOrderRoutes::list(Call& call) {
  OrderFilter filter;
  filter.status = call.query("status").value_or("");
  filter.payment_status = call.query("payment_status").value_or("");
  filter.fulfilment_status = call.query("fulfilment_status").value_or("");
  filter.customer_id = call.query("customer_id").value_or("");
  filter.text = call.query("q").value_or("");
  filter.placed_after = call.query_int("placed_after").value_or(0);
  co_return co_await list_orders(deps_.database, call, std::move(filter));
}

Task<Result<Reply>> AdminOrderRoutes::get(Call& call) {
  const std::optional<flows::OrderSnapshot> snapshot =
      co_await flows::read_order_snapshot(deps_, call.shop(), call.path("order_id"));
  if (!snapshot) {
    co_return fail(errc::not_found, "There is no such order.");
  }
  // An order has a handful of entries; a page is more than any of them needs.
  storage::Query query{order_transfers_sql,
                       {call.shop(), snapshot->order.id, "", std::int64_t{1'000}}};
  const Rows transfers = co_await deps_.database.read(std::move(query));
  co_return reply(200, render_admin_order(*snapshot, transfers), snapshot->order.version);
}

Task<Result<Reply>> AdminOrderRoutes::cancel(Call& call) {
  flows::CancelRequest request{call.caller().actor, "cancelled by the shop"};
  if (call.has_body()) {
    request.reason = get_string_or(call.body(), "reason", request.reason);
  }
  OrderDecision decide = [this, &request](const flows::OrderSnapshot& snapshot) {
    return flows::decide_cancel(snapshot, request, deps_);
  };
  co_return co_await change_order(deps_, call, call.path("order_id"), std::move(decide),
                                  answer_with(200));
}

Task<Result<Reply>> AdminOrderRoutes::fulfil(Call& call) {
  flows::FulfilRequest request;
  request.actor = call.caller().actor;
  if (call.has_body()) {
    request.lines = lines_of(call.body());
    request.carrier = text_of(call.body(), "carrier");
    request.tracking_number = text_of(call.body(), "tracking_number");
    request.tracking_url = text_of(call.body(), "tracking_url");
  }
  OrderDecision decide = [this, &request](const flows::OrderSnapshot& snapshot) {
    return flows::decide_fulfilment(snapshot, request, deps_);
  };
  co_return co_await change_order(deps_, call, call.path("order_id"), std::move(decide),
                                  answer_with(201));
}

Task<Result<Reply>> AdminOrderRoutes::refund(Call& call) {
  flows::RefundOrderRequest request;
  request.actor = call.caller().actor;
  if (call.has_body()) {
    const json::object& body = call.body();
    if (has(body, "amount")) {
      request.amount = get_int(body, "amount");
    }
    request.lines = lines_of(body);
    request.reason = text_of(body, "reason");
    request.restock = get_bool_or(body, "restock", false);
  }
  OrderDecision decide = [this, &request](const flows::OrderSnapshot& snapshot) {
    return flows::decide_refund(snapshot, request, deps_);
  };
  co_return co_await change_order(deps_, call, call.path("order_id"), std::move(decide),
                                  answer_with(201));
}

Task<Result<Reply>> AdminOrderRoutes::balances(Call& call) {
  storage::Query query{balances_sql, {call.shop()}};
  const Rows rows = co_await deps_.database.read(std::move(query), storage::Freshness::replica);
  json::array items;
  for (const Row row : rows) {
    items.push_back(json::object{
        {"account", row.text(0)}, {"currency", row.text(1)}, {"balance", row.integer(2)}});
  }
  co_return reply(200, json::object{{"items", std::move(items)}});
}

Task<Result<Reply>> AdminOrderRoutes::transfers(Call& call) {
  const auto cursor = cursor_of(call, "ledger/transfers", "s");
  if (!cursor) {
    co_return std::unexpected(cursor.error());
  }
  const std::string after = *cursor ? text_at(**cursor, 0) : "";
  const auto limit = static_cast<std::int64_t>(call.limit());
  const std::optional<std::string> order_id = call.query("order_id");
  storage::Query query =
      order_id ? storage::Query{order_transfers_sql, {call.shop(), *order_id, after, limit + 1}}
               : storage::Query{transfers_sql, {call.shop(), after, limit + 1}};
  const Rows rows = co_await deps_.database.read(std::move(query), storage::Freshness::replica);
  json::array items;
  for (const Row row : rows) {
    items.push_back(render_transfer(row));
  }
  json::value next = nullptr;
  if (static_cast<std::int64_t>(items.size()) > limit) {
    items.pop_back();
    next = encode_cursor("ledger/transfers", {rows[items.size() - 1].text(0)});
  }
  co_return reply(200, json::object{{"items", std::move(items)}, {"next_cursor", std::move(next)}});
}

Task<Result<Reply>> AdminOrderRoutes::receipts(Call& call) {
  const auto cursor = cursor_of(call, "receipts", "i");
  if (!cursor) {
    co_return std::unexpected(cursor.error());
  }
  const std::int64_t after = *cursor ? integer_at(**cursor, 0) : 0;
  const auto limit = static_cast<std::int64_t>(call.limit());
  storage::Query query{receipts_sql, {call.shop(), after, limit + 1}};
  const Rows rows = co_await deps_.database.read(std::move(query), storage::Freshness::replica);
  json::array items;
  for (const Row row : rows) {
    items.push_back(json::object{{"sequence", row.integer(0)},
                                 {"previous", row.text(1)},
                                 {"digest", row.text(2)},
                                 {"entry", json::parse(row.text(3))}});
  }
  json::value next = nullptr;
  if (static_cast<std::int64_t>(items.size()) > limit) {
    items.pop_back();
    next = encode_cursor("receipts", {rows[items.size() - 1].integer(0)});
  }
  co_return reply(200, json::object{{"items", std::move(items)}, {"next_cursor", std::move(next)}});
}

}  // namespace securecart::shop::api
