// Limits of shop/shops/: what base/limits.hpp says of units and names holds here as well.
#pragma once

#include <cstddef>

namespace securecart::limits {

inline constexpr std::size_t shop_hosts = 20;
inline constexpr std::size_t shop_currencies = 50;
inline constexpr std::size_t shop_countries = 250;
inline constexpr std::size_t cached_shops = 4'096;

}  // namespace securecart::limits
