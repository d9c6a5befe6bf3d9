#include "shop/flows/receipt_chain.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include "tests/support/flows_world.hpp"

namespace securecart::shop::flows {
namespace {

class ReceiptChainTest : public testing::Test {
 protected:
  void place(int orders) {
    for (int i = 0; i < orders; ++i) {
      world.place({{lamp.id, 1}});
    }
  }
  // Every receipt of the shop as a file, verified, in the order of the log.
  std::vector<orders::Verification> receipts() {
    const storage::Rows rows = run_ready(world.database.read(
        {"SELECT c.sequence, c.previous, c.digest, c.entry, o.receipt FROM receipt_places p JOIN "
         "receipt_chain c ON c.shop_id = p.shop_id AND c.sequence = p.sequence "
         "JOIN orders o ON o.shop_id = p.shop_id AND o.id = p.order_id "
         "JOIN event_log e ON e.subject = o.id AND e.type = 'order.placed' "
         "WHERE p.shop_id = $1 ORDER BY c.sequence, e.position",
         {world.shop_a}}));
    std::vector<orders::Verification> verified;
    const std::string public_key = base64url(world.key.key.public_key);
    for (const storage::Row row : rows) {
      const orders::ChainEntry entry{row.integer(0), row.text(1), row.text(2),
                                     json::parse(row.text(3)).as_object()};
      const json::object statement = json::parse(row.text(4)).as_object();
      verified.push_back(orders::verify_receipt(
          to_string(json::value(orders::receipt_file(statement, entry, public_key))), public_key));
      EXPECT_TRUE(verified.back().valid) << verified.back().failure;
    }
    return verified;
  }

  test::FlowsWorld world;
  const catalog::Variant lamp = world.product("Lamp", 1'210, 1'000);
  ReceiptKeys keys{world.database};
  ReceiptChain chain{world.deps, world.log, keys};
};

TEST_F(ReceiptChainTest, ChainsEveryOrderInTheOrderOfTheLog) {
  place(3);
  const std::int64_t at = run_ready(chain.step());
  EXPECT_EQ(receipts().size(), 3U);
  EXPECT_EQ(orders::chain_break(receipts()), "");
  place(2);
  EXPECT_GT(run_ready(chain.step()), at);
  const auto all = receipts();
  ASSERT_EQ(all.size(), 5U);
  EXPECT_EQ(orders::chain_break(all), "");
  const auto placed = world.events_of("order.placed");
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(get_string(all[i].statement, "order_id"), placed[i]->subject);
  }
}

TEST_F(ReceiptChainTest, WhatWaitsSharesAnEntryAndItsSignature) {
  place(3);
  run_ready(chain.step());
  place(2);
  run_ready(chain.step());
  const auto all = receipts();
  ASSERT_EQ(all.size(), 5U);
  EXPECT_EQ(all[0].sequence, 1);
  EXPECT_EQ(all[2].digest, all[0].digest);
  EXPECT_EQ(all[3].sequence, 2);
  EXPECT_EQ(all[4].digest, all[3].digest);
}

// A program of an earlier version, beside this one, wrote an entry for an order alone.
TEST_F(ReceiptChainTest, FollowsAnEntryOfAnEarlierVersion) {
  place(1);
  run_ready(chain.step());
  const std::string digest(64, 'b');
  storage::Batch earlier;
  earlier.add(
      "INSERT INTO receipt_chain (shop_id, sequence, order_id, previous, digest, entry) "
      "SELECT shop_id, 2, 'ord_early', digest, $2, '{}' FROM receipt_chain WHERE shop_id = $1",
      {world.shop_a, digest});
  world.apply(std::move(earlier));
  place(1);
  run_ready(chain.step());
  EXPECT_EQ(receipts().back().sequence, 3);
  EXPECT_EQ(receipts().back().previous, digest);
}

TEST_F(ReceiptChainTest, WithNothingNewItStaysWhereItIs) {
  place(1);
  const std::int64_t at = run_ready(chain.step());
  EXPECT_EQ(run_ready(chain.step()), at);
  EXPECT_EQ(receipts().size(), 1U);
}

TEST_F(ReceiptChainTest, TwoWritersNeitherSkipNorRepeat) {
  ReceiptKeys other_keys(world.database);
  ReceiptChain other(world.deps, world.log, other_keys);
  for (int round = 0; round < 5; ++round) {
    place(round % 3);
    run_ready((round % 2 == 0 ? chain : other).step());
    run_ready((round % 2 == 0 ? other : chain).step());
  }
  EXPECT_EQ(static_cast<std::int64_t>(receipts().size()),
            world.count("SELECT COUNT(*) FROM orders", {}));
  EXPECT_EQ(orders::chain_break(receipts()), "");
}

TEST_F(ReceiptChainTest, GoesPageByPage) {
  place(130);
  std::int64_t last = -1;
  for (std::int64_t now = run_ready(chain.step()); now != last; now = run_ready(chain.step())) {
    last = now;
  }
  EXPECT_EQ(receipts().size(), 130U);
  EXPECT_EQ(orders::chain_break(receipts()), "");
}

TEST_F(ReceiptChainTest, AShopWithoutAKeyIsUnavailable) {
  EXPECT_THROW(run_ready(keys.current(world.shop_b)), Unavailable);
  EXPECT_EQ(run_ready(keys.current(world.shop_a)).id, world.key.id);
}

}  // namespace
}  // namespace securecart::shop::flows
