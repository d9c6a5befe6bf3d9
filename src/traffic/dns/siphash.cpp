#include "traffic/dns/siphash.hpp"

#include <bit>
#include <cstring>

namespace securecart::traffic::dns {
namespace {

struct State {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void absorb(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
  std::uint64_t squeeze() {
    for (int i = 0; i < 4; ++i) {
      round();
    }
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

State absorbed(const SipKey& key, Bytes bytes, bool wide) {
  State state{key.low ^ 0x736f'6d65'7073'6575U, key.high ^ 0x646f'7261'6e64'6f6dU,
              key.low ^ 0x6c79'6765'6e65'7261U, key.high ^ 0x7465'6462'7974'6573U};
  if (wide) {
    state.v1 ^= 0xee;
  }
  const std::size_t whole = bytes.size() / 8 * 8;
  for (std::size_t i = 0; i < whole; i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, 8);
    state.absorb(word);
  }
  std::uint64_t last = static_cast<std::uint64_t>(bytes.size()) << 56U;
  for (std::size_t i = whole; i < bytes.size(); ++i) {
    last |= static_cast<std::uint64_t>(bytes[i]) << (8 * (i - whole));
  }
  state.absorb(last);
  return state;
}

}  // namespace

std::uint64_t siphash64(const SipKey& key, Bytes bytes) {
  State state = absorbed(key, bytes, false);
  state.v2 ^= 0xff;
  return state.squeeze();
}

Hash128 siphash128(const SipKey& key, Bytes bytes) {
  State state = absorbed(key, bytes, true);
  state.v2 ^= 0xee;
  const std::uint64_t first = state.squeeze();
  state.v1 ^= 0xdd;
  return {first, state.squeeze()};
}

}  // namespace securecart::traffic::dns
