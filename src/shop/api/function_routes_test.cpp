// Functions over the admin API, in the process.
#include "shop/api/admin/function_routes.hpp"

#include <memory>

#include <gtest/gtest.h>

#include "shop/accounts/accounts.hpp"
#include "shop/accounts/cached_authenticator.hpp"
#include "shop/api/admin/order_routes.hpp"
#include "shop/flows/order_functions.hpp"
#include "shop/functions/limits.hpp"
#include "shop/functions/sandbox.hpp"
#include "storage/cache/loading_cache.hpp"
#include "storage/cache/memory_cache.hpp"
#include "tests/support/api_harness.hpp"
#include "tests/support/flows_world.hpp"

namespace securecart::shop::api {
namespace {

using test::Answer;

class SandboxRunner final : public functions::Runner {
 public:
  Task<functions::RunReport> run(functions::RunRequest request) override {
    co_return functions::run_in_sandbox(request);
  }
};

std::string source_body(const std::string& source, json::object more = {}) {
  more["source"] = source;
  return to_string(json::value(more));
}
std::string input(const std::string& name, const std::string& source) {
  return source_body(source, {{"name", name}, {"trigger", "order_placed"}, {"on_failure", "open"}});
}

class FunctionRoutesTest : public testing::Test {
 protected:
  FunctionRoutesTest() {
    world.deps.functions = &runner;
    routes.mount(operations);
    orders.mount(operations);
    api = std::make_unique<test::ApiHarness>(
        ApiParts{operations, schemas, authenticator, world.database, world.clock, world.metrics});
    storage::Batch batch;
    batch.add(
        "INSERT INTO api_keys (shop_id, id, kind, name, prefix, key_hash, role, created_at) VALUES "
        "($1, 'key_1', 'secret', 'k', 'sk_', $2, 'owner', 0)",
        {world.shop_a, sha256_hex(key)});
    world.apply(std::move(batch));
    api->with("Authorization", "Bearer " + key);
  }
  Answer create(const std::string& name, const std::string& source) {
    return api->post("/v1/admin/functions", input(name, source));
  }
  Answer change(const Answer& read, const std::string& body) {
    return api->patch("/v1/admin/functions/" + read.text("id"), body,
                      {{"If-Match", read.header("ETag")}});
  }
  Answer get(const std::string& id) { return api->get("/v1/admin/functions/" + id); }
  void deliver() {
    for (const events::EventPtr& event : world.events_of("order.placed")) {
      auto outcome = run_ready(flows::run_functions(world.deps, *event));
      world.apply(std::move(std::get<storage::Batch>(outcome)));
    }
  }

  const std::string key = "sk_" + std::string(43, 'A');
  const std::string accepts = "function run() { return {decision: 'accept'}; }";
  const std::string reviews =
      "function run(i) { console.log(i.order.number); return {decision: 'review', score: 70}; }";
  test::FlowsWorld world;
  const catalog::Variant lamp = world.product("Lamp", 1'210, 1'000);
  SandboxRunner runner;
  storage::MemoryCache memory{1 << 20, world.clock, world.metrics};
  storage::LoadingCache cache{memory, world.random, world.metrics};
  accounts::CachedAuthenticator authenticator{world.database, cache, world.clock};
  FunctionRoutes routes{world.deps};
  AdminOrderRoutes orders{world.deps};
  Operations operations;
  Schemas schemas = Schemas::embedded();
  std::unique_ptr<test::ApiHarness> api;
};

TEST_F(FunctionRoutesTest, AFunctionIsMadeVersionedAndSwitched) {
  const Answer made = create("fraud", accepts);
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_FALSE(get_bool(made.json.as_object(), "enabled")) << "off until it was tried";
  const std::string path = "/v1/admin/functions/" + made.text("id");
  const Answer second = api->post(path + "/versions", source_body(reviews, {{"note", "stricter"}}));
  ASSERT_EQ(second.status, 201) << second.body;
  EXPECT_EQ(second.number("number"), 2);
  const Answer read = get(made.text("id"));
  EXPECT_EQ(read.number("active_version"), 1);
  EXPECT_EQ(read.number("latest_version"), 2);
  const Answer active = change(read, R"({"enabled": true, "active_version": 2})");
  ASSERT_EQ(active.status, 200) << active.body;
  EXPECT_EQ(active.number("active_version"), 2);
  EXPECT_EQ(change(read, R"({"enabled": false})").code(), "version_conflict");
  EXPECT_EQ(change(active, R"({"active_version": 3})").code(), "invalid_request");
  EXPECT_EQ(api->get(path + "/versions/1").text("source"), accepts);
  EXPECT_EQ(api->get(path + "/versions/9").code(), "not_found");
  EXPECT_EQ(api->get(path + "/versions/x").code(), "not_found");
  const Answer page = api->get(path + "/versions?limit=1");
  const json::object& first = page.json.as_object();
  ASSERT_EQ(get_array(first, "items").size(), 1U);
  const Answer next =
      api->get(path + "/versions?limit=1&cursor=" + std::string(get_string(first, "next_cursor")));
  EXPECT_EQ(get_int(get_array(next.json.as_object(), "items")[0].as_object(), "number"), 1);
  EXPECT_EQ(get_array(api->get("/v1/admin/functions").json.as_object(), "items").size(), 1U);
}

TEST_F(FunctionRoutesTest, WhatCannotRunIsRefusedWithItsLine) {
  const Answer broken = create("broken", "function run( {");
  EXPECT_EQ(broken.code(), "function_invalid");
  EXPECT_NE(broken.text("detail").find("line 1"), std::string::npos) << broken.body;
  EXPECT_EQ(create("none", "var x = 1;").code(), "function_invalid");
  ASSERT_EQ(create("fraud", accepts).status, 201);
  EXPECT_EQ(create("fraud", accepts).code(), "function_name_taken");
  const Answer other = create("other", accepts);
  EXPECT_EQ(change(other, R"({"name": "fraud"})").code(), "function_name_taken");
  EXPECT_EQ(
      api->post("/v1/admin/functions/" + other.text("id") + "/versions", source_body("function ("))
          .code(),
      "function_invalid");
  EXPECT_EQ(create("Not A Handle", accepts).code(), "invalid_request");
  EXPECT_EQ(get("fn_nothing").code(), "not_found");
  world.deps.functions = nullptr;
  EXPECT_EQ(create("late", accepts).code(), "unavailable");
}

TEST_F(FunctionRoutesTest, AShopHasSoManyFunctions) {
  for (std::size_t i = 0; i < limits::shop_functions; ++i) {
    ASSERT_EQ(create("f" + std::to_string(i), accepts).status, 201);
  }
  EXPECT_EQ(create("more", accepts).code(), "function_limit");
}

TEST_F(FunctionRoutesTest, ItIsTriedOnAPastOrder) {
  const flows::OrderSnapshot order = world.place_paid({{lamp.id, 1}});
  const Answer made = create("fraud", reviews);
  const std::string path = "/v1/admin/functions/" + made.text("id") + "/test";
  const std::string id = order.order.id;
  const Answer tried = api->post(path, R"({"order_id": ")" + id + "\"}");
  ASSERT_EQ(tried.status, 200) << tried.body;
  EXPECT_EQ(tried.text("decision"), "review");
  EXPECT_EQ(tried.number("score"), 70);
  EXPECT_EQ(get_array(tried.json.as_object(), "logs")[0].as_string(), order.order.number);
  EXPECT_GT(tried.number("memory_bytes"), 0);
  const Answer unsaved =
      api->post(path, source_body("function run() { throw new Error('oh'); }", {{"order_id", id}}));
  EXPECT_EQ(unsaved.text("outcome"), "threw");
  EXPECT_EQ(unsaved.text("decision"), "accept") << "it fails open";
  EXPECT_EQ(api->post(path, R"({"order_id": ")" + world.ids.make("ord") + "\"}").code(),
            "not_found");
  EXPECT_EQ(api->post(path, R"({"version": 7, "order_id": ")" + id + "\"}").code(), "not_found");
  EXPECT_EQ(get_array(api->get("/v1/admin/functions/" + made.text("id") + "/runs").json.as_object(),
                      "items")
                .size(),
            0U);
}

TEST_F(FunctionRoutesTest, AHeldOrderIsSeenAndReleased) {
  const Answer made = create("fraud", reviews);
  ASSERT_EQ(change(made, R"({"enabled": true})").status, 200);
  const flows::OrderSnapshot order = world.place_paid({{lamp.id, 1}});
  const std::string path = "/v1/admin/orders/" + order.order.id;
  storage::Batch batch;  // the world's own shipping method has no id such as a real one
  batch.add("UPDATE orders SET shipping_method = NULL");
  world.apply(std::move(batch));
  deliver();
  const flows::OrderSnapshot held = world.see_order(order.order.id);
  ASSERT_TRUE(held.review);
  EXPECT_EQ(held.review->status, "held");
  EXPECT_EQ(get_int(held.review->flags.at(0).as_object(), "score"), 70);
  const Answer list = api->get("/v1/admin/reviews");
  EXPECT_EQ(get_array(list.json.as_object(), "items").size(), 1U);
  const Answer runs = api->get("/v1/admin/functions/" + made.text("id") + "/runs");
  const json::object& run = get_array(runs.json.as_object(), "items").at(0).as_object();
  EXPECT_EQ(get_string(run, "order_id"), order.order.id);
  EXPECT_EQ(api->post(path + "/fulfilments", "", {{"Idempotency-Key", "f1"}}).code(), "order_held");
  EXPECT_EQ(api->post(path + "/release", "", {{"Idempotency-Key", "r1"}}).status, 200);
  EXPECT_EQ(api->post(path + "/release", "", {{"Idempotency-Key", "r2"}}).code(), "order_state");
  EXPECT_EQ(api->post(path + "/fulfilments", "", {{"Idempotency-Key", "f2"}}).status, 201);
  EXPECT_EQ(
      get_array(api->get("/v1/admin/reviews?status=released").json.as_object(), "items").size(),
      1U);
}

}  // namespace
}  // namespace securecart::shop::api
