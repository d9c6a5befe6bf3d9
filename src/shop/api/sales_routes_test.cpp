// Sales over the admin API, in the process.
#include "shop/api/admin/sales_routes.hpp"

#include <memory>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shop/accounts/cached_authenticator.hpp"
#include "shop/api/limits.hpp"
#include "storage/cache/loading_cache.hpp"
#include "storage/cache/memory_cache.hpp"
#include "tests/support/api_harness.hpp"
#include "tests/support/flows_world.hpp"

namespace securecart::shop::api {
namespace {

using test::Answer;

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t midnight = 1'772'668'800'000;  // 2026-03-05T00:00:00Z

class SalesRoutesTest : public testing::Test {
 protected:
  SalesRoutesTest() {
    routes.mount(operations);
    api = std::make_unique<test::ApiHarness>(
        ApiParts{operations, schemas, authenticator, world.database, world.clock, world.metrics});
    storage::Batch batch;
    batch.add(
        "INSERT INTO api_keys (shop_id, id, kind, name, prefix, key_hash, role, created_at) VALUES "
        "($1, 'key_1', 'secret', 'k', 'sk_', $2, 'viewer', 0)",
        {world.shop_a, sha256_hex(key)});
    world.apply(std::move(batch));
    api->with("Authorization", "Bearer " + key);
  }
  // An order of so many lamps, as if it had been placed then.
  std::int64_t sell(std::int64_t lamps, std::int64_t at, const std::string& status = "placed") {
    const flows::OrderSnapshot order = world.place_paid({{lamp.id, lamps}});
    storage::Batch batch;
    batch.add("UPDATE orders SET placed_at = $1, status = $2 WHERE id = $3",
              {at, status, order.order.id});
    world.apply(std::move(batch));
    return order.order.total;
  }
  Answer report(std::int64_t from, std::int64_t until, const std::string& more = "") {
    return api->get("/v1/admin/sales?from=" + std::to_string(from) +
                    "&until=" + std::to_string(until) + more);
  }
  static const json::array& items(const Answer& answer) {
    return get_array(answer.json.as_object(), "items");
  }

  const std::string key = "sk_" + std::string(43, 'A');
  test::FlowsWorld world;
  const catalog::Variant lamp = world.product("Lamp", 1'210, 1'000);
  storage::MemoryCache memory{1 << 20, world.clock, world.metrics};
  storage::LoadingCache cache{memory, world.random, world.metrics};
  accounts::CachedAuthenticator authenticator{world.database, cache, world.clock};
  SalesRoutes routes{world.database};
  Operations operations;
  Schemas schemas = Schemas::embedded();
  std::unique_ptr<test::ApiHarness> api;
};

TEST_F(SalesRoutesTest, AreSummedByTheHour) {
  const std::int64_t first = sell(1, midnight);
  const std::int64_t second = sell(2, midnight + hour_ms - 1);
  const std::int64_t late = sell(3, midnight + 5 * hour_ms);
  sell(4, midnight - 1);             // the day before
  sell(5, midnight + 24 * hour_ms);  // the day after
  sell(6, midnight + 5 * hour_ms, "cancelled");
  const Answer day = report(midnight, midnight + 24 * hour_ms);
  ASSERT_EQ(day.status, 200) << day.body;
  EXPECT_EQ(day.text("from"), "2026-03-05T00:00:00.000Z");
  ASSERT_EQ(items(day).size(), 2U) << day.body;
  const json::object& one = items(day)[0].as_object();
  EXPECT_EQ(get_string(one, "at"), "2026-03-05T00:00:00.000Z");
  EXPECT_EQ(get_int(one, "orders"), 2);
  EXPECT_EQ(get_int(one, "total"), first + second);
  const json::object& two = items(day)[1].as_object();
  EXPECT_EQ(get_string(two, "at"), "2026-03-05T05:00:00.000Z");
  EXPECT_EQ(get_int(two, "total"), late);
  const json::object& best = get_array(day.json.as_object(), "products").at(0).as_object();
  EXPECT_EQ(get_string(best, "title"), "Lamp");
  EXPECT_EQ(get_int(best, "quantity"), 6);
}

TEST_F(SalesRoutesTest, ADayBeginsWhereItIsAskedTo) {
  sell(1, midnight - 2 * hour_ms);
  sell(1, midnight + hour_ms);
  const Answer days =
      report(midnight - 24 * hour_ms - 2 * hour_ms, midnight + 24 * hour_ms, "&interval=day");
  ASSERT_EQ(items(days).size(), 1U) << days.body;
  EXPECT_EQ(get_string(items(days)[0].as_object(), "at"), "2026-03-04T22:00:00.000Z");
  EXPECT_EQ(get_int(items(days)[0].as_object(), "orders"), 2);
}

TEST_F(SalesRoutesTest, AStretchHasAnEndAndALimit) {
  EXPECT_EQ(report(midnight, midnight).code(), "invalid_request");
  EXPECT_EQ(report(midnight, midnight + limits::sales_slots * hour_ms).status, 200);
  EXPECT_EQ(report(midnight, midnight + limits::sales_slots * hour_ms + 1).code(),
            "invalid_request");
  EXPECT_EQ(api->get("/v1/admin/sales?from=0").code(), "invalid_request");
}

}  // namespace
}  // namespace securecart::shop::api
