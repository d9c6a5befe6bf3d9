// Questions and answers of tests, as text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "traffic/dns/answer.hpp"
#include "traffic/dns/rdata.hpp"

namespace securecart::traffic::dns::test {

using Packet = std::vector<std::uint8_t>;

inline Name name_of(std::string_view text) {
  return Name::parse(text).value();
}

inline void put16(Packet& out, unsigned value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8U));
  out.push_back(static_cast<std::uint8_t>(value));
}

struct Ask {
  std::uint16_t type = type::a;
  bool edns = false;
  bool dnssec = false;
  bool compact = false;
  unsigned udp_bytes = 1'232;
  unsigned version = 0;
  Packet options{};  // of EDNS, code and size included
};

inline Packet make_query(std::string_view name, const Ask& ask = {}) {
  Packet packet{0x12, 0x34, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  const Name wire = name_of(name);
  packet.insert(packet.end(), wire.wire().begin(), wire.wire().end());
  put16(packet, ask.type);
  put16(packet, class_in);
  if (ask.edns || ask.dnssec || !ask.options.empty() || ask.version != 0) {
    packet[11] = 1;
    packet.push_back(0);
    put16(packet, type::opt);
    put16(packet, ask.udp_bytes);
    put16(packet, ask.version);
    put16(packet, (ask.dnssec ? 0x8000U : 0U) | (ask.compact ? 0x4000U : 0U));
    put16(packet, static_cast<unsigned>(ask.options.size()));
    packet.insert(packet.end(), ask.options.begin(), ask.options.end());
  }
  return packet;
}

inline Packet option(unsigned code, const Packet& value) {
  Packet out;
  put16(out, code);
  put16(out, static_cast<unsigned>(value.size()));
  out.insert(out.end(), value.begin(), value.end());
  return out;
}

// The name at `at`, pointers followed; `at` moves behind it.
inline std::string read_name(Bytes packet, std::size_t& at) {
  Packet wire;
  std::size_t from = at;
  at = skip_name(packet, at);
  for (int hops = 0; hops < 20 && from < packet.size();) {
    if (packet[from] >= 0xc0) {
      from = read16(&packet[from]) & 0x3fffU;
      ++hops;
      continue;
    }
    const std::size_t more = packet[from] + 1U;
    wire.insert(wire.end(), packet.begin() + static_cast<std::ptrdiff_t>(from),
                packet.begin() + static_cast<std::ptrdiff_t>(from + more));
    if (more == 1) {
      return name_text(wire);
    }
    from += more;
  }
  return "?";
}

struct Decoded {
  unsigned rcode = 0;
  bool aa = false;
  bool tc = false;
  std::vector<std::string> answer;  // "www.shop.test. 300 A 192.0.2.1"
  std::vector<std::string> authority;
  std::vector<std::string> additional;  // without OPT
  bool edns = false;
  Packet options;
  Packet wire;
};

inline Decoded decode(Bytes packet) {
  Decoded result;
  result.wire.assign(packet.begin(), packet.end());
  result.aa = (packet[2] & header::aa) != 0;
  result.tc = (packet[2] & header::tc) != 0;
  result.rcode = packet[3] & 0x0fU;
  std::size_t at = header_bytes;
  if (read16(&packet[4]) == 1) {
    at = skip_name(packet, at) + 4;
  }
  std::vector<std::string>* sections[] = {&result.answer, &result.authority, &result.additional};
  for (unsigned section = 0; section < 3; ++section) {
    for (unsigned left = read16(&packet[6 + 2 * section]); left > 0; --left) {
      const std::string owner = read_name(packet, at);
      const std::uint16_t kind = read16(&packet[at]);
      const std::uint32_t ttl = read32(&packet[at + 4]);
      const Bytes rdata = packet.subspan(at + 10, read16(&packet[at + 8]));
      at += 10 + rdata.size();
      if (kind == type::opt) {
        result.edns = true;
        result.rcode |= ttl >> 24U << 4U;
        result.options.assign(rdata.begin(), rdata.end());
        continue;
      }
      sections[section]->push_back(
          fmt::format("{} {} {} {}", owner, ttl, type_text(kind), rdata_text(kind, rdata)));
    }
  }
  EXPECT_EQ(at, packet.size()) << "the message has more, or less, than its header says";
  return result;
}

inline std::shared_ptr<const Zone> make_zone(std::string_view name, std::string_view text,
                                             const PolicySource* policies = nullptr) {
  const ReadFile none = [](const std::string& path) -> Result<std::string> {
    return fail(errc::not_found, "no file " + path);
  };
  Result<std::shared_ptr<const Zone>> zone =
      load_zone("test.zone", text, name_of(name), none, policies);
  EXPECT_TRUE(zone.has_value()) << (zone ? "" : zone.error().detail);
  return zone.value_or(nullptr);
}

}  // namespace securecart::traffic::dns::test
