#include "shop/catalog/list_queries.hpp"

#include <cassert>

#include "base/text_list.hpp"
#include "shop/catalog/limits.hpp"
#include "shop/catalog/load.hpp"

namespace securecart::shop::catalog {

namespace {

#define FOR_SALE                                                                          \
  "product.shop_id = $1 AND product.status = 'published' AND EXISTS (SELECT 1 FROM "      \
  "product_prices AS price WHERE price.shop_id = product.shop_id AND price.product_id = " \
  "product.id AND price.currency = $2) "
#define IN_COLLECTION                                                                      \
  "FROM collection_products AS member JOIN products AS product ON product.shop_id = "      \
  "member.shop_id AND product.id = member.product_id WHERE member.shop_id = $1 AND "       \
  "member.collection_id = (SELECT id FROM collections WHERE shop_id = $1 AND (id = $6 OR " \
  "handle = $6) AND published = 1) AND "
#define BY_PRICE                                                                              \
  "FROM product_prices AS price JOIN products AS product ON product.shop_id = price.shop_id " \
  "AND product.id = price.product_id "
#define BY_PRICE_IN_COLLECTION                                                                \
  "FROM collection_products AS member JOIN product_prices AS price ON price.shop_id = "       \
  "member.shop_id AND price.product_id = member.product_id JOIN products AS product ON "      \
  "product.shop_id = member.shop_id AND product.id = member.product_id WHERE "                \
  "member.shop_id = $1 AND member.collection_id = (SELECT id FROM collections WHERE "         \
  "shop_id = $1 AND (id = $6 OR handle = $6) AND published = 1) AND price.currency = $2 AND " \
  "product.status = 'published' AND "

struct Listing {
  std::string_view everywhere;
  std::string_view in_collection;
  bool descending;
  bool by_text;  // the sort value is text
};

Listing listing_of(Sort sort) {
  switch (sort) {
    case Sort::newest:
      return {"SELECT product.id, product.created_at FROM products AS product WHERE " FOR_SALE
              "AND (product.created_at, product.id) < ($3, $4) "
              "ORDER BY product.created_at DESC, product.id DESC LIMIT $5",
              "SELECT product.id, product.created_at " IN_COLLECTION FOR_SALE
              "AND (product.created_at, product.id) < ($3, $4) "
              "ORDER BY product.created_at DESC, product.id DESC LIMIT $5",
              true, false};
    case Sort::title:
      return {"SELECT product.id, product.title_key FROM products AS product WHERE " FOR_SALE
              "AND (product.title_key, product.id) > ($3, $4) "
              "ORDER BY product.title_key, product.id LIMIT $5",
              "SELECT product.id, product.title_key " IN_COLLECTION FOR_SALE
              "AND (product.title_key, product.id) > ($3, $4) "
              "ORDER BY product.title_key, product.id LIMIT $5",
              false, true};
    case Sort::price_asc:
      return {"SELECT price.product_id, price.lowest " BY_PRICE
              "WHERE price.shop_id = $1 AND price.currency = $2 AND product.status = 'published' "
              "AND (price.lowest, price.product_id) > ($3, $4) "
              "ORDER BY price.lowest, price.product_id LIMIT $5",
              "SELECT price.product_id, price.lowest " BY_PRICE_IN_COLLECTION
              "(price.lowest, price.product_id) > ($3, $4) "
              "ORDER BY price.lowest, price.product_id LIMIT $5",
              false, false};
    case Sort::price_desc:
      return {"SELECT price.product_id, price.lowest " BY_PRICE
              "WHERE price.shop_id = $1 AND price.currency = $2 AND product.status = 'published' "
              "AND (price.lowest, price.product_id) < ($3, $4) "
              "ORDER BY price.lowest DESC, price.product_id DESC LIMIT $5",
              "SELECT price.product_id, price.lowest " BY_PRICE_IN_COLLECTION
              "(price.lowest, price.product_id) < ($3, $4) "
              "ORDER BY price.lowest DESC, price.product_id DESC LIMIT $5",
              true, false};
    case Sort::position:
      return {"",
              "SELECT product.id, member.position " IN_COLLECTION FOR_SALE
              "AND (member.position, member.product_id) > ($3, $4) "
              "ORDER BY member.position, member.product_id LIMIT $5",
              false, false};
  }
  return {};
}

#undef FOR_SALE
#undef IN_COLLECTION
#undef BY_PRICE
#undef BY_PRICE_IN_COLLECTION

// Before the first item, whatever the order.
PageKey start_of(const Listing& listing) {
  if (listing.descending) {
    return {INT64_MAX, "~"};
  }
  return listing.by_text ? PageKey{std::string(), ""} : PageKey{INT64_MIN, ""};
}

std::int64_t rows_for(std::size_t limit) {
  return static_cast<std::int64_t>(limit) + 1;
}

std::optional<Image> image_at(const storage::Row& row, std::size_t column) {
  if (row.is_null(column)) {
    return std::nullopt;
  }
  return Image{row.text(column), row.text(column + 1), row.text(column + 2)};
}

#define FIRST_IMAGE                                                                         \
  "LEFT JOIN images AS image ON image.shop_id = product.shop_id AND image.id = (SELECT id " \
  "FROM images WHERE shop_id = product.shop_id AND product_id = product.id "                \
  "ORDER BY position, id LIMIT 1) "

}  // namespace

storage::Query store_list_query(const ListRequest& request) {
  const Listing listing = listing_of(request.sort);
  const PageKey after = request.after.value_or(start_of(listing));
  storage::Query query{
      listing.everywhere,
      {request.shop_id, request.currency, after.value, after.id, rows_for(request.limit)}};
  if (request.collection) {
    query.sql = listing.in_collection;
    query.parameters.emplace_back(*request.collection);
  }
  assert(!query.sql.empty() && "only a collection has positions");
  return query;
}

storage::Query admin_list_query(const std::string& shop_id, std::optional<ProductStatus> status,
                                const std::optional<PageKey>& after, std::size_t limit) {
  const PageKey from = after.value_or(PageKey{INT64_MAX, "~"});
  if (!status) {
    return {
        "SELECT id, created_at FROM products WHERE shop_id = $1 AND (created_at, id) < "
        "($2, $3) ORDER BY created_at DESC, id DESC LIMIT $4",
        {shop_id, from.value, from.id, rows_for(limit)}};
  }
  return {
      "SELECT id, created_at FROM products WHERE shop_id = $1 AND (created_at, id) < "
      "($2, $3) AND status = $5 ORDER BY created_at DESC, id DESC LIMIT $4",
      {shop_id, from.value, from.id, rows_for(limit), std::string(to_string(*status))}};
}

storage::Query visible_collection_query(const std::string& shop_id,
                                        const std::string& id_or_handle) {
  return {
      "SELECT id FROM collections WHERE shop_id = $1 AND (id = $2 OR handle = $2) AND "
      "published = 1",
      {shop_id, id_or_handle}};
}

storage::Query recommended_from_query(const std::string& shop_id, const std::string& id_or_handle) {
  return {
      "SELECT id FROM products WHERE shop_id = $1 AND (id = $2 OR handle = $2) "
      "AND status = 'published'",
      {shop_id, id_or_handle}};
}

storage::Query recommendations_query(const std::string& shop_id, const std::string& id_or_handle,
                                     const std::string& currency) {
  return {
      "SELECT product.id FROM bought_together AS pair JOIN products AS product ON "
      "product.shop_id = pair.shop_id AND product.id = pair.other_id "
      "WHERE pair.shop_id = $1 AND product.status = 'published' AND EXISTS (SELECT 1 FROM "
      "product_prices AS price WHERE price.shop_id = pair.shop_id AND price.product_id = "
      "product.id AND price.currency = $2) AND pair.product_id = (SELECT id FROM products WHERE "
      "shop_id = $1 AND "
      "(id = $3 OR handle = $3)) ORDER BY pair.orders DESC, pair.other_id DESC LIMIT $4",
      {shop_id, currency, id_or_handle, static_cast<std::int64_t>(limits::recommended_products)}};
}

storage::Query store_summary_query(const std::string& shop_id, const std::string& product_id,
                                   const std::string& currency, const std::string& region) {
  return {
      "SELECT product.id, product.handle, product.title, product.vendor, product.type, "
      "product.tags, image.id, image.src, image.alt, price.amount, price.compare_at, "
      "variant.track_stock, variant.backorder, variant.units, variant.inventory_item_id, "
      "COALESCE((SELECT CAST(SUM(granted - reserved - sold) AS BIGINT) FROM allotments WHERE "
      "shop_id = variant.shop_id AND item_id = variant.inventory_item_id AND region = $4), 0) "
      "FROM products AS product JOIN variants AS variant ON variant.shop_id = "
      "product.shop_id AND variant.product_id = product.id JOIN variant_prices AS price ON "
      "price.shop_id = variant.shop_id AND price.variant_id = variant.id AND price.currency = "
      "$3 " FIRST_IMAGE
      "WHERE product.shop_id = $1 AND product.id = $2 AND product.status = 'published' "
      "ORDER BY price.amount, variant.position",
      {shop_id, product_id, currency, region}};
}

std::optional<StoreSummary> store_summary_from(const storage::Rows& rows,
                                               const std::string& currency) {
  if (rows.empty()) {
    return std::nullopt;
  }
  const storage::Row first = rows[0];
  StoreSummary summary;
  summary.id = first.text(0);
  summary.handle = first.text(1);
  summary.title = first.text(2);
  summary.vendor = first.text(3);
  summary.type = first.text(4);
  summary.tags = stored_text_list(first.text(5));
  summary.image = image_at(first, 6);
  summary.price = {currency, first.integer(9), first.integer_or_null(10)};
  for (const storage::Row row : rows) {
    summary.varies = summary.varies || row.integer(9) != summary.price.amount;
    const Availability now =
        availability(row.boolean(11), row.boolean(12), row.integer(15), row.integer(13));
    summary.available = summary.available || now.available;
    if (!row.is_null(14)) {
      summary.item_ids.push_back(row.text(14));
    }
  }
  return summary;
}

storage::Query admin_summary_query(const std::string& shop_id, const std::string& product_id) {
  return {
      "SELECT product.id, product.handle, product.title, product.vendor, product.type, "
      "product.status, image.id, image.src, image.alt, (SELECT COUNT(*) FROM variants WHERE "
      "shop_id = product.shop_id AND product_id = product.id), product.version, "
      "product.created_at, product.updated_at FROM products AS product " FIRST_IMAGE
      "WHERE product.shop_id = $1 AND product.id = $2",
      {shop_id, product_id}};
}

#undef FIRST_IMAGE

std::optional<AdminSummary> admin_summary_from(const storage::Rows& rows) {
  if (rows.empty()) {
    return std::nullopt;
  }
  const storage::Row row = rows[0];
  AdminSummary summary;
  summary.id = row.text(0);
  summary.handle = row.text(1);
  summary.title = row.text(2);
  summary.vendor = row.text(3);
  summary.type = row.text(4);
  summary.status = parse_product_status(row.text(5)).value_or(ProductStatus::draft);
  summary.image = image_at(row, 6);
  summary.variants = row.integer(9);
  summary.version = row.integer(10);
  summary.created_at = from_millis(row.integer(11));
  summary.updated_at = from_millis(row.integer(12));
  return summary;
}

}  // namespace securecart::shop::catalog
