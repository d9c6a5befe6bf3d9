#include "shop/catalog/service.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "shop/catalog/errc.hpp"
#include "tests/support/catalog_fixture.hpp"

namespace securecart::shop::catalog {
namespace {

using test::simple_product;
using test::teapot;
using test::variant_input;

struct CatalogService : testing::TestWithParam<test::Engine>, test::CatalogFixture {
  CatalogService() : CatalogFixture(GetParam()) {}
  Product create(ProductInput input) {
    Result<Product> product = run_ready(catalog.create(shop_a, std::move(input)));
    EXPECT_TRUE(product) << (product ? "" : product.error().fields.at(0).where);
    return *product;
  }
  Product read(const std::string& id) { return *run_ready(catalog.product(shop_a, id)); }
  Result<Product> change(const Product& stored, ProductInput input) {
    return run_ready(catalog.change(shop_a, stored, std::move(input)));
  }
  std::vector<std::string> found(const std::string& text) {
    std::vector<std::string> titles;
    for (const StoreSummary& item :
         run_ready(catalog.store_find(shop_a, "EUR", text, std::nullopt, 50)).items) {
      titles.push_back(item.title);
    }
    return titles;
  }
};

using Titles = std::vector<std::string>;

INSTANTIATE_TEST_SUITE_P(Engines, CatalogService,
                         testing::Values(test::Engine::sqlite, test::Engine::postgres),
                         test::engine_name);

TEST_P(CatalogService, ReadsBackWhatItWrote) {
  const Product made = create(teapot());
  const Product stored = read(made.id);
  EXPECT_TRUE(same_content(made, stored));
  EXPECT_EQ(stored.variants, made.variants);
  EXPECT_EQ(stored.images, made.images);
  EXPECT_EQ(stored.handle, "marsh-teapot");
  EXPECT_EQ(stored.description, "<p>A round-bellied <b>stoneware</b> pot.</p>");
  EXPECT_EQ(stored.tags, (std::vector<std::string>{"stoneware", "handmade", "tea"}));
  EXPECT_EQ(stored.version, 1);
  EXPECT_EQ(read("marsh-teapot").id, made.id);
}

TEST_P(CatalogService, WritesEventsInTheSameBatch) {
  const Product made = create(teapot());
  ProductInput input = input_of(made);
  input.title = "Teapot";
  const Product changed = *change(made, input);
  input.status = ProductStatus::archived;
  ASSERT_TRUE(change(changed, input));
  std::vector<std::string> types;
  for (const storage::Row row : run_ready(database.read(
           {"SELECT type FROM event_log WHERE subject = $1 ORDER BY position", {made.id}}))) {
    types.push_back(row.text(0));
  }
  EXPECT_EQ(types,
            (std::vector<std::string>{"product.created", "product.updated", "product.archived"}));
}

TEST_P(CatalogService, ChangesOnlyTheVersionItRead) {
  const Product made = create(teapot());
  ProductInput input = input_of(made);
  input.title = "First";
  ASSERT_TRUE(change(made, input));
  input.title = "Second";
  const Result<Product> late = change(made, input);
  ASSERT_FALSE(late);
  EXPECT_TRUE(late.error().is(errc::version_conflict));
  EXPECT_EQ(read(made.id).title, "First");
  EXPECT_TRUE(run_ready(catalog.product_at(shop_a, made.id, 1)).error().is(errc::version_conflict));
  EXPECT_TRUE(run_ready(catalog.product_at(shop_a, made.id, 2)));
}

TEST_P(CatalogService, WritesNothingWhenNothingChanges) {
  const Product made = create(teapot());
  const std::int64_t before = tail();
  EXPECT_EQ(change(made, input_of(made))->version, 1);
  EXPECT_EQ(tail(), before);
}

TEST_P(CatalogService, RefusesAHandleInUse) {
  create(teapot());
  const Result<Product> twice = run_ready(catalog.create(shop_a, teapot()));
  ASSERT_FALSE(twice);
  EXPECT_TRUE(twice.error().is(errc::handle_taken));
  EXPECT_TRUE(run_ready(catalog.create(shop_b, teapot()))) << "another shop may use it";
  const Product other = create(simple_product("Other"));
  ProductInput input = input_of(other);
  input.handle = "marsh-teapot";
  EXPECT_TRUE(change(other, input).error().is(errc::handle_taken));
}

TEST_P(CatalogService, RefusesWhatTheShopDoesNotHave) {
  ProductInput input = teapot();
  input.tax_class_id = "tax_" + shop_b;
  input.collections = {"nothing"};
  input.variants[0].inventory_item_id = "item_elsewhere";
  const Result<Product> refused = run_ready(catalog.create(shop_a, input));
  ASSERT_FALSE(refused);
  ASSERT_EQ(refused.error().fields.size(), 3U);
  EXPECT_EQ(refused.error().fields[0].where, "/collections/0");
  EXPECT_EQ(refused.error().fields[1].where, "/tax_class_id");
  EXPECT_EQ(refused.error().fields[2].where, "/variants/0/inventory_item_id");
}

TEST_P(CatalogService, MovesOptionValuesBetweenVariants) {
  const Product made = create(teapot());
  ProductInput input = input_of(made);
  std::swap(input.variants[0].option_values, input.variants[1].option_values);
  const Result<Product> changed = change(made, input);
  ASSERT_TRUE(changed);
  const Product stored = read(made.id);
  EXPECT_EQ(stored.variants[0].id, made.variants[0].id);
  EXPECT_EQ(stored.variants[0].title, "Moss");
  EXPECT_EQ(stored.variants[1].title, "Oat");
}

TEST_P(CatalogService, ReplacesEveryVariantInOneBatch) {
  ProductInput input = simple_product("Many");
  input.options = {{"No", {}}};
  input.variants.clear();
  for (int i = 0; i < 200; ++i) {
    input.variants.push_back(variant_input({"a" + std::to_string(i)}, i, "A" + std::to_string(i)));
    input.variants.back().prices.push_back({"USD", i, std::nullopt});
  }
  const Product made = create(input);
  EXPECT_EQ(read(made.id).variants.size(), 200U);
  for (VariantInput& variant : input.variants) {
    variant.option_values[0].front() = 'b';
  }
  ASSERT_TRUE(change(made, input));
  const Product stored = read(made.id);
  EXPECT_EQ(stored.variants[199].title, "b199");
  EXPECT_EQ(stored.variants[199].prices.size(), 2U);
  EXPECT_EQ(count("SELECT COUNT(*) FROM variants WHERE shop_id = $1", {shop_a}), 200);
  EXPECT_EQ(count("SELECT COUNT(*) FROM variant_prices WHERE shop_id = $1", {shop_a}), 400);
  EXPECT_EQ(count("SELECT COUNT(*) FROM inventory_items WHERE shop_id = $1", {shop_a}), 200)
      << "items nobody ever counted are gone with their variants";
}

TEST_P(CatalogService, ARemovedVariantLeavesCartsAndKeepsItsHistory) {
  const Product made = create(teapot());
  const std::string item = *made.variants[1].inventory_item_id;
  stock(shop_a, item, 5);
  storage::Batch cart;
  cart.add(
      "INSERT INTO carts (shop_id, id, token_hash, currency, created_at, updated_at) VALUES ($1, "
      "'cart_1', '', 'EUR', 0, 0)",
      {shop_a});
  cart.add(
      "INSERT INTO cart_lines (shop_id, cart_id, id, position, variant_id, quantity) VALUES ($1, "
      "'cart_1', 'line_1', 0, $2, 1)",
      {shop_a, made.variants[1].id});
  run_ready(database.commit(std::move(cart)));

  ProductInput input = input_of(made);
  input.variants.pop_back();
  ASSERT_TRUE(change(made, input));
  EXPECT_EQ(read(made.id).variants.size(), 1U);
  EXPECT_EQ(count("SELECT COUNT(*) FROM cart_lines WHERE shop_id = $1", {shop_a}), 0);
  EXPECT_EQ(count("SELECT version FROM carts WHERE shop_id = $1", {shop_a}), 2);
  EXPECT_EQ(
      count("SELECT COUNT(*) FROM inventory_items WHERE shop_id = $1 AND id = $2", {shop_a, item}),
      1);
}

TEST_P(CatalogService, UpsertCreatesChangesAndLeavesAlone) {
  const auto upsert = [this](ProductInput input) {
    return *run_ready(catalog.upsert(shop_a, std::move(input)));
  };
  ProductInput input = teapot();
  input.handle = "marsh-teapot";
  const UpsertOutcome created = upsert(input);
  EXPECT_EQ(created.action, UpsertAction::created);
  EXPECT_EQ(upsert(input).action, UpsertAction::unchanged);
  input.variants[0].prices[0].amount = 1;
  const UpsertOutcome updated = upsert(input);
  EXPECT_EQ(updated.action, UpsertAction::updated);
  EXPECT_EQ(updated.product.id, created.product.id);
  EXPECT_EQ(updated.product.version, 2);
  EXPECT_EQ(read(created.product.id).variants[0].prices[0].amount, 1);
  EXPECT_EQ(upsert(input).action, UpsertAction::unchanged);
  ProductInput unnamed = teapot();
  EXPECT_EQ(upsert(unnamed).action, UpsertAction::updated) << "found by the handle of its title";
}

TEST_P(CatalogService, APlannedUpsertTakesMoreStatements) {
  Result<PlannedUpsert> plan = run_ready(catalog.plan_upsert(shop_a, teapot()));
  ASSERT_TRUE(plan);
  plan->batch.event("import.row", shop_a, plan->outcome.product.id, "{}");
  run_ready(database.commit(std::move(plan->batch)));
  EXPECT_EQ(read("marsh-teapot").id, plan->outcome.product.id);
}

TEST_P(CatalogService, ShowsShoppersWhatTheyCanBuy) {
  const Product made = create(teapot());
  const auto view = [&](const std::string& currency) {
    return run_ready(catalog.store_product(shop_a, made.handle, currency));
  };
  Result<StoreProduct> seen = view("EUR");
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->product.variants.size(), 2U);
  EXPECT_FALSE(seen->availability[0].available);
  EXPECT_EQ(seen->availability[0].quantity, 0);
  stock(shop_a, *made.variants[0].inventory_item_id, 10, 3);
  EXPECT_EQ(view("EUR")->availability[0].quantity, 7);
  EXPECT_TRUE(view("EUR")->availability[0].available);

  seen = view("USD");
  ASSERT_TRUE(seen);
  ASSERT_EQ(seen->product.variants.size(), 1U) << "only one has a price in dollars";
  EXPECT_EQ(seen->product.variants[0].prices[0].amount, 7'000);
  EXPECT_FALSE(view("GBP"));

  ProductInput input = input_of(made);
  input.variants[0].units = 4;
  input.variants[1].backorder = true;
  Product now = *change(made, input);
  EXPECT_EQ(view("EUR")->availability[0].quantity, 1) << "seven units make one set of four";
  EXPECT_TRUE(view("EUR")->availability[1].available);
  EXPECT_EQ(view("EUR")->availability[1].quantity, std::nullopt);
  input.status = ProductStatus::draft;
  ASSERT_TRUE(change(now, input));
  EXPECT_TRUE(view("EUR").error().is(errc::not_found));
}

TEST_P(CatalogService, KnowsTheShopsCurrencies) {
  EXPECT_EQ(*run_ready(catalog.currency(shop_a, std::nullopt)), "EUR");
  EXPECT_EQ(*run_ready(catalog.currency(shop_a, "USD")), "USD");
  EXPECT_TRUE(run_ready(catalog.currency(shop_a, "JPY")).error().is(errc::invalid_request));
}

TEST_P(CatalogService, OneShopNeverSeesOrTouchesAnother) {
  const Product mine = create(teapot());
  for (const std::string& name : {mine.id, mine.handle}) {
    EXPECT_FALSE(run_ready(catalog.product(shop_b, name)));
    EXPECT_FALSE(run_ready(catalog.store_product(shop_b, name, "EUR")));
  }
  ProductInput input = input_of(mine);
  input.title = "Stolen";
  const Result<Product> stolen = run_ready(catalog.change(shop_b, mine, input));
  ASSERT_FALSE(stolen);
  EXPECT_EQ(read(mine.id).title, "Marsh Teapot");
  EXPECT_TRUE(run_ready(catalog.list(shop_b, std::nullopt, std::nullopt, 10)).items.empty());
  EXPECT_TRUE(
      run_ready(catalog.store_find(shop_b, "EUR", "teapot", std::nullopt, 10)).items.empty());
  EXPECT_TRUE(run_ready(catalog.find(shop_b, "teapot", std::nullopt, 10)).items.empty());
}

// Lists -------------------------------------------------------------------------------------------

struct CatalogLists : CatalogService {
  // Walks the whole list in pages of 7 and calls `between` after each.
  template <class Between>
  std::vector<StoreSummary> walk_while(Sort sort, Between between,
                                       std::optional<std::string> collection = std::nullopt) {
    std::vector<StoreSummary> all;
    ListRequest request{shop_a, "EUR", sort, std::move(collection), std::nullopt, 7};
    do {
      auto page = run_ready(catalog.store_list(request));
      EXPECT_TRUE(page);
      for (StoreSummary& item : page->items) {
        all.push_back(std::move(item));
      }
      request.after = page->next;
      between();
    } while (request.after);
    return all;
  }
  std::vector<StoreSummary> walk(Sort sort, std::optional<std::string> collection = std::nullopt) {
    return walk_while(sort, [] {}, std::move(collection));
  }
};

INSTANTIATE_TEST_SUITE_P(Engines, CatalogLists,
                         testing::Values(test::Engine::sqlite, test::Engine::postgres),
                         test::engine_name);

TEST_P(CatalogLists, PageThroughAThousandWithoutGapsOrDoublesWhileOthersAreAdded) {
  std::set<std::string> before;
  for (int i = 0; i < 1'000; ++i) {
    clock.advance(std::chrono::microseconds(random.below(2'000)));
    before.insert(create(simple_product("Product " + std::to_string(random.below(500)) + " " +
                                            std::to_string(i),
                                        static_cast<std::int64_t>(random.below(50))))
                      .id);
  }
  int added = 0;
  for (const Sort sort : {Sort::newest, Sort::title, Sort::price_asc, Sort::price_desc}) {
    std::multiset<std::string> seen;
    for (const StoreSummary& item : walk_while(sort, [&] {
           clock.advance(std::chrono::milliseconds(1));
           create(simple_product(
               "Product " + std::to_string(random.below(500)) + " new " + std::to_string(++added),
               static_cast<std::int64_t>(random.below(50))));
         })) {
      seen.insert(item.id);
    }
    for (const std::string& id : before) {
      ASSERT_EQ(seen.count(id), 1U) << "sort " << static_cast<int>(sort);
    }
    for (const std::string& id : seen) {
      ASSERT_EQ(seen.count(id), 1U);
      before.insert(id);
    }
    for (const AdminSummary& item :
         run_ready(catalog.list(shop_a, std::nullopt, std::nullopt, 10'000)).items) {
      before.insert(item.id);
    }
  }
}

TEST_P(CatalogLists, AreInOrder) {
  for (const auto& [title, amount] :
       std::map<std::string, int>{{"Zebra", 30}, {"apple", 10}, {"Éclair", 20}, {"Mug", 10}}) {
    create(simple_product(title, amount));
    clock.advance(std::chrono::seconds(1));
  }
  const auto titles = [this](Sort sort) {
    Titles all;
    for (const StoreSummary& item : walk(sort)) {
      all.push_back(item.title);
    }
    return all;
  };
  EXPECT_EQ(titles(Sort::title), (Titles{"apple", "Éclair", "Mug", "Zebra"}));
  EXPECT_EQ(titles(Sort::newest), (Titles{"Éclair", "apple", "Zebra", "Mug"}));
  const Titles dear = titles(Sort::price_desc);
  EXPECT_EQ(dear[0], "Zebra");
  EXPECT_EQ(dear[1], "Éclair");
  EXPECT_EQ(titles(Sort::price_asc)[3], "Zebra");
}

TEST_P(CatalogLists, HoldWhatIsPublishedInTheCurrency) {
  create(teapot());
  ProductInput draft = simple_product("Draft");
  draft.status = ProductStatus::draft;
  create(draft);
  create(simple_product("Euros only"));
  for (const Sort sort : {Sort::newest, Sort::title, Sort::price_asc, Sort::price_desc}) {
    ListRequest request{shop_a, "USD", sort, std::nullopt, std::nullopt, 10};
    const auto page = run_ready(catalog.store_list(request));
    ASSERT_EQ(page->items.size(), 1U);
    EXPECT_EQ(page->items[0].price, (Price{"USD", 7'000, 8'000}));
    request.currency = "EUR";
    EXPECT_EQ(run_ready(catalog.store_list(request))->items.size(), 2U);
  }
}

TEST_P(CatalogLists, SummariseVariants) {
  const Product made = create(teapot());
  stock(shop_a, *made.variants[1].inventory_item_id, 1);
  const StoreSummary line = walk(Sort::newest).at(0);
  EXPECT_EQ(line.price, (Price{"EUR", 5'800, std::nullopt}));
  EXPECT_TRUE(line.varies);
  EXPECT_TRUE(line.available) << "one of the two is";
  EXPECT_EQ(line.image->src, "/images/oat.svg");
  EXPECT_EQ(line.item_ids.size(), 2U);
}

TEST_P(CatalogLists, OfACollection) {
  CollectionInput named;
  named.title = "Pots";
  const Collection pots = *run_ready(collections.create(shop_a, named));
  std::vector<std::string> members;
  for (int i = 0; i < 20; ++i) {
    ProductInput input = simple_product("Pot " + std::to_string(i), 100 - i);
    input.collections = {i % 2 == 0 ? pots.id : pots.handle};
    members.push_back(create(input).id);
    create(simple_product("Other " + std::to_string(i)));
  }
  for (const Sort sort :
       {Sort::newest, Sort::title, Sort::price_asc, Sort::price_desc, Sort::position}) {
    EXPECT_EQ(walk(sort, "pots").size(), 20U);
    EXPECT_EQ(walk(sort, pots.id).size(), 20U);
  }
  EXPECT_EQ(walk(Sort::position, "pots").at(3).id, members[3]);
  EXPECT_EQ(walk(Sort::price_asc, "pots").at(0).id, members[19]);
  CollectionInput hidden = input_of(pots);
  hidden.published = false;
  ASSERT_TRUE(run_ready(collections.change(shop_a, pots, hidden)));
  ListRequest request{shop_a, "EUR", Sort::newest, "pots", std::nullopt, 10};
  EXPECT_TRUE(run_ready(catalog.store_list(request)).error().is(errc::not_found));
  request.shop_id = shop_b;
  EXPECT_TRUE(run_ready(catalog.store_list(request)).error().is(errc::not_found));
}

TEST_P(CatalogLists, ForMerchantsHoldEveryStatus) {
  ProductInput input = teapot();
  input.status = ProductStatus::draft;
  create(input);
  create(simple_product("Published"));
  EXPECT_EQ(run_ready(catalog.list(shop_a, std::nullopt, std::nullopt, 10)).items.size(), 2U);
  const auto drafts = run_ready(catalog.list(shop_a, ProductStatus::draft, std::nullopt, 10));
  ASSERT_EQ(drafts.items.size(), 1U);
  EXPECT_EQ(drafts.items[0].variants, 2);
  EXPECT_EQ(drafts.items[0].title, "Marsh Teapot");
  const auto first = run_ready(catalog.list(shop_a, std::nullopt, std::nullopt, 1));
  const auto second = run_ready(catalog.list(shop_a, std::nullopt, first.next, 1));
  EXPECT_NE(first.items[0].id, second.items[0].id);
  EXPECT_FALSE(second.next);
  EXPECT_EQ(run_ready(catalog.find(shop_a, "teapot", std::nullopt, 10)).items.size(), 1U);
}

// Search ------------------------------------------------------------------------------------------

TEST_P(CatalogService, FindsByWordsBestFirst) {
  create(teapot());
  ProductInput mention = simple_product("Tea towel");
  mention.description = "<p>Dries every teapot, and every teapot again.</p>";
  create(mention);
  ProductInput coffee = simple_product("Crème brûlée dish");
  coffee.tags = {"Dessert"};
  create(coffee);
  EXPECT_EQ(found("teapot"), (Titles{"Marsh Teapot", "Tea towel"})) << "the title counts most";
  EXPECT_EQ(found("creme BRULEE"), Titles{"Crème brûlée dish"});
  EXPECT_EQ(found("brû"), Titles{"Crème brûlée dish"}) << "the last word may go on";
  EXPECT_EQ(found("dess"), Titles{"Crème brûlée dish"});
  EXPECT_EQ(found("TEA-POT-MOS"), Titles{"Marsh Teapot"});
  EXPECT_EQ(found("tern pottery"), Titles{"Marsh Teapot"});
  EXPECT_EQ(found("stoneware"), Titles{"Marsh Teapot"});
  EXPECT_EQ(found("moss"), Titles{"Marsh Teapot"}) << "option values are found too";
  EXPECT_EQ(found("teapot unicorn"), (Titles{"Marsh Teapot", "Tea towel"}))
      << "without a product that has all words, any word will do";
  EXPECT_EQ(found("unicorn"), Titles{});
}

TEST_P(CatalogService, ForgivesSpellingWhereTheEngineCan) {
  create(teapot());
  create(simple_product("Marble rolling pin"));
  const Titles forgiven = GetParam() == test::Engine::postgres ? Titles{"Marsh Teapot"} : Titles{};
  EXPECT_EQ(found("teapto"), forgiven);
  EXPECT_EQ(found("stonewear"), forgiven);
}

TEST_P(CatalogService, FindsTheProductAsItIsNow) {
  const Product made = create(teapot());
  ProductInput input = input_of(made);
  input.title = "Kettle";
  input.description = "";
  input.type = "";
  const Product kettle = *change(made, input);
  EXPECT_EQ(found("kettle"), Titles{"Kettle"});
  EXPECT_EQ(found("marsh"), Titles{});
  input.status = ProductStatus::archived;
  ASSERT_TRUE(change(kettle, input));
  EXPECT_EQ(found("kettle"), Titles{});
  EXPECT_EQ(run_ready(catalog.find(shop_a, "kettle", std::nullopt, 10)).items.size(), 1U);
  EXPECT_EQ(count("SELECT COUNT(*) FROM search_documents WHERE shop_id = $1", {shop_a}), 1);
}

TEST_P(CatalogService, AnswersWhateverIsTyped) {
  create(teapot());
  const std::vector<std::string> odd = {"",
                                        " ",
                                        "\"",
                                        "\"teapot",
                                        "teapot\"",
                                        "*",
                                        "tea*",
                                        "a AND",
                                        "AND OR NOT",
                                        "NEAR(a b)",
                                        "title:teapot",
                                        "{title} : x",
                                        "^teapot",
                                        "tea + pot",
                                        "-",
                                        "(",
                                        "))",
                                        "'; DROP TABLE products; --",
                                        std::string("a\0b", 3),
                                        "\xFF\xFE",
                                        "—",
                                        "🫖",
                                        std::string(10'000, 'x'),
                                        std::string(500, '"'),
                                        "a b c d e f g h i j k l m n o p q r s t u v w x y z"};
  for (const std::string& text : odd) {
    EXPECT_NO_THROW(found(text)) << text;
  }
  EXPECT_EQ(found("\"teapot"), Titles{"Marsh Teapot"});
  EXPECT_EQ(found("^teapot* )"), Titles{"Marsh Teapot"});
  for (int i = 0; i < 500; ++i) {
    std::string text;
    for (std::uint64_t n = random.below(30); n > 0; --n) {
      text += static_cast<char>(random.below(256));
    }
    EXPECT_NO_THROW(found(text));
  }
}

TEST_P(CatalogService, PagesThroughResults) {
  for (int i = 0; i < 53; ++i) {
    create(simple_product("Mug number " + std::to_string(i)));
  }
  for (const std::string text : {"mug", "mug unicorn"}) {
    std::set<std::string> seen;
    std::size_t lines = 0;
    std::optional<SearchPosition> after;
    do {
      auto page = run_ready(catalog.store_find(shop_a, "EUR", text, after, 10));
      lines += page.items.size();
      for (const StoreSummary& item : page.items) {
        seen.insert(item.id);
      }
      after = page.next;
    } while (after);
    EXPECT_EQ(lines, 53U);
    EXPECT_EQ(seen.size(), 53U);
  }
}

}  // namespace
}  // namespace securecart::shop::catalog
