// Taxes, shipping and locations over the admin API, in the process.
#include "shop/api/admin/settings_routes.hpp"

#include <memory>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "shop/accounts/cached_authenticator.hpp"
#include "shop/api/admin/inventory_routes.hpp"
#include "shop/carts/settings.hpp"
#include "storage/cache/loading_cache.hpp"
#include "storage/cache/memory_cache.hpp"
#include "tests/support/api_harness.hpp"
#include "tests/support/flows_world.hpp"

namespace securecart::shop::api {
namespace {

using test::Answer;
using Fields = test::ApiHarness::Fields;

class SettingsRoutesTest : public testing::Test {
 protected:
  SettingsRoutesTest() {
    routes.mount(operations);
    inventory.mount(operations);
    api = std::make_unique<test::ApiHarness>(
        ApiParts{operations, schemas, authenticator, world.database, world.clock, world.metrics});
    storage::Batch batch;
    batch.add(
        "INSERT INTO api_keys (shop_id, id, kind, name, prefix, key_hash, role, created_at) VALUES "
        "($1, 'key_1', 'secret', 'k', 'sk_', $2, 'owner', 0)",
        {world.shop_a, sha256_hex(key)});
    // Its id is none that the API gives.
    batch.add("DELETE FROM locations WHERE shop_id = $1", {world.shop_a});
    world.apply(std::move(batch));
    api->with("Authorization", "Bearer " + key);
  }

  // A zone of one method, taxed by that class; empty: by the shop's default.
  static std::string zone_taxed_by(const std::string& tax_class_id) {
    const json::array bands{json::object{{"prices", {{"EUR", 500}}}}};
    json::object method{{"name", "Parcel"}, {"bands", bands}};
    if (!tax_class_id.empty()) {
      method["tax_class_id"] = tax_class_id;
    }
    return to_string(json::value(json::object{
        {"name", "Nordics"}, {"countries", json::array{"SE"}}, {"methods", json::array{method}}}));
  }
  std::string add_tax_class(const std::string& name) {
    const Answer added =
        api->post("/v1/admin/tax-classes", to_string(json::value(json::object{{"name", name}})));
    EXPECT_EQ(added.status, 201) << added.body;
    return added.text("id");
  }
  std::string add_zone(const std::string& tax_class_id) {
    const Answer added = api->post("/v1/admin/shipping-zones", zone_taxed_by(tax_class_id));
    EXPECT_EQ(added.status, 201) << added.body;
    return "/v1/admin/shipping-zones/" + added.text("id");
  }
  static Fields at_version(std::int64_t version) {
    return {{"If-Match", fmt::format("\"v{}\"", version)}};
  }
  std::int64_t count(std::string_view sql) { return world.count(sql, {}); }

  const std::string key = "sk_" + std::string(43, 'A');
  test::FlowsWorld world;
  storage::MemoryCache memory{1 << 20, world.clock, world.metrics};
  storage::LoadingCache cache{memory, world.random, world.metrics};
  accounts::CachedAuthenticator authenticator{world.database, cache, world.clock};
  SettingsRoutes routes{world.deps};
  InventoryRoutes inventory{world.deps};
  Operations operations;
  Schemas schemas = Schemas::embedded();
  std::unique_ptr<test::ApiHarness> api;
};

// ---- Tax classes of shipping ----

TEST_F(SettingsRoutesTest, AMethodIsTaxedByAClassOfItsShopOnly) {
  const std::string own = add_tax_class("Books");
  const std::string foreign = world.ids.make("tax");
  storage::Batch batch;
  carts::add_tax_class(batch, world.shop_b, foreign, "Books");
  world.apply(std::move(batch));
  const std::string path = add_zone("");
  const std::string before = api->get(path).body;
  const std::int64_t zones = count("SELECT COUNT(*) FROM shipping_zones");
  for (const std::string& unknown : {foreign, world.ids.make("tax")}) {
    const std::string body = zone_taxed_by(unknown);
    EXPECT_EQ(api->post("/v1/admin/shipping-zones", body).code(), "tax_class_unknown") << unknown;
    const Answer put = api->put(path, body, at_version(1));
    EXPECT_EQ(put.status, 422) << unknown;
    EXPECT_EQ(put.code(), "tax_class_unknown") << unknown;
  }
  EXPECT_EQ(api->get(path).body, before);
  EXPECT_EQ(count("SELECT COUNT(*) FROM shipping_zones"), zones);
  EXPECT_EQ(api->put(path, zone_taxed_by(own), at_version(1)).status, 200);
  EXPECT_EQ(api->put(path, zone_taxed_by(own), at_version(2)).status, 200);
}

TEST_F(SettingsRoutesTest, AClassThatTaxesShippingStays) {
  const std::string id = add_tax_class("Books");
  const std::string path = add_zone(id);
  EXPECT_EQ(api->del("/v1/admin/tax-classes/" + id).code(), "still_used");
  EXPECT_EQ(api->put(path, zone_taxed_by(""), at_version(1)).status, 200);
  EXPECT_EQ(api->del("/v1/admin/tax-classes/" + id).status, 204);
  EXPECT_EQ(api->del("/v1/admin/tax-classes/" + id).code(), "not_found");
}

// ---- Versions ----

TEST_F(SettingsRoutesTest, AZoneIsRemovedAsItWasRead) {
  const std::string path = add_zone("");
  EXPECT_EQ(api->del(path).code(), "precondition_required");
  ASSERT_EQ(api->put(path, zone_taxed_by(""), at_version(1)).status, 200);
  EXPECT_EQ(api->del(path, at_version(1)).code(), "version_conflict");
  EXPECT_EQ(api->get(path).status, 200);
  EXPECT_EQ(api->del(path, at_version(2)).status, 204);
  EXPECT_EQ(api->del(path, at_version(2)).code(), "not_found");
}

TEST_F(SettingsRoutesTest, ALocationIsChangedAsItWasRead) {
  ASSERT_EQ(api->post("/v1/admin/locations", R"({"name": "Warehouse"})").status, 201);
  const Answer made = api->post("/v1/admin/locations", R"({"name": "Attic"})");
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.header("ETag"), "\"v1\"");
  const std::string path = "/v1/admin/locations/" + made.text("id");
  EXPECT_EQ(api->patch(path, R"({"priority": 5})").code(), "precondition_required");
  const Answer moved = api->patch(path, R"({"priority": 5})", at_version(1));
  ASSERT_EQ(moved.status, 200) << moved.body;
  EXPECT_EQ(moved.header("ETag"), "\"v2\"");
  EXPECT_EQ(moved.number("version"), 2);
  // Whoever read it before would undo what they never saw.
  EXPECT_EQ(api->patch(path, R"({"priority": 0})", at_version(1)).code(), "version_conflict");
  EXPECT_EQ(api->patch(path, R"({"name": "Warehouse"})", at_version(2)).code(),
            "location_name_taken");
  const Answer listed = api->get("/v1/admin/locations");
  EXPECT_NE(listed.body.find(R"("name":"Attic","priority":5,"version":2)"), std::string::npos)
      << listed.body;
}

}  // namespace
}  // namespace securecart::shop::api
