// Puts products, carts and orders by the hundred thousand into the data folder of a shop that is
// closed: straight into SQLite, in a few statements that count for themselves.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "storage/sqlite/connection.hpp"

namespace securecart::bench {

// What every prepared cart is opened with.
inline constexpr std::string_view cart_token = "bench_cart_token";

class ShopRows {
 public:
  // `folder` has a shop in it and no program works on it.
  ShopRows(const std::filesystem::path& folder, std::string shop_id)
      : connection_(folder / "securecart.db", storage::sqlite::Connection::Mode::read_write,
                    clock_),
        shop_(std::move(shop_id)) {
    connection_.execute("PRAGMA synchronous=OFF; PRAGMA cache_size=-131072");
  }

  // Products "bench-FIRST" to before `end`: one variant with price, stock and search document.
  void add_products(std::int64_t first, std::int64_t end) {
    connection_.execute("BEGIN IMMEDIATE");
    for (const std::string_view sql : product_sql) {
      run(sql, first, end);
    }
    connection_.execute("COMMIT; ANALYZE");
  }

  // Carts of two lines of the first `products` products, ready to be completed.
  void add_carts(std::int64_t first, std::int64_t end, std::int64_t products) {
    connection_.execute("BEGIN IMMEDIATE");
    run(cart_sql, first, end, sha256_hex(cart_token));
    run(cart_line_sql, first, end, products, std::int64_t{7919}, std::int64_t{1});
    run(cart_line_sql, first, end, products, std::int64_t{7919}, std::int64_t{2});
    connection_.execute("COMMIT");
  }

  // Orders of one line, paid, placed a second apart.
  void add_orders(std::int64_t first, std::int64_t end) {
    connection_.execute("BEGIN IMMEDIATE");
    for (const std::string_view sql : order_sql) {
      run(sql, first, end);
    }
    connection_.execute("COMMIT; ANALYZE");
  }

 private:
  template <class... More>
  void run(std::string_view sql, std::int64_t first, std::int64_t end, More... more) {
    const auto change = connection_.change(sql, {storage::Value(shop_), storage::Value(first),
                                                 storage::Value(end), storage::Value(more)...});
    if (!change.message.empty()) {
      throw std::runtime_error("cannot prepare rows: " + change.message);
    }
  }

#define NUMBERS \
  "WITH RECURSIVE n (i) AS (VALUES ($2) UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $3) "
  static constexpr std::string_view product_sql[] = {
      NUMBERS
      "INSERT INTO products (shop_id, id, handle, title, title_key, description, vendor, type, "
      "options, status, created_at, updated_at) SELECT $1, printf('prod_%026d', i), 'bench-' || i, "
      "'Bench lamp ' || i, 'bench lamp ' || i, '<p>' || printf('%0400d', i) || '</p>', 'Bench', "
      "'Lamp', '[{\"name\":\"Size\",\"values\":[\"One\"]}]', 'published', i + 1600000000000, "
      "i + 1600000000000 FROM n",
      NUMBERS
      "INSERT INTO inventory_items (shop_id, id, sku, created_at) "
      "SELECT $1, printf('item_%026d', i), 'B-' || i, 0 FROM n",
      NUMBERS
      "INSERT INTO variants (shop_id, id, product_id, position, title, option_values, sku, grams, "
      "inventory_item_id) SELECT $1, printf('var_%026d', i), printf('prod_%026d', i), 1, 'One', "
      "'[\"One\"]', 'B-' || i, 100, printf('item_%026d', i) FROM n",
      NUMBERS
      "INSERT INTO variant_prices (shop_id, variant_id, currency, amount) SELECT $1, "
      "printf('var_%026d', i), s.default_currency, 1000 + i % 900 FROM n JOIN shops s ON s.id = $1",
      NUMBERS
      "INSERT INTO product_prices (shop_id, product_id, currency, lowest) SELECT $1, "
      "printf('prod_%026d', i), s.default_currency, 1000 + i % 900 FROM n JOIN shops s ON s.id = "
      "$1",
      NUMBERS
      "INSERT INTO stock_levels (shop_id, item_id, location_id, on_hand) SELECT $1, "
      "printf('item_%026d', i), (SELECT id FROM locations WHERE shop_id = $1 ORDER BY priority, id "
      "LIMIT 1), 1000000000 FROM n",
      NUMBERS
      "INSERT INTO allotments (shop_id, item_id, location_id, region, granted) SELECT $1, "
      "printf('item_%026d', i), (SELECT id FROM locations WHERE shop_id = $1 ORDER BY priority, id "
      "LIMIT 1), 'local', 1000000000 FROM n",
      // Five words of a vocabulary of a thousand: a word is in half a percent of the products.
      NUMBERS
      "INSERT INTO search_documents (row, shop_id, product_id, title, type, vendor, tags, options, "
      "description, skus) SELECT (SELECT MAX(row) FROM search_documents WHERE shop_id = $1) + 1 + "
      "i - $2, $1, printf('prod_%026d', i), 'Bench lamp', 'Lamp', 'Bench', '', 'One', "
      "'word' || (i % 1000) || ' word' || (i * 7 % 1000) || ' word' || (i * 31 % 1000) || ' word' "
      "|| (i * 131 % 1000) || ' word' || (i * 577 % 1000), 'B-' || i FROM n"};

  static constexpr std::string_view cart_sql = NUMBERS
      "INSERT INTO carts (shop_id, id, token_hash, currency, email, shipping_address, "
      "shipping_country, shipping_method_id, created_at, updated_at) SELECT $1, "
      "printf('cart_%026d', i), $4, s.default_currency, 'shopper-' || i || '@bench.example', "
      "json_object('name', 'Bench Shopper', 'line1', 'Street 1', 'city', 'Town', 'postal_code', "
      "'10001', 'country', s.home_country), s.home_country, "
      "(SELECT m.id FROM shipping_methods m JOIN shipping_zones z ON z.shop_id = m.shop_id AND "
      "z.id = m.zone_id WHERE m.shop_id = $1 AND instr(z.countries, s.home_country) > 0 ORDER BY "
      "m.position LIMIT 1), unixepoch() * 1000, unixepoch() * 1000 FROM n JOIN shops s ON s.id = "
      "$1";
  static constexpr std::string_view cart_line_sql = NUMBERS
      "INSERT INTO cart_lines (shop_id, cart_id, id, position, variant_id, quantity) SELECT $1, "
      "printf('cart_%026d', i), printf('line_%026d', i * 2 + $6), $6, "
      "printf('var_%026d', (i * $5 + $6) % $4), 1 FROM n";

  static constexpr std::string_view order_sql[] = {
      NUMBERS
      "INSERT INTO orders (shop_id, id, number, cart_id, token_hash, email, currency, status, "
      "payment_status, fulfilment_status, prices_include_tax, subtotal, shipping_total, tax_total, "
      "total, captured_total, tax_lines, receipt, home_region, placed_at, updated_at) SELECT $1, "
      "printf('ord_%026d', i), printf('B%09d', i), printf('cart_9%025d', i), '', 'shopper-' || "
      "(i % 5000) || '@bench.example', s.default_currency, 'placed', 'paid', 'unfulfilled', 1, "
      "1000, "
      "0, 0, 1000, 1000, '[]', '{}', 'local', 1600000000000 + i * 1000, 1600000000000 + i * 1000 "
      "FROM n JOIN shops s ON s.id = $1",
      NUMBERS
      "INSERT INTO order_lines (shop_id, order_id, id, position, product_id, variant_id, title, "
      "variant_title, sku, quantity, unit_price, total, tax, requires_shipping) SELECT $1, "
      "printf('ord_%026d', i), printf('line_%026d', i), 1, printf('prod_%026d', i % 1000), "
      "printf('var_%026d', i % 1000), 'Bench lamp', 'One', 'B', 1, 1000, 1000, 0, 1 FROM n"};
#undef NUMBERS

  SystemClock clock_;
  storage::sqlite::Connection connection_;
  const std::string shop_;
};

}  // namespace securecart::bench
