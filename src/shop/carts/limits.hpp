// Limits of shop/carts/: what base/limits.hpp says of units and names holds here as well.
#pragma once

#include <cstddef>

namespace securecart::limits {

inline constexpr std::size_t cart_codes = 5;
inline constexpr std::size_t promotion_code_bytes = 32;
inline constexpr std::size_t automatic_promotions = 50;  // of a shop, active at the same time
inline constexpr std::size_t shop_promotions = 10'000;

}  // namespace securecart::limits
