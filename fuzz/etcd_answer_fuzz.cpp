// Any bytes from a member of etcd: as the answer to each call, and as a watch in two pieces.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "cluster/etcd/message.hpp"
#include "cluster/etcd/watch_reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace etcd = securecart::cluster::etcd;
  if (size == 0) {
    return 0;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  etcd::parse_range(bytes);
  etcd::parse_fingerprint(bytes);
  etcd::parse_commit(bytes);
  etcd::parse_grant(bytes);
  etcd::parse_keep_alive(bytes);
  etcd::parse_members(bytes);
  etcd::parse_leader(bytes);
  etcd::parse_refusal(bytes);
  etcd::parse_watch(bytes);
  const std::size_t cut = data[0] % (bytes.size() + 1);
  etcd::WatchReader reader;
  for (const std::string_view piece : {bytes.substr(0, cut), bytes.substr(cut)}) {
    reader.feed(piece);
    for (auto line = reader.next(); line && *line; line = reader.next()) {
      etcd::parse_watch(**line);
    }
  }
  return 0;
}
