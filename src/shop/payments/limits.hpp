// Limits of shop/payments/: what base/limits.hpp says of units and names holds here as well.
#pragma once

#include <cstddef>

namespace securecart::limits {

inline constexpr std::size_t stripe_pages = 50;  // of 100 intents, walked to find one

}  // namespace securecart::limits
