#include "net/status.hpp"

#include <boost/beast/http/status.hpp>

namespace securecart::net {

std::string_view reason_phrase(int status) {
  const auto known = boost::beast::http::int_to_status(static_cast<unsigned>(status));
  if (known == boost::beast::http::status::unknown) {
    return {};
  }
  const auto words = boost::beast::http::obsolete_reason(known);
  return {words.data(), words.size()};
}

std::string status_line(int status) {
  if (status == 200) {
    return "HTTP/1.1 200 OK\r\n";
  }
  return std::string("HTTP/1.1 ")
      .append(std::to_string(status))
      .append(" ")
      .append(reason_phrase(status))
      .append("\r\n");
}

}  // namespace securecart::net
