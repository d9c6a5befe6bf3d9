// Service parameters of SVCB and HTTPS records (RFC 9460 sections 2.1, 2.2 and appendix A), and the
// escapes of character strings (RFC 1035 section 5.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "traffic/dns/name.hpp"

namespace securecart::traffic::dns {

struct SvcbError {
  std::size_t parameter;  // index of the one that is wrong
  std::string what;
};

// Each "key=value", the value in quotes or not. In wire format, in the order of their keys.
std::expected<std::vector<std::uint8_t>, SvcbError> parse_service_parameters(
    std::span<const std::string_view> parameters);
// nullopt when malformed.
std::optional<std::string> service_parameters_text(Bytes wire);

// \X is X and \DDD is a byte; nullopt on a bad escape.
std::optional<std::string> unescape(std::string_view text);
// For between quotes: printable ASCII but for " and \, the rest escaped.
std::string escape(Bytes bytes);

}  // namespace securecart::traffic::dns
