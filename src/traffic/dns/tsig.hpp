// Transaction signatures (RFC 8945): a shared secret proves who asks for a transfer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/errors.hpp"
#include "traffic/dns/name.hpp"
#include "traffic/dns/types.hpp"

namespace securecart::traffic::dns {

enum class TsigAlgorithm : std::uint8_t { sha1, sha256, sha384, sha512 };

struct TsigKey {
  Name name;  // lower case
  TsigAlgorithm algorithm = TsigAlgorithm::sha256;
  std::string secret;  // raw bytes
};

// "hmac-sha256", and sha1, sha384, sha512.
std::optional<TsigAlgorithm> parse_tsig_algorithm(std::string_view text);

// What a request's signature came to, and what signs the answers to it.
struct TsigState {
  const TsigKey* key = nullptr;       // verified; null when `error` says why not
  std::uint16_t error = 0;            // rcode::bad_key, bad_sig, bad_time
  bool malformed = false;             // FORMERR instead
  std::vector<std::uint8_t> mac;      // the last one sent or received
  std::vector<std::uint8_t> request;  // its TSIG's name and algorithm, to refuse under the same
  std::uint64_t time_signed = 0;
  std::uint16_t original_id = 0;
  unsigned messages = 0;  // signed so far
};

// `at` is where the TSIG record begins.
TsigState verify_tsig(Bytes packet, std::size_t at, std::span<const TsigKey> keys,
                      std::uint32_t unix_seconds);
// Appends a TSIG record to the message in `out` and counts it in the header. Each further message
// of a transfer is signed with its timers only (section 5.3.1). Returns the new size; 0 when there
// is no room.
std::size_t sign_tsig(TsigState& state, std::span<std::uint8_t> out, std::size_t size,
                      std::uint32_t unix_seconds);
// Of the other side: signs a request of ours with `key` (NOTIFY).
std::size_t sign_request(const TsigKey& key, std::span<std::uint8_t> out, std::size_t size,
                         std::uint32_t unix_seconds);
// Room that a signature may need.
inline constexpr std::size_t tsig_bytes_max = 512;

}  // namespace securecart::traffic::dns
