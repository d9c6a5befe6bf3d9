#include "shop/catalog/load.hpp"

#include <cassert>
#include <map>

#include "base/json.hpp"
#include "base/text_list.hpp"

namespace securecart::shop::catalog {

namespace {

// Documents that we wrote ourselves.
json::value parsed(const std::string& text) {
  Result<json::value> value = parse_json(text);
  assert(value.has_value());
  return std::move(*value);
}

std::vector<Option> options_of(const std::string& text) {
  std::vector<Option> options;
  const json::value value = parsed(text);
  for (const json::value& option : value.as_array()) {
    options.push_back({std::string(get_string(option.as_object(), "name")),
                       text_list(get_array(option.as_object(), "values"))});
  }
  return options;
}

Variant variant_from(const storage::Row& row) {
  Variant variant;
  variant.id = row.text(0);
  variant.title = row.text(1);
  variant.option_values = stored_text_list(row.text(2));
  variant.sku = row.text(3);
  variant.barcode = row.text(4);
  variant.grams = row.integer(5);
  variant.requires_shipping = row.boolean(6);
  variant.taxable = row.boolean(7);
  variant.track_stock = row.boolean(8);
  variant.backorder = row.boolean(9);
  variant.image_id = row.text_or_null(10);
  variant.inventory_item_id = row.text_or_null(11);
  variant.units = row.integer(12);
  variant.attributes = row.text(13);
  variant.version = row.integer(14);
  return variant;
}

Product head_from(const storage::Row& row) {
  Product product;
  product.id = row.text(0);
  product.handle = row.text(1);
  product.title = row.text(2);
  product.description = row.text(3);
  product.vendor = row.text(4);
  product.type = row.text(5);
  product.tags = stored_text_list(row.text(6));
  product.options = options_of(row.text(7));
  product.status = parse_product_status(row.text(8)).value_or(ProductStatus::draft);
  product.tax_class_id = row.text_or_null(9);
  product.seo_title = row.text(10);
  product.seo_description = row.text(11);
  product.attributes = row.text(12);
  product.version = row.integer(13);
  product.created_at = from_millis(row.integer(14));
  product.updated_at = from_millis(row.integer(15));
  return product;
}

// Handles have no upper-case letters and ids have: what names one never names the other.
#define PRODUCT_ID "(SELECT id FROM products WHERE shop_id = $1 AND (id = $2 OR handle = $2))"

}  // namespace

std::vector<storage::Query> product_queries(const std::string& shop_id,
                                            const std::string& id_or_handle) {
  const storage::Values parameters = {shop_id, id_or_handle};
  return {
      {"SELECT id, handle, title, description, vendor, type, tags, options, status, "
       "tax_class_id, seo_title, seo_description, attributes, version, created_at, updated_at "
       "FROM products WHERE shop_id = $1 AND (id = $2 OR handle = $2)",
       parameters},
      {"SELECT id, title, option_values, sku, barcode, grams, requires_shipping, taxable, "
       "track_stock, backorder, image_id, inventory_item_id, units, attributes, version FROM "
       "variants WHERE shop_id = $1 AND product_id = " PRODUCT_ID " ORDER BY position, id",
       parameters},
      {"SELECT price.variant_id, price.currency, price.amount, price.compare_at FROM variants AS "
       "variant JOIN variant_prices AS price ON price.shop_id = variant.shop_id AND "
       "price.variant_id = variant.id WHERE variant.shop_id = $1 AND variant.product_id "
       "= " PRODUCT_ID " ORDER BY price.variant_id, price.currency",
       parameters},
      {"SELECT id, src, alt FROM images WHERE shop_id = $1 AND product_id = " PRODUCT_ID
       " ORDER BY position, id",
       parameters},
      {"SELECT collection.id, collection.handle, collection.title, collection.published FROM "
       "collection_products AS member JOIN collections AS collection ON collection.shop_id = "
       "member.shop_id AND collection.id = member.collection_id WHERE member.shop_id = $1 AND "
       "member.product_id = " PRODUCT_ID " ORDER BY collection.id",
       parameters}};
}

std::optional<Product> product_from(std::span<const storage::Rows> results) {
  assert(results.size() >= 5);
  if (results[0].empty()) {
    return std::nullopt;
  }
  Product product = head_from(results[0][0]);
  std::map<std::string, std::vector<Price>> prices;
  for (const storage::Row row : results[2]) {
    prices[row.text(0)].push_back({row.text(1), row.integer(2), row.integer_or_null(3)});
  }
  for (const storage::Row row : results[1]) {
    product.variants.push_back(variant_from(row));
    product.variants.back().prices = std::move(prices[product.variants.back().id]);
  }
  for (const storage::Row row : results[3]) {
    product.images.push_back({row.text(0), row.text(1), row.text(2)});
  }
  for (const storage::Row row : results[4]) {
    product.collections.push_back({row.text(0), row.text(1), row.text(2), row.boolean(3)});
  }
  return product;
}

storage::Query stock_query(const std::string& shop_id, const std::string& id_or_handle,
                           const std::string& region) {
  return {
      "SELECT allotment.item_id, CAST(SUM(allotment.granted - allotment.reserved - "
      "allotment.sold) AS BIGINT) FROM allotments AS allotment WHERE allotment.shop_id = $1 AND "
      "allotment.region = $3 AND allotment.item_id IN (SELECT inventory_item_id FROM variants "
      "WHERE shop_id = $1 AND product_id = " PRODUCT_ID ") GROUP BY allotment.item_id",
      {shop_id, id_or_handle, region}};
}

#undef PRODUCT_ID

storage::Query currencies_query(const std::string& shop_id) {
  return {"SELECT currencies FROM shops WHERE id = $1", {shop_id}};
}

ShopCurrencies currencies_from(const storage::Rows& rows) {
  assert(!rows.empty());
  return {stored_text_list(rows[0].text(0))};
}

}  // namespace securecart::shop::catalog
