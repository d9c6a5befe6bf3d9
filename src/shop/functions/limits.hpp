// Limits of shop/functions/: what base/limits.hpp says of units and names holds here as well.
#pragma once

#include <cstddef>
#include <cstdint>

namespace securecart::limits {

inline constexpr std::size_t function_source_bytes = 64 * 1024;
inline constexpr std::size_t function_input_bytes = 256 * 1024;  // JSON of an order
inline constexpr std::size_t function_output_bytes = 16 * 1024;  // JSON of a verdict
inline constexpr std::size_t function_log_bytes = 8 * 1024;
inline constexpr std::size_t function_log_lines = 100;
inline constexpr std::size_t function_reasons = 10;  // of a verdict
inline constexpr std::size_t function_message_bytes = 1024 * 1024;
inline constexpr std::size_t function_heap_bytes = 16 * 1024 * 1024;      // of the interpreter
inline constexpr std::size_t function_process_bytes = 512 * 1024 * 1024;  // address space
inline constexpr std::int64_t function_timeout_default_ms = 250;
inline constexpr int function_worker_runs = 1'000;    // then the process is replaced
inline constexpr std::size_t function_queue = 1'024;  // runs waiting for a worker
inline constexpr std::size_t shop_functions = 20;
inline constexpr std::int64_t function_versions = 1'000;

}  // namespace securecart::limits
