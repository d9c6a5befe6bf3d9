// A cart becomes an order: the one way an order comes to be.
//
// The decision is pure: a snapshot in, a batch or a refusal out. Everything that must hold when the
// batch commits is guarded in it (the cart is still this version and open, one order a cart, stock
// is there), so a stale snapshot costs another round and never a wrong order.
//
//   snapshot -> decide -> commit --Committed--> the order
//      ^                     |
//      +--- refused: again --+   (a few times; the fresh snapshot then tells the shopper why)
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "shop/flows/cart_snapshot.hpp"
#include "shop/flows/deps.hpp"
#include "shop/flows/order_functions.hpp"
#include "shop/orders/model.hpp"
#include "shop/orders/receipts.hpp"
#include "storage/database.hpp"

namespace securecart::shop::flows {

struct CompletionRequest {
  std::string actor;        // of the caller
  std::string cart_secret;  // SHA-256 of the cart's token, from which the order's is derived
  std::string provider;     // payment provider: "test"
  std::string method;       // the provider's token
  std::optional<std::int64_t> expected_total;
  // What the shop's functions said of the cart, and of which version of it.
  std::vector<FunctionRun> functions = {};
  std::int64_t asked_version = 0;
};

struct Plan {
  storage::Batch batch;
  orders::Order order;
};

// The secret that lets a guest see the order of a cart: derived from the cart's, so that whoever
// holds the cart can always come back to its order.
std::string order_token(std::string_view cart_secret, std::string_view cart_id);

// What stands between a cart and its order, for showing ("email", "shipping_address", …).
std::vector<std::string> missing_for_completion(const CartSnapshot& cart);

// What a cart or an order says of the promotions applied to it.
json::array describe_discounts(const CartSnapshot& cart, const carts::Discounts& discounts);

// Pure but for drawing ids. Asserts that the cart is open.
Result<Plan> decide_completion(const CartSnapshot& cart, const CompletionRequest& request,
                               const orders::ReceiptKey& key, const Deps& deps);

struct Completed {
  storage::StoredResponse response;  // the answer, first or replayed
  bool replayed = false;
  bool key_reused = false;        // the key was used for something else
  std::string existing_order_id;  // set instead of `response`: another key completed the cart
};
using KeyFor = std::function<storage::BatchKey(const orders::Order&)>;

// `cart` was read and its holder checked by the caller. `key_for` makes the batch key with the
// response for an order.
Task<Result<Completed>> complete_cart(const Deps& deps, CartSnapshot cart,
                                      CompletionRequest request, orders::ReceiptKey key,
                                      KeyFor key_for);

}  // namespace securecart::shop::flows
