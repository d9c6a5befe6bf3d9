// Randomness is passed in: SecureRandom for secrets and ids, Prng (seeded) for tests and
// simulation.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace securecart {

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;

  // Uniform in [0, bound). `bound` > 0. Lemire's method, without bias.
  std::uint64_t below(std::uint64_t bound);
  // Uniform in [0, 1).
  double unit();
};

// The operating system's generator through libsodium, drawn in blocks of 512 bytes a thread: an id
// would otherwise cost two system calls. Used words are wiped, a forked child draws anew. Safe to
// use from several threads.
class SecureRandom final : public Random {
 public:
  SecureRandom();
  std::uint64_t next() override;
};

// xoshiro256** (Blackman, Vigna 2018), seeded through splitmix64. Not thread-safe, not for secrets.
class Prng final : public Random {
 public:
  explicit Prng(std::uint64_t seed);
  std::uint64_t next() override;

 private:
  std::uint64_t state_[4];
};

}  // namespace securecart
