#include "base/prng.hpp"

#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstddef>
#include <pthread.h>
#include <utility>

#include <sodium.h>

#include "base/crypto.hpp"

namespace securecart {

namespace {

__extension__ typedef unsigned __int128 UnsignedWide;

}  // namespace

std::uint64_t Random::below(std::uint64_t bound) {
  assert(bound > 0);
  // Lemire, "Fast Random Integer Generation in an Interval" (2019).
  UnsignedWide product = static_cast<UnsignedWide>(next()) * bound;
  auto low = static_cast<std::uint64_t>(product);
  if (low < bound) {
    const std::uint64_t threshold = (0 - bound) % bound;
    while (low < threshold) {
      product = static_cast<UnsignedWide>(next()) * bound;
      low = static_cast<std::uint64_t>(product);
    }
  }
  return static_cast<std::uint64_t>(product >> 64);
}

double Random::unit() {
  return static_cast<double>(next() >> 11) * 0x1.0p-53;
}

namespace {

// Grows in a forked child, whose blocks are copies of its parent's.
std::atomic<std::uint64_t> forks = 0;

struct Block {
  std::array<std::uint64_t, 64> words{};
  std::size_t left = 0;
  std::uint64_t drawn_after = 0;
};

}  // namespace

SecureRandom::SecureRandom() {
  initialise_crypto();
  static const int registered = pthread_atfork(nullptr, nullptr, [] { ++forks; });
  assert(registered == 0);
  static_cast<void>(registered);
}

std::uint64_t SecureRandom::next() {
  thread_local Block block;
  const std::uint64_t now = forks.load(std::memory_order_relaxed);
  if (block.left == 0 || block.drawn_after != now) {
    randombytes_buf(block.words.data(), sizeof block.words);
    block.left = block.words.size();
    block.drawn_after = now;
  }
  return std::exchange(block.words[--block.left], 0);
}

Prng::Prng(std::uint64_t seed) {
  for (std::uint64_t& word : state_) {
    seed += 0x9e3779b97f4a7c15;  // splitmix64
    std::uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    word = z ^ (z >> 31);
  }
}

std::uint64_t Prng::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

}  // namespace securecart
