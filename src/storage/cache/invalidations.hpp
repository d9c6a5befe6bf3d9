// When tags were last invalidated, as this process knows it.
//
// Tags are not kept: each hashes to a slot that holds the moment of its last invalidation. So
// recording is one store however much it outdates; two tags that share a slot only outdate each
// other's entries too often. Safe from several threads, without locks.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace securecart::storage {

class Invalidations {
 public:
  static constexpr std::size_t slot_count = 1 << 16;
  using Slot = std::uint32_t;

  Invalidations() : slots_(slot_count) {}

  static Slot slot_of(std::string_view space, std::string_view tag);
  static std::vector<Slot> slots_of(std::string_view space, std::span<const std::string> tags);

  std::uint64_t moment() const { return moment_.load(std::memory_order_acquire); }
  // Returns the moment of this invalidation.
  std::uint64_t record(Slot slot);
  // True when none of the slots was invalidated after `moment`.
  bool quiet_since(std::uint64_t moment, std::span<const Slot> slots) const;

 private:
  std::atomic<std::uint64_t> moment_ = 0;
  std::vector<std::atomic<std::uint64_t>> slots_;
};

// FNV-1a (Fowler, Noll, Vo), 64 bits: the same in every process of a fleet.
std::uint64_t stable_hash(std::string_view text,
                          std::uint64_t seed = 0xcbf2'9ce4'8422'2325U) noexcept;

}  // namespace securecart::storage
