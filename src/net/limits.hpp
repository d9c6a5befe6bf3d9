// Limits of net/: what base/limits.hpp says of units and names holds here as well.
#pragma once

#include <chrono>
#include <cstddef>

namespace securecart::limits {

using namespace std::chrono_literals;

inline constexpr std::size_t request_header_bytes = 16 * 1024;
inline constexpr std::size_t request_header_fields = 100;
inline constexpr std::size_t request_target_bytes = 4 * 1024;
inline constexpr std::size_t request_body_bytes = 256 * 1024;
inline constexpr std::size_t response_body_bytes = 64 * 1024 * 1024;  // as a client
inline constexpr std::size_t response_header_bytes = 64 * 1024;
inline constexpr std::size_t response_header_fields = 200;
inline constexpr std::size_t interim_answers = 8;   // 1xx before the answer
inline constexpr auto client_connect_timeout = 3s;  // one packet may be lost
inline constexpr auto client_idle_timeout = 30s;    // below idle_timeout: the client closes first
inline constexpr std::size_t connections_per_core = 8'192;
inline constexpr auto header_timeout = 10s;
inline constexpr auto body_timeout = 30s;  // and a second more for each body_bytes_per_second sent
inline constexpr std::size_t body_bytes_per_second = 64 * 1024;
inline constexpr auto idle_timeout = 60s;
inline constexpr auto write_timeout = 30s;
inline constexpr auto request_deadline = 15s;
inline constexpr auto slow_request = 1s;           // said in the log from here on
inline constexpr int requests_said_per_sweep = 5;  // failed or slow; of one core, 20 a second
inline constexpr auto linger_timeout = 2s;  // reading on after a refusal, so that it is not lost
inline constexpr std::size_t linger_bytes = 4 * 1024 * 1024;
inline constexpr std::size_t read_buffer_bytes =
    64 * 1024;                                        // of one connection, while a body comes
inline constexpr std::size_t blocking_queue = 1'024;  // jobs waiting for a worker thread
inline constexpr std::size_t path_parameter_bytes = 255;

}  // namespace securecart::limits
