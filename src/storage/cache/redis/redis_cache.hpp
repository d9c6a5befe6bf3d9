// A Cache in Redis 7, shared by all processes of a fleet, with or without Sentinel.
//
// A lookup is one round trip: a script (lua/) reads the entry and whether a tag of it was
// invalidated since. Entries and invalidations name the run of the server they belong to, so
// whatever may have lost an invalidation (a failover to a replica, a restart from an old dump,
// eviction) makes entries vanish, never come back.
//
// An invalidation counts for this process at once. Until the server has acknowledged it, entries
// with that tag are not there:
//
//   invalidate ──▶ waiting ──sent by core 0──▶ acknowledged
//                     ▲            └──lost──┐
//                     └─────────────────────┘   again, before anything else, when it is back
//
// Every process hears of every commit and delivers all invalidations itself, so what a process
// reads is never older than what it knows. When too many wait, the whole cache is dropped instead.
//
// A server that is dead, hangs, is slow or full costs a lookup at most
// limits::redis_command_timeout, and that only until the connection or its breaker is open.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/prng.hpp"
#include "net/runtime.hpp"
#include "observe/metrics.hpp"
#include "storage/cache/cache.hpp"
#include "storage/cache/redis/address.hpp"
#include "storage/cache/redis/connection.hpp"
#include "storage/cache/redis/master.hpp"
#include "storage/cache/redis/sentinel.hpp"
#include "storage/limits.hpp"

namespace securecart::storage {

struct RedisOptions {
  redis::Address address;
  std::string tls_trust_pem = {};  // of rediss://; empty: the system's certificates
};

class RedisCache final : public Cache {
 public:
  // Connects once the runtime runs; never waits for it. All references must outlive it; `random` is
  // safe to use from several threads. Throws std::runtime_error when tls_trust_pem is not PEM.
  // Destroy it after the runtime was joined, or call close() and let its loops go on for a turn.
  RedisCache(RedisOptions options, net::Runtime& runtime, Random& random,
             observe::Metrics& metrics);
  ~RedisCache() override;

  Task<Found> get(CacheKey key) override;
  Task<bool> put(CacheKey key, CacheEntry entry, Ticket ticket) override;
  void invalidate(std::string_view space, std::string_view tag) override;
  Task<bool> delivered(Duration patience) override;

  // Gives connections up, for tests. Blocks; not on a thread of the runtime.
  void close();

 private:
  using Slot = std::uint32_t;
  // What is known of one slot of invalidations, of all spaces that share it.
  struct SlotState {
    std::uint32_t waiting = 0;       // not acknowledged by the server
    std::uint64_t acknowledged = 0;  // the moment of the last acknowledgement
  };
  struct Waiting {
    std::string space;
    Slot slot;
    std::uint64_t moment;
  };
  struct Keys {
    std::string entry;
    std::string invalidations;
  };

  Keys keys_of(const CacheKey& key) const;
  std::string random_name();
  redis::Connection* mine();
  Task<Found> get_here(redis::Connection& connection, CacheKey key);
  Task<bool> put_here(redis::Connection& connection, CacheKey key, CacheEntry entry, Ticket ticket);
  Found understood(const redis::Connection& connection, const CacheKey& key, std::uint64_t asked_at,
                   redis::Reply reply);
  std::uint64_t now() const;
  bool trustworthy(const CacheKey& key, std::string_view slots, std::uint64_t asked_at) const;

  void drop_queue();
  void plan_delivery();
  void deliver();
  void send(std::vector<Waiting> batch);
  void send_drop_all();
  void acknowledge(const std::vector<Waiting>& batch, bool arrived);
  void leader_came_up();
  void on_master_change();
  static std::size_t index_of(std::string_view space, Slot slot);

  const redis::Address address_;
  const Clock& clock_;
  Random& random_;
  redis::ConnectionMetrics metrics_;
  observe::Gauge& undelivered_gauge_;
  observe::Counter& dropped_all_;
  observe::Counter& invalidations_;
  const std::string generation_key_;
  Executor& home_;  // of core 0, which delivers invalidations
  redis::Master master_;
  std::shared_ptr<redis::SentinelWatch> sentinels_;
  std::vector<Executor*> executors_;
  std::vector<std::shared_ptr<redis::Connection>> connections_;  // by core
  std::unordered_map<const Executor*, redis::Connection*> by_executor_;

  mutable std::mutex mutex_;  // of what follows
  std::uint64_t moment_ = 0;  // counts invalidations and acknowledgements
  std::vector<SlotState> slots_;
  std::vector<Waiting> queue_;
  std::set<std::uint64_t> undelivered_moments_;  // of the queue and of what is on its way
  bool drop_all_ = false;                        // waits to be sent, or is on its way
  std::uint64_t dropped_at_ = 0;                 // lookups that began before may tell anything
  bool planned_ = false;
  std::string run_;  // of the server that core 0 delivers to
};

}  // namespace securecart::storage
