// Limits of shop/catalog/: what base/limits.hpp says of units and names holds here as well.
#pragma once

#include <cstddef>
#include <cstdint>

namespace securecart::limits {

inline constexpr std::size_t search_query_bytes = 200;

inline constexpr std::size_t product_options = 3;
inline constexpr std::size_t product_images = 100;
inline constexpr std::size_t product_tags = 250;
inline constexpr std::size_t product_collections = 50;
inline constexpr std::size_t seo_description_bytes = 1024;
inline constexpr std::size_t image_alt_bytes = 1024;
inline constexpr std::int64_t variant_grams = 1'000'000'000;
inline constexpr std::int64_t variant_units = 10'000;
inline constexpr std::size_t html_depth = 32;             // open elements of a description
inline constexpr std::size_t search_words = 16;           // of a query
inline constexpr std::int64_t search_candidates = 5'000;  // matches that are ranked
inline constexpr std::size_t recommended_products = 8;    // shown with a product
inline constexpr int upsert_attempts = 5;                 // against writers of the same product
inline constexpr std::size_t long_text_bytes = 64 * 1024;

inline constexpr std::size_t import_errors = 1'000;

}  // namespace securecart::limits
