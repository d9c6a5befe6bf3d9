#include "shop/flows/cart_snapshot.hpp"

#include <algorithm>

#include <boost/json/parse.hpp>

namespace securecart::shop::flows {
namespace {

using storage::Query;
using storage::Row;
using storage::Rows;

constexpr std::string_view shop_sql =
    "SELECT prices_include_tax, default_tax_class_id, currencies, countries FROM shops "
    "WHERE id = $1";
constexpr std::string_view cart_sql =
    "SELECT c.token_hash, c.customer_id, c.currency, c.email, c.shipping_address, "
    "c.billing_address, c.shipping_country, c.shipping_province, c.shipping_method_id, c.status, "
    "c.version, c.updated_at, o.id FROM carts c "
    "LEFT JOIN orders o ON o.shop_id = c.shop_id AND o.cart_id = c.id "
    "WHERE c.shop_id = $1 AND c.id = $2";
constexpr std::string_view lines_sql =
    "SELECT l.id, l.variant_id, l.quantity, v.product_id, p.handle, p.title, v.title, v.sku, "
    "p.status, vp.amount, v.grams, v.requires_shipping, v.taxable, v.track_stock, v.backorder, "
    "v.inventory_item_id, v.units, p.tax_class_id, i.src, i.alt "
    "FROM cart_lines l "
    "JOIN carts c ON c.shop_id = l.shop_id AND c.id = l.cart_id "
    "JOIN variants v ON v.shop_id = l.shop_id AND v.id = l.variant_id "
    "JOIN products p ON p.shop_id = v.shop_id AND p.id = v.product_id "
    "LEFT JOIN variant_prices vp ON vp.shop_id = v.shop_id AND vp.variant_id = v.id "
    "AND vp.currency = c.currency "
    "LEFT JOIN images i ON i.shop_id = v.shop_id AND i.id = COALESCE(v.image_id, "
    "(SELECT f.id FROM images f WHERE f.shop_id = v.shop_id AND f.product_id = v.product_id "
    "ORDER BY f.position LIMIT 1)) "
    "WHERE l.shop_id = $1 AND l.cart_id = $2 ORDER BY l.position, l.id";
constexpr std::string_view stands_sql =
    "SELECT a.item_id, a.location_id, a.granted, a.reserved, a.sold FROM allotments a "
    "JOIN locations s ON s.shop_id = a.shop_id AND s.id = a.location_id "
    "WHERE a.shop_id = $1 AND a.region = $3 AND a.item_id IN "
    "(SELECT v.inventory_item_id FROM cart_lines l JOIN variants v ON v.shop_id = l.shop_id AND "
    "v.id = l.variant_id WHERE l.shop_id = $1 AND l.cart_id = $2) "
    "ORDER BY s.priority, s.id";
constexpr std::string_view fallback_sql =
    "SELECT id FROM locations WHERE shop_id = $1 ORDER BY priority, id LIMIT 1";
constexpr std::string_view rates_sql =
    "SELECT r.tax_class_id, r.province, r.name, r.basis_points FROM tax_rates r "
    "JOIN shops s ON s.id = r.shop_id "
    "JOIN carts c ON c.shop_id = r.shop_id AND c.id = $2 "
    "WHERE r.shop_id = $1 AND r.country = "
    "CASE WHEN c.shipping_country = '' THEN s.home_country ELSE c.shipping_country END "
    "AND (r.province = '' OR r.province = c.shipping_province)";
constexpr std::string_view zones_sql =
    "SELECT id, countries FROM shipping_zones WHERE shop_id = $1";
constexpr std::string_view methods_sql =
    "SELECT id, zone_id, name, description, tax_class_id, bands FROM shipping_methods "
    "WHERE shop_id = $1 ORDER BY position, id";

// Documents in our own rows were validated when they were written.
json::value stored_json(const std::optional<std::string>& text) {
  return text ? json::parse(*text) : json::value(nullptr);
}

std::vector<std::string> stored_list(const std::string& text) {
  std::vector<std::string> list;
  const json::value parsed = json::parse(text);
  for (const json::value& entry : parsed.as_array()) {
    list.emplace_back(entry.as_string());
  }
  return list;
}

void read_shop_row(CartSnapshot& cart, const Row& row) {
  cart.prices_include_tax = row.boolean(0);
  cart.default_tax_class_id = row.text_or_null(1).value_or("");
  cart.currencies = stored_list(row.text(2));
  cart.countries = stored_list(row.text(3));
}

void read_cart_row(CartSnapshot& cart, const Row& row) {
  cart.token_hash = row.text(0);
  cart.customer_id = row.text_or_null(1).value_or("");
  cart.currency = row.text(2);
  cart.email = row.text(3);
  cart.shipping_address = stored_json(row.text_or_null(4));
  cart.billing_address = stored_json(row.text_or_null(5));
  cart.shipping_country = row.text(6);
  cart.shipping_province = row.text(7);
  cart.shipping_method_id = row.text_or_null(8).value_or("");
  cart.status = row.text(9);
  cart.version = row.integer(10);
  cart.updated_at = from_millis(row.integer(11));
  cart.order_id = row.text_or_null(12).value_or("");
}

SnapshotLine read_line(const Row& row) {
  SnapshotLine line;
  line.id = row.text(0);
  line.variant_id = row.text(1);
  line.quantity = row.integer(2);
  line.product_id = row.text(3);
  line.handle = row.text(4);
  line.title = row.text(5);
  line.variant_title = row.text(6);
  line.sku = row.text(7);
  line.published = row.text(8) == "published";
  line.unit_price = row.integer_or_null(9);
  line.grams = row.integer(10);
  line.requires_shipping = row.boolean(11);
  line.taxable = row.boolean(12);
  line.track_stock = row.boolean(13);
  line.backorder = row.boolean(14);
  line.item_id = line.track_stock ? row.text_or_null(15).value_or("") : "";
  line.units = row.integer(16);
  line.tax_class_id = row.text_or_null(17).value_or("");
  line.image = row.text_or_null(18).value_or("");
  line.image_alt = row.text_or_null(19).value_or("");
  return line;
}

// The zone that names the country, else the one that takes every other ('*').
std::string zone_for(const Rows& zones, const std::string& country) {
  std::string rest;
  for (const Row row : zones) {
    for (const std::string& name : stored_list(row.text(1))) {
      if (name == country) {
        return row.text(0);
      }
      if (name == "*") {
        rest = row.text(0);
      }
    }
  }
  return rest;
}

void read_methods(CartSnapshot& cart, const Rows& zones, const Rows& methods) {
  if (cart.shipping_country.empty()) {
    return;
  }
  const std::string zone = zone_for(zones, cart.shipping_country);
  for (const Row row : methods) {
    if (row.text(1) == zone) {
      cart.methods.push_back({row.text(0), row.text(1), row.text(2), row.text(3),
                              row.text_or_null(4).value_or(""),
                              json::parse(row.text(5)).as_array()});
    }
  }
}

}  // namespace

bool CartSnapshot::requires_shipping() const {
  return std::ranges::any_of(lines, &SnapshotLine::requires_shipping);
}

std::int64_t CartSnapshot::grams() const {
  std::int64_t sum = 0;
  for (const SnapshotLine& line : lines) {
    sum += line.requires_shipping ? line.grams * line.quantity : 0;
  }
  return sum;
}

std::optional<carts::TaxRate> CartSnapshot::tax_rate(const std::string& tax_class_id) const {
  const std::string& wanted = tax_class_id.empty() ? default_tax_class_id : tax_class_id;
  const SnapshotRate* best = nullptr;
  for (const SnapshotRate& rate : rates) {
    // A province's own rate stands before the country's.
    if (rate.tax_class_id == wanted && (best == nullptr || !rate.province.empty())) {
      best = &rate;
    }
  }
  return best != nullptr ? std::optional(best->rate) : std::nullopt;
}

std::optional<std::int64_t> CartSnapshot::method_price(const SnapshotMethod& method) const {
  std::vector<carts::ShippingBand> bands;
  for (const json::value& entry : method.bands) {
    const json::object& band = entry.as_object();
    carts::ShippingBand parsed;
    if (has(band, "max_grams")) {
      parsed.max_grams = get_int(band, "max_grams");
    }
    const json::object& prices = get_object(band, "prices");
    if (has(prices, currency)) {
      parsed.price = get_int(prices, currency);
    }
    bands.push_back(parsed);
  }
  return carts::shipping_price(bands, grams());
}

const SnapshotMethod* CartSnapshot::chosen_method() const {
  const auto found = std::ranges::find(methods, shipping_method_id, &SnapshotMethod::id);
  return found != methods.end() && method_price(*found) ? &*found : nullptr;
}

carts::Totals CartSnapshot::totals() const {
  std::vector<carts::PricedLine> priced;
  for (const SnapshotLine& line : lines) {
    priced.push_back({line.buyable() ? *line.unit_price : 0, line.quantity,
                      line.taxable ? tax_rate(line.tax_class_id) : std::nullopt});
  }
  const SnapshotMethod* method = requires_shipping() ? chosen_method() : nullptr;
  const std::int64_t shipping = method != nullptr ? *method_price(*method) : 0;
  return carts::price(priced, shipping,
                      method != nullptr ? tax_rate(method->tax_class_id) : std::nullopt,
                      prices_include_tax);
}

std::vector<inventory::Need> CartSnapshot::needs() const {
  std::vector<inventory::Need> needs;
  for (const SnapshotLine& line : lines) {
    if (!line.item_id.empty()) {
      needs.push_back({line.id, line.item_id, line.quantity * line.units, line.backorder});
    }
  }
  return needs;
}

std::optional<std::int64_t> CartSnapshot::available(const SnapshotLine& line) const {
  if (line.item_id.empty() || line.backorder) {
    return std::nullopt;
  }
  std::int64_t units = 0;
  for (const inventory::Stand& stand : stands) {
    units += stand.item_id == line.item_id ? stand.available() : 0;
  }
  return units / line.units;
}

Task<std::optional<CartSnapshot>> read_cart(const Deps& deps, std::string shop_id,
                                            std::string cart_id) {
  std::vector<Query> queries;
  queries.push_back({shop_sql, {shop_id}});
  queries.push_back({cart_sql, {shop_id, cart_id}});
  queries.push_back({lines_sql, {shop_id, cart_id}});
  queries.push_back({stands_sql, {shop_id, cart_id, deps.region}});
  queries.push_back({fallback_sql, {shop_id}});
  queries.push_back({rates_sql, {shop_id, cart_id}});
  queries.push_back({zones_sql, {shop_id}});
  queries.push_back({methods_sql, {shop_id}});
  const std::vector<Rows> rows = co_await deps.database.read_all(std::move(queries));
  if (rows[0].empty() || rows[1].empty()) {
    co_return std::nullopt;
  }
  CartSnapshot cart;
  cart.shop_id = std::move(shop_id);
  cart.id = std::move(cart_id);
  read_shop_row(cart, rows[0][0]);
  read_cart_row(cart, rows[1][0]);
  for (const Row row : rows[2]) {
    cart.lines.push_back(read_line(row));
  }
  for (const Row row : rows[3]) {
    cart.stands.push_back(
        {row.text(0), row.text(1), row.integer(2), row.integer(3), row.integer(4)});
  }
  cart.fallback_location = rows[4].empty() ? "" : rows[4][0].text(0);
  for (const Row row : rows[5]) {
    cart.rates.push_back({row.text(0), row.text(1), {row.text(2), row.integer(3)}});
  }
  read_methods(cart, rows[6], rows[7]);
  co_return cart;
}

}  // namespace securecart::shop::flows
