// Small text helpers of the HTTP layer; the general ones are in base/text.hpp.
#pragma once

#include <string_view>

namespace securecart::net {

// 0 to 15, or -1.
int hex_digit(char c);

// A field name (RFC 9110 section 5.6.2) and a field value (no control characters but tab) fit to be
// sent.
bool is_token(std::string_view text);
bool is_field_value(std::string_view text);

// A Host field: a name or address with an optional port. Only its characters are looked at.
bool is_host_field(std::string_view text);

}  // namespace securecart::net
