#include "lab/checkout.hpp"

#include "lab/fields.hpp"

namespace securecart::lab {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

Headers headers_of(const CartWish& wish, const std::string& token) {
  Headers headers{{"X-Publishable-Key", wish.publishable_key}};
  if (!token.empty()) {
    headers.emplace_back("X-Cart-Token", token);
  }
  if (!wish.session.empty()) {
    headers.emplace_back("Authorization", "Bearer " + wish.session);
  }
  return headers;
}

std::string cart_body(const CartWish& wish) {
  json::array lines;
  for (const IntentLine& line : wish.lines) {
    lines.push_back(json::object{{"variant_id", line.variant_id}, {"quantity", line.quantity}});
  }
  return to_string(json::value(json::object{
      {"currency", wish.currency}, {"email", wish.email}, {"lines", std::move(lines)}}));
}

std::string complete_body(const Intent& intent) {
  return to_string(
      json::value(json::object{{"payment", {{"provider", "test"}, {"method", intent.method}}},
                               {"expected_total", intent.total}}));
}

// Certain only when no attempt left it open.
Completion::Outcome outcome_of(const ApiAnswer& answer) {
  if (answer.ok()) {
    return Completion::Outcome::placed;
  }
  const bool refused = answer.status >= 400 && !answer.maybe_done;
  return refused ? Completion::Outcome::refused : Completion::Outcome::unknown;
}

}  // namespace

Task<std::expected<ReadyCart, ApiAnswer>> fill_cart(Api& api, CartWish wish, SteadyTime until) {
  ApiCall create{.method = net::Method::post,
                 .target = "/v1/store/carts",
                 .headers = headers_of(wish, ""),
                 .body = cart_body(wish)};
  ApiAnswer cart = co_await api.patiently(std::move(create), until);
  if (!cart.ok()) {
    co_return std::unexpected(std::move(cart));
  }
  ReadyCart ready;
  ready.id = text_of(cart.body, "id");
  ready.token = text_of(cart.body, "token");
  const std::string target = "/v1/store/carts/" + ready.id;
  const Headers headers = headers_of(wish, ready.token);
  ApiCall address{.method = net::Method::patch, .target = target, .headers = headers, .body = ""};
  address.body = to_string(json::value(json::object{{"shipping_address", wish.address}}));
  cart = co_await api.patiently(std::move(address), until);
  if (cart.ok() && !wish.code.empty()) {
    ApiCall enter{.method = net::Method::post,
                  .target = target + "/codes",
                  .headers = headers,
                  .body = to_string(json::value(json::object{{"code", wish.code}}))};
    cart = co_await api.patiently(std::move(enter), until);
  }
  if (cart.ok() && bool_of(cart.body, "requires_shipping")) {
    ApiCall ask{.target = target + "/shipping-methods", .headers = headers};
    ApiAnswer methods = co_await api.patiently(std::move(ask), until);
    const json::array& items = array_of(methods.body, "items");
    const std::size_t chosen = items.empty() ? 0 : wish.choose_shipping(items);
    if (!methods.ok() || chosen >= items.size()) {
      methods.code = methods.ok() ? "no_shipping_method" : methods.code;
      co_return std::unexpected(std::move(methods));
    }
    ApiCall choose{.method = net::Method::patch, .target = target, .headers = headers, .body = ""};
    choose.body = to_string(
        json::value(json::object{{"shipping_method_id", text_of(as_object(items[chosen]), "id")}}));
    cart = co_await api.patiently(std::move(choose), until);
  }
  if (!cart.ok()) {
    co_return std::unexpected(std::move(cart));
  }
  ready.currency = text_of(cart.body, "currency");
  ready.total = int_of(object_of(cart.body, "totals"), "total");
  co_return ready;
}

Task<Completion> complete(Api& api, HistoryWriter& history, Intent intent, std::string token,
                          std::string publishable_key, SteadyTime until) {
  intent.at = api.clock().now();
  co_await history.write(intent);
  ApiCall call{.method = net::Method::post,
               .target = "/v1/store/carts/" + intent.cart_id + "/complete",
               .headers = {{"X-Publishable-Key", std::move(publishable_key)},
                           {"X-Cart-Token", std::move(token)},
                           {"Idempotency-Key", intent.key}},
               .body = complete_body(intent)};
  Completion completion;
  completion.answer = co_await api.patiently(std::move(call), until);
  const ApiAnswer& answer = completion.answer;
  completion.outcome = outcome_of(answer);
  if (completion.outcome == Completion::Outcome::placed) {
    Ack ack{intent.key,
            answer.status,
            text_of(answer.body, "id"),
            text_of(answer.body, "number"),
            int_of(object_of(answer.body, "totals"), "total", -1),
            api.clock().now()};
    co_await history.write(std::move(ack));
  } else {
    const bool refused = completion.outcome == Completion::Outcome::refused;
    Fail failure{intent.key, refused ? Fail::Outcome::refused : Fail::Outcome::unknown,
                 answer.status, answer.code, api.clock().now()};
    co_await history.write(std::move(failure));
  }
  co_return completion;
}

}  // namespace securecart::lab
