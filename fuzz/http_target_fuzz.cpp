// Any bytes as a request target: what is accepted keeps the promises of net::Request::path.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.hpp"
#include "net/http.hpp"

namespace {

void require(bool condition) {
  if (!condition) {
    std::abort();
  }
}

bool is_text(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return false;
    }
  }
  return securecart::is_utf8(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const securecart::Result<securecart::net::Target> target = securecart::net::parse_target(text);
  if (!target) {
    return 0;
  }
  const std::string& path = target->path;
  require(path.starts_with('/') && is_text(path));
  require(path.find("//") == std::string::npos && path.find('\\') == std::string::npos);
  require((path + "/").find("/../") == std::string::npos);
  require((path + "/").find("/./") == std::string::npos);
  for (const auto& [name, value] : target->query) {
    require(is_text(name) && is_text(value));
    const std::string again =
        "/?" + securecart::net::percent_encode(name) + "=" + securecart::net::percent_encode(value);
    const auto reparsed = securecart::net::parse_target(again);
    require(!reparsed || reparsed->query.empty() || reparsed->query.front().second == value);
  }
  return 0;
}
