#include "shop/flows/cart_snapshot.hpp"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <utility>

#include <boost/json/parse.hpp>

#include "shop/carts/promotion_store.hpp"

namespace securecart::shop::flows {
namespace {

using storage::Query;
using storage::Row;
using storage::Rows;

constexpr std::string_view cart_sql =
    "SELECT c.token_hash, c.customer_id, c.currency, c.email, c.shipping_address, "
    "c.billing_address, c.shipping_country, c.shipping_province, c.shipping_method_id, c.status, "
    "c.version, c.updated_at, o.id, s.terms_version FROM carts c "
    "JOIN shops s ON s.id = c.shop_id "
    "LEFT JOIN orders o ON o.shop_id = c.shop_id AND o.cart_id = c.id "
    "WHERE c.shop_id = $1 AND c.id = $2";
constexpr std::string_view lines_sql =
    "SELECT l.id, l.variant_id, l.quantity, v.product_id, p.handle, p.title, v.title, v.sku, "
    "p.status, vp.amount, v.grams, v.requires_shipping, v.taxable, v.track_stock, v.backorder, "
    "v.inventory_item_id, v.units, p.tax_class_id, i.src, i.alt, l.position "
    "FROM cart_lines l "
    "JOIN carts c ON c.shop_id = l.shop_id AND c.id = l.cart_id "
    "JOIN variants v ON v.shop_id = l.shop_id AND v.id = l.variant_id "
    "JOIN products p ON p.shop_id = v.shop_id AND p.id = v.product_id "
    "LEFT JOIN variant_prices vp ON vp.shop_id = v.shop_id AND vp.variant_id = v.id "
    "AND vp.currency = c.currency "
    "LEFT JOIN images i ON i.shop_id = v.shop_id AND i.id = COALESCE(v.image_id, "
    "(SELECT f.id FROM images f WHERE f.shop_id = v.shop_id AND f.product_id = v.product_id "
    "ORDER BY f.position LIMIT 1)) "
    "WHERE l.shop_id = $1 AND l.cart_id = $2";
constexpr std::string_view stands_sql =
    "SELECT a.item_id, a.location_id, a.granted, a.reserved, a.sold, s.priority "
    "FROM cart_lines l JOIN variants v ON v.shop_id = l.shop_id AND v.id = l.variant_id "
    "JOIN allotments a ON a.shop_id = v.shop_id AND a.item_id = v.inventory_item_id "
    "JOIN locations s ON s.shop_id = a.shop_id AND s.id = a.location_id "
    "WHERE l.shop_id = $1 AND l.cart_id = $2 AND a.region = $3";
constexpr std::string_view collections_sql =
    "SELECT l.id, cp.collection_id FROM cart_lines l "
    "JOIN variants v ON v.shop_id = l.shop_id AND v.id = l.variant_id "
    "JOIN collection_products cp ON cp.shop_id = v.shop_id AND cp.product_id = v.product_id "
    "WHERE l.shop_id = $1 AND l.cart_id = $2";
// Documents in our own rows were validated when they were written.
json::value stored_json(const std::optional<std::string>& text) {
  return text ? json::parse(*text) : json::value(nullptr);
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

// The rows of a cart are few and sorted here: a sorter or a set of its own costs the database more
// than finding the rows.
std::vector<std::size_t> in_order(const Rows& rows, std::size_t first, std::size_t second) {
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t index) {
    const Row row = rows[index];
    return std::pair<std::int64_t, std::string_view>(row.integer(first), row.text(second));
  });
  return order;
}

// By position, then id.
void read_lines(CartSnapshot& cart, const Rows& rows) {
  for (const std::size_t index : in_order(rows, 20, 0)) {
    cart.lines.push_back(read_line(rows[index]));
  }
}

// By their location's priority, then its id. Two lines may share an item: it stands once.
void read_stands(CartSnapshot& cart, const Rows& rows) {
  for (const std::size_t index : in_order(rows, 5, 1)) {
    const Row row = rows[index];
    inventory::Stand stand{row.text(0), row.text(1), row.integer(2), row.integer(3),
                           row.integer(4)};
    const bool known = std::ranges::any_of(cart.stands, [&stand](const inventory::Stand& other) {
      return other.item_id == stand.item_id && other.location_id == stand.location_id;
    });
    if (!known) {
      cart.stands.push_back(std::move(stand));
    }
  }
}

void read_collections(CartSnapshot& cart, const Rows& rows) {
  for (const Row row : rows) {
    const auto line = std::ranges::find(cart.lines, row.text(0), &SnapshotLine::id);
    if (line != cart.lines.end()) {
      line->collection_ids.push_back(row.text(1));
    }
  }
}

// The kept terms when they are of this version, else those of the database.
Task<std::shared_ptr<const SaleTerms>> terms_of(const Deps& deps, std::string shop_id,
                                                std::int64_t version) {
  std::shared_ptr<const SaleTerms> terms = deps.terms->find(shop_id);
  if (terms != nullptr && terms->version == version) {
    co_return terms;
  }
  const std::uint64_t generation = deps.terms->generation();
  terms = co_await read_terms(deps.database, shop_id);
  if (terms != nullptr) {
    deps.terms->put(shop_id, terms, generation);
  }
  co_return terms;
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
  return terms->tax_rate(tax_class_id, shipping_country, shipping_province);
}

std::vector<const ShippingMethod*> CartSnapshot::methods() const {
  std::vector<const ShippingMethod*> found;
  if (shipping_country.empty()) {
    return found;
  }
  const std::string_view zone = terms->zone_for(shipping_country);
  for (const ShippingMethod& method : terms->methods) {
    if (method.zone_id == zone) {
      found.push_back(&method);
    }
  }
  return found;
}

std::optional<std::int64_t> CartSnapshot::method_price(const ShippingMethod& method) const {
  return carts::shipping_price(method.bands, grams(), currency);
}

const ShippingMethod* CartSnapshot::chosen_method() const {
  const auto method = std::ranges::find(terms->methods, shipping_method_id, &ShippingMethod::id);
  const bool fits = method != terms->methods.end() && !shipping_country.empty() &&
                    method->zone_id == terms->zone_for(shipping_country) && method_price(*method);
  return fits ? &*method : nullptr;
}

std::int64_t CartSnapshot::shipping_price() const {
  const ShippingMethod* method = requires_shipping() ? chosen_method() : nullptr;
  return method != nullptr ? *method_price(*method) : 0;
}

carts::Discounts CartSnapshot::discounts() const {
  carts::DiscountableCart cart{
      .currency = currency, .lines = {}, .shipping = shipping_price(), .at = read_at};
  for (const SnapshotLine& line : lines) {
    cart.lines.push_back({line.product_id, line.collection_ids,
                          line.buyable() ? *line.unit_price : 0, line.quantity});
  }
  return carts::discount(promotions, cart);
}

carts::Totals CartSnapshot::totals() const {
  const carts::Discounts off = discounts();
  std::vector<carts::PricedLine> priced;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const SnapshotLine& line = lines[i];
    priced.push_back({line.buyable() ? *line.unit_price : 0, line.quantity,
                      line.taxable ? tax_rate(line.tax_class_id) : std::nullopt, off.lines[i]});
  }
  const ShippingMethod* method = requires_shipping() ? chosen_method() : nullptr;
  return carts::price(priced, shipping_price(),
                      method != nullptr ? tax_rate(method->tax_class_id) : std::nullopt,
                      terms->tax_included(shipping_country), off.shipping);
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

Task<std::shared_ptr<const SaleTerms>> current_terms(const Deps& deps, std::string shop_id) {
  storage::Query query{"SELECT terms_version FROM shops WHERE id = $1", {shop_id}};
  const Rows rows = co_await deps.database.read(std::move(query));
  if (rows.empty()) {
    co_return nullptr;
  }
  co_return co_await terms_of(deps, std::move(shop_id), rows[0].integer(0));
}

Task<std::optional<CartSnapshot>> read_cart(const Deps& deps, std::string shop_id,
                                            std::string cart_id) {
  std::vector<Query> queries;
  queries.push_back({cart_sql, {shop_id, cart_id}});
  queries.push_back({lines_sql, {shop_id, cart_id}});
  queries.push_back({stands_sql, {shop_id, cart_id, deps.region}});
  queries.push_back({collections_sql, {shop_id, cart_id}});
  queries.push_back({carts::cart_promotions_sql, {shop_id, cart_id}});
  const std::vector<Rows> rows = co_await deps.database.read_all(std::move(queries));
  if (rows[0].empty()) {
    co_return std::nullopt;
  }
  CartSnapshot cart;
  cart.shop_id = std::move(shop_id);
  cart.id = std::move(cart_id);
  read_cart_row(cart, rows[0][0]);
  read_lines(cart, rows[1]);
  read_stands(cart, rows[2]);
  read_collections(cart, rows[3]);
  carts::CartPromotions found = carts::promotions_of(rows[4]);
  cart.codes = std::move(found.codes);
  cart.promotions = std::move(found.promotions);
  cart.read_at = deps.clock.now();
  cart.terms = co_await terms_of(deps, cart.shop_id, rows[0][0].integer(13));
  if (cart.terms == nullptr) {
    co_return std::nullopt;
  }
  co_return cart;
}

}  // namespace securecart::shop::flows
