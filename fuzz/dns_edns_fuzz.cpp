// Any bytes as the options of EDNS in a question that is right otherwise: what is taken from them
// keeps to its bounds, and the answer comes with what was asked for.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "traffic/dns/message.hpp"
#include "traffic/dns/zone.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace securecart::traffic;
  using namespace securecart::traffic::dns;
  if (size < 6 || size > 60'000) {
    return 0;
  }
  // The input begins with the class and TTL of the OPT record.
  std::vector<std::uint8_t> packet{0, 1,   0, 0,   0, 1, 0, 0, 0, 0, 0, 1,
                                   1, 'w', 1, 'a', 0, 0, 1, 0, 1, 0, 0, 41};
  packet.insert(packet.end(), data, data + 6);
  packet.resize(packet.size() + 2);
  write16(&packet[packet.size() - 2], static_cast<std::uint16_t>(size - 6));
  packet.insert(packet.end(), data + 6, data + size);
  static Query query;
  const Verdict verdict = parse_query(packet, query);
  const Edns& edns = query.edns;
  if (verdict == Verdict::drop || verdict == Verdict::not_imp || !edns.present ||
      edns.udp_bytes < 512 || edns.server_cookie_size > edns.server_cookie.size()) {
    std::abort();
  }
  if (verdict == Verdict::ok && edns.has_subnet) {
    const bool fits = edns.subnet.family == Family::none
                          ? edns.subnet_prefix == 0
                          : edns.subnet_prefix <= edns.subnet.bits() &&
                                masked(edns.subnet, edns.subnet_prefix) == edns.subnet;
    if (!fits) {
      std::abort();
    }
  }
  if ((verdict == Verdict::bad_version) != (edns.version != 0)) {
    std::abort();
  }
  return 0;
}
