// What an Answerer works in: made once a thread, so that answering allocates nothing.
#pragma once

#include <array>
#include <cstdint>

#include "base/limits.hpp"
#include "traffic/dns/answer.hpp"
#include "traffic/dns/limits.hpp"
#include "traffic/model/policy_source.hpp"

namespace securecart::traffic::dns {

inline constexpr std::size_t targets_most = 32;
inline constexpr std::size_t types_most = 320;
// Sets of more records come from a zone, which has them in order.
inline constexpr std::size_t records_sorted_most = PolicyAnswer::records_max;

struct Answerer::Space {
  std::array<NameKey, 2> chain;  // the visible name after a CNAME: one is read, one is written
  unsigned chain_turn = 0;
  std::array<const std::uint8_t*, limits::dns_chain_hops> links;  // the CNAME sets gone through
  std::size_t link_count = 0;
  NameKey hidden;  // the name that has the answer of an ALIAS
  NameKey target;
  PolicyAnswer policy;
  std::array<std::uint16_t, targets_most> targets;  // offsets of names worth an address
  std::size_t target_count = 0;
  std::array<std::uint8_t, 2 * limits::dns_message_bytes> signing;
  std::array<std::uint8_t, 8 * 1024 + 2 * limits::dns_name_bytes> rdata;
  std::array<std::uint16_t, types_most> types;
  std::array<Bytes, records_sorted_most> order;
};

}  // namespace securecart::traffic::dns
