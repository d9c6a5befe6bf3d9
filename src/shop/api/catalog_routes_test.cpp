#include "shop/api/admin/catalog_routes.hpp"

#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "shop/api/errc.hpp"
#include "shop/api/store/catalog_routes.hpp"
#include "shop/catalog/cache_tags.hpp"
#include "storage/cache/loading_cache.hpp"
#include "storage/cache/memory_cache.hpp"
#include "tests/support/api_harness.hpp"
#include "tests/support/catalog_fixture.hpp"

namespace securecart::shop::api {
namespace {

// The publishable key is the shop's id; the bearer is "sk_<shop>", or "sk_viewer_<shop>".
class ByName final : public accounts::Authenticator {
 public:
  Task<Result<Caller>> authenticate(const accounts::Credentials& credentials) override {
    Caller caller{credentials.publishable_key, "guest", "", "", std::nullopt};
    std::string_view bearer = credentials.bearer;
    if (bearer.starts_with("sk_")) {
      bearer.remove_prefix(3);
      caller.role = accounts::Role::owner;
      if (bearer.starts_with("viewer_")) {
        bearer.remove_prefix(7);
        caller.role = accounts::Role::viewer;
      }
      caller.shop_id = bearer;
    }
    co_return caller;
  }
};

struct CatalogRoutesTest : testing::Test, test::CatalogFixture {
  CatalogRoutesTest() {
    catalog::keep_fresh(database, cache);
    store.mount(operations);
    admin.mount(operations);
    api.emplace(ApiParts{operations, schemas, authenticator, database, clock, metrics});
    as(shop_a);
  }

  void as(const std::string& shop) {
    api->with("X-Publishable-Key", shop).with("Authorization", "Bearer sk_" + shop);
  }
  test::Answer create(std::string_view body = teapot_body) {
    test::Answer answer = api->post("/v1/admin/products", std::string(body));
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer;
  }
  static test::ApiHarness::Fields at(std::int64_t version) {
    return {{"If-Match", "\"v" + std::to_string(version) + "\""}};
  }
  std::uint64_t hits() {
    std::uint64_t sum = 0;
    for (const char* what : {"product", "products", "collection", "collections"}) {
      sum +=
          metrics.counter("securecart_cache_lookups_total", "", {{"what", what}, {"result", "hit"}})
              .value();
    }
    return sum;
  }
  static std::set<std::string> ids_of(const test::Answer& answer) {
    std::set<std::string> ids;
    for (const json::value& item : answer.json.at("items").as_array()) {
      ids.emplace(item.at("id").as_string());
    }
    return ids;
  }

  static constexpr std::string_view teapot_body = R"({
    "title": "Marsh teapot", "status": "published", "vendor": "Tern", "type": "Teapot",
    "description": "<p onclick=x>Pours <script>no</script>well.</p>", "tags": ["stoneware"],
    "options": [{"name": "Colour", "values": ["Oat", "Moss"]}],
    "images": [{"src": "/images/oat.svg", "alt": "Oat"}, {"src": "/images/moss.svg"}],
    "variants": [
      {"option_values": ["Oat"], "sku": "T-OAT", "image_src": "/images/oat.svg",
       "prices": [{"currency": "EUR", "amount": 5800, "compare_at": 6000},
                  {"currency": "USD", "amount": 6400}]},
      {"option_values": ["Moss"], "sku": "T-MOS", "grams": 980,
       "prices": [{"currency": "EUR", "amount": 5900}]}],
    "seo": {"title": "A teapot"}})";

  ByName authenticator;
  storage::MemoryCache memory{1 << 20, clock, metrics};
  storage::LoadingCache cache{memory, random, metrics};
  Operations operations;
  Schemas schemas = Schemas::embedded();
  StoreCatalogRoutes store{catalog, collections, cache};
  AdminCatalogRoutes admin{catalog, collections};
  std::optional<test::ApiHarness> api;
};

TEST_F(CatalogRoutesTest, ShowWhatWasCreated) {
  const test::Answer made = create();
  EXPECT_EQ(made.header("ETag"), "\"v1\"");
  EXPECT_EQ(made.text("handle"), "marsh-teapot");
  EXPECT_EQ(made.text("description"), "<p>Pours well.</p>");
  for (const std::string& name : {made.text("id"), std::string("marsh-teapot")}) {
    const test::Answer seen = api->get("/v1/store/products/" + name);
    ASSERT_EQ(seen.status, 200);
    EXPECT_EQ(seen.text("id"), made.text("id"));
    EXPECT_EQ(seen.json.at("variants").as_array().size(), 2U);
    EXPECT_EQ(seen.json.at("variants").at(0).at("price").at("compare_at").as_int64(), 6000);
    EXPECT_EQ(seen.json.at("variants").at(0).at("image_id"), seen.json.at("images").at(0).at("id"));
    EXPECT_EQ(seen.json.at("seo").at("title").as_string(), "A teapot");
  }
  const test::Answer dollars = api->get("/v1/store/products/marsh-teapot?currency=USD");
  EXPECT_EQ(dollars.json.at("variants").as_array().size(), 1U);
  EXPECT_EQ(api->get("/v1/store/products/marsh-teapot?currency=JPY").code(), "invalid_request");
  EXPECT_EQ(api->get("/v1/store/products/nothing").code(), "not_found");
  EXPECT_EQ(ids_of(api->get("/v1/store/products")), std::set{made.text("id")});
  EXPECT_EQ(ids_of(api->get("/v1/store/search?q=tea")), std::set{made.text("id")});
  EXPECT_EQ(ids_of(api->get("/v1/admin/products?q=T-MOS")), std::set{made.text("id")});
  EXPECT_EQ(ids_of(api->get("/v1/admin/products?status=published")), std::set{made.text("id")});
  EXPECT_TRUE(ids_of(api->get("/v1/admin/products?status=draft")).empty());
  EXPECT_EQ(api->get("/v1/admin/products?q=tea&status=draft").code(), "invalid_request");
}

TEST_F(CatalogRoutesTest, RefuseWhatDoesNotFit) {
  EXPECT_EQ(api->post("/v1/admin/products", R"({"title":"x"})").code(), "invalid_request");
  EXPECT_EQ(api->post("/v1/admin/products", R"({"title":"x","variants":[{}]})").code(),
            "product_invalid");
  EXPECT_EQ(api->post("/v1/admin/products", R"({"title":"x","variants":[{"colour":1}]})").code(),
            "invalid_request");
  create();
  EXPECT_EQ(api->post("/v1/admin/products", std::string(teapot_body)).code(), "handle_taken");
  EXPECT_EQ(api->get("/v1/store/products?sort=luck").code(), "invalid_request");
  EXPECT_EQ(api->get("/v1/store/products?cursor=AAAA").code(), "invalid_request");
  EXPECT_EQ(api->get("/v1/store/products?collection=nothing").code(), "not_found");
}

TEST_F(CatalogRoutesTest, WantTheVersionThatWasRead) {
  const std::string path = "/v1/admin/products/" + create().text("id");
  const test::Answer blind = api->patch(path, R"({"title":"Pot"})");
  EXPECT_EQ(blind.code(), "precondition_required");
  EXPECT_EQ(blind.status, 428);
  const test::Answer wrong = api->patch(path, R"({"title":"Pot"})", at(7));
  EXPECT_EQ(wrong.code(), "version_conflict");
  EXPECT_EQ(wrong.status, 412);
  const test::Answer changed = api->patch(path, R"({"title":"Pot"})", at(1));
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.header("ETag"), "\"v2\"");
  EXPECT_EQ(changed.json.at("variants").as_array().size(), 2U) << "what was not sent stays";
  EXPECT_EQ(changed.text("handle"), "marsh-teapot");
  EXPECT_EQ(api->patch(path, R"({"title":"Late"})", at(1)).code(), "version_conflict");
  EXPECT_EQ(api->get(path).text("title"), "Pot");
}

TEST_F(CatalogRoutesTest, TheStoreShowsNothingThatIsNotPublished) {
  const std::string id = create().text("id");
  const std::string path = "/v1/admin/products/" + id;
  const std::vector<std::string> lists = {"/v1/store/products", "/v1/store/products?sort=title",
                                          "/v1/store/search?q=teapot"};
  std::int64_t version = 1;
  for (const std::string hidden : {"draft", "archived"}) {
    ASSERT_EQ(api->patch(path, R"({"status":")" + hidden + R"("})", at(version++)).status, 200);
    EXPECT_EQ(api->get("/v1/store/products/" + id).code(), "not_found") << hidden;
    EXPECT_EQ(api->get("/v1/store/products/marsh-teapot").code(), "not_found") << hidden;
    for (const std::string& list : lists) {
      EXPECT_TRUE(ids_of(api->get(list)).empty()) << hidden << " " << list;
    }
    EXPECT_EQ(api->get(path).text("status"), hidden) << "the merchant sees it";
    ASSERT_EQ(api->patch(path, R"({"status":"published"})", at(version++)).status, 200);
    for (const std::string& list : lists) {
      EXPECT_EQ(ids_of(api->get(list)), std::set{id}) << list;
    }
  }
}

TEST_F(CatalogRoutesTest, AnswerFromTheCacheAndNeverStale) {
  const test::Answer made = create();
  const std::string admin_path = "/v1/admin/products/" + made.text("id");
  const std::vector<std::string> pages = {"/v1/store/products/marsh-teapot",
                                          "/v1/store/products/marsh-teapot?currency=EUR",
                                          "/v1/store/products", "/v1/store/products?sort=title"};
  const auto titles = [&](const std::string& page) {
    const test::Answer answer = api->get(page);
    const json::object& body = answer.json.as_object();
    const json::value& product =
        body.contains("items") ? answer.json.at("items").at(0) : answer.json;
    return std::string(product.at("title").as_string());
  };
  std::int64_t version = 1;
  for (int round = 0; round < 5; ++round) {
    for (const std::string& page : pages) {
      titles(page);
    }
    const std::uint64_t before = hits();
    for (const std::string& page : pages) {
      titles(page);
    }
    EXPECT_EQ(hits(), before + pages.size());
    const std::string title = "Teapot " + std::to_string(round);
    ASSERT_EQ(api->patch(admin_path, R"({"title":")" + title + R"("})", at(version)).status, 200);
    ++version;
    for (const std::string& page : pages) {
      EXPECT_EQ(titles(page), title) << page;
    }
  }
  ASSERT_EQ(api->del(admin_path, at(version)).status, 204);
  EXPECT_EQ(api->get(pages[0]).status, 404);
  EXPECT_TRUE(ids_of(api->get("/v1/store/products")).empty());
}

TEST_F(CatalogRoutesTest, StockIsFreshInEveryAnswer) {
  const test::Answer made = create();
  const std::string item(made.json.at("variants").at(0).at("inventory_item_id").as_string());
  const auto left = [&] {
    return api->get("/v1/store/products/marsh-teapot")
        .json.at("variants")
        .at(0)
        .at("quantity_available")
        .as_int64();
  };
  const auto listed = [&] {
    return api->get("/v1/store/products").json.at("items").at(0).at("available").as_bool();
  };
  EXPECT_EQ(left(), 0);
  EXPECT_FALSE(listed());
  stock(shop_a, item, 5);
  EXPECT_EQ(left(), 5);
  EXPECT_TRUE(listed());
  storage::Batch order;
  order.add("UPDATE allotments SET reserved = 5 WHERE shop_id = $1 AND item_id = $2",
            {shop_a, item});
  order.event("order.placed", shop_a, "ord_1", R"({"items":[")" + item + R"("]})");
  run_ready(database.commit(std::move(order)));
  EXPECT_EQ(left(), 0);
  EXPECT_FALSE(listed());
}

TEST_F(CatalogRoutesTest, ChangeVariants) {
  const test::Answer made = create();
  const std::string path = "/v1/admin/products/" + made.text("id");
  const std::string moss(made.json.at("variants").at(1).at("id").as_string());
  test::Answer now = api->patch(path + "/variants/" + moss,
                                R"({"grams": 1000, "position": 0, "backorder": true})", at(1));
  ASSERT_EQ(now.status, 200) << now.body;
  EXPECT_EQ(now.json.at("variants").at(0).at("id").as_string(), moss);
  EXPECT_EQ(now.json.at("variants").at(0).at("grams").as_int64(), 1000);
  EXPECT_EQ(now.json.at("variants").at(0).at("prices").at(0).at("amount").as_int64(), 5900);
  now = api->post(path + "/variants",
                  R"({"option_values":["Slate"],"prices":[{"currency":"EUR","amount":1}]})", at(2));
  EXPECT_EQ(now.code(), "product_invalid") << "the option has no such value";
  ASSERT_EQ(
      api->patch(path, R"({"options":[{"name":"Colour","values":["Oat","Moss","Slate"]}]})", at(2))
          .status,
      200);
  now = api->post(path + "/variants",
                  R"({"option_values":["Slate"],"prices":[{"currency":"EUR","amount":1}]})", at(3));
  ASSERT_EQ(now.status, 201) << now.body;
  EXPECT_EQ(now.json.at("variants").at(2).at("title").as_string(), "Slate");
  std::int64_t version = 4;
  for (int i = 0; i < 2; ++i, ++version) {
    const std::string id(now.json.at("variants").at(0).at("id").as_string());
    now = api->del(path + "/variants/" + id, at(version));
    ASSERT_EQ(now.status, 200);
    EXPECT_EQ(api->del(path + "/variants/" + id, at(version + 1)).code(), "not_found");
  }
  const std::string last(now.json.at("variants").at(0).at("id").as_string());
  EXPECT_EQ(api->del(path + "/variants/" + last, at(version)).code(), "last_variant");
  EXPECT_EQ(api->patch(path + "/variants/var_x", "{}", at(version)).code(), "not_found");
}

TEST_F(CatalogRoutesTest, VariantsInAProductsBodyKeepWhatTheyDoNotMention) {
  const test::Answer made = create();
  const std::string oat(made.json.at("variants").at(0).at("id").as_string());
  const test::Answer now =
      api->patch("/v1/admin/products/" + made.text("id"),
                 R"({"variants":[{"id":")" + oat + R"(","sku":"NEW"}]})", at(1));
  ASSERT_EQ(now.status, 200) << now.body;
  ASSERT_EQ(now.json.at("variants").as_array().size(), 1U);
  EXPECT_EQ(now.json.at("variants").at(0).at("sku").as_string(), "NEW");
  EXPECT_EQ(now.json.at("variants").at(0).at("prices").as_array().size(), 2U);
}

TEST_F(CatalogRoutesTest, ChangeImages) {
  const test::Answer made = create();
  const std::string path = "/v1/admin/products/" + made.text("id") + "/images";
  test::Answer now = api->post(path, R"({"src":"/images/new.svg","position":0})", at(1));
  ASSERT_EQ(now.status, 201);
  EXPECT_EQ(now.json.at("images").at(0).at("src").as_string(), "/images/new.svg");
  const std::string oat(now.json.at("images").at(1).at("id").as_string());
  now = api->patch(path + "/" + oat, R"({"alt":"In oat","position":99})", at(2));
  EXPECT_EQ(now.json.at("images").at(2).at("alt").as_string(), "In oat");
  EXPECT_EQ(now.json.at("variants").at(0).at("image_id").as_string(), oat);
  EXPECT_EQ(api->post(path, R"({"src":"javascript:1"})", at(3)).code(), "invalid_request");
  now = api->del(path + "/" + oat, at(3));
  EXPECT_EQ(now.json.at("images").as_array().size(), 2U);
  EXPECT_TRUE(now.json.at("variants").at(0).at("image_id").is_null());
  EXPECT_EQ(api->del(path + "/" + oat, at(4)).code(), "not_found");
}

TEST_F(CatalogRoutesTest, Collections) {
  const std::string product = create().text("id");
  const test::Answer tea = api->post("/v1/admin/collections", R"({"title":"Tea & Coffee"})");
  ASSERT_EQ(tea.status, 201) << tea.body;
  EXPECT_EQ(tea.text("handle"), "tea-coffee");
  const std::string path = "/v1/admin/collections/" + tea.text("id");
  EXPECT_EQ(api->get("/v1/store/products/marsh-teapot").json.at("collections").as_array().size(),
            0U);
  EXPECT_TRUE(ids_of(api->get("/v1/store/products?collection=tea-coffee")).empty());
  EXPECT_EQ(api->get("/v1/store/collections/tea-coffee").number("product_count"), 0);
  ASSERT_EQ(api->put(path + "/products/" + product).status, 204);
  ASSERT_EQ(api->put(path + "/products/" + product + "?position=3").status, 204);
  EXPECT_EQ(api->get("/v1/store/products/marsh-teapot").json.at("collections").as_array().size(),
            1U);
  EXPECT_EQ(ids_of(api->get("/v1/store/products?collection=tea-coffee")), std::set{product});
  EXPECT_EQ(api->get("/v1/store/collections/tea-coffee").number("product_count"), 1);

  const std::int64_t version = api->get(path).number("version");
  EXPECT_EQ(api->patch(path, R"({"title":"Tea"})", at(version + 1)).code(), "version_conflict");
  ASSERT_EQ(api->patch(path, R"({"title":"Tea"})", at(version)).status, 200);
  EXPECT_EQ(api->get("/v1/store/products/marsh-teapot")
                .json.at("collections")
                .at(0)
                .at("title")
                .as_string(),
            "Tea")
      << "a product's answer names its collections, so it is fresh too";
  EXPECT_EQ(ids_of(api->get("/v1/store/collections")), std::set{tea.text("id")});
  EXPECT_EQ(ids_of(api->get("/v1/admin/collections")), std::set{tea.text("id")});

  ASSERT_EQ(api->del(path + "/products/" + product).status, 204);
  EXPECT_EQ(api->del(path + "/products/" + product).code(), "not_found");
  EXPECT_TRUE(ids_of(api->get("/v1/store/products?collection=tea-coffee")).empty());
  EXPECT_EQ(api->del(path, at(1)).code(), "version_conflict");
  ASSERT_EQ(api->del(path, at(api->get(path).number("version"))).status, 204);
  EXPECT_EQ(api->get("/v1/store/collections/tea-coffee").code(), "not_found");
  EXPECT_EQ(api->get("/v1/store/products?collection=tea-coffee").code(), "not_found");
}

TEST_F(CatalogRoutesTest, PageThroughLists) {
  for (int i = 0; i < 25; ++i) {
    create(R"({"title":"Mug )" + std::to_string(i) +
           R"(","status":"published","variants":[{"prices":[{"currency":"EUR","amount":)" +
           std::to_string(i % 4) + "}]}]}");
  }
  for (const std::string list :
       {"/v1/store/products?limit=4", "/v1/store/products?sort=title&limit=4",
        "/v1/store/products?sort=price_asc&limit=4", "/v1/store/products?sort=price_desc&limit=4",
        "/v1/store/search?q=mug&limit=4", "/v1/admin/products?limit=4",
        "/v1/admin/products?q=mug&limit=4"}) {
    std::set<std::string> seen;
    std::size_t lines = 0;
    std::string cursor;
    do {
      const test::Answer page = api->get(list + (cursor.empty() ? "" : "&cursor=" + cursor));
      ASSERT_EQ(page.status, 200) << page.body;
      const std::set<std::string> ids_here = ids_of(page);
      lines += ids_here.size();
      seen.insert(ids_here.begin(), ids_here.end());
      const json::value& next = page.json.at("next_cursor");
      cursor = next.is_null() ? "" : std::string(next.as_string());
    } while (!cursor.empty());
    EXPECT_EQ(lines, 25U) << list;
    EXPECT_EQ(seen.size(), 25U) << list;
  }
  const test::Answer first = api->get("/v1/store/products?sort=title&limit=4");
  const std::string cursor(first.json.at("next_cursor").as_string());
  EXPECT_EQ(api->get("/v1/store/products?sort=newest&cursor=" + cursor).code(), "invalid_request")
      << "a cursor goes on in the list it came from";
}

// Every route, with the ids of another shop: not there, and nothing changes.
TEST_F(CatalogRoutesTest, AnotherShopsIdsAreNotThere) {
  const test::Answer made = create();
  const test::Answer tea = api->post("/v1/admin/collections", R"({"title":"Tea"})");
  const std::string product = made.text("id");
  const std::string collection = tea.text("id");
  ASSERT_EQ(api->put("/v1/admin/collections/" + collection + "/products/" + product).status, 204);
  const std::string variant(made.json.at("variants").at(0).at("id").as_string());
  const std::string image(made.json.at("images").at(0).at("id").as_string());
  const std::string item(made.json.at("variants").at(0).at("inventory_item_id").as_string());
  const std::string before = api->get("/v1/admin/products/" + product).body;
  const std::string collection_before = api->get("/v1/admin/collections/" + collection).body;
  // In the cache, for the shop it belongs to.
  const std::vector<std::string> pages = {"/v1/store/products/" + product,
                                          "/v1/store/products/marsh-teapot", "/v1/store/products",
                                          "/v1/store/collections/tea"};
  for (const std::string& path : pages) {
    ASSERT_EQ(api->get(path).status, 200);
  }

  as(shop_b);
  const std::string mine = create(R"({"title":"Mine","variants":[{"prices":[
      {"currency":"EUR","amount":1}]}]})")
                               .text("id");
  const auto fields = at(1);
  const std::string products = "/v1/admin/products/" + product;
  const std::string collections_path = "/v1/admin/collections/" + collection;
  const std::string priced =
      R"({"option_values":["Oat"],"prices":[{"currency":"EUR","amount":1}]})";
  const std::vector<test::Answer> answers = {
      api->get("/v1/store/products/" + product),
      api->get("/v1/store/products/marsh-teapot"),
      api->get("/v1/store/products?collection=tea"),
      api->get("/v1/store/products?collection=" + collection),
      api->get("/v1/store/collections/tea"),
      api->get("/v1/store/collections/" + collection),
      api->get(products),
      api->patch(products, R"({"title":"Stolen"})", fields),
      api->del(products, fields),
      api->post(products + "/variants", priced, fields),
      api->patch(products + "/variants/" + variant, R"({"grams":1})", fields),
      api->del(products + "/variants/" + variant, fields),
      api->patch("/v1/admin/products/" + mine + "/variants/" + variant, R"({"grams":1})", fields),
      api->del("/v1/admin/products/" + mine + "/variants/" + variant, fields),
      api->post(products + "/images", R"({"src":"/x.svg"})", fields),
      api->patch(products + "/images/" + image, R"({"alt":"x"})", fields),
      api->del(products + "/images/" + image, fields),
      api->del("/v1/admin/products/" + mine + "/images/" + image, fields),
      api->get(collections_path),
      api->patch(collections_path, R"({"title":"Stolen"})", fields),
      api->del(collections_path, fields),
      api->put(collections_path + "/products/" + mine),
      api->del(collections_path + "/products/" + product)};
  for (std::size_t i = 0; i < answers.size(); ++i) {
    EXPECT_EQ(answers[i].code(), "not_found") << i;
  }
  EXPECT_TRUE(ids_of(api->get("/v1/store/products")).empty());
  EXPECT_TRUE(ids_of(api->get("/v1/store/search?q=teapot")).empty());
  EXPECT_TRUE(ids_of(api->get("/v1/store/collections")).empty());
  EXPECT_EQ(ids_of(api->get("/v1/admin/products")), std::set{mine});
  EXPECT_TRUE(ids_of(api->get("/v1/admin/products?q=teapot")).empty());
  EXPECT_TRUE(ids_of(api->get("/v1/admin/collections")).empty());
  // Nor can parts of another shop be used in one's own.
  const std::vector<std::string> bodies = {R"({"collections":[")" + collection + R"("]})",
                                           R"({"tax_class_id":"tax_01JZ8X4Q2W7K9M3N5P6R8T0V2Y"})",
                                           R"({"variants":[{"id":")" + variant + R"("}]})",
                                           R"({"variants":[{"inventory_item_id":")" + item +
                                               R"(","prices":[{"currency":"EUR","amount":1}]}]})"};
  for (const std::string& body : bodies) {
    EXPECT_EQ(api->patch("/v1/admin/products/" + mine, body, fields).code(), "product_invalid")
        << body;
  }

  as(shop_a);
  EXPECT_EQ(api->get("/v1/admin/products/" + product).body, before);
  EXPECT_EQ(api->get("/v1/admin/collections/" + collection).body, collection_before);
}

TEST_F(CatalogRoutesTest, AViewerReadsAndDoesNotWrite) {
  const std::string path = "/v1/admin/products/" + create().text("id");
  api->with("Authorization", "Bearer sk_viewer_" + shop_a);
  EXPECT_EQ(api->get(path).status, 200);
  EXPECT_EQ(api->patch(path, R"({"title":"x"})", at(1)).code(), "forbidden");
  EXPECT_EQ(api->post("/v1/admin/collections", R"({"title":"x"})").code(), "forbidden");
  api->with("Authorization", "");
  EXPECT_EQ(api->get(path).code(), "unauthorised");
}

}  // namespace
}  // namespace securecart::shop::api
