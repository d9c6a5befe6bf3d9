// Limits of traffic/dns/: what base/limits.hpp says of units and names holds here as well.
#pragma once

#include <chrono>
#include <cstddef>

namespace securecart::limits {

using namespace std::chrono_literals;

inline constexpr std::size_t path_bytes = 4'096;

inline constexpr std::size_t dns_name_labels = 127;
inline constexpr std::size_t dns_message_bytes = 65'535;
inline constexpr std::size_t dns_udp_bytes = 512;  // without EDNS
inline constexpr std::size_t dns_include_depth = 8;
inline constexpr std::size_t dns_include_files = 1'000;        // of one zone
inline constexpr std::size_t dns_zone_bytes = 0xf000'0000;     // in memory; offsets have 32 bits
inline constexpr std::size_t dns_rrset_bytes = 60'000;         // so that it fits an answer over TCP
inline constexpr std::size_t dns_signatures_kept = 1UL << 16;  // a thread's, 80 bytes each
inline constexpr std::size_t dns_limited_subjects = 1UL << 16;  // a thread's, 16 bytes each
inline constexpr std::size_t dns_journal_records = 100'000;     // of one zone, for IXFR
inline constexpr std::size_t dns_batch = 64;                    // packets of one system call
inline constexpr std::size_t dns_udp_answer_bytes = 4'096;      // the most that can be configured
inline constexpr std::size_t dns_connections = 1'024;           // of one thread
inline constexpr std::size_t dns_connections_of_client = 32;    // of one thread
inline constexpr std::size_t dns_unsent_bytes = 256 * 1024;     // reading waits beyond it
inline constexpr auto dns_tcp_idle_timeout = 10s;               // RFC 7766 section 6.2.3
inline constexpr std::size_t dns_transfers = 16;                // at once, of one thread
inline constexpr int dns_notify_attempts = 6;                   // within a minute or so
inline constexpr std::size_t dns_chain_hops = 8;       // CNAME and ALIAS, one after another
inline constexpr std::size_t dns_zone_problems = 100;  // told at once

}  // namespace securecart::limits
