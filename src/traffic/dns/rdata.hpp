// Record data: from the words of a zone file to wire format and back, and the names inside.
//
//   A 192.0.2.1 | AAAA 2001:db8::1 | NS, CNAME, PTR, ALIAS name | MX 10 mail | SOA mname rname
//   serial refresh retry expire minimum | TXT "one" "two" | SRV 0 5 443 host | CAA 0 issue "ca"
//   HTTPS, SVCB 1 . alpn=h2,h3 port=443 ipv4hint=192.0.2.1 | DS, TLSA, SSHFP … hex | HINFO cpu os
//   NAPTR 10 10 "u" "sip" "!…!" . | POLICY name | TYPE65280 \# 3 0a0b0c (RFC 3597, any type)
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "traffic/dns/name.hpp"

namespace securecart::traffic::dns {

// One word of a zone file, its escapes not yet resolved. In quotes, `text` is what is between them.
struct Token {
  std::string_view text;
  bool quoted = false;
  std::uint32_t column = 0;  // from 1
  std::uint32_t line = 0;    // from 1
};

struct RdataError {
  std::size_t token;  // index of the word that is wrong; the count of words when one is missing
  std::string what;
};

using RdataBytes = std::vector<std::uint8_t>;

// Wire format of the words behind the type. Relative names end in `origin`.
std::expected<RdataBytes, RdataError> parse_rdata(std::uint16_t type, std::span<const Token> words,
                                                  const Name& origin);
// As a zone file has it, names absolute. Types without a known form, and rdata that does not fit
// its type, are in the form of RFC 3597.
std::string rdata_text(std::uint16_t type, Bytes rdata);

// "300", "1h30m", "2w" (seconds; BIND's units). False when malformed or above 2^31 - 1.
bool parse_ttl(std::string_view text, std::uint32_t& seconds);

// The name a record points to that a client is likely to ask for next: of NS, MX, SRV and the like.
// Empty for other types.
Bytes target_of(std::uint16_t type, Bytes rdata);

// RFC 4034 section 6.2: names in the rdata of the types of RFC 1035 (and SRV, NAPTR) in lower case.
void make_canonical(std::uint16_t type, std::span<std::uint8_t> rdata);

}  // namespace securecart::traffic::dns
