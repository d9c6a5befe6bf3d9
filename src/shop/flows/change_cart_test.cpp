#include "shop/flows/change_cart.hpp"

#include <gtest/gtest.h>

#include "base/limits.hpp"
#include "shop/carts/errc.hpp"
#include "tests/support/flows_world.hpp"

namespace securecart::shop::flows {
namespace {

class ChangeCart : public testing::Test {
 protected:
  Result<CreatedCart> create(std::vector<NewLine> lines, std::string currency = "") {
    return run_ready(create_cart(world.deps, {.shop_id = world.shop_a,
                                              .customer_id = "",
                                              .currency = std::move(currency),
                                              .email = "",
                                              .lines = std::move(lines)}));
  }
  Result<std::monostate> add(const CartSnapshot& cart, NewLine line) {
    return run_ready(add_cart_line(world.deps, cart, std::move(line)));
  }
  Result<std::monostate> set(const CartSnapshot& cart, std::int64_t quantity) {
    return run_ready(set_cart_line(world.deps, cart, cart.lines.at(0).id, quantity));
  }
  Result<std::monostate> update(const CartSnapshot& cart, CartUpdate change) {
    return run_ready(update_cart(world.deps, cart, std::move(change)));
  }

  test::FlowsWorld world;
  const catalog::Variant lamp = world.product("Lamp", 1'210, 10);
  const catalog::Variant shade = world.product("Shade", 333, 10);
};

TEST_F(ChangeCart, StartsWithWhatWasAskedFor) {
  const Result<CreatedCart> created = create({{lamp.id, 2}, {shade.id, 1}, {lamp.id, 1}});
  ASSERT_TRUE(created);
  const CartSnapshot cart = world.see(created->id);
  EXPECT_EQ(cart.currency, "EUR");
  EXPECT_EQ(cart.status, "open");
  EXPECT_EQ(cart.token_hash, sha256_hex(created->token)) << "the token itself is not kept";
  ASSERT_EQ(cart.lines.size(), 2U) << "one line a variant";
  EXPECT_EQ(cart.lines[0].quantity, 3);
  EXPECT_EQ(cart.totals().subtotal, 3 * 1'210 + 333);
}

TEST_F(ChangeCart, TakesOnlyWhatCanBeBought) {
  const catalog::Variant gone = world.product("Gone", 1, 1);
  storage::Batch batch;
  batch.add("UPDATE products SET status = 'draft' WHERE title = 'Gone'");
  world.apply(std::move(batch));
  for (const std::string& variant : {std::string("var_unknown"), gone.id}) {
    EXPECT_TRUE(create({{variant, 1}}).error().is(carts::errc::variant_unavailable));
    const CartSnapshot cart = world.see(create({})->id);
    EXPECT_TRUE(add(cart, {variant, 1}).error().is(carts::errc::variant_unavailable));
  }
  EXPECT_TRUE(create({{lamp.id, 1}}, "USD").error().is(carts::errc::variant_unavailable))
      << "it has no price in dollars";
  EXPECT_TRUE(create({}, "JPY").error().is(carts::errc::not_sold_there));
}

TEST_F(ChangeCart, LinesGrowAndShrink) {
  const std::string id = create({{lamp.id, 1}})->id;
  ASSERT_TRUE(add(world.see(id), {lamp.id, 4}));
  EXPECT_EQ(world.see(id).lines.at(0).quantity, 5);
  ASSERT_TRUE(set(world.see(id), 2));
  EXPECT_EQ(world.see(id).lines.at(0).quantity, 2);
  const CartSnapshot before = world.see(id);
  ASSERT_TRUE(set(before, 0));
  EXPECT_TRUE(world.see(id).lines.empty());
  EXPECT_GT(world.see(id).version, before.version);
  const Result<std::monostate> unknown =
      run_ready(set_cart_line(world.deps, world.see(id), "line_unknown", 1));
  EXPECT_TRUE(unknown.error().is(securecart::errc::not_found));
}

TEST_F(ChangeCart, HasLimits) {
  const std::string id = create({{lamp.id, 1}})->id;
  const auto most = static_cast<std::int64_t>(limits::line_quantity);
  EXPECT_TRUE(add(world.see(id), {lamp.id, most}).error().is(carts::errc::cart_limit));
  EXPECT_TRUE(set(world.see(id), most + 1).error().is(carts::errc::cart_limit));
  EXPECT_TRUE(set(world.see(id), most));
  EXPECT_EQ(world.see(id).lines.at(0).quantity, most) << "what was refused changed nothing";
}

TEST_F(ChangeCart, AnOrderIsNoCartAnyMore) {
  const CartSnapshot cart = world.ready_cart({{lamp.id, 1}});
  ASSERT_TRUE(world.complete(cart, "key-1"));
  // Also when it was read before.
  EXPECT_TRUE(add(cart, {shade.id, 1}).error().is(carts::errc::cart_completed));
  EXPECT_TRUE(set(cart, 2).error().is(carts::errc::cart_completed));
  CartUpdate change;
  change.email = "eve@example.com";
  EXPECT_TRUE(update(cart, change).error().is(carts::errc::cart_completed));
  EXPECT_EQ(world.see(cart.id).lines.size(), 1U);
  EXPECT_EQ(world.see(cart.id).email, "ada@example.com");
}

TEST_F(ChangeCart, ShipsWhereTheShopShips) {
  const std::string id = create({{lamp.id, 1}})->id;
  CartUpdate change;
  change.shipping_address = test::FlowsWorld::address("FR");
  EXPECT_TRUE(update(world.see(id), change).error().is(carts::errc::not_sold_there));
  EXPECT_TRUE(world.see(id).methods().empty()) << "nowhere yet";
  for (const auto& [country, method] : {std::pair{"DE", "ship_eu"}, std::pair{"US", "ship_all"}}) {
    change.shipping_address = test::FlowsWorld::address(country);
    ASSERT_TRUE(update(world.see(id), change));
    ASSERT_EQ(world.see(id).methods().size(), 1U);
    EXPECT_EQ(world.see(id).methods()[0]->id, method) << country;
  }
  change.shipping_address = json::value(nullptr);
  ASSERT_TRUE(update(world.see(id), change));
  EXPECT_TRUE(world.see(id).shipping_address.is_null());
}

TEST_F(ChangeCart, AMethodIsOneOfTheShops) {
  const CartSnapshot cart = world.ready_cart({{lamp.id, 1}});
  ASSERT_NE(cart.chosen_method(), nullptr);
  CartUpdate change;
  change.shipping_method_id = "ship_unknown";
  EXPECT_TRUE(update(cart, change).error().is(carts::errc::shipping_method_unavailable));
  // Moving to where it does not ship unchooses it, without a word from the shopper.
  CartUpdate move;
  move.shipping_address = test::FlowsWorld::address("US");
  ASSERT_TRUE(update(cart, move));
  EXPECT_EQ(world.see(cart.id).chosen_method(), nullptr);
  EXPECT_EQ(world.see(cart.id).totals().shipping, 0);
}

TEST_F(ChangeCart, ShippingGoesByWeight) {
  const CartSnapshot light = world.ready_cart({{lamp.id, 20}});
  EXPECT_EQ(light.totals().shipping, 595) << "two kilograms";
  const CartSnapshot heavy = world.ready_cart({{lamp.id, 21}});
  EXPECT_EQ(heavy.totals().shipping, 1'500);
  const CartSnapshot too_heavy = world.ready_cart({{lamp.id, 101}});
  EXPECT_EQ(too_heavy.chosen_method(), nullptr);
}

TEST_F(ChangeCart, TaxesAreThoseOfTheDestination) {
  const CartSnapshot home = world.ready_cart({{lamp.id, 1}});
  EXPECT_EQ(home.totals().tax_lines.at(0).rate.name, "VAT 21 %");
  EXPECT_EQ(world.see(create({{lamp.id, 1}})->id).totals().tax, 210)
      << "where to is not known yet: the shop's home";
  const CartSnapshot abroad = world.ready_cart({{lamp.id, 1}}, "DE");
  EXPECT_EQ(abroad.totals().tax_lines.at(0).rate.name, "MwSt. 19 %");
  const CartSnapshot overseas = world.ready_cart({{lamp.id, 1}}, "US");
  EXPECT_EQ(overseas.totals().tax, 0);
}

TEST_F(ChangeCart, TaxIsIncludedAtHomeAndAddedAbroad) {
  storage::Batch batch;
  carts::add_tax_rate(batch, world.shop_a, {"rate_us", "tax_shop_a", "US", "", "Sales tax", 1'000});
  batch.add("UPDATE shops SET tax_included_in = '{\"US\":false}' WHERE id = $1", {world.shop_a});
  change_terms(batch, world.shop_a);
  world.apply(std::move(batch));
  const CartSnapshot home = world.ready_cart({{lamp.id, 1}}, "NL");
  EXPECT_TRUE(home.totals().tax_included);
  EXPECT_EQ(home.totals().total, 1'210 + 595);
  EXPECT_EQ(home.totals().tax, 210 + 103);
  CartUpdate move;
  move.shipping_address = test::FlowsWorld::address("US");
  move.shipping_method_id = "ship_all";
  ASSERT_TRUE(update(home, move));
  const CartSnapshot abroad = world.see(home.id);
  EXPECT_FALSE(abroad.totals().tax_included);
  EXPECT_EQ(abroad.totals().subtotal, 1'210);
  EXPECT_EQ(abroad.totals().tax, 180);
  EXPECT_EQ(abroad.totals().total, 1'210 + 595 + 180);
  // The order keeps what it was sold as, whatever the shop says later.
  const Result<Completed> placed = world.complete(abroad, "key-1");
  ASSERT_TRUE(placed);
  const orders::Order order = world.see_order(placed->response.body).order;
  EXPECT_FALSE(order.prices_include_tax);
  EXPECT_EQ(order.tax_country, "US");
  EXPECT_EQ(order.total, abroad.totals().total);
  EXPECT_EQ(world.place({{lamp.id, 1}}).order.tax_country, "NL");
  world.check_books();
}

TEST_F(ChangeCart, AProvincesRateStandsBeforeItsCountrys) {
  storage::Batch batch;
  carts::add_tax_rate(batch, world.shop_a, {"rate_us", "tax_shop_a", "US", "", "Sales tax", 100});
  carts::add_tax_rate(batch, world.shop_a,
                      {"rate_ca", "tax_shop_a", "US", "CA", "CA sales tax", 725});
  change_terms(batch, world.shop_a);
  world.apply(std::move(batch));
  const std::string id = create({{lamp.id, 1}})->id;
  for (const auto& [province, rate] : {std::pair{"CA", 725}, std::pair{"NY", 100}}) {
    CartUpdate change;
    json::object address = test::FlowsWorld::address("US");
    address["province"] = province;
    change.shipping_address = std::move(address);
    ASSERT_TRUE(update(world.see(id), change));
    EXPECT_EQ(world.see(id).tax_rate("")->basis_points, rate) << province;
  }
}

TEST_F(ChangeCart, NewTermsCountFromTheNextLook) {
  const CartSnapshot cart = world.ready_cart({{lamp.id, 1}});
  storage::Batch batch;
  batch.add("UPDATE tax_rates SET basis_points = 900 WHERE id = 'rate_nl'");
  change_terms(batch, world.shop_a);
  world.apply(std::move(batch));
  EXPECT_EQ(world.see(cart.id).tax_rate("")->basis_points, 900);
  EXPECT_EQ(cart.tax_rate("")->basis_points, 2'100) << "a snapshot stays what it was";
}

TEST_F(ChangeCart, AvailabilityCountsUnitsOfTheVariant) {
  const catalog::Variant pair = world.product("Pair", 100, 0, [this](auto& input) {
    input.inventory_item_id = lamp.inventory_item_id;
    input.units = 3;
  });
  const CartSnapshot cart = world.see(create({{pair.id, 1}})->id);
  EXPECT_EQ(cart.available(cart.lines[0]), 3) << "three threes of ten";
}

TEST_F(ChangeCart, NoShopReachesAnothersCart) {
  const std::string id = create({{lamp.id, 1}})->id;
  EXPECT_FALSE(run_ready(read_cart(world.deps, world.shop_b, id)));
  EXPECT_TRUE(run_ready(create_cart(world.deps, {.shop_id = world.shop_b,
                                                 .customer_id = "",
                                                 .currency = "",
                                                 .email = "",
                                                 .lines = {{lamp.id, 1}}}))
                  .error()
                  .is(carts::errc::variant_unavailable));
}

}  // namespace
}  // namespace securecart::shop::flows
