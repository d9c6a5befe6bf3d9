// What every Cache must do, whatever it is kept in. cache_contract_test.cpp runs it on each
// implementation.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "storage/cache/cache_fixture.hpp"
#include "storage/limits.hpp"

namespace securecart::storage::contract {

struct CacheImplementation {
  std::string name;
  std::function<std::unique_ptr<CacheFixture>()> make;
};
inline std::ostream& operator<<(std::ostream& out, const CacheImplementation& implementation) {
  return out << implementation.name;
}

class CacheContract : public testing::TestWithParam<CacheImplementation> {
 protected:
  std::unique_ptr<CacheFixture> fixture_ = GetParam().make();
  CacheUser user_{*fixture_};
};

TEST_P(CacheContract, KeepsWhatWasPutForItsLifetime) {
  const Cache::Ticket ticket = user_.ticket("shop");
  EXPECT_EQ(user_.get("shop", "a"), "nothing");
  EXPECT_TRUE(user_.put("shop", "a", "1", {}, ticket));
  EXPECT_EQ(user_.get("shop", "a"), "1");
  EXPECT_TRUE(user_.put("shop", "a", "2", {}, ticket, std::chrono::milliseconds(300)));
  const Cache::Found found = user_.look("shop", "a");
  ASSERT_TRUE(found.bytes);
  EXPECT_EQ(*found.bytes, "2");
  EXPECT_FALSE(found.absence);
  EXPECT_GT(found.remaining, Duration::zero());
  EXPECT_LE(found.remaining, std::chrono::milliseconds(300));
  EXPECT_TRUE(test::eventually([this] { return user_.get("shop", "a") == "nothing"; }));
}

TEST_P(CacheContract, RemembersThatThereIsNothing) {
  EXPECT_TRUE(user_.put("shop", "a", "No such product.", {"catalog"}, user_.ticket("shop"),
                        std::chrono::seconds(60), true));
  const Cache::Found found = user_.look("shop", "a");
  ASSERT_TRUE(found.bytes);
  EXPECT_EQ(*found.bytes, "No such product.");
  EXPECT_TRUE(found.absence);
  fixture_->cache().invalidate("shop", "catalog");
  EXPECT_EQ(user_.get("shop", "a"), "nothing");
}

TEST_P(CacheContract, TakesAnyBytesAndLongNames) {
  std::string bytes;
  for (int i = 0; i < 1'024; ++i) {
    bytes += static_cast<char>(i % 256);
  }
  const std::string name = "products/\n\r\n$5\r\n" + std::string(3'000, 'n');
  EXPECT_TRUE(user_.put("shop", name, bytes));
  EXPECT_EQ(user_.get("shop", name), bytes);
  EXPECT_EQ(user_.get("shop", name + "n"), "nothing");
  EXPECT_TRUE(user_.put("shop", "empty", ""));
  EXPECT_EQ(user_.get("shop", "empty"), "");
}

TEST_P(CacheContract, DoesNotKeepWhatIsTooLarge) {
  EXPECT_FALSE(user_.put("shop", "huge", std::string(limits::cache_entry_bytes + 1, 'x')));
  EXPECT_EQ(user_.get("shop", "huge"), "nothing");
}

TEST_P(CacheContract, InvalidatingATagDropsAllThatCarryIt) {
  user_.put("shop", "product/1", "1", {"prod_1"});
  user_.put("shop", "product/2", "2", {"prod_2"});
  user_.put("shop", "listing", "1, 2", {"prod_1", "prod_2"});
  fixture_->cache().invalidate("shop", "prod_1");
  EXPECT_EQ(user_.get("shop", "product/1"), "nothing");
  EXPECT_EQ(user_.get("shop", "listing"), "nothing");
  EXPECT_EQ(user_.get("shop", "product/2"), "2");
  EXPECT_TRUE(test::eventually([this] {  // once the invalidation has arrived
    user_.put("shop", "product/1", "new", {"prod_1"});
    return user_.get("shop", "product/1") == "new";
  }));
}

TEST_P(CacheContract, SpacesHaveNothingToDoWithEachOther) {
  user_.put("shop", "a", "mine", {"tag"});
  EXPECT_EQ(user_.get("other", "a"), "nothing");
  user_.put("other", "a", "theirs", {"tag"});
  EXPECT_EQ(user_.get("shop", "a"), "mine");
  fixture_->cache().invalidate("other", "tag");
  EXPECT_EQ(user_.get("other", "a"), "nothing");
  EXPECT_EQ(user_.get("shop", "a"), "mine");
}

TEST_P(CacheContract, AnOldReadCannotSettleBehindAnInvalidation) {
  const Cache::Ticket before = user_.ticket("shop");
  fixture_->cache().invalidate("shop", "prod_1");
  user_.put("shop", "product/1", "old", {"prod_1"}, before);
  EXPECT_EQ(user_.get("shop", "product/1"), "nothing");
  const bool away = fixture_->is_always_away();
  const bool delivered = test::run_on<bool>(*fixture_->executors()[0], [this, away] {
    return fixture_->cache().delivered(away ? Duration(std::chrono::milliseconds(50))
                                            : Duration(std::chrono::seconds(10)));
  });
  EXPECT_EQ(delivered, !away);
  EXPECT_TRUE(user_.put("shop", "product/1", "new", {"prod_1"}));
  EXPECT_FALSE(user_.put("shop", "product/1", "old", {"prod_1"}, before));
  EXPECT_EQ(user_.get("shop", "product/1"), "new");
  // A change to something else does not disturb it.
  const Cache::Ticket other = user_.ticket("shop");
  fixture_->cache().invalidate("shop", "prod_2");
  EXPECT_TRUE(user_.put("shop", "product/3", "3", {"prod_3"}, other));
  EXPECT_EQ(user_.get("shop", "product/3"), "3");
}

TEST_P(CacheContract, ATicketOfAnotherHistoryKeepsNothing) {
  Cache::Ticket ticket = user_.ticket("shop");
  if (ticket.history.empty()) {
    return;  // one history, as long as the process lives
  }
  ticket.history.back() = ticket.history.back() == '0' ? '1' : '0';
  EXPECT_FALSE(user_.put("shop", "a", "1", {}, ticket));
  EXPECT_EQ(user_.get("shop", "a"), "nothing");
}

TEST_P(CacheContract, NobodyReadsWhatWasThereBeforeAnAcknowledgedChange) {
  Chase chase(*fixture_);
  EXPECT_TRUE(test::eventually(
      [&] { return chase.changes() > 300 && chase.reads() > 1'000 && chase.hits() > 50; }));
  chase.stop();
  EXPECT_EQ(chase.stale(), 0U);
  EXPECT_GT(chase.hits(), 0U);
}

}  // namespace securecart::storage::contract
