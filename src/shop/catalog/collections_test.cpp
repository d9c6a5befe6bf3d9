#include "shop/catalog/collections.hpp"

#include <gtest/gtest.h>

#include "shop/catalog/errc.hpp"
#include "tests/support/catalog_fixture.hpp"

namespace securecart::shop::catalog {
namespace {

using test::simple_product;

struct CollectionsService : testing::TestWithParam<test::Engine>, test::CatalogFixture {
  CollectionsService() : CatalogFixture(GetParam()) {}
  Collection create(std::string title) {
    CollectionInput input;
    input.title = std::move(title);
    return *run_ready(collections.create(shop_a, std::move(input)));
  }
  Result<Collection> read(const std::string& name, Audience audience = Audience::merchant) {
    return run_ready(collections.collection(shop_a, name, audience));
  }
};

INSTANTIATE_TEST_SUITE_P(Engines, CollectionsService,
                         testing::Values(test::Engine::sqlite, test::Engine::postgres),
                         test::engine_name);

TEST_P(CollectionsService, CreateChangeAndRemove) {
  const Collection pots = create("Pots & Pans");
  EXPECT_EQ(pots.handle, "pots-pans");
  EXPECT_EQ(pots.position, 0);
  EXPECT_EQ(create("Tea").position, 1);
  CollectionInput input = input_of(pots);
  input.title = "Pots";
  input.description = "<p onclick=x>Fine</p>";
  const Result<Collection> changed = run_ready(collections.change(shop_a, pots, input));
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->version, 2);
  EXPECT_EQ(changed->description, "<p>Fine</p>");
  EXPECT_EQ(run_ready(collections.change(shop_a, *changed, input_of(*changed)))->version, 2);
  EXPECT_TRUE(
      run_ready(collections.change(shop_a, pots, input)).error().is(errc::version_conflict));
  EXPECT_TRUE(run_ready(collections.remove(shop_a, pots.id, 1)).error().is(errc::version_conflict));
  EXPECT_TRUE(run_ready(collections.remove(shop_a, pots.id, 2)));
  EXPECT_TRUE(read(pots.id).error().is(errc::not_found));
}

TEST_P(CollectionsService, RefuseWhatIsUnusable) {
  create("Tea");
  CollectionInput input;
  input.title = "Tea";
  EXPECT_TRUE(run_ready(collections.create(shop_a, input)).error().is(errc::handle_taken));
  input.title = "";
  input.image = "javascript:alert(1)";
  const Result<Collection> refused = run_ready(collections.create(shop_a, input));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fields.size(), 3U);
}

TEST_P(CollectionsService, UpsertByHandle) {
  CollectionInput input;
  input.title = "Tea";
  const Collection made = *run_ready(collections.upsert(shop_a, input));
  EXPECT_EQ(run_ready(collections.upsert(shop_a, input))->version, 1);
  input.image = "/images/tea.svg";
  const Collection changed = *run_ready(collections.upsert(shop_a, input));
  EXPECT_EQ(changed.id, made.id);
  EXPECT_EQ(changed.version, 2);
}

TEST_P(CollectionsService, HoldProductsInTheirOrder) {
  const Collection tea = create("Tea");
  std::vector<std::string> ids_of_products;
  for (int i = 0; i < 3; ++i) {
    const Product product =
        *run_ready(catalog.create(shop_a, simple_product("P" + std::to_string(i))));
    ids_of_products.push_back(product.id);
    ASSERT_TRUE(run_ready(collections.put_product(shop_a, tea.id, product.id, std::nullopt)));
  }
  ASSERT_TRUE(run_ready(collections.put_product(shop_a, tea.id, ids_of_products[2], -1)));
  ASSERT_TRUE(run_ready(collections.put_product(shop_a, tea.id, ids_of_products[2], std::nullopt)));
  const auto page =
      run_ready(catalog.store_list({shop_a, "EUR", Sort::position, tea.id, std::nullopt, 10}));
  ASSERT_EQ(page->items.size(), 3U);
  EXPECT_EQ(page->items[0].id, ids_of_products[2]);
  EXPECT_EQ(read(tea.id)->product_count, 3);
  ASSERT_TRUE(run_ready(collections.remove_product(shop_a, tea.id, ids_of_products[0])));
  EXPECT_TRUE(run_ready(collections.remove_product(shop_a, tea.id, ids_of_products[0]))
                  .error()
                  .is(errc::not_found));
  EXPECT_EQ(read(tea.id)->product_count, 2);
  ASSERT_TRUE(run_ready(collections.remove(shop_a, tea.id, read(tea.id)->version)));
  EXPECT_TRUE(run_ready(catalog.product(shop_a, ids_of_products[1]))->collections.empty());
}

TEST_P(CollectionsService, ShowShoppersThePublished) {
  const Collection tea = create("Tea");
  CollectionInput hidden;
  hidden.title = "Hidden";
  hidden.published = false;
  ASSERT_TRUE(run_ready(collections.create(shop_a, hidden)));
  ProductInput draft = simple_product("Draft");
  draft.status = ProductStatus::draft;
  draft.collections = {tea.id};
  ASSERT_TRUE(run_ready(catalog.create(shop_a, draft)));
  EXPECT_TRUE(read("hidden", Audience::shopper).error().is(errc::not_found));
  EXPECT_EQ(read("tea", Audience::shopper)->product_count, 0);
  EXPECT_EQ(read("tea")->product_count, 1);
  EXPECT_EQ(run_ready(collections.list(shop_a, Audience::shopper, std::nullopt, 10)).items.size(),
            1U);
  const auto first = run_ready(collections.list(shop_a, Audience::merchant, std::nullopt, 1));
  ASSERT_TRUE(first.next);
  const auto second = run_ready(collections.list(shop_a, Audience::merchant, first.next, 1));
  EXPECT_EQ(second.items.at(0).title, "Hidden");
  EXPECT_FALSE(second.next);
}

TEST_P(CollectionsService, NeverReachIntoAnotherShop) {
  const Collection tea = create("Tea");
  const Product mine = *run_ready(catalog.create(shop_a, simple_product("Mine")));
  const Product theirs = *run_ready(catalog.create(shop_b, simple_product("Theirs")));
  EXPECT_FALSE(run_ready(collections.collection(shop_b, tea.id, Audience::merchant)));
  EXPECT_FALSE(run_ready(collections.collection(shop_b, "tea", Audience::shopper)));
  EXPECT_FALSE(run_ready(collections.remove(shop_b, tea.id, 1)));
  EXPECT_FALSE(run_ready(collections.put_product(shop_b, tea.id, theirs.id, std::nullopt)));
  EXPECT_FALSE(run_ready(collections.put_product(shop_a, tea.id, theirs.id, std::nullopt)));
  ASSERT_TRUE(run_ready(collections.put_product(shop_a, tea.id, mine.id, std::nullopt)));
  EXPECT_FALSE(run_ready(collections.remove_product(shop_b, tea.id, mine.id)));
  CollectionInput input = input_of(tea);
  input.title = "Stolen";
  EXPECT_FALSE(run_ready(collections.change(shop_b, tea, input)));
  EXPECT_EQ(read(tea.id)->title, "Tea");
  EXPECT_EQ(read(tea.id)->product_count, 1);
}

}  // namespace
}  // namespace securecart::shop::catalog
