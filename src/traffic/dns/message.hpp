// Questions as they come from the wire: RFC 1035 section 4, EDNS(0) (RFC 6891), client subnet (RFC
// 7871), cookies (RFC 7873), NSID (RFC 5001), TCP keepalive (RFC 7828). What is odd is answered as
// RFC 8906 asks, so that nobody waits for a time-out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "traffic/dns/name.hpp"
#include "traffic/dns/types.hpp"
#include "traffic/model/address.hpp"

namespace securecart::traffic::dns {

inline constexpr std::size_t header_bytes = 12;

namespace header {
inline constexpr std::uint8_t qr = 0x80;  // of the third byte
inline constexpr std::uint8_t aa = 0x04;
inline constexpr std::uint8_t tc = 0x02;
inline constexpr std::uint8_t rd = 0x01;
inline constexpr std::uint8_t cd = 0x10;  // of the fourth
}  // namespace header

namespace edns_option {
inline constexpr std::uint16_t nsid = 3;
inline constexpr std::uint16_t client_subnet = 8;
inline constexpr std::uint16_t cookie = 10;
inline constexpr std::uint16_t tcp_keepalive = 11;
}  // namespace edns_option

inline constexpr std::size_t client_cookie_bytes = 8;
inline constexpr std::size_t server_cookie_bytes = 16;  // RFC 9018

struct Edns {
  bool present = false;
  bool dnssec_ok = false;
  bool compact_ok = false;  // RFC 9824 section 4: NXDOMAIN may come with a compact denial
  bool wants_nsid = false;
  bool wants_keepalive = false;
  bool has_cookie = false;
  bool has_subnet = false;
  std::uint8_t version = 0;
  std::uint16_t udp_bytes = 512;
  std::uint8_t server_cookie_size = 0;
  std::uint8_t subnet_family = 0;
  std::uint8_t subnet_prefix = 0;
  std::array<std::uint8_t, client_cookie_bytes> client_cookie;
  std::array<std::uint8_t, 32> server_cookie;
  Address subnet;  // masked, as it has to be
};

enum class Verdict : std::uint8_t {
  ok,
  drop,      // not a question: no answer, so that two servers never talk for ever
  form_err,  // header and, when it could be read, question and EDNS go back
  not_imp,
  bad_version,  // of EDNS
};

struct Query {
  std::uint16_t id = 0;
  std::uint8_t flags_high = 0;  // third byte of the header
  std::uint8_t flags_low = 0;
  unsigned opcode = 0;
  bool has_question = false;
  std::uint16_t question_bytes = 0;  // behind the header
  std::uint16_t type = 0;
  std::uint16_t class_ = 0;
  std::uint16_t tsig_at = 0;    // offset of the TSIG record; 0: none
  std::uint16_t serial_at = 0;  // offset of the SOA serial in the authority section (IXFR); 0: none
  NameKey name;
  Edns edns;
};

// Reads all of `packet`. Never allocates.
Verdict parse_query(Bytes packet, Query& query);

// Offset behind the name at `at`, compressed or not; 0 when it is not one.
std::size_t skip_name(Bytes packet, std::size_t at);

}  // namespace securecart::traffic::dns
