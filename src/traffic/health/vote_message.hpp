// What DNS nodes tell each other about their checks: a small signed message.
//
//   "SCV" version:u8 | node: u8 length, bytes | epoch:u64 | sequence:u64 | count:u16
//   count * ( check:u64 | status:u8 | rtt:u16 )                           | HMAC-SHA256 (32)
//
// Integers are big-endian. `epoch` is when the sender started (ms since 1970), `sequence` counts
// its messages: an older pair is a replay. A check is named by the first 8 bytes of SHA-256 over
// its name and settings, so that nodes with different files do not mix their votes up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/errors.hpp"
#include "traffic/health/limits.hpp"
#include "traffic/health/status.hpp"

namespace securecart::traffic::health {

struct VoteEntry {
  std::uint64_t check = 0;
  Status status = Status::unknown;
  std::uint16_t rtt_tenths = 0;  // of a millisecond; 0: not known
  bool operator==(const VoteEntry&) const = default;
};

struct VoteMessage {
  std::string node;
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;
  std::vector<VoteEntry> entries;
  bool operator==(const VoteMessage&) const = default;
};

std::uint64_t check_id(std::string_view fingerprint);
// `secret` is not empty. Asserts on more than limits::health_checks entries or a long node name.
std::string encode(const VoteMessage& message, std::string_view secret);
// Refuses what is malformed, of another version, or not signed with `secret`.
Result<VoteMessage> decode(std::string_view bytes, std::string_view secret);

}  // namespace securecart::traffic::health
