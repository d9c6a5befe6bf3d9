// Every queue, retry, body, header, batch and loop has a limit with its unit in its name. Here are
// those that several modules share; each module has its own in its limits.hpp.
#pragma once

#include <cstddef>

namespace securecart::limits {

// What is sold, and who speaks to whom
inline constexpr std::size_t listen_backlog = 4'096;
inline constexpr std::size_t cart_lines = 100;
inline constexpr long line_quantity = 10'000;
inline constexpr std::size_t product_variants = 200;
inline constexpr std::size_t url_bytes = 2048;
inline constexpr std::size_t text_bytes = 255;
inline constexpr std::size_t metadata_bytes = 8 * 1024;
inline constexpr std::size_t dns_name_bytes = 255;  // RFC 1035 section 3.1
inline constexpr std::size_t dns_label_bytes = 63;

// JSON
inline constexpr std::size_t json_depth = 32;

// Configuration
inline constexpr std::size_t config_bytes = 1024 * 1024;
inline constexpr std::size_t config_list_items = 1'000;
inline constexpr std::size_t config_problems = 100;  // shown at once

// Import
inline constexpr std::size_t csv_field_bytes = 1024 * 1024;
inline constexpr std::size_t csv_columns = 300;
inline constexpr std::size_t csv_rows = 500'000;

}  // namespace securecart::limits
