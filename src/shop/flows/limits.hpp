// Limits of shop/flows/: what base/limits.hpp says of units and names holds here as well.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace securecart::limits {

using namespace std::chrono_literals;

inline constexpr std::size_t paired_products = 12;  // of one order, counted as bought together

inline constexpr std::size_t reaper_page = 100;  // payments asked about in one round

inline constexpr std::int64_t function_timeout_least_ms = 10;
inline constexpr std::int64_t function_timeout_most_ms = 2'000;
inline constexpr auto function_inline_budget = 3s;  // of all functions before one completion

}  // namespace securecart::limits
