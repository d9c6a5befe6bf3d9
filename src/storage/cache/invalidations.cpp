#include "storage/cache/invalidations.hpp"

#include <algorithm>
#include <string>

namespace securecart::storage {

std::uint64_t stable_hash(std::string_view text, std::uint64_t seed) noexcept {
  constexpr std::uint64_t prime = 0x0000'0100'0000'01b3U;
  for (const char c : text) {
    seed = (seed ^ static_cast<unsigned char>(c)) * prime;
  }
  return seed;
}

Invalidations::Slot Invalidations::slot_of(std::string_view space, std::string_view tag) {
  constexpr std::string_view between("\0", 1);
  const std::uint64_t hash = stable_hash(tag, stable_hash(between, stable_hash(space)));
  return static_cast<Slot>((hash ^ (hash >> 32)) % slot_count);
}

std::vector<Invalidations::Slot> Invalidations::slots_of(std::string_view space,
                                                         std::span<const std::string> tags) {
  std::vector<Slot> slots;
  slots.reserve(tags.size());
  for (const std::string& tag : tags) {
    slots.push_back(slot_of(space, tag));
  }
  return slots;
}

std::uint64_t Invalidations::record(Slot slot) {
  const std::uint64_t moment = moment_.fetch_add(1, std::memory_order_acq_rel) + 1;
  std::uint64_t before = slots_[slot].load(std::memory_order_relaxed);
  // Only forward: two invalidations of one slot may arrive here in either order.
  while (before < moment &&
         !slots_[slot].compare_exchange_weak(before, moment, std::memory_order_acq_rel)) {
  }
  return moment;
}

bool Invalidations::quiet_since(std::uint64_t moment, std::span<const Slot> slots) const {
  return std::ranges::all_of(slots, [this, moment](Slot slot) {
    return slots_[slot].load(std::memory_order_acquire) <= moment;
  });
}

}  // namespace securecart::storage
