// The contract on every implementation.
#include "storage/cache/cache_contract.hpp"

#include "net/runtime.hpp"
#include "storage/cache/fallback_cache.hpp"
#include "storage/cache/memory_cache.hpp"
#include "storage/cache/redis/redis_cache.hpp"
#include "tests/support/thread_executor.hpp"

namespace securecart::storage::contract {
namespace {

constexpr std::size_t memory_bytes = 16 << 20;

class MemoryFixture final : public CacheFixture {
 public:
  Cache& cache() override { return cache_; }
  std::vector<Executor*> executors() override { return {&first_, &second_}; }

 private:
  SystemClock clock_;
  observe::Metrics metrics_;
  MemoryCache cache_{memory_bytes, clock_, metrics_};
  test::ThreadExecutor first_;
  test::ThreadExecutor second_;
};

redis::Address address_of(const std::string& url) {
  redis::Address address = redis::parse_address(url).value();
  static int fixtures = 0;
  address.prefix += std::to_string(++fixtures);  // each test has the server to itself
  return address;
}

class RedisFixture : public CacheFixture {
 public:
  explicit RedisFixture(const std::string& url)
      : cache_(options(url), runtime_, random_, metrics_) {
    runtime_.run();
  }
  ~RedisFixture() override {
    cache_.close();
    runtime_.stop();
    runtime_.join();
  }
  Cache& cache() override { return cache_; }
  // Also one that is not of the runtime.
  std::vector<Executor*> executors() override {
    return {&runtime_.executor(0), &runtime_.executor(1), &outside_};
  }

 protected:
  static RedisOptions options(const std::string& url) { return {address_of(url), ""}; }

  SystemClock clock_;
  observe::Metrics metrics_;
  SecureRandom random_;
  net::Runtime runtime_{2, 1, clock_};
  RedisCache cache_;
  test::ThreadExecutor outside_;
};

class FallbackFixture final : public RedisFixture {
 public:
  FallbackFixture(const std::string& url, bool always_away)
      : RedisFixture(url), always_away_(always_away) {
    // A test that begins with one cache should end with the same.
    CacheUser user(*this);
    EXPECT_TRUE(always_away || test::eventually([&user] {
                  return user.look("shop", "a").reachable && user.look("shop", "a").reachable;
                }));
  }
  Cache& cache() override { return both_; }
  bool is_always_away() const override { return always_away_; }

 private:
  const bool always_away_;
  MemoryCache memory_{memory_bytes, clock_, metrics_};
  FallbackCache both_{cache_, memory_};
};

std::string server_url() {
  static test::Redis server;
  return server.url();
}

INSTANTIATE_TEST_SUITE_P(Memory, CacheContract,
                         testing::Values(CacheImplementation{
                             "memory", [] { return std::make_unique<MemoryFixture>(); }}));
INSTANTIATE_TEST_SUITE_P(Redis, CacheContract,
                         testing::Values(CacheImplementation{
                             "redis",
                             [] { return std::make_unique<RedisFixture>(server_url()); }}));
INSTANTIATE_TEST_SUITE_P(Sentinel, CacheContract,
                         testing::Values(CacheImplementation{
                             "sentinel", [] {
                               static test::SentinelFleet fleet;
                               return std::make_unique<RedisFixture>(fleet.url());
                             }}));
INSTANTIATE_TEST_SUITE_P(Fallback, CacheContract,
                         testing::Values(CacheImplementation{
                             "fallback", [] {
                               return std::make_unique<FallbackFixture>(server_url(), false);
                             }}));
// Nobody listens there, ever: the standby does all the work.
INSTANTIATE_TEST_SUITE_P(FallbackAlone, CacheContract,
                         testing::Values(CacheImplementation{
                             "fallback_alone", [] {
                               return std::make_unique<FallbackFixture>(
                                   "redis://127.0.0.1:" + std::to_string(test::free_port()), true);
                             }}));

}  // namespace
}  // namespace securecart::storage::contract
