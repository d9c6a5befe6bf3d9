// A Cache in this process's memory, bounded in bytes.
//
// Keys are spread over shards, each with its own lock and its own least-recently-used order. Tags
// are not kept anywhere: each hashes to a slot that holds the moment of its last invalidation, and
// an entry is good while no slot of its tags is younger than its ticket. So invalidate() is one
// store however much it drops; two tags that share a slot only drop each other's entries too often.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "observe/metrics.hpp"
#include "storage/cache/cache.hpp"

namespace securecart::storage {

class MemoryCache final : public Cache {
 public:
  // Holds at most `capacity_bytes`, an estimate of keys, bytes and bookkeeping. Both references
  // must outlive it.
  MemoryCache(std::size_t capacity_bytes, const Clock& clock, observe::Metrics& metrics);

  CachedBytes get(std::string_view key) override;
  Ticket ticket() const override;
  void put(std::string_view key, CachedBytes bytes, std::span<const std::string> tags,
           Duration lifetime, Ticket ticket) override;
  void invalidate(std::string_view tag) override;

  std::size_t bytes() const;

 private:
  static constexpr std::size_t shard_count = 64;
  static constexpr std::size_t slot_count = 1 << 16;

  struct Entry {
    std::string key;
    CachedBytes bytes;
    std::vector<std::uint32_t> slots;
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

  static std::uint32_t slot_of(std::string_view tag);
  bool is_current(std::span<const std::uint32_t> slots, std::uint64_t moment) const;
  Shard& shard_of(std::string_view key);

  const std::size_t shard_capacity_;
  const Clock& clock_;
  std::atomic<std::uint64_t> moment_ = 0;
  std::vector<std::atomic<std::uint64_t>> invalidated_;  // by slot
  std::array<Shard, shard_count> shards_;
  observe::Counter& hits_;
  observe::Counter& misses_;
  observe::Counter& invalidations_;
};

}  // namespace securecart::storage
