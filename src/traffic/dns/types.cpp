#include "traffic/dns/types.hpp"

#include <array>
#include <charconv>
#include <utility>

#include "base/text.hpp"

namespace securecart::traffic::dns {
namespace {

using Row = std::pair<std::string_view, std::uint16_t>;

constexpr auto names = std::to_array<Row>({
    {"A", type::a},           {"NS", type::ns},           {"CNAME", type::cname},
    {"SOA", type::soa},       {"PTR", type::ptr},         {"HINFO", type::hinfo},
    {"MX", type::mx},         {"TXT", type::txt},         {"AAAA", type::aaaa},
    {"SRV", type::srv},       {"NAPTR", type::naptr},     {"DNAME", type::dname},
    {"OPT", type::opt},       {"DS", type::ds},           {"SSHFP", type::sshfp},
    {"RRSIG", type::rrsig},   {"NSEC", type::nsec},       {"DNSKEY", type::dnskey},
    {"NSEC3", type::nsec3},   {"TLSA", type::tlsa},       {"NSEC3PARAM", type::nsec3param},
    {"CDS", type::cds},       {"CDNSKEY", type::cdnskey}, {"SVCB", type::svcb},
    {"HTTPS", type::https},   {"NXNAME", type::nxname},   {"TKEY", type::tkey},
    {"TSIG", type::tsig},     {"IXFR", type::ixfr},       {"AXFR", type::axfr},
    {"ANY", type::any},       {"CAA", type::caa},         {"ALIAS", type::alias},
    {"POLICY", type::policy},
});

}  // namespace

std::optional<std::uint16_t> parse_type(std::string_view text) {
  for (const auto& [name, number] : names) {
    if (equal_ignoring_case(name, text)) {
      return number;
    }
  }
  constexpr std::string_view generic = "TYPE";
  if (text.size() <= generic.size() || !equal_ignoring_case(text.substr(0, 4), generic)) {
    return std::nullopt;
  }
  std::uint16_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + generic.size(), end, number);
  return error == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

std::string type_text(std::uint16_t number) {
  for (const auto& [name, known] : names) {
    if (known == number) {
      return std::string(name);
    }
  }
  return "TYPE" + std::to_string(number);
}

std::string rcode_text(unsigned number) {
  constexpr std::array<std::string_view, 11> known{"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",
                                                   "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
                                                   "NXRRSET", "NOTAUTH", "NOTZONE"};
  if (number < known.size()) {
    return std::string(known[number]);
  }
  return number == rcode::bad_vers ? "BADVERS" : "RCODE" + std::to_string(number);
}

bool is_meta_type(std::uint16_t number) {
  return number == 0 || number == type::opt || (number >= 128 && number <= 255);
}

}  // namespace securecart::traffic::dns
