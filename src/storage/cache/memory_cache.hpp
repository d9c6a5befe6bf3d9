// A Cache in this process's memory, bounded in bytes.
//
// Keys are spread over shards, each with its own lock and its own least-recently-used order. An
// entry is good while no tag of it was invalidated after its ticket (storage/cache/invalidations),
// so invalidate() is one store however much it drops.
#pragma once

#include <array>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "observe/metrics.hpp"
#include "storage/cache/cache.hpp"
#include "storage/cache/invalidations.hpp"

namespace securecart::storage {

class MemoryCache final : public Cache {
 public:
  // Holds at most `capacity_bytes`, an estimate of keys, bytes and bookkeeping. Both references
  // must outlive it.
  MemoryCache(std::size_t capacity_bytes, const Clock& clock, observe::Metrics& metrics);

  Task<Found> get(CacheKey key) override;
  Task<bool> put(CacheKey key, CacheEntry entry, Ticket ticket) override;
  void invalidate(std::string_view space, std::string_view tag) override;
  Task<bool> delivered(Duration patience) override;

  std::size_t bytes() const;

 private:
  static constexpr std::size_t shard_count = 64;

  struct Entry {
    std::string key;
    CachedBytes bytes;
    bool absence;
    std::vector<Invalidations::Slot> slots;
    std::uint64_t moment;
    SteadyTime expires;
    std::size_t cost;
  };
  using Order = std::list<Entry>;  // the least recently used last
  struct alignas(64) Shard {
    mutable std::mutex mutex;
    Order order;
    std::unordered_map<std::string_view, Order::iterator> entries;  // keys point into `order`
    std::size_t cost = 0;

    void erase(Order::iterator entry);
  };

  Shard& shard_of(std::string_view key);
  bool keep(Entry entry);

  const std::size_t shard_capacity_;
  const Clock& clock_;
  Invalidations invalidations_;
  std::array<Shard, shard_count> shards_;
  observe::Counter& evictions_;
};

}  // namespace securecart::storage
