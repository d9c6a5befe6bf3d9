// What the catalog's tests stand on: a real database of its own on either engine, with two shops.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/prng.hpp"
#include "observe/metrics.hpp"
#include "shop/catalog/collections.hpp"
#include "shop/catalog/postgres_search.hpp"
#include "shop/catalog/service.hpp"
#include "shop/catalog/sqlite_search.hpp"
#include "storage/postgres/postgres_database.hpp"
#include "storage/sqlite/sqlite_database.hpp"
#include "tests/support/engines.hpp"
#include "tests/support/seed.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::test {

using namespace securecart::shop::catalog;  // NOLINT(google-build-using-namespace)

struct CatalogFixture {
  explicit CatalogFixture(Engine engine = Engine::sqlite) : home(engine) {
    for (const std::string& shop : {shop_a, shop_b}) {
      storage::Batch batch;
      batch.add(
          "INSERT INTO shops (id, name, default_currency, currencies, countries, created_at) "
          "VALUES ($1, 'Shop', 'EUR', '[\"EUR\",\"USD\"]', '[\"NL\"]', 0)",
          {shop});
      batch.add("INSERT INTO tax_classes (shop_id, id, name) VALUES ($1, $2, 'Standard')",
                {shop, "tax_" + shop});
      batch.add("INSERT INTO locations (shop_id, id, name) VALUES ($1, 'loc_1', 'Warehouse')",
                {shop});
      run_ready(database.commit(std::move(batch)));
    }
  }

  // Puts `granted` units of an item on sale, of which `sold` are gone.
  void stock(const std::string& shop, const std::string& item, std::int64_t granted,
             std::int64_t sold = 0) {
    storage::Batch batch;
    batch.add(
        "INSERT INTO stock_levels (shop_id, item_id, location_id, on_hand) VALUES ($1, $2, "
        "'loc_1', $3) ON CONFLICT (shop_id, item_id, location_id) DO UPDATE SET on_hand = "
        "excluded.on_hand",
        {shop, item, granted - sold});
    batch.add(
        "INSERT INTO allotments (shop_id, item_id, location_id, region, granted, sold) VALUES "
        "($1, $2, 'loc_1', 'local', $3, $4) ON CONFLICT (shop_id, item_id, location_id, region) "
        "DO UPDATE SET granted = excluded.granted, sold = excluded.sold",
        {shop, item, granted, sold});
    batch.event("stock.changed", shop, item, "{}");
    run_ready(database.commit(std::move(batch)));
  }

  std::int64_t count(std::string_view sql, storage::Values parameters) {
    return run_ready(database.read({sql, std::move(parameters)}))[0].integer(0);
  }

  std::int64_t tail() { return count("SELECT coalesce(max(position), 0) FROM event_log", {}); }

  std::unique_ptr<storage::Database> open() {
    if (!home.url().empty()) {
      storage::PostgresOptions options;
      options.url = home.url();
      return std::make_unique<storage::PostgresDatabase>(options, real_clock, metrics);
    }
    storage::SqliteOptions options;
    options.path = folder.path() / "shop.db";
    options.inline_execution = true;
    return std::make_unique<storage::SqliteDatabase>(options, clock, metrics);
  }

  std::unique_ptr<ProductSearch> search_here() {
    if (home.url().empty()) {
      return std::make_unique<SqliteSearch>(database);
    }
    return std::make_unique<PostgresSearch>(database);
  }

  TempDir folder;
  ManualClock clock;
  Prng random{seed()};
  Ids ids{clock, random};
  observe::Metrics metrics;
  SystemClock real_clock;  // of connections
  EngineHome home;
  std::unique_ptr<storage::Database> opened{open()};
  storage::Database& database{*opened};
  std::unique_ptr<ProductSearch> search{search_here()};
  Catalog catalog{database, *search, clock, ids};
  Collections collections{database, ids};
  const std::string shop_a = "shop_a";
  const std::string shop_b = "shop_b";
};

inline VariantInput variant_input(std::vector<std::string> values, std::int64_t amount,
                                  std::string sku = "") {
  VariantInput variant;
  variant.option_values = std::move(values);
  variant.sku = std::move(sku);
  variant.prices = {{"EUR", amount, std::nullopt}};
  return variant;
}

// A published product with one variant that costs `amount` euro cents.
inline ProductInput simple_product(std::string title, std::int64_t amount = 1'000) {
  ProductInput input;
  input.title = std::move(title);
  input.status = ProductStatus::published;
  input.variants = {variant_input({}, amount)};
  return input;
}

// Teapot in two colours, with images.
inline ProductInput teapot() {
  ProductInput input = simple_product("Marsh Teapot");
  input.description = "<p>A round-bellied <b>stoneware</b> pot.<script>x</script></p>";
  input.vendor = "Tern Pottery";
  input.type = "Teapot";
  input.tags = {"stoneware", "handmade", "stoneware", " tea "};
  input.options = {{"Colour", {"Oat", "Moss"}}};
  input.images = {{std::nullopt, "/images/oat.svg", "In oat"}};
  input.variants = {variant_input({"Oat"}, 5'800, "TEA-POT-OAT"),
                    variant_input({"Moss"}, 6'200, "TEA-POT-MOS")};
  input.variants[0].image_src = "/images/oat.svg";
  input.variants[1].image_src = "/images/moss.svg";
  input.variants[1].prices.push_back({"USD", 7'000, 8'000});
  return input;
}

}  // namespace securecart::test
