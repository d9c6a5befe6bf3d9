// What a shopper does to a cart. Each change is one batch guarded by "the cart is still open"; two
// changes at once both happen, in some order.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shop/flows/cart_snapshot.hpp"
#include "shop/flows/deps.hpp"

namespace securecart::shop::flows {

struct NewLine {
  std::string variant_id;
  std::int64_t quantity = 1;
};

struct NewCart {
  std::string shop_id;
  std::string customer_id;  // empty: a guest
  std::string currency;     // empty: the shop's default
  std::string email;
  std::vector<NewLine> lines;
};

struct CreatedCart {
  std::string id;
  std::string token;  // shown once; only its SHA-256 is stored
};

// Refuses with carts::errc::not_sold_there (currency), variant_unavailable and cart_limit.
Task<Result<CreatedCart>> create_cart(const Deps& deps, NewCart request);

// nullopt leaves a member as it is; an empty string or null clears it.
struct CartUpdate {
  std::optional<std::string> email;
  std::optional<std::string> currency;
  std::optional<json::value> shipping_address;
  std::optional<json::value> billing_address;
  std::optional<std::string> shipping_method_id;
};
// Refuses with cart_completed, not_sold_there and shipping_method_unavailable.
Task<Result<std::monostate>> update_cart(const Deps& deps, CartSnapshot cart, CartUpdate update);

// Adds to the line of the variant when there is one. Refuses with cart_completed, cart_limit and
// variant_unavailable.
Task<Result<std::monostate>> add_cart_line(const Deps& deps, CartSnapshot cart, NewLine line);
// Zero removes the line. Refuses with not_found, cart_completed and cart_limit.
Task<Result<std::monostate>> set_cart_line(const Deps& deps, CartSnapshot cart, std::string line_id,
                                           std::int64_t quantity);

// Puts the code of an active promotion on the cart, whether or not it takes anything off yet; one
// that is there already stays where it is. `peer` is the network address that may guess codes.
// Refuses with cart_completed, code_unknown, code_throttled and cart_limit.
Task<Result<std::monostate>> add_cart_code(const Deps& deps, CartSnapshot cart, std::string code,
                                           std::string peer);
Task<Result<std::monostate>> remove_cart_code(const Deps& deps, CartSnapshot cart,
                                              std::string code);

}  // namespace securecart::shop::flows
