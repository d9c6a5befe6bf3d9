// Limits of shop/accounts/: what base/limits.hpp says of units and names holds here as well.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace securecart::limits {

using namespace std::chrono_literals;

inline constexpr std::size_t email_bytes = 254;  // RFC 5321 section 4.5.3.1.3, without the brackets
inline constexpr std::size_t password_bytes_least = 10;
inline constexpr std::size_t password_bytes_most = 256;
inline constexpr std::size_t password_hashes_at_once = 2;   // 64 MiB each
inline constexpr std::size_t password_hashes_waiting = 64;  // for one of those
inline constexpr auto customer_session_lifetime = 24h * 30;
inline constexpr auto staff_session_lifetime = 12h;
inline constexpr std::int64_t login_failures_by_email = 5;   // before the first wait
inline constexpr std::int64_t login_failures_by_peer = 100;  // many shoppers share one address
inline constexpr std::int64_t wrong_codes_by_peer = 30;      // of promotions; as above
inline constexpr auto login_wait_first = 2s;                 // doubles with each further failure
inline constexpr auto login_wait_most = 15min;
inline constexpr auto login_failures_forgotten = 24h;  // after the last one
inline constexpr std::size_t session_token_bytes = 32;
inline constexpr std::size_t customer_addresses = 50;
inline constexpr std::size_t api_keys = 100;  // of a shop, not revoked
inline constexpr std::size_t shop_staff = 200;
inline constexpr std::size_t cached_sessions = 65'536;
inline constexpr auto cached_session_lifetime = 1h;  // in the shared cache; changes drop it at once
inline constexpr auto cached_session_fresh = 5min;
inline constexpr std::size_t cached_keys = 16'384;
inline constexpr std::size_t cached_hosts = 16'384;
inline constexpr std::size_t cached_unknown_hosts = 1'024;
inline constexpr std::size_t purged_rows = 500;  // in one batch

}  // namespace securecart::limits
