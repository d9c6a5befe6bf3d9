// The numbers of the DNS (IANA "Domain Name System Parameters") that this server knows by name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace securecart::traffic::dns {

namespace type {
inline constexpr std::uint16_t a = 1;
inline constexpr std::uint16_t ns = 2;
inline constexpr std::uint16_t cname = 5;
inline constexpr std::uint16_t soa = 6;
inline constexpr std::uint16_t ptr = 12;
inline constexpr std::uint16_t hinfo = 13;
inline constexpr std::uint16_t mx = 15;
inline constexpr std::uint16_t txt = 16;
inline constexpr std::uint16_t aaaa = 28;
inline constexpr std::uint16_t srv = 33;
inline constexpr std::uint16_t naptr = 35;
inline constexpr std::uint16_t dname = 39;
inline constexpr std::uint16_t opt = 41;
inline constexpr std::uint16_t ds = 43;
inline constexpr std::uint16_t sshfp = 44;
inline constexpr std::uint16_t rrsig = 46;
inline constexpr std::uint16_t nsec = 47;
inline constexpr std::uint16_t dnskey = 48;
inline constexpr std::uint16_t nsec3 = 50;
inline constexpr std::uint16_t nsec3param = 51;
inline constexpr std::uint16_t tlsa = 52;
inline constexpr std::uint16_t cds = 59;
inline constexpr std::uint16_t cdnskey = 60;
inline constexpr std::uint16_t svcb = 64;
inline constexpr std::uint16_t https = 65;
inline constexpr std::uint16_t nxname = 128;  // RFC 9824: in the bitmap of a name that is not there
inline constexpr std::uint16_t tkey = 249;
inline constexpr std::uint16_t tsig = 250;
inline constexpr std::uint16_t ixfr = 251;
inline constexpr std::uint16_t axfr = 252;
inline constexpr std::uint16_t any = 255;
inline constexpr std::uint16_t caa = 257;
// Of zone files only, never on the wire (from the range for private use, RFC 6895 section 3.1).
inline constexpr std::uint16_t alias = 65401;
inline constexpr std::uint16_t policy = 65402;
}  // namespace type

inline constexpr std::uint16_t class_in = 1;
inline constexpr std::uint16_t class_none = 254;
inline constexpr std::uint16_t class_any = 255;

namespace opcode {
inline constexpr unsigned query = 0;
inline constexpr unsigned notify = 4;
}  // namespace opcode

namespace rcode {
inline constexpr unsigned no_error = 0;
inline constexpr unsigned form_err = 1;
inline constexpr unsigned serv_fail = 2;
inline constexpr unsigned nx_domain = 3;
inline constexpr unsigned not_imp = 4;
inline constexpr unsigned refused = 5;
inline constexpr unsigned not_auth = 9;
inline constexpr unsigned bad_vers = 16;  // RFC 6891, of EDNS
inline constexpr unsigned bad_sig = 16;   // RFC 8945, of TSIG
inline constexpr unsigned bad_key = 17;
inline constexpr unsigned bad_time = 18;
}  // namespace rcode

// "A", "https", "TYPE65280" (RFC 3597), ALIAS and POLICY. nullopt when unknown.
std::optional<std::uint16_t> parse_type(std::string_view text);
std::string type_text(std::uint16_t number);
std::string rcode_text(unsigned number);

// Types that ask for something other than data of their own (RFC 6895 section 3.1): QTYPEs and
// meta types, from 128 to 255, and OPT. They cannot stand in a zone.
bool is_meta_type(std::uint16_t number);

}  // namespace securecart::traffic::dns
