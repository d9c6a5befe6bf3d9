// The cache on a real Redis that dies, hangs, crawls, refuses and is full; and under Sentinel.
#include "storage/cache/redis/redis_cache.hpp"

#include <fmt/format.h>

#include "storage/cache/cache_fixture.hpp"
#include "storage/limits.hpp"
#include "tests/support/redis.hpp"
#include "tests/support/tcp_proxy.hpp"

namespace securecart::storage {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Fixture final : public contract::CacheFixture {
 public:
  explicit Fixture(const std::string& url, const std::string& trust_pem = "")
      : cache_({redis::parse_address(url).value(), trust_pem}, runtime_, random_, metrics_) {
    runtime_.run();
  }
  ~Fixture() override {
    cache_.close();
    runtime_.stop();
    runtime_.join();
  }
  Cache& cache() override { return cache_; }
  std::vector<Executor*> executors() override {
    return {&runtime_.executor(0), &runtime_.executor(1)};
  }
  std::uint64_t failures(const char* reason) {
    return metrics_.counter("securecart_redis_failures_total", "", {{"reason", reason}}).value();
  }
  std::int64_t gauge(const char* name) { return metrics_.gauge(name, "").value(); }
  std::uint64_t counter(const char* name) { return metrics_.counter(name, "").value(); }
  bool delivered(Duration patience) {
    return test::run_on<bool>(runtime_.executor(0), [&] { return cache_.delivered(patience); });
  }

 private:
  SystemClock clock_;
  observe::Metrics metrics_;
  SecureRandom random_;
  net::Runtime runtime_{2, 1, clock_};
  RedisCache cache_;
};

struct World {
  explicit World(const std::string& settings = "") : server(settings) {}
  test::Redis server;
  test::TcpProxy proxy{server.port()};
  Fixture fixture{"redis://127.0.0.1:" + std::to_string(proxy.port())};
  contract::CacheUser user{fixture};

  // Put and found again, as soon as the cache is there.
  bool keeps(const std::string& name, std::vector<std::string> tags = {"tag"}) {
    return test::eventually([&] {
      const Cache::Found found = user.look("shop", name);
      if (found.bytes) {
        return true;
      }
      if (found.ticket) {
        user.put("shop", name, "kept", tags, *found.ticket);
      }
      return false;
    });
  }
};

// A fault, begun and ended.
struct Fault {
  std::string name;
  std::function<void(World&)> begin;
  std::function<void(World&)> end;
};
std::ostream& operator<<(std::ostream& out, const Fault& fault) {
  return out << fault.name;
}

class RedisFaults : public testing::TestWithParam<Fault> {};

// Whatever happens to the server: nobody waits long, nobody is told what is outdated, and when it
// is over there are hits again.
TEST_P(RedisFaults, CostTimeAndNothingElse) {
  World world;
  ASSERT_TRUE(world.keeps("before", {"before"}));
  contract::Chase chase(world.fixture);
  ASSERT_TRUE(test::eventually([&] { return chase.hits() > 20; }));
  for (int round = 0; round < 2; ++round) {
    GetParam().begin(world);
    // Misses are counted by those who ask; the fault lasts for many of them.
    const std::uint64_t reads = chase.reads();
    const int changes = chase.changes();
    ASSERT_TRUE(test::eventually(
        [&] { return chase.reads() > reads + 200 && chase.changes() > changes + 300; }));
    if (round == 0) {
      world.fixture.cache().invalidate("shop", "before");
    }
    GetParam().end(world);
    const std::uint64_t hits = chase.hits();
    ASSERT_TRUE(test::eventually([&] { return chase.hits() > hits + 20; })) << "no hits again";
    // What was invalidated while nobody could say so to the server is not there any more.
    EXPECT_EQ(world.user.get("shop", "before"), "nothing");
  }
  chase.stop();
  EXPECT_EQ(chase.stale(), 0U);
  EXPECT_TRUE(world.fixture.delivered(seconds(10)));
  fmt::print("{}: {} reads, {} hits, {} changes, the slowest answer {} ms\n", GetParam().name,
             chase.reads(), chase.hits(), chase.changes(), chase.slowest().count());
  EXPECT_LT(chase.slowest(), limits::redis_command_timeout + seconds(1));
}

INSTANTIATE_TEST_SUITE_P(
    All, RedisFaults,
    testing::Values(Fault{"killed", [](World& world) { world.server.kill_now(); },
                          [](World& world) { world.server.start(); }},
                    Fault{"paused", [](World& world) { world.server.pause(); },
                          [](World& world) { world.server.resume(); }},
                    Fault{"refused", [](World& world) { world.proxy.refuse(true); },
                          [](World& world) { world.proxy.refuse(false); }},
                    Fault{"slow", [](World& world) { world.proxy.delay(150); },
                          [](World& world) { world.proxy.delay(0); }},
                    Fault{"late", [](World& world) { world.proxy.delay(600); },
                          [](World& world) { world.proxy.delay(0); }},
                    Fault{"cut", [](World& world) { world.proxy.swallow(true); },
                          [](World& world) { world.proxy.swallow(false); }}),
    [](const testing::TestParamInfo<Fault>& info) { return info.param.name; });

TEST(RedisCache, ASlowServerIsLeftAloneByTheBreaker) {
  World world;
  ASSERT_TRUE(world.keeps("a"));
  world.proxy.delay(150);  // answers come, but crawl
  EXPECT_TRUE(test::eventually([&] {
    for (int i = 0; i < 4; ++i) {
      world.user.look("shop", "a");
    }
    return world.fixture.gauge("securecart_redis_breakers_open") == 2;
  }));
  EXPECT_GT(world.fixture.failures("breaker"), 0U);
  world.proxy.delay(0);
  EXPECT_TRUE(test::eventually([&] {
    return world.user.look("shop", "a").reachable && world.user.look("shop", "a").reachable &&
           world.fixture.gauge("securecart_redis_breakers_open") == 0;
  }));
}

TEST(RedisCache, AFullServerStillForgetsWhatIsOutdated) {
  World world("maxmemory-policy noeviction\n");
  ASSERT_TRUE(world.keeps("a", {"a"}));
  ASSERT_TRUE(world.keeps("b", {"b"}));
  ASSERT_TRUE(world.server.ask({"CONFIG", "SET", "maxmemory", "1"}));
  EXPECT_FALSE(world.user.put("shop", "c", "c"));
  EXPECT_GT(world.fixture.failures("full"), 0U);
  EXPECT_EQ(world.user.get("shop", "a"), "kept");
  world.fixture.cache().invalidate("shop", "a");
  EXPECT_TRUE(world.fixture.delivered(seconds(10)));
  EXPECT_EQ(world.user.get("shop", "a"), "nothing");
  EXPECT_EQ(world.user.get("shop", "b"), "kept");
  EXPECT_EQ(world.fixture.gauge("securecart_redis_breakers_open"), 0);
}

// Evicting what says that a tag was invalidated must not bring back what carried it.
TEST(RedisCache, AnEvictedHistoryBringsNothingBack) {
  World world;
  ASSERT_TRUE(world.keeps("a"));
  for (const char* key : {"securecart:shop:tags", "securecart:generation"}) {
    world.fixture.cache().invalidate("shop", "tag");
    ASSERT_TRUE(world.fixture.delivered(seconds(10)));
    const auto reply = world.server.ask({"DEL", key});
    ASSERT_TRUE(reply && reply->integer == 1) << key;
    EXPECT_EQ(world.user.get("shop", "a"), "nothing");
    EXPECT_TRUE(world.keeps("a"));
  }
}

TEST(RedisCache, AllIsDroppedWhenTooManyInvalidationsWait) {
  World world;
  ASSERT_TRUE(world.keeps("a", {"a"}));
  ASSERT_TRUE(world.keeps("b", {"b"}));
  world.server.pause();
  world.fixture.cache().invalidate("shop", "a");
  ASSERT_TRUE(
      test::eventually([&] { return world.fixture.gauge("securecart_redis_connections") < 2; }));
  for (std::size_t i = 0; i <= limits::redis_undelivered; ++i) {
    world.fixture.cache().invalidate("shop", "c" + std::to_string(i));
  }
  EXPECT_FALSE(world.user.look("shop", "b").reachable);
  world.server.resume();
  EXPECT_TRUE(world.fixture.delivered(seconds(20)));
  EXPECT_TRUE(test::eventually([&] { return world.user.look("shop", "b").reachable; }));
  EXPECT_EQ(world.user.get("shop", "a"), "nothing");
  EXPECT_EQ(world.user.get("shop", "b"), "nothing");
  EXPECT_EQ(world.fixture.counter("securecart_redis_dropped_all_total"), 1U);
}

TEST(RedisCache, LostScriptsAreLoadedAgain) {
  World world;
  ASSERT_TRUE(world.keeps("a"));
  ASSERT_TRUE(world.server.ask({"SCRIPT", "FLUSH", "SYNC"}));
  EXPECT_TRUE(world.keeps("a"));
}

TEST(RedisCache, AnOversizedAnswerIsRefused) {
  World world;
  ASSERT_TRUE(world.keeps("a"));
  ASSERT_TRUE(world.server.ask({"HSET", "securecart:shop:entry:a", "bytes",
                                std::string(3 * limits::redis_reply_bytes, 'x')}));
  EXPECT_FALSE(world.user.look("shop", "a").reachable);
  EXPECT_TRUE(test::eventually([&] {
    world.server.ask({"DEL", "securecart:shop:entry:a"});
    return world.user.look("shop", "a").reachable;
  }));
}

TEST(RedisCache, APasswordIsUsedAndAWrongOneIsNoMaster) {
  const test::Redis server("user shop on >secret ~* &* +@all\nuser default off\n");
  // The server's own check needs the default user; this one answers NOAUTH to everybody else.
  const std::string host = "127.0.0.1:" + std::to_string(server.port());
  Fixture right("redis://shop:secret@" + host + "/3");
  contract::CacheUser user(right);
  user.ticket("shop");
  EXPECT_TRUE(user.put("shop", "a", "1"));
  Fixture wrong("redis://shop:wrong@" + host);
  contract::CacheUser stranger(wrong);
  EXPECT_FALSE(stranger.look("shop", "a").reachable);
}

TEST(RedisCache, TlsChecksWhoIsThere) {
  const test::Redis server("", true);
  const std::string url = "rediss://127.0.0.1:" + std::to_string(server.tls_port());
  Fixture right(url, server.tls_certificate());
  contract::CacheUser user(right);
  user.ticket("shop");
  const std::string large(limits::cache_entry_bytes, 'x');
  EXPECT_TRUE(user.put("shop", "a", large));
  EXPECT_EQ(user.get("shop", "a"), large);
  Fixture stranger(url);  // the system's certificates do not know this one
  contract::CacheUser other(stranger);
  EXPECT_FALSE(other.look("shop", "a").reachable);
  EXPECT_EQ(stranger.counter("securecart_redis_connects_total"), 0U);
}

TEST(RedisCache, AReplicaIsNotUsed) {
  test::Redis master;
  const test::Redis replica("replicaof 127.0.0.1 " + std::to_string(master.port()) + "\n");
  Fixture fixture("redis://127.0.0.1:" + std::to_string(replica.port()) +
                  ",127.0.0.1:" + std::to_string(master.port()));
  contract::CacheUser user(fixture);
  // The first of the two is asked first.
  EXPECT_TRUE(test::eventually([&] {
    user.ticket("shop");
    return user.put("shop", "a", "1");
  }));
  EXPECT_GT(fixture.counter("securecart_redis_not_master_total"), 0U);
  EXPECT_NE(master.info("keyspace", "db0"), "");
}

// A restart from a dump has entries of old, and knows nothing of what was invalidated since.
TEST(RedisCache, ARestartedServerBeginsEmpty) {
  World world("dbfilename dump.rdb\n");
  ASSERT_TRUE(world.keeps("a"));
  ASSERT_TRUE(world.server.ask({"SAVE"}));
  world.server.kill_now();
  world.server.start();
  EXPECT_NE(world.server.info("keyspace", "db0"), "");
  EXPECT_TRUE(test::eventually([&] { return world.user.look("shop", "a").reachable; }));
  EXPECT_EQ(world.user.get("shop", "a"), "nothing");
  EXPECT_TRUE(world.keeps("a"));
}

TEST(RedisCache, FollowsTheSentinelsToANewMaster) {
  test::SentinelFleet fleet;
  Fixture fixture(fleet.url());
  contract::Chase chase(fixture);
  ASSERT_TRUE(test::eventually([&] { return chase.hits() > 20; }));
  for (int round = 0; round < 2; ++round) {
    test::Redis& old = fleet.master();
    test::Redis& other = fleet.replica();
    ASSERT_TRUE(
        test::eventually([&] { return other.info("replication", "master_link_status") == "up"; }));
    // Once killed, once hanging: that one comes back and still thinks that it is the master.
    round == 0 ? old.kill_now() : old.pause();
    ASSERT_TRUE(test::eventually([&] { return fleet.master_port() == other.port(); }));
    const std::uint64_t hits = chase.hits();
    ASSERT_TRUE(test::eventually([&] { return chase.hits() > hits + 20; }));
    round == 0 ? old.start() : old.resume();
    ASSERT_TRUE(test::eventually([&] { return old.info("replication", "role") == "slave"; }));
    const std::uint64_t later = chase.hits();
    ASSERT_TRUE(test::eventually([&] { return chase.hits() > later + 20; }));
  }
  // A Sentinel less is no matter.
  fleet.sentinel(0).kill_now();
  const std::uint64_t hits = chase.hits();
  ASSERT_TRUE(test::eventually([&] { return chase.hits() > hits + 20; }));
  chase.stop();
  EXPECT_EQ(chase.stale(), 0U);
  fmt::print("failover twice: {} reads, {} hits, {} changes, the slowest answer {} ms\n",
             chase.reads(), chase.hits(), chase.changes(), chase.slowest().count());
}

}  // namespace
}  // namespace securecart::storage
