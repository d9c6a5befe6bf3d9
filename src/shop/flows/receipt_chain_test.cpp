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
  // Every receipt of the shop as a file, verified, by its place in the chain.
  std::vector<orders::Verification> receipts() {
    const storage::Rows rows = run_ready(world.database.read(
        {"SELECT c.sequence, c.order_id, c.previous, c.digest, c.entry, o.receipt FROM "
         "receipt_chain c JOIN orders o ON o.shop_id = c.shop_id AND o.id = c.order_id "
         "WHERE c.shop_id = $1 ORDER BY c.sequence",
         {world.shop_a}}));
    std::vector<orders::Verification> verified;
    const std::string public_key = base64url(world.key.key.public_key);
    for (const storage::Row row : rows) {
      const orders::ChainEntry entry{row.integer(0), row.text(1), row.text(2), row.text(3),
                                     json::parse(row.text(4)).as_object()};
      const json::object statement = json::parse(row.text(5)).as_object();
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
