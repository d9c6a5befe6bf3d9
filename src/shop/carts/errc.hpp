// What can be wrong with a cart.
#pragma once

#include "base/errors.hpp"

namespace securecart::shop::carts::errc {

// The cart changed between reading and writing; the same request may be sent again.
inline constexpr ErrorKind cart_changed{"cart_changed", 409, "The cart changed meanwhile.", true};
// A completed cart is an order and stays as it is.
inline constexpr ErrorKind cart_completed{"cart_completed", 409, "This cart is an order already."};
// Something is missing before the cart can become an order; `fields` says what.
inline constexpr ErrorKind cart_incomplete{"cart_incomplete", 422,
                                           "The cart is not ready to be completed."};
// The total is not the one the shopper saw.
inline constexpr ErrorKind price_changed{"price_changed", 409,
                                         "The total changed since you saw it."};
// A variant cannot be bought: not published, archived, or without a price in the cart's currency.
inline constexpr ErrorKind variant_unavailable{"variant_unavailable", 409,
                                               "This cannot be bought right now."};
// More lines or units than a cart takes.
inline constexpr ErrorKind cart_limit{"cart_limit", 422, "The cart cannot take that much."};
// Shipping prices depend on where to.
inline constexpr ErrorKind shipping_address_missing{
    "shipping_address_missing", 409, "Shipping methods need a shipping address first."};
// The method does not ship to this address, or does not carry this weight.
inline constexpr ErrorKind shipping_method_unavailable{
    "shipping_method_unavailable", 409, "This shipping method cannot take this cart."};
// The shop does not sell in this currency or ship to this country.
inline constexpr ErrorKind not_sold_there{"not_sold_there", 422,
                                          "The shop does not sell to there."};

// No active promotion has the code the shopper entered.
inline constexpr ErrorKind code_unknown{"code_unknown", 422, "This code is not known."};
// Too many codes were tried from this network address; Retry-After says when the next is heard.
inline constexpr ErrorKind code_throttled{"code_throttled", 429, "Too many wrong codes were tried.",
                                          true};
// Another promotion of the shop has the code.
inline constexpr ErrorKind promotion_code_taken{"promotion_code_taken", 409,
                                                "Another promotion has this code."};
// Orders used it: it can be switched off, and stays for what they got.
inline constexpr ErrorKind promotion_used{"promotion_used", 409, "Orders used this promotion."};
// Fewer uses than there were already.
inline constexpr ErrorKind promotion_limit_below_use{
    "promotion_limit_below_use", 409, "The promotion was used more often than that."};
// The shop has as many promotions as it may.
inline constexpr ErrorKind promotion_limit{"promotion_limit", 409,
                                           "This shop has as many promotions as one may."};

}  // namespace securecart::shop::carts::errc
