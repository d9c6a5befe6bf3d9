// Any bytes as a history: the reader ends, and what it read is written and read again unchanged.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lab/history.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto entry = securecart::lab::parse_history_line(text);
  if (entry) {
    const auto again = securecart::lab::parse_history_line(securecart::lab::to_line(*entry));
    if (!again || *again != *entry) {
      std::abort();
    }
  }
  static_cast<void>(securecart::lab::parse_history(text));
  return 0;
}
