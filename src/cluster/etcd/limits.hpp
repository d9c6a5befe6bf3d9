// Limits of the client of etcd.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace securecart::limits {

using namespace std::chrono_literals;

inline constexpr std::size_t etcd_endpoints = 16;
inline constexpr std::size_t etcd_watch_line_bytes = 32 * 1024 * 1024;
inline constexpr auto etcd_attempt_timeout = 1s;  // of one member, before another is asked
inline constexpr auto etcd_patience = 3s;         // of one call, over all of them
inline constexpr auto etcd_probe_pause = 1s;      // between two looks whether a watch hears all
inline constexpr auto etcd_probe_again = 200ms;   // when it seems not to
inline constexpr auto etcd_retry_first = 50ms;    // upper bound of the first pause; doubles
inline constexpr auto etcd_retry_most = 1s;

}  // namespace securecart::limits
