// Amounts as Stripe counts them (docs.stripe.com/currencies): minor units, with its own idea of how
// many digits some currencies have.
//
//   two digits    as ours
//   no digits     as ours; ISK is sent with two digits all the same, MGA has none there
//   three digits  as ours, but the last digit must be 0
//   UGX           its documents have said "no digits" and "two digits": a hundredfold charge is not
//                 a risk to take, so such an amount is not sent at all
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace securecart::shop::payments {

// nullopt: Stripe cannot charge exactly this amount.
std::optional<std::int64_t> stripe_amount(std::int64_t minor, std::string_view currency);

}  // namespace securecart::shop::payments
