#include "cluster/agent/registrar.hpp"

#include <gtest/gtest.h>

#include "base/errors.hpp"
#include "cluster/store/memory_store.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::cluster::agent {
namespace {

using namespace std::chrono_literals;

class Registration : public testing::Test {
 protected:
  static Task<bool> stepped(Registrar& registrar) {
    co_await registrar.step();
    co_return true;
  }
  static void step(Registrar& registrar) { run_ready(stepped(registrar)); }
  Registrar make() { return {store_, clock_, folder_.path() / "lease.json", 5s}; }
  std::optional<Entry> get(const std::string& key) { return run_ready(store_.get(key)); }

  test::TempDir folder_;
  ManualClock clock_;
  MemoryStore store_{clock_};
  Registrar registrar_ = make();
};

TEST_F(Registration, WhatIsWantedIsThereUnderOneLease) {
  registrar_.want({{"/a", "1"}, {"/b", "2"}});
  EXPECT_TRUE(registrar_.is_gone("/a"));
  step(registrar_);
  EXPECT_FALSE(registrar_.has_work());
  EXPECT_FALSE(registrar_.is_gone("/a"));
  EXPECT_EQ(get("/a")->value, "1");
  EXPECT_NE(get("/a")->lease, 0);
  EXPECT_EQ(get("/a")->lease, get("/b")->lease);
  const std::int64_t modified = get("/b")->modified;
  registrar_.want({{"/b", "2"}, {"/c", "3"}});
  EXPECT_TRUE(registrar_.has_work());
  step(registrar_);
  EXPECT_EQ(get("/a"), std::nullopt);
  EXPECT_TRUE(registrar_.is_gone("/a"));
  EXPECT_EQ(get("/b")->modified, modified) << "what is so already is not written";
  EXPECT_EQ(get("/c")->value, "3");
}

TEST_F(Registration, TheLeaseIsKeptAliveAndEndsWithItsHost) {
  registrar_.want({{"/a", "1"}});
  for (int i = 0; i < 20; ++i) {
    step(registrar_);
    clock_.advance(2s);
    EXPECT_TRUE(registrar_.has_work());
  }
  EXPECT_TRUE(get("/a").has_value());
  clock_.advance(5s);
  EXPECT_EQ(get("/a"), std::nullopt);
}

TEST_F(Registration, ALeaseThatEndedIsReplaced) {
  registrar_.want({{"/a", "1"}});
  step(registrar_);
  clock_.advance(6s);
  store_.expire();
  step(registrar_);
  EXPECT_EQ(get("/a")->value, "1");
  run_ready([](MemoryStore& store, LeaseId lease) -> Task<bool> {
    co_await store.revoke(lease);
    co_return true;
  }(store_, get("/a")->lease));
  registrar_.want({{"/a", "2"}});
  step(registrar_);  // it is not time to renew: the commit finds out
  EXPECT_EQ(get("/a")->value, "2");
}

TEST_F(Registration, AnotherAgentGoesOnWithTheLease) {
  registrar_.want({{"/a", "1"}, {"/b", "2"}});
  step(registrar_);
  const LeaseId lease = get("/a")->lease;
  Registrar next = make();
  EXPECT_FALSE(next.is_gone("/b")) << "it may be there";
  next.want({{"/a", "1"}});
  step(next);
  EXPECT_EQ(get("/a")->lease, lease);
  EXPECT_EQ(get("/b"), std::nullopt);
  EXPECT_TRUE(next.is_gone("/b"));
}

TEST_F(Registration, WithTheStoreAwayNothingIsKnown) {
  registrar_.want({{"/a", "1"}});
  step(registrar_);
  store_.set_away(true);
  registrar_.want({});
  EXPECT_THROW(step(registrar_), Unavailable);
  EXPECT_FALSE(registrar_.is_gone("/a"));
  clock_.advance(10s);
  store_.set_away(false);
  step(registrar_);
  EXPECT_TRUE(registrar_.is_gone("/a"));
  EXPECT_EQ(get("/a"), std::nullopt);
}

TEST_F(Registration, ManyAreWrittenInPieces) {
  std::map<std::string, std::string> many;
  for (int i = 0; i < 250; ++i) {
    many["/many/" + std::to_string(i)] = "x";
  }
  registrar_.want(many);
  step(registrar_);
  EXPECT_EQ(run_ready(store_.range("/many/")).entries.size(), 250U);
  registrar_.want({});
  step(registrar_);
  EXPECT_TRUE(run_ready(store_.range("/many/")).entries.empty());
}

}  // namespace
}  // namespace securecart::cluster::agent
