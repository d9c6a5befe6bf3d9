#include "storage/cache/memory_cache.hpp"

#include <functional>
#include <utility>

namespace securecart::storage {

namespace {

// What an entry costs beside its key and bytes: list and map nodes, control block.
constexpr std::size_t entry_overhead_bytes = 256;

// Of a key's space and name: no space holds a line feed.
std::string joined(CacheKey key) {
  key.space += '\n';
  key.space += key.name;
  return std::move(key.space);
}

}  // namespace

MemoryCache::MemoryCache(std::size_t capacity_bytes, const Clock& clock, observe::Metrics& metrics)
    : shard_capacity_(capacity_bytes / shard_count),
      clock_(clock),
      evictions_(metrics.counter("securecart_cache_memory_evictions_total",
                                 "Entries dropped to make room in the memory cache.")) {}

void MemoryCache::Shard::erase(Order::iterator entry) {
  cost -= entry->cost;
  entries.erase(entry->key);
  order.erase(entry);
}

MemoryCache::Shard& MemoryCache::shard_of(std::string_view key) {
  // The upper bits: the maps inside use the lower ones.
  return shards_[(std::hash<std::string_view>()(key) >> 40) % shard_count];
}

Task<Cache::Found> MemoryCache::get(CacheKey key) {
  const std::string name = joined(std::move(key));
  Found result;
  // Before the look: what is invalidated from here on must outdate what is read after a miss.
  result.ticket = Ticket{"", invalidations_.moment()};
  Shard& shard = shard_of(name);
  const SteadyTime now = clock_.steady();
  const std::scoped_lock lock(shard.mutex);
  const auto found = shard.entries.find(name);
  if (found == shard.entries.end()) {
    co_return result;
  }
  const Order::iterator entry = found->second;
  if (entry->expires <= now || !invalidations_.quiet_since(entry->moment, entry->slots)) {
    shard.erase(entry);
    co_return result;
  }
  shard.order.splice(shard.order.begin(), shard.order, entry);
  result.bytes = entry->bytes;
  result.absence = entry->absence;
  result.remaining = entry->expires - now;
  co_return result;
}

Task<bool> MemoryCache::put(CacheKey key, CacheEntry entry, Ticket ticket) {
  std::vector<Invalidations::Slot> slots = Invalidations::slots_of(key.space, entry.tags);
  Entry made{joined(std::move(key)),
             std::move(entry.bytes),
             entry.absence,
             std::move(slots),
             ticket.moment,
             clock_.steady() + entry.lifetime,
             0};
  made.cost = entry_overhead_bytes + made.key.size() + made.bytes->size() +
              made.slots.size() * sizeof(Invalidations::Slot);
  co_return keep(std::move(made));
}

bool MemoryCache::keep(Entry entry) {
  if (entry.cost > shard_capacity_ || !invalidations_.quiet_since(entry.moment, entry.slots)) {
    return false;
  }
  Shard& shard = shard_of(entry.key);
  const std::scoped_lock lock(shard.mutex);
  if (const auto found = shard.entries.find(entry.key); found != shard.entries.end()) {
    const Entry& there = *found->second;
    if (there.moment > entry.moment && invalidations_.quiet_since(there.moment, there.slots)) {
      return false;  // somebody who read later was faster
    }
    shard.erase(found->second);
  }
  while (shard.cost + entry.cost > shard_capacity_) {
    shard.erase(std::prev(shard.order.end()));
    evictions_.add();
  }
  shard.cost += entry.cost;
  shard.order.push_front(std::move(entry));
  shard.entries.emplace(shard.order.front().key, shard.order.begin());
  return true;
}

void MemoryCache::invalidate(std::string_view space, std::string_view tag) {
  invalidations_.record(Invalidations::slot_of(space, tag));
}

Task<bool> MemoryCache::delivered(Duration /*patience*/) {
  co_return true;
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
