// Any bytes as what a connection sends: the reader neither crashes nor depends on how they are cut.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "net/request_reader_impl.hpp"
#include "net/response_reader_impl.hpp"

using securecart::net::RequestReader;

namespace {

std::string read_in_pieces(std::string_view bytes, std::size_t piece) {
  RequestReader reader(1'024);
  std::string seen;
  bool in_body = false;
  for (;;) {
    const auto progress = in_body ? reader.read_body() : reader.read_head();
    if (!progress) {
      return seen.append(progress.error().kind->code);
    }
    if (*progress == RequestReader::Progress::done) {
      if (!in_body && reader.limit_body(4'096)) {
        return seen.append("too large");
      }
      if (in_body) {
        const securecart::net::Request request = reader.take();
        seen.append(request.path).append("|").append(request.body).append("|");
      }
      in_body = !in_body;
      continue;
    }
    if (bytes.empty()) {
      return seen;
    }
    const auto [data, room] = reader.buffer().prepare(reader.buffer_limit());
    const std::size_t count = std::min({piece, room, bytes.size()});
    std::memcpy(data, bytes.data(), count);
    reader.buffer().commit(count);
    bytes.remove_prefix(count);
  }
}

void read_response(std::string_view bytes) {
  securecart::net::ResponseReader reader(false, 4'096);
  while (!bytes.empty() && !reader.done() && reader.problem().empty()) {
    const std::size_t taken = reader.put(bytes);
    if (taken == 0) {
      break;
    }
    bytes.remove_prefix(taken);
  }
  if (reader.problem().empty()) {
    reader.put_end();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = read_in_pieces(bytes, 64 * 1024);
  if (read_in_pieces(bytes, 1) != whole || read_in_pieces(bytes, 7) != whole) {
    std::abort();
  }
  read_response(bytes);
  return 0;
}
