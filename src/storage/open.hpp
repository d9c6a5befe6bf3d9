// Opens the database an address or a folder names, and the cache: the one place that knows every
// engine.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/prng.hpp"
#include "net/runtime.hpp"
#include "observe/metrics.hpp"
#include "storage/cache/fallback_cache.hpp"
#include "storage/cache/loading_cache.hpp"
#include "storage/cache/memory_cache.hpp"
#include "storage/cache/redis/redis_cache.hpp"
#include "storage/database.hpp"
#include "storage/migrations.hpp"
#include "storage/pending.hpp"

namespace securecart::storage {

struct DatabasePlace {
  // Of the file when `address` is empty, and of what no engine holds.
  std::filesystem::path folder = {};
  std::string address = {};  // postgres://…
  std::string standby_address = {};
  std::string synchronous_commit = "on";
  Sabotage sabotage = {};
};

// True when `text` is the address of a server this program can use.
bool is_database_address(std::string_view text);

// Opens and migrates it. Throws OpenError with a message for the operator.
std::unique_ptr<Database> open_database(DatabasePlace place, const Clock& clock,
                                        observe::Metrics& metrics);

// What `text`, the address of a cache, is wrong about; empty when it can be used.
std::string cache_address_problem(std::string_view text);

// The cache of a process, with all that stands behind it: memory alone, or Redis with memory for
// the time it does not answer.
class CacheStack {
 public:
  // `address` empty: memory. `runtime` and the others outlive it. Never waits for Redis. Throws
  // OpenError with a message for the operator.
  CacheStack(const std::string& address, const std::string& tls_trust_pem, net::Runtime& runtime,
             const Clock& clock, Random& random, observe::Metrics& metrics);

  LoadingCache& cache() { return loading_; }
  // Before the runtime stops: who still waits for Redis is told that it is not there.
  void close();

 private:
  MemoryCache memory_;
  std::unique_ptr<RedisCache> redis_;
  std::unique_ptr<FallbackCache> fallback_;
  LoadingCache loading_;
};

}  // namespace securecart::storage
