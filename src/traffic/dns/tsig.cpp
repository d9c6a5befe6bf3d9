#include "traffic/dns/tsig.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/text.hpp"
#include "traffic/dns/message.hpp"
#include "traffic/dns/zone.hpp"

namespace securecart::traffic::dns {
namespace {

constexpr std::uint16_t fudge_seconds = 300;
constexpr std::size_t least_mac_bytes = 10;  // section 5.2.2.1

struct Algorithm {
  TsigAlgorithm id;
  std::string_view text;
  const EVP_MD* (*digest)();
};

constexpr auto algorithms =
    std::to_array<Algorithm>({{TsigAlgorithm::sha1, "hmac-sha1", EVP_sha1},
                              {TsigAlgorithm::sha256, "hmac-sha256", EVP_sha256},
                              {TsigAlgorithm::sha384, "hmac-sha384", EVP_sha384},
                              {TsigAlgorithm::sha512, "hmac-sha512", EVP_sha512}});

const Algorithm& row_of(TsigAlgorithm id) {
  return *std::ranges::find(algorithms, id, &Algorithm::id);
}

Name algorithm_name(TsigAlgorithm id) {
  return *Name::parse(std::string(row_of(id).text) + ".");
}

using Buffer = std::vector<std::uint8_t>;

void add(Buffer& out, Bytes bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}
void add16(Buffer& out, std::uint64_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8U));
  out.push_back(static_cast<std::uint8_t>(value));
}
void add48(Buffer& out, std::uint64_t value) {
  add16(out, value >> 32U & 0xffffU);
  add16(out, value >> 16U & 0xffffU);
  add16(out, value & 0xffffU);
}

Buffer hmac(const TsigKey& key, Bytes input) {
  Buffer mac(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  HMAC(row_of(key.algorithm).digest(), key.secret.data(), static_cast<int>(key.secret.size()),
       input.data(), input.size(), mac.data(), &size);
  mac.resize(size);
  return mac;
}

// The variables of section 4.3.3.
void add_variables(Buffer& out, const TsigKey& key, std::uint64_t time, std::uint16_t error,
                   Bytes other) {
  add(out, key.name.wire());
  add16(out, class_any);
  add16(out, 0);
  add16(out, 0);
  add(out, algorithm_name(key.algorithm).wire());
  add48(out, time);
  add16(out, fudge_seconds);
  add16(out, error);
  add16(out, other.size());
  add(out, other);
}

struct ParsedTsig {
  std::optional<Name> key;
  std::optional<Name> algorithm;
  std::uint64_t time = 0;
  std::uint16_t fudge = 0;
  Bytes mac;
  std::uint16_t original_id = 0;
};

std::optional<ParsedTsig> parse_tsig(Bytes packet, std::size_t at) {
  ParsedTsig result;
  const std::size_t owner_size = name_size(packet.subspan(at));
  if (owner_size == 0) {
    return std::nullopt;  // compressed: nobody does that
  }
  result.key = Name::from_wire(packet.subspan(at, owner_size));
  std::size_t i = at + owner_size;
  if (read16(&packet[i + 2]) != class_any || read32(&packet[i + 4]) != 0) {
    return std::nullopt;
  }
  const Bytes rdata = packet.subspan(i + 10, read16(&packet[i + 8]));
  const std::size_t algorithm_size = name_size(rdata);
  if (algorithm_size == 0 || rdata.size() < algorithm_size + 10) {
    return std::nullopt;
  }
  result.algorithm = Name::from_wire(rdata.first(algorithm_size));
  const std::uint8_t* fields = rdata.data() + algorithm_size;
  result.time = static_cast<std::uint64_t>(read16(fields)) << 32U | read32(fields + 2);
  result.fudge = read16(fields + 6);
  const std::size_t mac_size = read16(fields + 8);
  const Bytes behind = rdata.subspan(algorithm_size + 10);
  if (behind.size() < mac_size + 6 ||
      behind.size() != mac_size + 6U + read16(&behind[mac_size + 4])) {
    return std::nullopt;
  }
  result.mac = behind.first(mac_size);
  result.original_id = read16(&behind[mac_size]);
  return result;
}

const TsigKey* find_key(const ParsedTsig& parsed, std::span<const TsigKey> keys) {
  const auto found = std::ranges::find_if(keys, [&parsed](const TsigKey& key) {
    return key.name == *parsed.key && algorithm_name(key.algorithm) == *parsed.algorithm;
  });
  return found == keys.end() ? nullptr : &*found;
}

// The message as it was before it was signed.
Buffer unsigned_message(Bytes packet, std::size_t at, std::uint16_t original_id) {
  Buffer message(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(at));
  write16(message.data(), original_id);
  write16(&message[10], static_cast<std::uint16_t>(read16(&message[10]) - 1));
  return message;
}

bool is_mac(const TsigKey& key, const ParsedTsig& parsed, Bytes packet, std::size_t at) {
  Buffer input = unsigned_message(packet, at, parsed.original_id);
  add(input, parsed.key->lowered().wire());
  add16(input, class_any);
  add16(input, 0);
  add16(input, 0);
  add(input, parsed.algorithm->lowered().wire());
  add48(input, parsed.time);
  add16(input, parsed.fudge);
  // Error and other data, as they were sent.
  const Bytes tail = packet.subspan(static_cast<std::size_t>(parsed.mac.data() - packet.data()) +
                                    parsed.mac.size() + 2);
  add(input, tail.first(4U + read16(&tail[2])));
  const Buffer wanted = hmac(key, input);
  const std::size_t least = std::max(least_mac_bytes, wanted.size() / 2);
  return parsed.mac.size() >= least && parsed.mac.size() <= wanted.size() &&
         CRYPTO_memcmp(wanted.data(), parsed.mac.data(), parsed.mac.size()) == 0;
}

std::size_t append(std::span<std::uint8_t> out, std::size_t size, const Buffer& record) {
  if (out.size() - size < record.size()) {
    return 0;
  }
  std::ranges::copy(record, out.begin() + static_cast<std::ptrdiff_t>(size));
  write16(&out[10], static_cast<std::uint16_t>(read16(&out[10]) + 1));
  return size + record.size();
}

// `owner` and `algorithm` in one, then the rest of the record.
Buffer make_record(Bytes owner, Bytes algorithm, std::uint64_t time, Bytes mac,
                   std::uint16_t original_id, std::uint16_t error, Bytes other) {
  Buffer record(owner.begin(), owner.end());
  add16(record, type::tsig);
  add16(record, class_any);
  add16(record, 0);
  add16(record, 0);
  add16(record, algorithm.size() + 10 + mac.size() + 6 + other.size());
  add(record, algorithm);
  add48(record, time);
  add16(record, fudge_seconds);
  add16(record, mac.size());
  add(record, mac);
  add16(record, original_id);
  add16(record, error);
  add16(record, other.size());
  add(record, other);
  return record;
}

}  // namespace

std::optional<TsigAlgorithm> parse_tsig_algorithm(std::string_view text) {
  const auto found = std::ranges::find(algorithms, text, &Algorithm::text);
  return found == algorithms.end() ? std::nullopt : std::optional(found->id);
}

TsigState verify_tsig(Bytes packet, std::size_t at, std::span<const TsigKey> keys,
                      std::uint32_t unix_seconds) {
  TsigState state;
  const std::optional<ParsedTsig> parsed = parse_tsig(packet, at);
  if (!parsed) {
    state.malformed = true;
    return state;
  }
  state.time_signed = parsed->time;
  state.original_id = parsed->original_id;
  add(state.request, parsed->key->wire());
  add(state.request, parsed->algorithm->wire());
  const TsigKey* key = find_key(*parsed, keys);
  if (key == nullptr) {
    state.error = rcode::bad_key;
  } else if (!is_mac(*key, *parsed, packet, at)) {
    state.error = rcode::bad_sig;
  } else {
    state.key = key;
    state.mac.assign(parsed->mac.begin(), parsed->mac.end());
    const std::int64_t off =
        static_cast<std::int64_t>(unix_seconds) - static_cast<std::int64_t>(parsed->time);
    state.error = std::abs(off) > parsed->fudge ? rcode::bad_time : 0;
  }
  return state;
}

std::size_t sign_tsig(TsigState& state, std::span<std::uint8_t> out, std::size_t size,
                      std::uint32_t unix_seconds) {
  if (state.key == nullptr) {  // refused: told without a signature (section 5.3.2)
    const Bytes names(state.request);
    const std::size_t owner = name_size(names);
    return append(out, size,
                  make_record(names.first(owner), names.subspan(owner), state.time_signed, {},
                              state.original_id, state.error, {}));
  }
  Buffer other;
  std::uint64_t time = unix_seconds;
  if (state.error == rcode::bad_time) {  // section 5.2.3: the client's time, and ours beside it
    add48(other, unix_seconds);
    time = state.time_signed;
  }
  Buffer input;
  add16(input, state.mac.size());
  add(input, state.mac);
  add(input, out.first(size));
  if (state.messages == 0) {
    add_variables(input, *state.key, time, state.error, other);
  } else {
    add48(input, time);
    add16(input, fudge_seconds);
  }
  state.mac = hmac(*state.key, input);
  ++state.messages;
  return append(out, size,
                make_record(state.key->name.wire(), algorithm_name(state.key->algorithm).wire(),
                            time, state.mac, read16(out.data()), state.error, other));
}

std::size_t sign_request(const TsigKey& key, std::span<std::uint8_t> out, std::size_t size,
                         std::uint32_t unix_seconds) {
  Buffer input(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(size));
  add_variables(input, key, unix_seconds, 0, {});
  return append(out, size,
                make_record(key.name.wire(), algorithm_name(key.algorithm).wire(), unix_seconds,
                            hmac(key, input), read16(out.data()), 0, {}));
}

}  // namespace securecart::traffic::dns
