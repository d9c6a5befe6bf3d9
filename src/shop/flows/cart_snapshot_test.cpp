#include "shop/flows/cart_snapshot.hpp"

#include <gtest/gtest.h>

#include "tests/support/flows_world.hpp"

namespace securecart::shop::flows {
namespace {

struct ReadCart : test::FlowsWorld, ::testing::Test {
  void receive_at(const std::string& location, std::int64_t priority, const std::string& item) {
    storage::Batch batch;
    batch.add("INSERT INTO locations (shop_id, id, name, priority) VALUES ($1, $2, $2, $3)",
              {shop_a, location, priority});
    shop::inventory::add_adjustment(batch, ids, movement("receive"),
                                    {item, location, 3, "receive"});
    apply(std::move(batch));
  }
};

TEST_F(ReadCart, GivesLinesInTheOrderTheyCame) {
  std::vector<NewLine> wanted;
  for (const char* title : {"Cup", "Bowl", "Axe", "Dish"}) {
    wanted.push_back({product(title, 500, 5).id, 1});
  }
  const CartSnapshot cart = see(open_cart(wanted).id);
  ASSERT_EQ(cart.lines.size(), wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(cart.lines[i].variant_id, wanted[i].variant_id);
  }
}

TEST_F(ReadCart, GivesStockByThePriorityOfItsPlace) {
  const auto cup = product("Cup", 500, 5);  // at loc_1, priority 0
  receive_at("loc_last", 7, *cup.inventory_item_id);
  receive_at("loc_first", -3, *cup.inventory_item_id);
  const CartSnapshot cart = see(open_cart({{cup.id, 1}}).id);
  ASSERT_EQ(cart.stands.size(), 3U);
  EXPECT_EQ(cart.stands[0].location_id, "loc_first");
  EXPECT_EQ(cart.stands[1].location_id, "loc_1");
  EXPECT_EQ(cart.stands[2].location_id, "loc_last");
}

// Else the second line would be promised the same units again.
TEST_F(ReadCart, CountsAnItemOfTwoLinesOnce) {
  const auto cup = product("Cup", 500, 5);
  const auto pair = product("Two cups", 900, 0);
  storage::Batch batch;
  batch.add("UPDATE variants SET inventory_item_id = $3, units = 2 WHERE shop_id = $1 AND id = $2",
            {shop_a, pair.id, *cup.inventory_item_id});
  apply(std::move(batch));
  const CartSnapshot cart = see(open_cart({{cup.id, 1}, {pair.id, 1}}).id);
  ASSERT_EQ(cart.lines.size(), 2U);
  EXPECT_EQ(cart.stands.size(), 1U);
  EXPECT_EQ(cart.available(cart.lines[0]), 5);
  EXPECT_EQ(cart.available(cart.lines[1]), 2);
}

}  // namespace
}  // namespace securecart::shop::flows
