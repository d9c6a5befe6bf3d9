// Status codes and their words (RFC 9110 section 15).
#pragma once

#include <string>
#include <string_view>

namespace securecart::net {

std::string_view reason_phrase(int status);  // "Not Found"; empty when unknown
std::string status_line(int status);         // "HTTP/1.1 404 Not Found\r\n"

}  // namespace securecart::net
