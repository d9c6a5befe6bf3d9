// Limits of shop/api/: what base/limits.hpp says of units and names holds here as well.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace securecart::limits {

using namespace std::chrono_literals;

inline constexpr std::size_t import_body_bytes = 32 * 1024 * 1024;  // CSV

inline constexpr std::size_t page_default = 20;
inline constexpr std::size_t page_max = 100;
inline constexpr std::size_t page_offers = 50;              // in the data of a product's page
inline constexpr std::size_t page_description_bytes = 300;  // in a page's head
inline constexpr std::size_t sitemap_urls = 10'000;
inline constexpr std::int64_t sales_slots = 1'000;
inline constexpr std::int64_t sales_products = 5;
inline constexpr std::size_t cursor_bytes = 2'048;
inline constexpr std::size_t query_parameter_bytes = 1'024;  // a text without its own maximum
inline constexpr std::size_t schema_errors = 20;             // named in one problem
inline constexpr std::size_t idempotency_key_bytes = 255;
inline constexpr long requests_at_once = 2'048;        // of one process, answered at the same time
inline constexpr long requests_at_once_first = 1'024;  // until the process knows itself better
inline constexpr long requests_at_once_least = 16;
inline constexpr long writes_per_second = 500;  // of one client
inline constexpr long writes_burst = 2'000;

inline constexpr auto catalog_page_lifetime = 10min;   // in the cache; changes drop it at once
inline constexpr auto catalog_page_fresh = 1min;       // older ones are made anew when read
inline constexpr auto catalog_absence_lifetime = 10s;  // of "there is no such product"
inline constexpr auto recommendations_fresh = 5min;    // in the cache
inline constexpr auto recommendations_lifetime = 1h;

}  // namespace securecart::limits
