// Orders in the database: the statements that write them and the queries that read them whole.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.hpp"
#include "shop/orders/model.hpp"
#include "storage/database.hpp"

namespace securecart::shop::orders {

// The order's row and lines. Refuses with `cart_refusal` when the cart became an order before
// (UNIQUE (shop_id, cart_id)), or when its number is not free: the caller reads the cart again to
// tell one from the other, and draws another number.
void add_order(storage::Batch& batch, const Order& order, const ErrorKind& cart_refusal);

// A line of the order's story. `kind` is a stable word: placed, payment_captured, fulfilled, …
void add_history(storage::Batch& batch, const Ids& ids, std::string_view shop_id,
                 std::string_view order_id, Timestamp at, std::string_view kind,
                 std::string_view actor, const json::object& detail);

// A change of an order's state, guarded by the version that the decision was made on, so that the
// decision and the row can never disagree. Refuses with errc::order_changed. Asserts that the
// tables of state.hpp have the move.
struct Change {
  State state;
  std::int64_t refunded_delta = 0;
  std::int64_t captured_delta = 0;
};
void add_change(storage::Batch& batch, const Order& order, const Change& change, Timestamp at);

// Reads an order with its lines, story, fulfilments and latest payment; nullopt when the shop has
// none of that id.
Task<std::optional<Order>> read_order(storage::Database& database, std::string shop_id,
                                      std::string order_id);

}  // namespace securecart::shop::orders
