#include "traffic/dns/message.hpp"

#include <algorithm>
#include <optional>

#include "base/limits.hpp"
#include "traffic/dns/limits.hpp"
#include "traffic/dns/zone.hpp"

namespace securecart::traffic::dns {
namespace {

constexpr std::size_t question_tail = 4;  // type and class
constexpr std::size_t fixed_record = 10;  // type, class, TTL, size
constexpr std::uint8_t pointer_mark = 0xc0;

struct Record {
  std::size_t name_at = 0;
  std::uint16_t type = 0;
  std::uint16_t class_ = 0;
  std::uint32_t ttl = 0;
  std::size_t rdata_at = 0;
  std::size_t rdata_size = 0;
};

std::optional<Record> read_record(Bytes packet, std::size_t at) {
  Record record;
  record.name_at = at;
  at = skip_name(packet, at);
  if (at == 0 || packet.size() - at < fixed_record) {
    return std::nullopt;
  }
  record.type = read16(&packet[at]);
  record.class_ = read16(&packet[at + 2]);
  record.ttl = read32(&packet[at + 4]);
  record.rdata_size = read16(&packet[at + 8]);
  record.rdata_at = at + fixed_record;
  return record.rdata_size <= packet.size() - record.rdata_at ? std::optional(record)
                                                              : std::nullopt;
}

// RFC 7873 section 4: 8 bytes, or 8 and a server's 8 to 32.
bool read_cookie(Bytes value, Edns& edns) {
  const bool whole = value.size() >= 16 && value.size() <= 40;
  if (value.size() != client_cookie_bytes && !whole) {
    return false;
  }
  edns.has_cookie = true;
  std::ranges::copy(value.first(client_cookie_bytes), edns.client_cookie.begin());
  const Bytes server = value.subspan(client_cookie_bytes);
  std::ranges::copy(server, edns.server_cookie.begin());
  edns.server_cookie_size = static_cast<std::uint8_t>(server.size());
  return true;
}

// RFC 7871 section 6 and 7.1.2: no more bytes than the prefix needs, no bits behind it, scope 0.
bool read_subnet(Bytes value, Edns& edns) {
  if (value.size() < 4) {
    return false;
  }
  const std::uint16_t family = read16(value.data());
  const unsigned prefix = value[2];
  const Bytes bytes = value.subspan(4);
  edns.has_subnet = true;
  edns.subnet_prefix = value[2];
  edns.subnet_family = static_cast<std::uint8_t>(family);
  edns.subnet = Address();
  if (family == 0) {
    return prefix == 0 && value[3] == 0 && bytes.empty();
  }
  if (family > 2 || value[3] != 0 || prefix > (family == 1 ? 32U : 128U) ||
      bytes.size() != (prefix + 7) / 8) {
    return false;
  }
  edns.subnet.family = family == 1 ? Family::v4 : Family::v6;
  std::ranges::copy(bytes, edns.subnet.bytes.begin());
  return masked(edns.subnet, prefix) == edns.subnet;
}

bool read_option(std::uint16_t code, Bytes value, Edns& edns) {
  switch (code) {
    case edns_option::nsid:
      edns.wants_nsid = true;
      return true;
    case edns_option::tcp_keepalive:
      edns.wants_keepalive = true;
      return value.empty();
    case edns_option::cookie:
      return edns.has_cookie || read_cookie(value, edns);
    case edns_option::client_subnet:
      return edns.has_subnet || read_subnet(value, edns);
    default:
      return true;  // RFC 6891 section 6.1.2: unknown options are ignored
  }
}

Verdict read_edns(Bytes packet, const Record& record, Edns& edns) {
  if (edns.present || packet[record.name_at] != 0) {
    return Verdict::form_err;
  }
  edns.present = true;
  edns.udp_bytes = std::max<std::uint16_t>(record.class_, limits::dns_udp_bytes);
  edns.version = static_cast<std::uint8_t>(record.ttl >> 16U);
  edns.dnssec_ok = (record.ttl & 0x8000U) != 0;
  edns.compact_ok = (record.ttl & 0x4000U) != 0;
  if (edns.version != 0) {
    return Verdict::bad_version;  // its options may mean anything
  }
  Bytes options = packet.subspan(record.rdata_at, record.rdata_size);
  while (!options.empty()) {
    if (options.size() < 4) {
      return Verdict::form_err;
    }
    const std::size_t size = read16(&options[2]);
    if (size > options.size() - 4 ||
        !read_option(read16(&options[0]), options.subspan(4, size), edns)) {
      return Verdict::form_err;
    }
    options = options.subspan(4 + size);
  }
  return Verdict::ok;
}

// The serial of an IXFR question is the 20 bytes from the end of its SOA.
void read_serial(const Record& record, Query& query) {
  if (record.type == type::soa && record.rdata_size >= 22) {
    query.serial_at = static_cast<std::uint16_t>(record.rdata_at + record.rdata_size - 20);
  }
}

// Everything behind the question.
Verdict read_sections(Bytes packet, std::size_t at, Query& query) {
  const unsigned answers = read16(&packet[6]);
  const unsigned authorities = read16(&packet[8]);
  const unsigned total = answers + authorities + read16(&packet[10]);
  Verdict worst = Verdict::ok;
  for (unsigned i = 0; i < total; ++i) {
    const std::optional<Record> record = read_record(packet, at);
    if (!record || query.tsig_at != 0) {  // TSIG is the last one (RFC 8945 section 5.1)
      return Verdict::form_err;
    }
    at = record->rdata_at + record->rdata_size;
    if (i < answers + authorities) {
      read_serial(*record, query);
    } else if (record->type == type::opt) {
      const Verdict verdict = read_edns(packet, *record, query.edns);
      worst = worst == Verdict::ok ? verdict : worst;
    } else if (record->type == type::tsig) {
      query.tsig_at = static_cast<std::uint16_t>(record->name_at);
    }
  }
  return at == packet.size() ? worst : Verdict::form_err;
}

Verdict check_question(const Query& query, unsigned questions) {
  if (questions == 0) {  // RFC 7873 section 5.4: only to learn a cookie
    return query.edns.has_cookie ? Verdict::ok : Verdict::form_err;
  }
  const bool meta = is_meta_type(query.type);
  const bool known =
      query.type == type::any || query.type == type::axfr || query.type == type::ixfr;
  return meta && !known ? Verdict::form_err : Verdict::ok;
}

}  // namespace

std::size_t skip_name(Bytes packet, std::size_t at) {
  for (std::size_t size = 0; at < packet.size() && size < limits::dns_name_bytes;) {
    const std::uint8_t length = packet[at];
    if (length >= pointer_mark) {
      return at + 2 <= packet.size() ? at + 2 : 0;
    }
    if (length == 0) {
      return at + 1;
    }
    if (length > limits::dns_label_bytes) {
      return 0;
    }
    size += length + 1U;
    at += length + 1U;
  }
  return 0;
}

Verdict parse_query(Bytes packet, Query& query) {
  if (packet.size() < header_bytes || (packet[2] & header::qr) != 0 ||
      packet.size() > limits::dns_message_bytes) {
    return Verdict::drop;
  }
  query.id = read16(&packet[0]);
  query.flags_high = packet[2];
  query.flags_low = packet[3];
  query.opcode = (packet[2] >> 3U) & 0x0fU;
  query.has_question = false;
  query.question_bytes = 0;
  query.tsig_at = 0;
  query.serial_at = 0;
  query.edns.present = query.edns.has_cookie = query.edns.has_subnet = false;
  query.edns.dnssec_ok = query.edns.compact_ok = false;
  query.edns.wants_nsid = query.edns.wants_keepalive = false;
  query.edns.version = 0;
  query.edns.udp_bytes = limits::dns_udp_bytes;
  if (query.opcode != opcode::query) {
    return Verdict::not_imp;
  }
  const unsigned questions = read16(&packet[4]);
  if (questions > 1) {
    return Verdict::form_err;
  }
  std::size_t at = header_bytes;
  if (questions == 1) {
    // It cannot be compressed: nothing stands before it.
    if (!query.name.read(packet.subspan(header_bytes)) ||
        packet.size() < header_bytes + query.name.size + question_tail) {
      return Verdict::form_err;
    }
    at += query.name.size;
    query.type = read16(&packet[at]);
    query.class_ = read16(&packet[at + 2]);
    query.question_bytes = static_cast<std::uint16_t>(query.name.size + question_tail);
    query.has_question = true;
    at += question_tail;
  }
  const Verdict verdict = read_sections(packet, at, query);
  return verdict == Verdict::ok ? check_question(query, questions) : verdict;
}

}  // namespace securecart::traffic::dns
