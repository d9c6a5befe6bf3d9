#include "storage/cache/memory_cache.hpp"

#include <algorithm>
#include <functional>

namespace securecart::storage {

namespace {

// What an entry costs beside its key and bytes: list and map nodes, control block.
constexpr std::size_t entry_overhead_bytes = 256;

observe::Counter& lookups(observe::Metrics& metrics, const char* result) {
  return metrics.counter("securecart_cache_lookups_total", "Lookups in the memory cache.",
                         {{"result", result}});
}

}  // namespace

MemoryCache::MemoryCache(std::size_t capacity_bytes, const Clock& clock, observe::Metrics& metrics)
    : shard_capacity_(capacity_bytes / shard_count),
      clock_(clock),
      invalidated_(slot_count),
      hits_(lookups(metrics, "hit")),
      misses_(lookups(metrics, "miss")),
      invalidations_(metrics.counter("securecart_cache_invalidations_total", "Tags invalidated.")) {
}

void MemoryCache::Shard::erase(Order::iterator entry) {
  cost -= entry->cost;
  entries.erase(entry->key);
  order.erase(entry);
}

std::uint32_t MemoryCache::slot_of(std::string_view tag) {
  return static_cast<std::uint32_t>(std::hash<std::string_view>()(tag) % slot_count);
}

MemoryCache::Shard& MemoryCache::shard_of(std::string_view key) {
  // The upper bits: the maps inside use the lower ones.
  return shards_[(std::hash<std::string_view>()(key) >> 40) % shard_count];
}

bool MemoryCache::is_current(std::span<const std::uint32_t> slots, std::uint64_t moment) const {
  return std::ranges::all_of(slots, [&](std::uint32_t slot) {
    return invalidated_[slot].load(std::memory_order_acquire) <= moment;
  });
}

CachedBytes MemoryCache::get(std::string_view key) {
  Shard& shard = shard_of(key);
  const SteadyTime now = clock_.steady();
  CachedBytes bytes;
  {
    const std::scoped_lock lock(shard.mutex);
    const auto found = shard.entries.find(key);
    if (found != shard.entries.end()) {
      const Order::iterator entry = found->second;
      if (entry->expires > now && is_current(entry->slots, entry->moment)) {
        shard.order.splice(shard.order.begin(), shard.order, entry);
        bytes = entry->bytes;
      } else {
        shard.erase(entry);
      }
    }
  }
  (bytes ? hits_ : misses_).add();
  return bytes;
}

Cache::Ticket MemoryCache::ticket() const {
  return {moment_.load(std::memory_order_acquire)};
}

void MemoryCache::put(std::string_view key, CachedBytes bytes, std::span<const std::string> tags,
                      Duration lifetime, Ticket ticket) {
  Entry entry{std::string(key), std::move(bytes), {}, ticket.moment, clock_.steady() + lifetime, 0};
  for (const std::string& tag : tags) {
    entry.slots.push_back(slot_of(tag));
  }
  entry.cost = entry_overhead_bytes + entry.key.size() + entry.bytes->size() +
               entry.slots.size() * sizeof(std::uint32_t);
  if (entry.cost > shard_capacity_ || !is_current(entry.slots, entry.moment)) {
    return;
  }
  Shard& shard = shard_of(key);
  const std::scoped_lock lock(shard.mutex);
  if (const auto found = shard.entries.find(key); found != shard.entries.end()) {
    if (found->second->moment > entry.moment &&
        is_current(found->second->slots, found->second->moment)) {
      return;  // somebody who read later was faster
    }
    shard.erase(found->second);
  }
  while (shard.cost + entry.cost > shard_capacity_) {
    shard.erase(std::prev(shard.order.end()));
  }
  shard.cost += entry.cost;
  shard.order.push_front(std::move(entry));
  shard.entries.emplace(shard.order.front().key, shard.order.begin());
}

void MemoryCache::invalidate(std::string_view tag) {
  const std::uint64_t moment = moment_.fetch_add(1, std::memory_order_acq_rel) + 1;
  std::atomic<std::uint64_t>& slot = invalidated_[slot_of(tag)];
  std::uint64_t before = slot.load(std::memory_order_relaxed);
  // Only forward: two invalidations of one slot may arrive here in either order.
  while (before < moment &&
         !slot.compare_exchange_weak(before, moment, std::memory_order_acq_rel)) {
  }
  invalidations_.add();
}

std::size_t MemoryCache::bytes() const {
  std::size_t total = 0;
  for (const Shard& shard : shards_) {
    const std::scoped_lock lock(shard.mutex);
    total += shard.cost;
  }
  return total;
}

}  // namespace securecart::storage
