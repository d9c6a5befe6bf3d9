// What can be wrong with an order.
#pragma once

#include "base/errors.hpp"

namespace securecart::shop::orders::errc {

// The order's state does not allow what was asked (orders/state.hpp has the table).
inline constexpr ErrorKind order_state{"order_state", 409,
                                       "The order's state does not allow this."};
// Goods leave only once they are paid.
inline constexpr ErrorKind order_not_paid{"order_not_paid", 409, "The order is not paid yet."};
// Functions of the shop flagged the order, and nobody has looked at it yet.
inline constexpr ErrorKind order_held{"order_held", 409, "The order is held for review."};
// More of a line than was ordered and is still open.
inline constexpr ErrorKind line_quantity{"line_quantity", 422,
                                         "A line does not have that many units left for this."};
// A refund beyond what was captured and not refunded yet.
inline constexpr ErrorKind refund_exceeds_payment{
    "refund_exceeds_payment", 409, "The refund is larger than what is left of the payment."};
// The order changed between reading and writing; the same request may be sent again.
inline constexpr ErrorKind order_changed{"order_changed", 409, "The order changed meanwhile.",
                                         true};
// The receipt is chained within moments of the order.
inline constexpr ErrorKind receipt_not_ready{
    "receipt_not_ready", 409, "The receipt is being chained; ask again in a moment.", true};

}  // namespace securecart::shop::orders::errc
