#include "shop/api/store/order_routes.hpp"

#include <algorithm>

#include <boost/json/parse.hpp>

#include "base/crypto.hpp"
#include "shop/api/change.hpp"
#include "shop/api/errc.hpp"
#include "shop/api/order_list.hpp"
#include "shop/api/render.hpp"
#include "shop/orders/errc.hpp"
#include "shop/orders/receipts.hpp"
#include "shop/orders/store.hpp"
#include "shop/payments/accounts.hpp"
#include "shop/payments/errc.hpp"

namespace securecart::shop::api {
namespace {

constexpr std::string_view chain_sql =
    "SELECT c.sequence, c.previous, c.digest, c.entry, k.id, k.public_key FROM receipt_chain c "
    "JOIN signing_keys k ON k.shop_id = c.shop_id WHERE c.shop_id = $1 AND c.sequence IN ("
    "SELECT p.sequence FROM receipt_places p WHERE p.shop_id = $1 AND p.order_id = $2 UNION "
    "SELECT o.sequence FROM receipt_chain o WHERE o.shop_id = $1 AND o.order_id = $2)";

Error unknown_order() {
  return {errc::not_found,
          "There is no such order, or X-Order-Token is not the one it was placed with."};
}

Reply shown(const flows::OrderPlan& plan, int status) {
  return reply(status, render_order(plan.order), plan.order.version);
}

}  // namespace

void OrderRoutes::mount(Operations& operations) {
  using net::Method;
  operations.add(
      {.id = "getOrder",
       .method = Method::get,
       .path = "/v1/store/orders/{order_id}",
       .tag = "Orders",
       .summary = "Follow an order",
       .description =
           "For whoever placed it: the signed-in customer, or the holder of X-Order-Token. With "
           "If-None-Match the answer is 304 while nothing changed, so it may be asked every "
           "second.",
       .response_schema = "Order",
       .errors = {&errc::not_found}},
      *this, &OrderRoutes::get);
  operations.add({.id = "listMyOrders",
                  .method = Method::get,
                  .path = "/v1/store/customers/me/orders",
                  .tag = "Orders",
                  .summary = "The signed-in customer's orders, newest first",
                  .access = Access::shopper,
                  .query = page_parameters(),
                  .response_schema = "OrderSummary[]"},
                 *this, &OrderRoutes::mine);
  operations.add(
      {.id = "retryPayment",
       .method = Method::post,
       .path = "/v1/store/orders/{order_id}/payments",
       .tag = "Orders",
       .summary = "Pay again after a decline",
       .request_schema = "OrderPaymentInput",
       .success = 201,
       .response_schema = "Order",
       .idempotent = true,
       .errors = {&errc::not_found, &orders::errc::order_state, &orders::errc::order_changed,
                  &payments::errc::payment_provider_unavailable}},
      *this, &OrderRoutes::pay);
  operations.add(
      {.id = "cancelMyOrder",
       .method = Method::post,
       .path = "/v1/store/orders/{order_id}/cancel",
       .tag = "Orders",
       .summary = "Cancel an order of which nothing has left yet",
       .description = "What was paid is refunded; what was held is on sale again.",
       .request_schema = "OrderCancellation",
       .body_optional = true,
       .response_schema = "Order",
       .idempotent = true,
       .errors = {&errc::not_found, &orders::errc::order_state, &orders::errc::order_changed}},
      *this, &OrderRoutes::cancel);
  operations.add({.id = "getOrderReceipt",
                  .method = Method::get,
                  .path = "/v1/store/orders/{order_id}/receipt",
                  .tag = "Orders",
                  .summary = "The signed receipt, to keep",
                  .response_schema = "ReceiptFile",
                  .errors = {&errc::not_found, &orders::errc::receipt_not_ready}},
                 *this, &OrderRoutes::receipt);
}

Task<Result<orders::Order>> OrderRoutes::find(Call& call) {
  std::optional<orders::Order> order =
      co_await orders::read_order(deps_.database, call.shop(), call.path("order_id"));
  if (order) {
    const std::string token(call.request().header("X-Order-Token").value_or(""));
    const bool holds = equal_in_constant_time(sha256_hex(token), order->token_hash);
    const bool owns =
        !order->customer_id.empty() && order->customer_id == call.caller().customer_id;
    if (holds || owns) {
      co_return std::move(*order);
    }
  }
  co_return std::unexpected(unknown_order());
}

Task<Result<Reply>> OrderRoutes::get(Call& call) {
  const Result<orders::Order> order = co_await find(call);
  if (!order) {
    co_return std::unexpected(order.error());
  }
  co_return reply(200, render_order(*order), order->version);
}

Task<Result<Reply>> OrderRoutes::mine(Call& call) {
  OrderFilter filter;
  filter.customer_id = call.caller().customer_id;
  co_return co_await list_orders(deps_.database, call, std::move(filter));
}

Task<Result<Reply>> OrderRoutes::pay(Call& call) {
  const Result<orders::Order> order = co_await find(call);
  if (!order) {
    co_return std::unexpected(order.error());
  }
  const json::object& payment = get_object(call.body(), "payment");
  storage::Query accounts{payments::accounts_sql, {call.shop()}};
  const storage::Rows rows = co_await deps_.database.read(std::move(accounts));
  const auto taken = payments::accepted(payments::accounts_of(rows, call.shop()));
  if (std::ranges::find(taken, get_string(payment, "provider"),
                        &payments::ProviderAccount::provider) == taken.end()) {
    co_return fail(payments::errc::payment_provider_unavailable,
                   "GET /v1/store/shop lists the providers the shop takes payments through.");
  }
  const flows::RetryPaymentRequest request{call.caller().actor,
                                           std::string(get_string(payment, "provider")),
                                           std::string(get_string(payment, "method"))};
  OrderDecision decide = [this, &request](const flows::OrderSnapshot& snapshot) {
    return flows::decide_retry(snapshot, request, deps_);
  };
  OrderAnswer answer = [](const flows::OrderPlan& plan) { return shown(plan, 201); };
  co_return co_await change_order(deps_, call, order->id, std::move(decide), std::move(answer));
}

Task<Result<Reply>> OrderRoutes::cancel(Call& call) {
  const Result<orders::Order> order = co_await find(call);
  if (!order) {
    co_return std::unexpected(order.error());
  }
  flows::CancelRequest request{call.caller().actor, "cancelled by the shopper"};
  if (call.has_body()) {
    request.reason = get_string_or(call.body(), "reason", request.reason);
  }
  OrderDecision decide = [this, &request](const flows::OrderSnapshot& snapshot) {
    return flows::decide_cancel(snapshot, request, deps_);
  };
  OrderAnswer answer = [](const flows::OrderPlan& plan) { return shown(plan, 200); };
  co_return co_await change_order(deps_, call, order->id, std::move(decide), std::move(answer));
}

Task<Result<Reply>> OrderRoutes::receipt(Call& call) {
  const Result<orders::Order> order = co_await find(call);
  if (!order) {
    co_return std::unexpected(order.error());
  }
  storage::Query query{chain_sql, {call.shop(), order->id}};
  const storage::Rows rows = co_await deps_.database.read(std::move(query));
  const std::string key_id(get_string(order->receipt, "key_id"));
  for (const storage::Row row : rows) {
    if (row.text(4) == key_id) {
      orders::ChainEntry entry{row.integer(0), row.text(1), row.text(2),
                               json::parse(row.text(3)).as_object()};
      Reply file = reply(200, orders::receipt_file(order->receipt, entry, row.text(5)));
      file.headers.emplace_back("Content-Disposition",
                                "inline; filename=\"receipt-" + order->number + ".json\"");
      co_return file;
    }
  }
  co_return fail(orders::errc::receipt_not_ready, "Ask again in a second.");
}

}  // namespace securecart::shop::api
