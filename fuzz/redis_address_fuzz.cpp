// Any text as the address of a cache: it is refused with a reason, or names at least one host.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "storage/cache/redis/address.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = securecart::storage::redis::parse_address(
      std::string_view(reinterpret_cast<const char*>(data), size));
  const bool good = parsed ? !parsed->hosts.empty() && !parsed->hosts[0].host.empty()
                           : !parsed.error().detail.empty();
  if (!good) {
    std::abort();
  }
  return 0;
}
