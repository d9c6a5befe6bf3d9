// What every Store promises, as tests over a factory. A store of this process passes them in
// memory_store_test.cpp, etcd in cluster/etcd/store_contract_test.cpp.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.hpp"
#include "cluster/store/election.hpp"
#include "cluster/store/store.hpp"

namespace securecart::cluster::contract {

using namespace std::chrono_literals;

// One implementation on something that can be lost.
class Fixture {
 public:
  virtual ~Fixture() = default;
  virtual Store& store() = 0;
  virtual const Clock& clock() = 0;
  // Runs work where the store wants to be called.
  virtual void on_store(std::move_only_function<Task<void>()> work) = 0;
  // Lets time pass until it is true; false when that takes unreasonably long.
  virtual bool eventually(const std::function<bool()>& condition) = 0;
  virtual void set_away(bool away) = 0;
};

struct Implementation {
  std::string name;
  std::function<std::unique_ptr<Fixture>()> make;
};
inline void PrintTo(const Implementation& implementation, std::ostream* out) {
  *out << implementation.name;
}

inline std::string fresh_prefix() {
  static int prefixes = 0;
  return "/contract/" + std::to_string(++prefixes) + "/";
}

// Blocking calls for tests.
class Caller {
 public:
  explicit Caller(Fixture& fixture) : fixture_(fixture) {}

  Snapshot range(const std::string& prefix) {
    return ask<Snapshot>([this, prefix] { return fixture_.store().range(prefix); });
  }
  std::optional<Entry> get(const std::string& key) {
    return ask<std::optional<Entry>>([this, key] { return fixture_.store().get(key); });
  }
  Committed commit(std::vector<Condition> conditions, std::vector<Write> writes) {
    return ask<Committed>(
        [this, conditions, writes] { return fixture_.store().commit(conditions, writes); });
  }
  Lease grant(Duration ttl) {
    return ask<Lease>([this, ttl] { return fixture_.store().grant(ttl); });
  }
  bool keep_alive(LeaseId lease) {
    return ask<bool>([this, lease] { return fixture_.store().keep_alive(lease); });
  }
  void revoke(LeaseId lease) {
    fixture_.on_store([this, lease] { return fixture_.store().revoke(lease); });
  }
  void step(Election& election) {
    fixture_.on_store([&election] { return election.step(); });
  }
  void resign(Election& election) {
    fixture_.on_store([&election] { return election.resign(); });
  }
  std::unique_ptr<Store::Watch> watch(const std::string& prefix, Store::Changed changed) {
    std::unique_ptr<Store::Watch> result;
    run([&] { result = fixture_.store().watch(prefix, std::move(changed)); });
    return result;
  }
  void end(std::unique_ptr<Store::Watch> watch) {
    run([&] { watch.reset(); });
  }
  // How long ago what the watch told was known to be all there is.
  Duration unconfirmed(const Store::Watch& watch) {
    Duration since{};
    run([&] { since = fixture_.clock().steady() - watch.confirmed(); });
    return since;
  }
  // Plain work on the store's thread.
  void run(const std::function<void()>& work) {
    fixture_.on_store([&work] { return task_of(work); });
  }

 private:
  template <class T>
  T ask(std::move_only_function<Task<T>()> call) {
    std::optional<T> answer;
    fixture_.on_store([&] { return keep(call(), answer); });
    return std::move(*answer);
  }
  template <class T>
  static Task<void> keep(Task<T> call, std::optional<T>& answer) {
    answer.emplace(co_await call);
  }
  static Task<void> task_of(const std::function<void()>& work) {
    work();
    co_return;
  }

  Fixture& fixture_;
};

// What a watch told, from the store's thread.
class Told {
 public:
  Store::Changed listener() {
    return [this](const Snapshot& snapshot) {
      const std::scoped_lock lock(mutex_);
      snapshots_.push_back(snapshot);
    };
  }
  std::vector<Snapshot> all() const {
    const std::scoped_lock lock(mutex_);
    return snapshots_;
  }
  // Keys of the last one.
  std::set<std::string> keys() const {
    const std::scoped_lock lock(mutex_);
    std::set<std::string> keys;
    if (!snapshots_.empty()) {
      for (const Entry& entry : snapshots_.back().entries) {
        keys.insert(entry.key);
      }
    }
    return keys;
  }
  std::size_t size() const {
    const std::scoped_lock lock(mutex_);
    return snapshots_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<Snapshot> snapshots_;
};

class StoreContract : public testing::TestWithParam<Implementation> {
 protected:
  Election candidate(const std::string& name, Duration ttl = 2s) {
    return {fixture_->store(), fixture_->clock(), {prefix_ + "seat", name, ttl}};
  }
  std::unique_ptr<Fixture> fixture_ = GetParam().make();
  Caller caller_{*fixture_};
  const std::string prefix_ = fresh_prefix();
  const std::string key_ = prefix_ + "key";
};

// Whoever only wants the fixture of a store has it through this header, too.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(StoreContract);

TEST_P(StoreContract, KeepsWhatIsWrittenWithItsRevisions) {
  EXPECT_EQ(caller_.get(key_), std::nullopt);
  const std::string value(
      "Gr\xc3\xbc\xc3\x9f"
      "e \"\\\n\0 \xff",
      13);
  const Committed first = caller_.commit({}, {put(key_, value)});
  ASSERT_TRUE(first.applied);
  EXPECT_EQ(caller_.get(key_), (Entry{key_, value, first.revision, first.revision, 0}));
  const Committed second = caller_.commit({}, {put(key_, "")});
  EXPECT_GT(second.revision, first.revision);
  EXPECT_EQ(caller_.get(key_), (Entry{key_, "", first.revision, second.revision, 0}));
}

TEST_P(StoreContract, RangeIsWhatIsBelowThePrefixInOrder) {
  caller_.commit({}, {put(prefix_ + "b/2", "2"), put(prefix_ + "b/1", "1"), put(prefix_ + "b", "b"),
                      put(prefix_ + "b0", "after the slash"), put(prefix_ + "c/1", "c")});
  const Snapshot found = caller_.range(prefix_ + "b/");
  ASSERT_EQ(found.entries.size(), 2U);
  EXPECT_EQ(found.entries[0].key, prefix_ + "b/1");
  EXPECT_EQ(found.entries[1].key, prefix_ + "b/2");
  ASSERT_NE(found.find(prefix_ + "b/2"), nullptr);
  EXPECT_EQ(found.find(prefix_ + "b/2")->value, "2");
  EXPECT_EQ(found.find(prefix_ + "b/3"), nullptr);
  EXPECT_EQ(found.revision, found.entries[0].modified);
  EXPECT_TRUE(caller_.range(prefix_ + "nothing/").entries.empty());
}

TEST_P(StoreContract, RemovesAndMakesAnew) {
  const Committed made = caller_.commit({}, {put(key_, "one")});
  EXPECT_TRUE(caller_.commit({}, {remove(key_)}).applied);
  EXPECT_EQ(caller_.get(key_), std::nullopt);
  const Committed again = caller_.commit({}, {put(key_, "two")});
  EXPECT_EQ(caller_.get(key_)->created, again.revision);
  EXPECT_GT(again.revision, made.revision);
}

TEST_P(StoreContract, WritesAllOrNothingByItsConditions) {
  const Committed made = caller_.commit({absent(key_)}, {put(key_, "one")});
  ASSERT_TRUE(made.applied);
  EXPECT_FALSE(caller_.commit({absent(key_)}, {put(key_, "two")}).applied);
  const Committed moved = caller_.commit({modified_at(key_, made.revision)}, {put(key_, "three")});
  EXPECT_TRUE(moved.applied);
  const Committed refused =
      caller_.commit({created_at(key_, made.revision), modified_at(key_, made.revision)},
                     {put(key_, "four"), put(prefix_ + "other", "4")});
  EXPECT_FALSE(refused.applied);
  EXPECT_GE(refused.revision, moved.revision);
  EXPECT_EQ(caller_.get(prefix_ + "other"), std::nullopt);
  EXPECT_EQ(caller_.get(key_)->value, "three");
  EXPECT_TRUE(
      caller_.commit({created_at(key_, made.revision)}, {put(key_, "five"), remove(key_ + "x")})
          .applied);
}

TEST_P(StoreContract, WhatIsUnderALeaseGoesWithIt) {
  const Lease lease = caller_.grant(2s);
  EXPECT_GE(lease.ttl, 2s);
  caller_.commit({}, {put(key_, "leased", lease.id), put(prefix_ + "stays", "here")});
  EXPECT_EQ(caller_.get(key_)->lease, lease.id);
  ASSERT_TRUE(fixture_->eventually([&] { return !caller_.get(key_).has_value(); }));
  EXPECT_TRUE(caller_.get(prefix_ + "stays").has_value());
  EXPECT_FALSE(caller_.keep_alive(lease.id));
  EXPECT_FALSE(caller_.commit({}, {put(key_, "late", lease.id)}).applied);
}

TEST_P(StoreContract, ALeaseKeptAliveLives) {
  const Lease lease = caller_.grant(2s);
  caller_.commit({}, {put(key_, "leased", lease.id)});
  const SteadyTime begun = fixture_->clock().steady();
  const SteadyTime end = begun + lease.ttl + 1s;
  bool alive = true;
  ASSERT_TRUE(fixture_->eventually([&] {
    alive = alive && caller_.keep_alive(lease.id);
    return fixture_->clock().steady() > end;
  }));
  EXPECT_TRUE(alive);
  EXPECT_TRUE(caller_.get(key_).has_value());
  caller_.revoke(lease.id);
  EXPECT_FALSE(caller_.get(key_).has_value());
  EXPECT_FALSE(caller_.keep_alive(lease.id));
  caller_.revoke(lease.id);
}

TEST_P(StoreContract, AWriteWithoutTheLeaseTakesTheKeyOutOfIt) {
  const Lease lease = caller_.grant(2s);
  caller_.commit({}, {put(key_, "leased", lease.id)});
  caller_.commit({}, {put(key_, "kept")});
  caller_.revoke(lease.id);
  ASSERT_TRUE(caller_.get(key_).has_value());
  EXPECT_EQ(caller_.get(key_)->lease, 0);
}

TEST_P(StoreContract, AWatchTellsEachStateAsAWhole) {
  caller_.commit({}, {put(prefix_ + "w/1", "one")});
  Told told;
  auto watch = caller_.watch(prefix_ + "w/", told.listener());
  ASSERT_TRUE(fixture_->eventually([&] { return told.keys() == std::set{prefix_ + "w/1"}; }));
  caller_.commit({}, {put(prefix_ + "w/2", "two"), remove(prefix_ + "w/1")});
  caller_.commit({}, {put(prefix_ + "elsewhere", "no business of this watch")});
  ASSERT_TRUE(fixture_->eventually([&] { return told.keys() == std::set{prefix_ + "w/2"}; }));
  const Committed last = caller_.commit({}, {put(prefix_ + "w/2", "three")});
  ASSERT_TRUE(fixture_->eventually([&] {
    const auto all = told.all();
    return all.back().entries.size() == 1 && all.back().entries[0].value == "three";
  }));
  EXPECT_GE(told.all().back().revision, last.revision);
  for (std::size_t i = 1; i < told.size(); ++i) {
    EXPECT_GT(told.all()[i].revision, told.all()[i - 1].revision);
    EXPECT_NE(told.all()[i].entries, told.all()[i - 1].entries);
    EXPECT_NE(told.all()[i].entries.size(), 2U) << "half a commit was told";
  }
  caller_.end(std::move(watch));
  const std::size_t before = told.size();
  caller_.commit({}, {put(prefix_ + "w/3", "unheard")});
  EXPECT_EQ(told.size(), before);
}

TEST_P(StoreContract, AWatchOfNothingTellsSo) {
  Told told;
  auto watch = caller_.watch(prefix_ + "w/", told.listener());
  ASSERT_TRUE(fixture_->eventually([&] { return told.size() == 1; }));
  EXPECT_TRUE(told.all()[0].entries.empty());
  caller_.end(std::move(watch));
}

TEST_P(StoreContract, AWatchHearsThatALeaseEnded) {
  const Lease lease = caller_.grant(2s);
  caller_.commit({}, {put(prefix_ + "w/1", "leased", lease.id), put(prefix_ + "w/2", "stays")});
  Told told;
  auto watch = caller_.watch(prefix_ + "w/", told.listener());
  ASSERT_TRUE(fixture_->eventually([&] { return told.keys().size() == 2; }));
  EXPECT_TRUE(fixture_->eventually([&] { return told.keys() == std::set{prefix_ + "w/2"}; }));
  caller_.end(std::move(watch));
}

TEST_P(StoreContract, AWatchKeepsItsStateWhileTheStoreIsAway) {
  caller_.commit({}, {put(prefix_ + "w/1", "one")});
  Told told;
  auto watch = caller_.watch(prefix_ + "w/", told.listener());
  ASSERT_TRUE(fixture_->eventually([&] { return told.size() == 1; }));
  fixture_->set_away(true);
  ASSERT_TRUE(fixture_->eventually([&] { return caller_.unconfirmed(*watch) > 500ms; }));
  EXPECT_EQ(told.size(), 1U);
  EXPECT_THROW(caller_.get(key_), Unavailable);
  fixture_->set_away(false);
  ASSERT_TRUE(fixture_->eventually([&] {
    try {
      return caller_.commit({}, {put(prefix_ + "w/2", "two")}).applied;
    } catch (const Unavailable&) {
      return false;
    }
  }));
  EXPECT_TRUE(fixture_->eventually([&] { return told.keys().size() == 2; }));
  EXPECT_TRUE(fixture_->eventually([&] { return caller_.unconfirmed(*watch) < 2s; }));
  caller_.end(std::move(watch));
}

TEST_P(StoreContract, OneCandidateGetsTheSeatAndItsWritesAreFenced) {
  Election one = candidate("one");
  Election two = candidate("two");
  caller_.step(one);
  caller_.step(two);
  EXPECT_TRUE(one.leading());
  EXPECT_FALSE(two.leading());
  EXPECT_EQ(two.leader(), "one");
  EXPECT_TRUE(caller_.commit({one.fence()}, {put(key_, "by one")}).applied);
  const Condition old = one.fence();
  const std::int64_t first_token = one.token();
  caller_.resign(one);
  EXPECT_FALSE(one.leading());
  caller_.step(two);
  EXPECT_TRUE(two.leading());
  EXPECT_GT(two.token(), first_token);
  EXPECT_FALSE(caller_.commit({old}, {put(key_, "by one, late")}).applied);
  EXPECT_TRUE(caller_.commit({two.fence()}, {put(key_, "by two")}).applied);
}

TEST_P(StoreContract, ALeaderThatFallsSilentIsReplacedAndKnowsIt) {
  Election one = candidate("one");
  Election two = candidate("two");
  caller_.step(one);
  ASSERT_TRUE(one.leading());
  ASSERT_TRUE(fixture_->eventually([&] {
    caller_.step(two);
    EXPECT_FALSE(one.leading() && two.leading());
    return two.leading();
  }));
  EXPECT_FALSE(one.leading());
  caller_.step(one);
  EXPECT_FALSE(one.leading());
  EXPECT_EQ(one.leader(), "two");
}

TEST_P(StoreContract, ALeaderWhoseSeatWasTakenAwayStopsLeading) {
  Election one = candidate("one", 10s);
  caller_.step(one);
  ASSERT_TRUE(one.leading());
  caller_.commit({}, {put(prefix_ + "seat", "by hand")});
  caller_.step(one);
  EXPECT_FALSE(one.leading());
  caller_.commit({}, {remove(prefix_ + "seat")});
  caller_.step(one);
  EXPECT_TRUE(one.leading());
}

TEST_P(StoreContract, WithTheStoreAwayALeaderLeadsNoLongerThanItsLease) {
  Election one = candidate("one");
  caller_.step(one);
  ASSERT_TRUE(one.leading());
  const SteadyTime begun = fixture_->clock().steady();
  fixture_->set_away(true);
  EXPECT_THROW(caller_.step(one), Unavailable);
  ASSERT_TRUE(fixture_->eventually([&] { return !one.leading(); }));
  EXPECT_LE(fixture_->clock().steady() - begun, 4s);
  fixture_->set_away(false);
}

}  // namespace securecart::cluster::contract
