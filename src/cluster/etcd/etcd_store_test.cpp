// The contract on a real etcd, and what only etcd can suffer: members killed, paused, restarted and
// wiped, a lost quorum, a network that swallows.
#include "base/errors.hpp"
#include "cluster/etcd/etcd_fixture.hpp"
#include "tests/support/tcp_proxy.hpp"

namespace securecart::cluster {
namespace {

using namespace std::chrono_literals;
using contract::Caller;
using contract::fresh_prefix;
using contract::Told;

test::Etcd& one_member() {
  static test::Etcd etcd;
  return etcd;
}

class OneMember final : public EtcdFixture {
 public:
  OneMember() : EtcdFixture(one_member().urls()) {}
  void set_away(bool away) override { away ? one_member().pause() : one_member().resume(); }
};

// A cluster of three of this test's own.
class ThreeMembers : public testing::Test {
 protected:
  class Fixture final : public EtcdFixture {
   public:
    explicit Fixture(test::Etcd& etcd) : EtcdFixture(etcd.urls()), etcd_(etcd) {}
    void set_away(bool away) override {
      for (std::size_t i = 0; i < etcd_.size(); ++i) {
        away ? etcd_.pause(i) : etcd_.resume(i);
      }
    }

   private:
    test::Etcd& etcd_;
  };

  bool can_write(const std::string& key) {
    try {
      return caller_.commit({}, {put(key, "value")}).applied;
    } catch (const Unavailable&) {
      return false;
    }
  }

  test::Etcd etcd_{3};
  Fixture fixture_{etcd_};
  Caller& caller_ = fixture_.caller();
  const std::string prefix_ = fresh_prefix();
};

TEST_F(ThreeMembers, LosingAnyOneIsNoticedByNobodyForLong) {
  Told told;
  auto watch = caller_.watch(prefix_, told.listener());
  for (std::size_t member = 0; member < etcd_.size(); ++member) {
    const std::string killed = prefix_ + "killed" + std::to_string(member);
    etcd_.kill_now(member);
    const SteadyTime begun = fixture_.clock().steady();
    ASSERT_TRUE(fixture_.eventually([&] { return can_write(killed); }));
    EXPECT_LE(fixture_.clock().steady() - begun, 5s);
    EXPECT_TRUE(fixture_.eventually([&] { return told.keys().contains(killed); }));
    EXPECT_LE(fixture_.clock().steady() - begun, 8s);
    etcd_.start(member);
    etcd_.await(member);
  }
  caller_.end(std::move(watch));
}

TEST_F(ThreeMembers, APausedMemberIsLeftForOthers) {
  Told told;
  auto watch = caller_.watch(prefix_, told.listener());
  ASSERT_TRUE(fixture_.eventually([&] { return told.size() == 1; }));
  etcd_.pause(0);  // the one that is preferred: the watch and the calls are there
  ASSERT_TRUE(fixture_.eventually([&] { return can_write(prefix_ + "while paused"); }));
  const SteadyTime written = fixture_.clock().steady();
  EXPECT_TRUE(fixture_.eventually([&] { return told.keys().contains(prefix_ + "while paused"); }));
  EXPECT_LE(fixture_.clock().steady() - written, 4s);
  etcd_.resume(0);
  caller_.end(std::move(watch));
}

TEST_F(ThreeMembers, WithoutAQuorumNothingIsAnsweredAndWatchesStand) {
  ASSERT_TRUE(can_write(prefix_ + "before"));
  Told told;
  auto watch = caller_.watch(prefix_, told.listener());
  ASSERT_TRUE(fixture_.eventually([&] { return told.size() == 1; }));
  etcd_.kill_now(1);
  etcd_.kill_now(2);
  const SteadyTime begun = fixture_.clock().steady();
  EXPECT_THROW(caller_.range(prefix_), Unavailable);
  EXPECT_LE(fixture_.clock().steady() - begun, 4s);
  EXPECT_FALSE(can_write(prefix_ + "without"));
  EXPECT_EQ(told.keys(), std::set{prefix_ + "before"});
  EXPECT_GE(caller_.unconfirmed(*watch), 2s);
  etcd_.start(1);
  etcd_.start(2);
  ASSERT_TRUE(fixture_.eventually([&] { return can_write(prefix_ + "after"); }));
  EXPECT_TRUE(fixture_.eventually([&] { return told.keys().contains(prefix_ + "after"); }));
  caller_.end(std::move(watch));
}

TEST_F(ThreeMembers, ALeaderOfTheElectionStaysItWhenALeaderOfEtcdDies) {
  Election seat(fixture_.store(), fixture_.clock(), {prefix_ + "seat", "one", 5s});
  caller_.step(seat);
  ASSERT_TRUE(seat.leading());
  const std::int64_t token = seat.token();
  for (std::size_t member = 0; member < etcd_.size(); ++member) {
    etcd_.kill_now(member);
    EXPECT_TRUE(fixture_.eventually([&] {
      try {
        caller_.step(seat);
        return true;
      } catch (const Unavailable&) {
        return false;
      }
    }));
    EXPECT_TRUE(seat.leading());
    EXPECT_EQ(seat.token(), token);
    etcd_.start(member);
    etcd_.await(member);
  }
}

// The server's side of the stream is alive, and nothing comes through.
Task<void> keep_seat(EtcdStore& store, EtcdStore::Seat& seat) {
  seat = co_await store.seat();
}

TEST_F(ThreeMembers, TheLeaderHandsOver) {
  const auto seat = [this] {
    EtcdStore::Seat seen;
    fixture_.on_store([&] { return keep_seat(fixture_.etcd(), seen); });
    return seen;
  };
  const auto hand_over = [this](const std::string& to) {
    fixture_.on_store([&] { return fixture_.etcd().hand_over(to); });
  };
  const EtcdStore::Seat before = seat();
  ASSERT_EQ(before.members.size(), 3U);
  const auto next = std::ranges::find_if(
      before.members, [&](const std::string& name) { return name != before.leader; });
  hand_over(*next);
  EXPECT_EQ(seat().leader, *next);
  EXPECT_THROW(hand_over("nobody"), Unavailable);
}

TEST(EtcdWatch, AStreamThatWentDeafIsNoticed) {
  test::TcpProxy deaf(one_member().port());
  class Fixture final : public EtcdFixture {
   public:
    using EtcdFixture::EtcdFixture;
    void set_away(bool) override {}
  };
  Fixture fixture({"http://127.0.0.1:" + std::to_string(deaf.port()), one_member().url()});
  Caller& caller = fixture.caller();
  const std::string prefix = fresh_prefix();
  Told told;
  auto watch = caller.watch(prefix, told.listener());
  ASSERT_TRUE(fixture.eventually([&] { return told.size() == 1; }));
  deaf.swallow(true);
  ASSERT_TRUE(fixture.eventually([&] {
    try {
      return caller.commit({}, {put(prefix + "1", "one")}).applied;
    } catch (const Unavailable&) {
      return false;
    }
  }));
  EXPECT_TRUE(fixture.eventually([&] { return told.keys() == std::set{prefix + "1"}; }));
  caller.end(std::move(watch));
}

TEST(EtcdWatch, AnEtcdThatLostEverythingIsBelieved) {
  test::Etcd etcd;
  class Fixture final : public EtcdFixture {
   public:
    using EtcdFixture::EtcdFixture;
    void set_away(bool) override {}
  };
  Fixture fixture(etcd.urls());
  Caller& caller = fixture.caller();
  const std::string prefix = fresh_prefix();
  for (int i = 0; i < 5; ++i) {
    caller.commit({}, {put(prefix + "1", std::to_string(i))});
  }
  Told told;
  auto watch = caller.watch(prefix, told.listener());
  ASSERT_TRUE(fixture.eventually([&] { return told.keys().size() == 1; }));
  etcd.kill_now(0);
  etcd.wipe();
  etcd.start(0);
  etcd.await(0);
  EXPECT_TRUE(fixture.eventually([&] { return told.keys().empty(); }));
  caller.commit({}, {put(prefix + "2", "new")});
  EXPECT_TRUE(fixture.eventually([&] { return told.keys() == std::set{prefix + "2"}; }));
  caller.end(std::move(watch));
}

TEST(EtcdStore, ACommitThatMayHaveBeenTakenIsNotSentTwice) {
  test::TcpProxy link(one_member().port());
  class Fixture final : public EtcdFixture {
   public:
    using EtcdFixture::EtcdFixture;
    void set_away(bool) override {}
  };
  Fixture fixture({"http://127.0.0.1:" + std::to_string(link.port()), one_member().url()});
  Caller& caller = fixture.caller();
  const std::string key = fresh_prefix() + "key";
  caller.get(key);
  link.delay(1'500);  // it is written, and the answer comes too late
  try {
    caller.commit({absent(key)}, {put(key, "once")});
    FAIL() << "the answer came in time";
  } catch (const Unavailable& gone) {
    EXPECT_TRUE(gone.outcome_unknown);
  }
  ASSERT_TRUE(caller.get(key).has_value());
  EXPECT_EQ(caller.get(key)->value, "once");
}

TEST(EtcdStore, NobodyThereIsSaidInTime) {
  class Fixture final : public EtcdFixture {
   public:
    using EtcdFixture::EtcdFixture;
    void set_away(bool) override {}
  };
  Fixture fixture({"http://127.0.0.1:1", "http://127.0.0.1:2"});
  const SteadyTime begun = fixture.clock().steady();
  try {
    fixture.caller().commit({}, {put("/key", "value")});
    FAIL() << "somebody answered";
  } catch (const Unavailable& gone) {
    EXPECT_FALSE(gone.outcome_unknown);
    EXPECT_THAT(gone.what(), testing::HasSubstr("127.0.0.1:"));
  }
  EXPECT_LE(fixture.clock().steady() - begun, 4s);
}

TEST(EtcdStore, ANewsIsTold) {
  OneMember fixture;
  Caller& caller = fixture.caller();
  const std::string prefix = fresh_prefix();
  Told told;
  auto watch = caller.watch(prefix, told.listener());
  ASSERT_TRUE(fixture.eventually([&] { return told.size() == 1; }));
  // The stream stands only after that; the first write may be found by the reading before it.
  caller.commit({}, {put(prefix + "first", "")});
  ASSERT_TRUE(fixture.eventually([&] { return told.keys().size() == 1; }));
  std::vector<Duration> delays;
  for (int i = 0; i < 20; ++i) {
    const std::string key = prefix + std::to_string(i);
    caller.commit({}, {put(key, "value")});
    const SteadyTime written = fixture.clock().steady();
    ASSERT_TRUE(fixture.eventually([&] { return told.keys().contains(key); }));
    delays.push_back(fixture.clock().steady() - written);
  }
  std::ranges::sort(delays);
  EXPECT_LE(delays[delays.size() / 2], 100ms);
  caller.end(std::move(watch));
}

TEST(EtcdStore, OptionsThatCannotWorkAreRefused) {
  EXPECT_EQ(etcd_endpoints_problem({"http://10.0.0.1:2379"}), "");
  EXPECT_NE(etcd_endpoints_problem({}), "");
  EXPECT_NE(etcd_endpoints_problem({"10.0.0.1:2379"}), "");
  EXPECT_NE(etcd_endpoints_problem(std::vector<std::string>(17, "http://10.0.0.1:2379")), "");
}

}  // namespace

namespace contract {
INSTANTIATE_TEST_SUITE_P(Etcd, StoreContract,
                         testing::Values(Implementation{
                             "etcd", [] { return std::make_unique<OneMember>(); }}),
                         [](const auto& info) { return info.param.name; });
}  // namespace contract

}  // namespace securecart::cluster
