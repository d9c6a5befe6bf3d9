// What parent and worker say to each other over a socket: frames of four bytes of length (network
// order) and one JSON document.
//
//   parent   {"source", "input", "now", "seed", "heap_bytes"}
//   worker   {"ending", "output", "error", "logs", "heap_bytes"}
//
// The parent believes nothing a worker says: the interpreter may have been taken over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/errors.hpp"
#include "shop/functions/limits.hpp"
#include "shop/functions/run.hpp"

namespace securecart::shop::functions {

inline constexpr std::size_t frame_header_bytes = 4;

// Asserts that `body` fits limits::function_message_bytes.
std::string frame(std::string_view body);
// The length a header announces; nullopt when it is beyond the limit or nothing.
std::optional<std::size_t> frame_length(std::string_view header);

std::string write_request(const RunRequest& request);
Result<RunRequest> read_request(std::string_view text);

std::string write_report(const RunReport& report);
// The Error says what no worker of ours says.
Result<RunReport> read_report(std::string_view text);

}  // namespace securecart::shop::functions
