#include "shop/flows/import_products.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/files.hpp"
#include "base/text.hpp"
#include "tests/support/flaky_database.hpp"
#include "tests/support/flows_world.hpp"
#include "tests/support/places.hpp"
#include "tests/support/run_on.hpp"

namespace securecart::shop::flows {
namespace {

using catalog::CsvFormat;

constexpr std::string_view columns =
    "Handle,Title,Option1 Name,Option1 Value,Variant Inventory Tracker,Variant Inventory Qty,"
    "Variant Price,Image Src\n";

// What became of the products of a file.
struct Counts {
  std::int64_t total = 0;
  std::int64_t created = 0;
  std::int64_t updated = 0;
  std::int64_t unchanged = 0;
  std::int64_t failed = 0;
  bool operator==(const Counts&) const = default;
};
void PrintTo(const Counts& counts, std::ostream* out) {
  *out << fmt::format("{}: {} created, {} updated, {} unchanged, {} failed", counts.total,
                      counts.created, counts.updated, counts.unchanged, counts.failed);
}

Counts counts_of(const ImportState& state) {
  EXPECT_EQ(state.products_done, state.products_total);
  return {state.products_total, state.created, state.updated, state.unchanged, state.failed};
}

// Lets the rival work through all of its file just before the commit of that number.
class OvertakenDatabase final : public storage::Database {
 public:
  OvertakenDatabase(storage::Database& real, ProductImports& rival, int at)
      : real_(real), rival_(rival), left_(at) {}

  Task<std::vector<storage::Rows>> read_all(std::vector<storage::Query> queries,
                                            storage::Freshness freshness) override {
    return real_.read_all(std::move(queries), freshness);
  }
  Task<storage::Commit> commit(storage::Batch batch) override {
    if (left_-- == 0) {
      EXPECT_TRUE(co_await rival_.step());
    }
    co_return co_await real_.commit(std::move(batch));
  }
  void on_commit(storage::CommitObserver observer) override {
    real_.on_commit(std::move(observer));
  }

 private:
  storage::Database& real_;
  ProductImports& rival_;
  int left_;
};

class ImportProducts : public testing::Test {
 protected:
  ImportProducts() { runtime.run(); }
  ~ImportProducts() override {
    runtime.stop();
    runtime.join();
  }

  static std::string file(const std::string& name) {
    return need_file(test::source_dir() + "/tests/data/products/" + name + "_headers.csv");
  }

  std::string ask_for(std::string csv, bool dry_run = false, const std::string& shop = "shop_a") {
    storage::Batch batch;
    const ImportState asked = imports.add_to(batch, {shop, "file.csv", dry_run, std::move(csv)});
    world.apply(std::move(batch));
    return asked.id;
  }
  bool step(ProductImports& with) {
    return test::run_on<bool>(runtime.executor(0), [&with] { return with.step(); });
  }
  ImportState found(const std::string& id, const std::string& shop = "shop_a") {
    const std::optional<ImportState> state = run_ready(imports.find(shop, id));
    EXPECT_TRUE(state);
    return state.value_or(ImportState{});
  }
  ImportState import(std::string csv, bool dry_run = false, const std::string& shop = "shop_a") {
    const std::string id = ask_for(std::move(csv), dry_run, shop);
    EXPECT_TRUE(step(imports));
    ImportState state = found(id, shop);
    EXPECT_EQ(state.status, "finished");
    EXPECT_TRUE(state.finished_at);
    return state;
  }
  Counts import_soundly(const std::string& csv, const std::string& shop = "shop_a") {
    const ImportState state = import(csv, false, shop);
    EXPECT_EQ(to_string(json::value(state.problems)), "[]");
    return counts_of(state);
  }
  std::string exported(CsvFormat format, const std::string& shop = "shop_a") {
    return run_ready(imports.write_file(shop, format));
  }

  // Products of one moment are exported in the order of their ids.
  static std::vector<std::string> sorted_lines(const std::string& text) {
    std::vector<std::string> lines;
    for (const std::string_view line : split(text, '\n')) {
      lines.emplace_back(line);
    }
    std::ranges::sort(lines);
    return lines;
  }

  catalog::Product product(const std::string& handle) {
    const Result<catalog::Product> found = run_ready(world.catalog.product(world.shop_a, handle));
    EXPECT_TRUE(found) << handle;
    return found.value_or(catalog::Product{});
  }
  std::int64_t count(std::string_view sql) { return world.count(sql, {}); }
  // Of a variant of a product.
  std::int64_t on_hand(const std::string& handle, std::size_t variant = 0) {
    return world.count("SELECT COALESCE(SUM(on_hand), 0) FROM stock_levels WHERE item_id = $1",
                       {product(handle).variants.at(variant).inventory_item_id.value_or("")});
  }
  // Everything an import may leave behind but its own row.
  std::string everything() {
    std::string all;
    for (const std::string_view sql :
         {"SELECT COUNT(*), COALESCE(SUM(version), 0) FROM products",
          "SELECT COUNT(*), COALESCE(SUM(version), 0) FROM variants",
          "SELECT COUNT(*), COALESCE(SUM(amount), 0) FROM variant_prices",
          "SELECT COUNT(*), COALESCE(SUM(position), 0) FROM images",
          "SELECT COUNT(*), COUNT(*) FROM inventory_items",
          "SELECT COUNT(*), COALESCE(SUM(on_hand), 0) FROM stock_levels",
          "SELECT COUNT(*), COUNT(*) FROM stock_movements",
          "SELECT COUNT(*), COALESCE(MAX(position), 0) FROM event_log"}) {
      const storage::Rows rows = run_ready(world.database.read({sql, {}}));
      all += fmt::format("{} {}, ", rows[0].integer(0), rows[0].integer(1));
    }
    return all;
  }

  test::FlowsWorld world;
  SystemClock clock;
  net::Runtime runtime{1, 1, clock};
  ProductImports imports{world.deps, world.catalog, runtime};
};

// ---- Whole files ----

TEST_F(ImportProducts, ReadsAFileOfTheOlderHeaders) {
  EXPECT_EQ(import_soundly(file("older")), (Counts{.total = 4, .created = 4}));
  const catalog::Product shirt = product("linen-overshirt");
  EXPECT_EQ(shirt.title, "Linen overshirt");
  EXPECT_EQ(shirt.status, catalog::ProductStatus::published);
  EXPECT_NE(shirt.description.find("<li>Two pockets</li>"), std::string::npos);
  ASSERT_EQ(shirt.options.size(), 2U);
  EXPECT_EQ(shirt.options[0].values, (std::vector<std::string>{"Chalk", "Ink"}));
  ASSERT_EQ(shirt.variants.size(), 4U);
  ASSERT_EQ(shirt.images.size(), 6U);
  EXPECT_EQ(shirt.variants[3].option_values, (std::vector<std::string>{"Ink", "M"}));
  EXPECT_EQ(shirt.variants[3].image_id, shirt.images[2].id);
  EXPECT_EQ(shirt.variants[3].prices.at(0).compare_at, 11'000);
  EXPECT_TRUE(shirt.variants[0].backorder);
  EXPECT_FALSE(shirt.variants[1].backorder);
  EXPECT_NE(shirt.attributes.find(R"("Shelf mark":"A, 3rd shelf")"), std::string::npos)
      << "columns nobody knows are kept: " << shirt.attributes;
  EXPECT_EQ(on_hand("linen-overshirt", 2), 12);
  EXPECT_EQ(on_hand("wool-beanie"), 25);
  EXPECT_EQ(on_hand("felt-slippers"), 0) << "oversold elsewhere is no stock here";
  EXPECT_EQ(product("felt-slippers").status, catalog::ProductStatus::archived);
  EXPECT_FALSE(product("gift-card").variants.at(1).requires_shipping);
  world.check_books();
}

TEST_F(ImportProducts, ReadsAFileOfTheNewerHeaders) {
  EXPECT_EQ(import_soundly(file("newer")), (Counts{.total = 3, .created = 3}));
  const catalog::Product jacket = product("trail-jacket");
  ASSERT_EQ(jacket.options.size(), 3U);
  ASSERT_EQ(jacket.variants.size(), 4U);
  EXPECT_EQ(jacket.variants[2].option_values, (std::vector<std::string>{"Moss", "M", "Long"}));
  EXPECT_EQ(jacket.variants[2].prices.at(0).amount, 18'900);
  EXPECT_FALSE(jacket.variants[2].prices.at(0).compare_at) << "0 is no price to compare with";
  EXPECT_TRUE(jacket.variants[2].backorder);
  EXPECT_EQ(jacket.variants[2].grams, 612);
  ASSERT_EQ(jacket.images.size(), 3U) << "two stand behind another product";
  EXPECT_EQ(jacket.images[0].alt, "Moss, \"Regular\" fit");
  EXPECT_EQ(jacket.variants[3].image_id, jacket.images[1].id);
  EXPECT_EQ(on_hand("trail-jacket", 1), 3);
  EXPECT_TRUE(product("merino-socks").options.empty());
  EXPECT_EQ(product("storm-mitts").status, catalog::ProductStatus::draft);
  world.check_books();
}

TEST_F(ImportProducts, TheSameFileAgainChangesNothing) {
  for (const std::string name : {"older", "newer"}) {
    const Counts first = import_soundly(file(name));
    const std::string before = everything();
    EXPECT_EQ(import_soundly(file(name)), (Counts{.total = first.total, .unchanged = first.total}));
    EXPECT_EQ(everything(), before) << name;
  }
}

TEST_F(ImportProducts, WhatIsExportedImportsUnchanged) {
  for (const std::string name : {"older", "newer"}) {
    import_soundly(file(name));
  }
  run_ready(world.catalog.create(world.shop_a, test::teapot()));
  const std::string before = everything();
  for (const CsvFormat format : {CsvFormat::older, CsvFormat::newer}) {
    EXPECT_EQ(import_soundly(exported(format)), (Counts{.total = 8, .unchanged = 8}));
    EXPECT_EQ(everything(), before);
  }
}

// Whatever else the two shops have: the same file comes out of both.
TEST_F(ImportProducts, WhatIsExportedMakesTheSameShop) {
  for (const CsvFormat format : {CsvFormat::older, CsvFormat::newer}) {
    for (const std::string name : {"older", "newer"}) {
      import_soundly(file(name));
    }
    const std::string text = exported(format);
    const Counts counts = import_soundly(text, "shop_b");
    EXPECT_EQ(counts.total, 7);
    EXPECT_EQ(counts.failed + counts.updated, 0);
    EXPECT_EQ(sorted_lines(exported(format, "shop_b")), sorted_lines(text));
  }
}

// ---- What is wrong ----

TEST_F(ImportProducts, AProductIsAppliedWholeOrNotAtAll) {
  const std::string csv = std::string(columns) +
                          "mug,A mug,Colour,Blue,shopify,5,12.50,https://x.test/m.jpg\n"
                          "mug,,,Red,shopify,5,cheap,\n"
                          "jug,\"A jug,\n"
                          "with a line end\",Colour,Blue,shopify,5,20,\n"
                          "bowl,A bowl,Colour,Blue,shopify,5,9,ftp://x.test/b.jpg\n"
                          "bowl,,,Red,shopify,5,9,\n"
                          "mug,,,Grey,shopify,many,12.50,\n"
                          ",,,,,,7,\n";
  const ImportState state = import(csv);
  EXPECT_EQ(counts_of(state), (Counts{.total = 3, .created = 1, .failed = 2}));
  EXPECT_EQ(count("SELECT COUNT(*) FROM products"), 1);
  EXPECT_EQ(count("SELECT COUNT(*) FROM variants"), 1);
  EXPECT_EQ(count("SELECT COUNT(*) FROM images"), 0);
  EXPECT_EQ(count("SELECT COUNT(*) FROM inventory_items"), 1);
  EXPECT_EQ(on_hand("jug"), 5);
  std::vector<std::string> problems;
  for (const json::value& problem : state.problems) {
    const json::object& one = problem.as_object();
    problems.push_back(fmt::format("{} {} {}", get_int(one, "line"), get_string(one, "handle"),
                                   get_string(one, "column")));
  }
  // What the file itself says by its lines, then what the catalog refused, at its first line.
  EXPECT_EQ(problems,
            (std::vector<std::string>{"3 mug Variant Price", "8 mug Variant Inventory Qty",
                                      "9  Handle", "6 bowl "}));
  const std::string mended = std::string(columns) +
                             "mug,A mug,Colour,Blue,shopify,5,12.50,https://x.test/m.jpg\n"
                             "mug,,,Red,shopify,5,12.50,\n";
  EXPECT_EQ(import_soundly(mended), (Counts{.total = 1, .created = 1}));
}

TEST_F(ImportProducts, WhatIsNoProductFileFails) {
  const std::string id = ask_for("Handle,Title\nmug,\"never closed\n");
  EXPECT_TRUE(step(imports));
  const ImportState state = found(id);
  EXPECT_EQ(state.status, "failed");
  EXPECT_EQ(state.problems.size(), 1U);
  EXPECT_FALSE(step(imports)) << "it is not tried for ever";
}

TEST_F(ImportProducts, ADryRunLeavesNoRows) {
  const std::string before = everything();
  const ImportState state = import(file("older"), true);
  EXPECT_EQ(counts_of(state), (Counts{.total = 4, .created = 4})) << "what would happen";
  EXPECT_EQ(everything(), before);
  EXPECT_EQ(import_soundly(file("older")).created, 4);
  const std::string stocked = everything();
  EXPECT_EQ(counts_of(import(file("older"), true)), (Counts{.total = 4, .unchanged = 4}));
  EXPECT_EQ(everything(), stocked);
}

TEST_F(ImportProducts, StockInAFileOpensNewVariantsOnly) {
  const auto mugs = [](std::string_view blue, std::string_view more) {
    return fmt::format("{}mug,A mug,Colour,Blue,shopify,{},12.50,\n{}", columns, blue, more);
  };
  import_soundly(mugs("5", ""));
  EXPECT_EQ(on_hand("mug"), 5);
  world.receive(*product("mug").variants.at(0).inventory_item_id, 2);
  EXPECT_EQ(import_soundly(mugs("90", "")).unchanged, 1);
  EXPECT_EQ(on_hand("mug"), 7) << "a file is older than what happened since";
  EXPECT_EQ(import_soundly(mugs("90", "mug,,,Red,shopify,4,12.50,\n")).updated, 1);
  EXPECT_EQ(on_hand("mug"), 7);
  EXPECT_EQ(on_hand("mug", 1), 4);
  world.check_books();
}

// ---- Interruptions ----

class InterruptedImport : public ImportProducts {
 protected:
  InterruptedImport() {
    import_soundly(std::string(columns) + "old,Old,Title,Default Title,shopify,1,1,\n");
  }
  // A file with a product of every fate: one is there already, two are new, one cannot be read, one
  // is refused.
  void ask_for_all_fates(const std::string& name) {
    first = name + "-first";
    last = name + "-last";
    id = ask_for(std::string(columns) + "old,Old,Title,Default Title,shopify,1,1,\n" + first +
                 ",First,Title,Default Title,shopify,2,2,\n"
                 "wrong,Wrong,Title,Default Title,shopify,3,cheap,\n"
                 "refused,Refused,Title,Default Title,shopify,4,4,ftp://x.test/r.jpg\n" +
                 last + ",Last,Title,Default Title,shopify,5,5,\n");
  }
  void expect_as_if_nothing_had_happened() {
    while (step(imports)) {
    }
    const ImportState state = found(id);
    EXPECT_EQ(state.status, "finished");
    EXPECT_EQ(counts_of(state), (Counts{.total = 5, .created = 2, .unchanged = 1, .failed = 2}));
    EXPECT_EQ(state.problems.size(), 2U) << to_string(json::value(state.problems));
    EXPECT_EQ(on_hand(first), 2);
    EXPECT_EQ(on_hand(last), 5);
    world.check_books();
  }
  Deps on(storage::Database& database) const {
    return {.database = database, .clock = world.clock, .ids = world.ids};
  }

  static constexpr int commits = 7;  // it begins, five products, it ends
  std::string id;
  std::string first;
  std::string last;
};

TEST_F(InterruptedImport, GoesOnWhereItStopped) {
  ask_for_all_fates("a");
  test::FlakyDatabase flaky(world.database, world.random);
  const Deps deps = on(flaky);
  ProductImports dying(deps, world.catalog, runtime);
  // Dies before the first commit, then behind each in turn.
  for (int commit = 0; commit < commits; ++commit) {
    flaky.most_commits = commit;
    EXPECT_THROW(step(dying), Unavailable) << commit;
    const ImportState state = found(id);
    EXPECT_EQ(state.products_done, std::max(0, commit - 1));
    EXPECT_EQ(state.created + state.updated + state.unchanged + state.failed, state.products_done);
  }
  expect_as_if_nothing_had_happened();
}

TEST_F(InterruptedImport, LostAnswersAreCountedOnce) {
  ask_for_all_fates("a");
  test::FlakyDatabase flaky(world.database, world.random);
  flaky.lose_answer = 1;
  const Deps deps = on(flaky);
  ProductImports dying(deps, world.catalog, runtime);
  for (int commit = 0; commit < commits; ++commit) {
    EXPECT_THROW(step(dying), Unavailable) << commit;
  }
  EXPECT_FALSE(step(dying));
  expect_as_if_nothing_had_happened();
}

// Two processes of the role take the same file, and one overtakes the other.
TEST_F(InterruptedImport, TwoProcessesCountAProductOnce) {
  for (int at = 0; at < commits; ++at) {
    SCOPED_TRACE(at);
    ask_for_all_fates(fmt::format("overtaken-{}", at));
    OvertakenDatabase overtaken(world.database, imports, at);
    const Deps deps = on(overtaken);
    ProductImports slower(deps, world.catalog, runtime);
    EXPECT_TRUE(step(slower));
    expect_as_if_nothing_had_happened();
  }
}

}  // namespace
}  // namespace securecart::shop::flows
