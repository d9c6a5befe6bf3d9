// Any text as a cursor: refused, or the one spelling of the position it names.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "shop/api/cursor.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using securecart::shop::api::decode_cursor;
  using securecart::shop::api::encode_cursor;
  constexpr std::string_view list = "fuzz";
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const std::string_view shape : {"", "i", "s", "is", "sis"}) {
    const auto keys = decode_cursor(text, list, shape);
    if (keys && encode_cursor(list, *keys) != text) {
      std::abort();
    }
  }
  return 0;
}
