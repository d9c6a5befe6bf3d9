// Carts and orders as the API shows them (api/schemas/carts.json, orders.json).
#pragma once

#include "base/json.hpp"
#include "shop/flows/cart_snapshot.hpp"
#include "shop/orders/model.hpp"

namespace securecart::shop::api {

// An empty text is none: null.
json::value text_or_null(const std::string& text);

json::object render_cart(const flows::CartSnapshot& cart);
// {"items": [{id, name, description, amount, currency}]} of what can take the cart.
json::object render_shipping_methods(const flows::CartSnapshot& cart);
// As the shopper sees it.
json::object render_order(const orders::Order& order);

}  // namespace securecart::shop::api
