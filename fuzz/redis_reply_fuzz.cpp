// Any bytes from a server of the cache, in two pieces: the reader ends, within its limits.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "storage/cache/redis/reply.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) {
    return 0;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t cut = data[0] % (bytes.size() + 1);
  securecart::storage::redis::ReplyReader reader;
  for (const std::string_view piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
    reader.feed(piece);
    while (reader.next()) {
    }
  }
  return 0;
}
