#include "shop/api/store/cart_routes.hpp"

#include "base/crypto.hpp"
#include "shop/api/errc.hpp"
#include "shop/api/render.hpp"
#include "shop/carts/errc.hpp"
#include "shop/flows/change_cart.hpp"
#include "shop/flows/complete_cart.hpp"
#include "shop/functions/errc.hpp"
#include "shop/inventory/errc.hpp"
#include "shop/orders/store.hpp"
#include "shop/payments/errc.hpp"

namespace securecart::shop::api {
namespace {

using flows::CartSnapshot;

std::string cart_token(const Call& call) {
  return std::string(call.request().header("X-Cart-Token").value_or(""));
}

flows::NewLine new_line(const json::object& body) {
  return {std::string(get_string(body, "variant_id")), get_int(body, "quantity")};
}

// A member that was sent: null becomes empty, as the flow takes it.
std::optional<std::string> sent_text(const json::object& body, std::string_view name) {
  const json::value* member = body.if_contains(name);
  if (member == nullptr) {
    return std::nullopt;
  }
  return member->is_null() ? std::string() : std::string(member->as_string());
}

std::optional<json::value> sent_document(const json::object& body, std::string_view name) {
  const json::value* member = body.if_contains(name);
  return member != nullptr ? std::optional(*member) : std::nullopt;
}

json::object order_with_token(const orders::Order& order, const std::string& token) {
  json::object rendered = render_order(order);
  rendered["token"] = token;
  return rendered;
}

}  // namespace

void CartRoutes::mount(Operations& operations) {
  using net::Method;
  operations.add(
      {.id = "createCart",
       .method = Method::post,
       .path = "/v1/store/carts",
       .tag = "Carts",
       .summary = "Start a cart",
       .description = "The answer carries `token`, once: whoever sends it as X-Cart-Token may use "
                      "the cart. A signed-in customer's cart belongs to the customer as well.",
       .request_schema = "CartInput",
       .body_optional = true,
       .success = 201,
       .response_schema = "CartCreated",
       .repeatable = true,
       .errors = {&carts::errc::not_sold_there, &carts::errc::variant_unavailable,
                  &carts::errc::cart_limit}},
      *this, &CartRoutes::create);
  operations.add({.id = "getCart",
                  .method = Method::get,
                  .path = "/v1/store/carts/{cart_id}",
                  .tag = "Carts",
                  .summary = "Read a cart",
                  .response_schema = "Cart",
                  .errors = {&errc::not_found}},
                 *this, &CartRoutes::get);
  operations.add(
      {.id = "updateCart",
       .method = Method::patch,
       .path = "/v1/store/carts/{cart_id}",
       .tag = "Carts",
       .summary = "Set e-mail, addresses, currency or shipping method",
       .description = "Members that are left out stay as they are; null clears one.",
       .request_schema = "CartUpdate",
       .response_schema = "Cart",
       .repeatable = true,
       .errors = {&errc::not_found, &carts::errc::cart_completed, &carts::errc::not_sold_there,
                  &carts::errc::shipping_method_unavailable}},
      *this, &CartRoutes::update);
  operations.add({.id = "addCartLine",
                  .method = Method::post,
                  .path = "/v1/store/carts/{cart_id}/lines",
                  .tag = "Carts",
                  .summary = "Put a variant into the cart",
                  .description = "A variant that is in the cart already gets more units.",
                  .request_schema = "CartLineInput",
                  .response_schema = "Cart",
                  .errors = {&errc::not_found, &carts::errc::cart_completed,
                             &carts::errc::variant_unavailable, &carts::errc::cart_limit}},
                 *this, &CartRoutes::add_line);
  operations.add({.id = "updateCartLine",
                  .method = Method::patch,
                  .path = "/v1/store/carts/{cart_id}/lines/{line_id}",
                  .tag = "Carts",
                  .summary = "Set the quantity of a line",
                  .description = "Zero removes the line.",
                  .request_schema = "CartLineUpdate",
                  .response_schema = "Cart",
                  .repeatable = true,
                  .errors = {&errc::not_found, &carts::errc::cart_completed}},
                 *this, &CartRoutes::set_line);
  operations.add({.id = "removeCartLine",
                  .method = Method::del,
                  .path = "/v1/store/carts/{cart_id}/lines/{line_id}",
                  .tag = "Carts",
                  .summary = "Take a line out of the cart",
                  .response_schema = "Cart",
                  .errors = {&errc::not_found, &carts::errc::cart_completed}},
                 *this, &CartRoutes::remove_line);
  operations.add(
      {.id = "addCartCode",
       .method = Method::post,
       .path = "/v1/store/carts/{cart_id}/codes",
       .tag = "Carts",
       .summary = "Enter a promotion's code",
       .description = "Capital and small letters are the same. The cart's `codes` say whether it "
                      "takes something off, or what stands in its way.",
       .request_schema = "CartCodeInput",
       .response_schema = "Cart",
       .repeatable = true,
       .errors = {&errc::not_found, &carts::errc::cart_completed, &carts::errc::code_unknown,
                  &carts::errc::code_throttled, &carts::errc::cart_limit}},
      *this, &CartRoutes::add_code);
  operations.add({.id = "removeCartCode",
                  .method = Method::del,
                  .path = "/v1/store/carts/{cart_id}/codes/{code}",
                  .tag = "Carts",
                  .summary = "Take a code off the cart",
                  .response_schema = "Cart",
                  .repeatable = true,
                  .errors = {&errc::not_found, &carts::errc::cart_completed}},
                 *this, &CartRoutes::remove_code);
  operations.add({.id = "listCartShippingMethods",
                  .method = Method::get,
                  .path = "/v1/store/carts/{cart_id}/shipping-methods",
                  .tag = "Carts",
                  .summary = "What can carry the cart to its address, with prices",
                  .response_schema = "CartShippingMethods",
                  .errors = {&errc::not_found, &carts::errc::shipping_address_missing}},
                 *this, &CartRoutes::shipping_methods);
  operations.add(
      {.id = "completeCart",
       .method = Method::post,
       .path = "/v1/store/carts/{cart_id}/complete",
       .tag = "Carts",
       .summary = "Make the cart an order",
       .description =
           "All or nothing, and once: the stock is held, the order and its ledger entries are "
           "written and the payment is set going in one transaction. Sending it again with the "
           "same "
           "key gives the first answer; completing a completed cart with another key gives the "
           "order it became (200). The payment goes on after the answer: follow the order.",
       .request_schema = "CartCompletion",
       .success = 201,
       .response_schema = "OrderPlaced",
       .idempotent = true,
       .errors = {&errc::not_found, &carts::errc::cart_incomplete, &carts::errc::cart_changed,
                  &carts::errc::price_changed, &carts::errc::variant_unavailable,
                  &carts::errc::cart_limit, &inventory::errc::out_of_stock,
                  &payments::errc::payment_provider_unavailable, &functions::errc::order_refused}},
      *this, &CartRoutes::complete);
}

Task<Result<CartSnapshot>> CartRoutes::find(Call& call) {
  std::optional<CartSnapshot> cart =
      co_await flows::read_cart(deps_, call.shop(), call.path("cart_id"));
  if (cart) {
    const std::string token = cart_token(call);
    const bool holds = equal_in_constant_time(sha256_hex(token), cart->token_hash);
    const bool owns = !cart->customer_id.empty() && cart->customer_id == call.caller().customer_id;
    if (holds || owns) {
      co_return std::move(*cart);
    }
  }
  co_return fail(errc::not_found,
                 "There is no such cart, or X-Cart-Token is not the one it was created with.");
}

Task<Result<Reply>> CartRoutes::show(Call& call) {
  Result<CartSnapshot> cart = co_await find(call);
  if (!cart) {
    co_return std::unexpected(std::move(cart.error()));
  }
  co_return reply(200, render_cart(*cart), cart->version);
}

Task<Result<Reply>> CartRoutes::changed(Call& call, Result<std::monostate> outcome) {
  if (!outcome) {
    co_return std::unexpected(std::move(outcome.error()));
  }
  co_return co_await show(call);
}

Task<Result<Reply>> CartRoutes::create(Call& call) {
  flows::NewCart request;
  request.shop_id = call.shop();
  request.customer_id = call.caller().customer_id;
  if (call.has_body()) {
    request.currency = get_string_or(call.body(), "currency", "");
    request.email = get_string_or(call.body(), "email", "");
    if (has(call.body(), "lines")) {
      for (const json::value& line : get_array(call.body(), "lines")) {
        request.lines.push_back(new_line(line.as_object()));
      }
    }
  }
  const Result<flows::CreatedCart> created = co_await flows::create_cart(deps_, std::move(request));
  if (!created) {
    co_return std::unexpected(created.error());
  }
  const std::optional<CartSnapshot> cart =
      co_await flows::read_cart(deps_, call.shop(), created->id);
  if (!cart) {
    throw Unavailable("the new cart cannot be read back");
  }
  json::object body = render_cart(*cart);
  body["token"] = created->token;
  co_return reply(201, body, cart->version);
}

Task<Result<Reply>> CartRoutes::get(Call& call) {
  co_return co_await show(call);
}

Task<Result<Reply>> CartRoutes::update(Call& call) {
  Result<CartSnapshot> cart = co_await find(call);
  if (!cart) {
    co_return std::unexpected(std::move(cart.error()));
  }
  flows::CartUpdate update;
  update.email = sent_text(call.body(), "email");
  update.currency = sent_text(call.body(), "currency");
  update.shipping_method_id = sent_text(call.body(), "shipping_method_id");
  update.shipping_address = sent_document(call.body(), "shipping_address");
  update.billing_address = sent_document(call.body(), "billing_address");
  Result<std::monostate> outcome =
      co_await flows::update_cart(deps_, std::move(*cart), std::move(update));
  co_return co_await changed(call, std::move(outcome));
}

Task<Result<Reply>> CartRoutes::add_line(Call& call) {
  Result<CartSnapshot> cart = co_await find(call);
  if (!cart) {
    co_return std::unexpected(std::move(cart.error()));
  }
  flows::NewLine line = new_line(call.body());
  Result<std::monostate> outcome =
      co_await flows::add_cart_line(deps_, std::move(*cart), std::move(line));
  co_return co_await changed(call, std::move(outcome));
}

Task<Result<Reply>> CartRoutes::set_line(Call& call) {
  Result<CartSnapshot> cart = co_await find(call);
  if (!cart) {
    co_return std::unexpected(std::move(cart.error()));
  }
  const std::int64_t quantity = get_int(call.body(), "quantity");
  Result<std::monostate> outcome =
      co_await flows::set_cart_line(deps_, std::move(*cart), call.path("line_id"), quantity);
  co_return co_await changed(call, std::move(outcome));
}

Task<Result<Reply>> CartRoutes::remove_line(Call& call) {
  Result<CartSnapshot> cart = co_await find(call);
  if (!cart) {
    co_return std::unexpected(std::move(cart.error()));
  }
  Result<std::monostate> outcome =
      co_await flows::set_cart_line(deps_, std::move(*cart), call.path("line_id"), 0);
  co_return co_await changed(call, std::move(outcome));
}

Task<Result<Reply>> CartRoutes::add_code(Call& call) {
  Result<CartSnapshot> cart = co_await find(call);
  if (!cart) {
    co_return std::unexpected(std::move(cart.error()));
  }
  std::string code = carts::normalised_code(get_string(call.body(), "code"));
  Result<std::monostate> outcome =
      co_await flows::add_cart_code(deps_, std::move(*cart), std::move(code), call.request().peer);
  co_return co_await changed(call, std::move(outcome));
}

Task<Result<Reply>> CartRoutes::remove_code(Call& call) {
  Result<CartSnapshot> cart = co_await find(call);
  if (!cart) {
    co_return std::unexpected(std::move(cart.error()));
  }
  std::string code = carts::normalised_code(call.path("code"));
  Result<std::monostate> outcome =
      co_await flows::remove_cart_code(deps_, std::move(*cart), std::move(code));
  co_return co_await changed(call, std::move(outcome));
}

Task<Result<Reply>> CartRoutes::shipping_methods(Call& call) {
  Result<CartSnapshot> cart = co_await find(call);
  if (!cart) {
    co_return std::unexpected(std::move(cart.error()));
  }
  if (cart->shipping_address.is_null()) {
    co_return fail(carts::errc::shipping_address_missing,
                   "Set `shipping_address` on the cart, then ask again.");
  }
  co_return reply(200, render_shipping_methods(*cart));
}

Task<Result<Reply>> CartRoutes::complete(Call& call) {
  Result<CartSnapshot> cart = co_await find(call);
  if (!cart) {
    co_return std::unexpected(std::move(cart.error()));
  }
  const json::object& payment = get_object(call.body(), "payment");
  flows::CompletionRequest request;
  request.actor = call.caller().actor;
  request.cart_secret = cart->token_hash;
  request.provider = get_string(payment, "provider");
  request.method = get_string(payment, "method");
  if (has(call.body(), "expected_total")) {
    request.expected_total = get_int(call.body(), "expected_total");
  }
  request.functions = co_await flows::ask_before_completion(deps_, *cart, request.provider);
  request.asked_version = cart->version;
  if (std::optional<Error> refusal = flows::refusal_of(request.functions)) {
    co_await flows::log_refused(deps_, call.shop(), std::move(request.functions));
    co_return std::unexpected(std::move(*refusal));
  }
  const std::string token = flows::order_token(request.cart_secret, cart->id);
  flows::KeyFor key_for = [&call, &token](const orders::Order& order) {
    return call.batch_key(reply(201, order_with_token(order, token)));
  };
  orders::ReceiptKey key = co_await keys_.current(call.shop());
  Result<flows::Completed> completed = co_await flows::complete_cart(
      deps_, std::move(*cart), std::move(request), std::move(key), std::move(key_for));
  if (!completed) {
    co_return std::unexpected(std::move(completed.error()));
  }
  if (completed->key_reused) {
    co_return fail(errc::idempotency_key_reused,
                   "Use a new Idempotency-Key for every cart you complete.");
  }
  if (!completed->existing_order_id.empty()) {
    co_return co_await existing_order(call, completed->existing_order_id, token);
  }
  Reply answer;
  answer.status = completed->response.status;
  answer.body = std::move(completed->response.body);
  answer.replayed = completed->replayed;
  answer.committed = true;
  co_return answer;
}

Task<Result<Reply>> CartRoutes::existing_order(Call& call, std::string order_id,
                                               std::string token) {
  const std::optional<orders::Order> order =
      co_await orders::read_order(deps_.database, call.shop(), std::move(order_id));
  if (!order) {
    co_return fail(errc::not_found, "The cart's order cannot be found.");
  }
  co_return reply(200, order_with_token(*order, token), order->version);
}

}  // namespace securecart::shop::api
