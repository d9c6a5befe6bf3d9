// Promotions over the admin API and codes over the store's, in the process.
#include "shop/api/admin/promotion_routes.hpp"

#include <memory>

#include <gtest/gtest.h>

#include "shop/accounts/cached_authenticator.hpp"
#include "shop/api/store/cart_routes.hpp"
#include "shop/carts/limits.hpp"
#include "shop/flows/receipt_keys.hpp"
#include "storage/cache/loading_cache.hpp"
#include "storage/cache/memory_cache.hpp"
#include "tests/support/api_harness.hpp"
#include "tests/support/flows_world.hpp"

namespace securecart::shop::api {
namespace {

using test::Answer;

class PromotionRoutesTest : public testing::Test {
 protected:
  PromotionRoutesTest() {
    routes.mount(operations);
    carts.mount(operations);
    api = std::make_unique<test::ApiHarness>(
        ApiParts{operations, schemas, authenticator, world.database, world.clock, world.metrics});
    storage::Batch batch;
    for (const auto& [id, kind, secret] :
         {std::tuple{"key_1", "secret", key}, std::tuple{"key_2", "publishable", store_key}}) {
      batch.add(
          "INSERT INTO api_keys (shop_id, id, kind, name, prefix, key_hash, role, created_at) "
          "VALUES ($1, $2, $3, 'k', 'k_', $4, $5, 0)",
          {world.shop_a, id, kind, sha256_hex(secret),
           kind == std::string_view("secret") ? storage::Value("owner") : storage::Value()});
    }
    world.apply(std::move(batch));
  }
  std::vector<std::pair<std::string, std::string>> as_owner(const std::string& if_match = "") {
    std::vector<std::pair<std::string, std::string>> headers{{"Authorization", "Bearer " + key}};
    if (!if_match.empty()) {
      headers.emplace_back("If-Match", if_match);
    }
    return headers;
  }
  Answer create(const std::string& body) {
    return api->post("/v1/admin/promotions", body, as_owner());
  }
  Answer change(const Answer& read, const std::string& body) {
    return api->patch("/v1/admin/promotions/" + read.text("id"), body,
                      as_owner(read.header("ETag")));
  }

  const std::string key = "sk_" + std::string(43, 'A');
  const std::string store_key = "pk_" + std::string(43, 'B');
  test::FlowsWorld world;
  const catalog::Variant lamp = world.product("Lamp", 10'000, 100);
  storage::MemoryCache memory{1 << 20, world.clock, world.metrics};
  storage::LoadingCache cache{memory, world.random, world.metrics};
  accounts::CachedAuthenticator authenticator{world.database, cache, world.clock};
  PromotionRoutes routes{world.deps};
  flows::ReceiptKeys receipt_keys{world.database};
  CartRoutes carts{world.deps, receipt_keys};
  Operations operations;
  Schemas schemas = Schemas::embedded();
  std::unique_ptr<test::ApiHarness> api;
};

TEST_F(PromotionRoutesTest, APromotionIsMadeChangedSwitchedAndRemoved) {
  const Answer made = create(
      R"({"title": "Welcome", "code": "welcome10", "kind": "percentage", "basis_points": 1000,
          "usage_limit": 100, "starts_at": "2026-01-01T00:00:00Z"})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.text("code"), "WELCOME10");
  EXPECT_EQ(get_int(made.json.as_object(), "used"), 0);
  EXPECT_EQ(made.text("starts_at"), "2026-01-01T00:00:00.000Z");
  const Answer changed =
      change(made, R"({"basis_points": 2000, "active": false, "starts_at": null})");
  ASSERT_EQ(changed.status, 200) << changed.body;
  EXPECT_EQ(get_int(changed.json.as_object(), "basis_points"), 2'000);
  EXPECT_EQ(get_int(changed.json.as_object(), "usage_limit"), 100) << "what is left out stays";
  EXPECT_TRUE(changed.json.at("starts_at").is_null());
  EXPECT_FALSE(get_bool(changed.json.as_object(), "active"));
  EXPECT_EQ(change(made, R"({"title": "Late"})").status, 412);
  EXPECT_EQ(api->get("/v1/admin/promotions/" + made.text("id"), as_owner()).body, changed.body);
  const std::string path = "/v1/admin/promotions/" + made.text("id");
  EXPECT_EQ(api->del(path, as_owner()).status, 204);
  EXPECT_EQ(api->get(path, as_owner()).status, 404);
  EXPECT_EQ(api->del(path, as_owner()).status, 404);
}

TEST_F(PromotionRoutesTest, WhatMakesNoSenseIsRefused) {
  EXPECT_EQ(create(R"({"title": "Half", "kind": "percentage"})").status, 400);
  EXPECT_EQ(create(R"({"title": "Two", "kind": "free_shipping", "usage_limit": 2})").status, 400);
  EXPECT_EQ(create(R"({"title": "Odd", "kind": "free_shipping", "code": "a b"})").status, 400);
  const std::string ten =
      R"({"title": "Ten", "code": "TEN", "kind": "percentage", "basis_points": 1000})";
  ASSERT_EQ(create(ten).status, 201);
  const Answer twice = create(ten);
  EXPECT_EQ(twice.status, 409);
  EXPECT_EQ(twice.text("code"), "promotion_code_taken");
}

TEST_F(PromotionRoutesTest, ShopsHaveAFewThatApplyByThemselves) {
  const std::string body = R"({"title": "Post", "kind": "free_shipping"})";
  Answer last = create(R"({"title": "Post", "kind": "free_shipping", "active": false})");
  for (std::size_t i = 0; i < limits::automatic_promotions; ++i) {
    ASSERT_EQ(create(body).status, 201);
  }
  EXPECT_EQ(create(body).text("code"), "promotion_limit");
  EXPECT_EQ(change(last, R"({"active": true})").text("code"), "promotion_limit");
}

TEST_F(PromotionRoutesTest, TheListGoesOnByCursorNewestFirst) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(
        create(R"({"title": "P)" + std::to_string(i) + R"(", "kind": "free_shipping"})").status,
        201);
    world.clock.advance(std::chrono::seconds(1));
  }
  const Answer first = api->get("/v1/admin/promotions?limit=3", as_owner());
  ASSERT_EQ(first.status, 200) << first.body;
  ASSERT_EQ(first.json.at("items").as_array().size(), 3U);
  EXPECT_EQ(first.json.at("items").at(0).at("title"), "P4");
  const Answer second =
      api->get("/v1/admin/promotions?limit=3&cursor=" + first.text("next_cursor"), as_owner());
  ASSERT_EQ(second.json.at("items").as_array().size(), 2U);
  EXPECT_EQ(second.json.at("items").at(1).at("title"), "P0");
  EXPECT_TRUE(second.json.at("next_cursor").is_null());
}

TEST_F(PromotionRoutesTest, AShopperEntersACodeAndTakesItBack) {
  ASSERT_EQ(create(R"({"title": "Ten", "code": "TEN", "kind": "percentage", "basis_points": 1000,
                       "minimum_subtotal": {"EUR": 20000}})")
                .status,
            201);
  const flows::CreatedCart cart = world.open_cart({{lamp.id, 1}});
  const std::vector<std::pair<std::string, std::string>> shopper{{"X-Publishable-Key", store_key},
                                                                 {"X-Cart-Token", cart.token}};
  const std::string path = "/v1/store/carts/" + cart.id;
  const Answer unknown = api->post(path + "/codes", R"({"code": "NINE"})", shopper);
  EXPECT_EQ(unknown.status, 422);
  EXPECT_EQ(unknown.text("code"), "code_unknown");
  const Answer early = api->post(path + "/codes", R"({"code": " ten "})", shopper);
  ASSERT_EQ(early.status, 200) << early.body;
  EXPECT_EQ(early.json.at("codes").at(0).at("obstacle"), "below_minimum");
  EXPECT_EQ(early.json.at("totals").at("discount"), 0);
  const std::string line(early.json.at("lines").at(0).at("id").as_string());
  const Answer enough = api->patch(path + "/lines/" + line, R"({"quantity": 2})", shopper);
  ASSERT_EQ(enough.status, 200) << enough.body;
  EXPECT_EQ(enough.json.at("codes").at(0).at("applied"), true);
  EXPECT_EQ(enough.json.at("totals").at("discount"), 2'000);
  EXPECT_EQ(enough.json.at("totals").at("total"), 18'000);
  EXPECT_EQ(enough.json.at("lines").at(0).at("discount"), 2'000);
  EXPECT_EQ(enough.json.at("discounts").at(0).at("title"), "Ten");
  const Answer without = api->del(path + "/codes/ten", shopper);
  ASSERT_EQ(without.status, 200) << without.body;
  EXPECT_TRUE(without.json.at("codes").as_array().empty());
  EXPECT_EQ(without.json.at("totals").at("total"), 20'000);
}

}  // namespace
}  // namespace securecart::shop::api
