#include "shop/carts/promotion_store.hpp"

#include <algorithm>
#include <array>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "base/text_list.hpp"
#include "shop/carts/errc.hpp"

namespace securecart::shop::carts {
namespace {

using storage::Batch;
using storage::Query;
using storage::Row;
using storage::Rows;
using storage::Value;

// Of table p, read by read_columns.
#define PROMOTION_COLUMNS                                                                       \
  "p.id, p.title, p.code, p.kind, p.terms, p.combines, p.starts_at, p.ends_at, p.usage_limit, " \
  "p.customer_limit, p.used"
constexpr std::size_t promotion_columns = 11;

// An automatic promotion's uses are counted where they are looked at, not where they are made.
#define STORED_COLUMNS                                                                           \
  PROMOTION_COLUMNS                                                                              \
  ", p.active, p.version, p.created_at, CASE WHEN p.code <> '' THEN p.used ELSE (SELECT "        \
  "COUNT(*) FROM promotion_redemptions r WHERE r.shop_id = p.shop_id AND r.promotion_id = p.id " \
  "AND r.released_at IS NULL) END"

constexpr std::string_view one_sql =
    "SELECT " STORED_COLUMNS " FROM promotions p WHERE p.shop_id = $1 AND p.id = $2";
constexpr std::string_view page_sql = "SELECT " STORED_COLUMNS
                                      " FROM promotions p WHERE p.shop_id = $1 AND "
                                      "(p.created_at < $2 OR (p.created_at = $2 AND p.id < $3)) "
                                      "ORDER BY p.created_at DESC, p.id DESC LIMIT $4";
constexpr std::string_view counts_sql =
    "SELECT (SELECT COUNT(*) FROM promotions WHERE shop_id = $1 AND code = '' AND active = 1), "
    "(SELECT COUNT(*) FROM promotions WHERE shop_id = $1)";

Value time_or_null(std::optional<Timestamp> at) {
  return at ? Value(to_millis(*at)) : Value();
}

std::optional<Timestamp> time_of(std::optional<std::int64_t> millis) {
  return millis ? std::optional(from_millis(*millis)) : std::nullopt;
}

json::object render_amounts(const Amounts& amounts) {
  json::object object;
  for (const auto& [currency, amount] : amounts) {
    object[currency] = amount;
  }
  return object;
}

Amounts amounts_of(const json::object& document, std::string_view name) {
  Amounts amounts;
  if (has(document, name)) {
    for (const auto& member : get_object(document, name)) {
      amounts.emplace_back(member.key(), member.value().as_int64());
    }
  }
  return amounts;
}

std::vector<std::string> texts_of(const json::object& document, std::string_view name) {
  return has(document, name) ? text_list(get_array(document, name)) : std::vector<std::string>();
}

json::array render_texts(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

Promotion read_columns(const Row& row, std::size_t first) {
  Promotion promotion;
  promotion.id = row.text(first);
  promotion.title = row.text(first + 1);
  promotion.code = row.text(first + 2);
  promotion.kind = parse_promotion_kind(row.text(first + 3)).value();
  promotion.terms = terms_of(json::parse(row.text(first + 4)).as_object());
  promotion.combines = row.boolean(first + 5);
  promotion.starts_at = time_of(row.integer_or_null(first + 6));
  promotion.ends_at = time_of(row.integer_or_null(first + 7));
  promotion.usage_limit = row.integer_or_null(first + 8);
  promotion.customer_limit = row.integer_or_null(first + 9);
  promotion.used = row.integer(first + 10);
  return promotion;
}

StoredPromotion stored_of(const Row& row) {
  StoredPromotion stored;
  stored.promotion = read_columns(row, 0);
  stored.active = row.boolean(promotion_columns);
  stored.version = row.integer(promotion_columns + 1);
  stored.created_at = from_millis(row.integer(promotion_columns + 2));
  stored.promotion.used = row.integer(promotion_columns + 3);
  return stored;
}

std::int64_t as_integer(bool flag) {
  return flag ? 1 : 0;
}

void expect(std::vector<FieldError>& wrong, bool holds, std::string_view where,
            std::string_view what) {
  if (!holds) {
    wrong.push_back({std::string(where), std::string(what)});
  }
}

}  // namespace

const std::string_view cart_promotions_sql =
    "SELECT k.code, k.position, COALESCE(u.used, 0), CASE WHEN p.id IS NULL THEN 0 ELSE 1 "
    "END, " PROMOTION_COLUMNS
    " FROM cart_codes k JOIN carts c ON c.shop_id = k.shop_id AND c.id = k.cart_id "
    "LEFT JOIN promotions p ON p.shop_id = k.shop_id AND p.code = k.code AND p.code <> '' AND "
    "p.active = 1 "
    "LEFT JOIN promotion_customers u ON u.shop_id = p.shop_id AND u.promotion_id = p.id AND "
    "u.customer = LOWER(c.email) "
    "WHERE k.shop_id = $1 AND k.cart_id = $2 "
    "UNION ALL SELECT '', 0, 0, 1, " PROMOTION_COLUMNS
    " FROM promotions p WHERE p.shop_id = $1 AND p.code = '' AND p.active = 1";

json::object render_terms(PromotionKind kind, const PromotionTerms& terms) {
  json::object document;
  if (kind == PromotionKind::percentage || kind == PromotionKind::buy_x_get_y) {
    document["basis_points"] = terms.basis_points;
  }
  if (kind == PromotionKind::fixed_amount) {
    document["amounts"] = render_amounts(terms.amounts);
  }
  if (kind == PromotionKind::buy_x_get_y) {
    document["buy_quantity"] = terms.buy_quantity;
    document["get_quantity"] = terms.get_quantity;
  }
  document["product_ids"] = render_texts(terms.product_ids);
  document["collection_ids"] = render_texts(terms.collection_ids);
  document["minimum_subtotal"] = render_amounts(terms.minimum_subtotal);
  return document;
}

PromotionTerms terms_of(const json::object& document) {
  PromotionTerms terms;
  terms.basis_points = get_int_or(document, "basis_points", 0);
  terms.amounts = amounts_of(document, "amounts");
  terms.buy_quantity = get_int_or(document, "buy_quantity", 0);
  terms.get_quantity = get_int_or(document, "get_quantity", 0);
  terms.product_ids = texts_of(document, "product_ids");
  terms.collection_ids = texts_of(document, "collection_ids");
  terms.minimum_subtotal = amounts_of(document, "minimum_subtotal");
  return terms;
}

std::vector<FieldError> check_promotion(const Promotion& promotion) {
  const PromotionTerms& terms = promotion.terms;
  const bool gives_units = promotion.kind == PromotionKind::buy_x_get_y;
  const bool has_points = gives_units || promotion.kind == PromotionKind::percentage;
  std::vector<FieldError> wrong;
  expect(wrong, (terms.basis_points > 0) == has_points, "/basis_points",
         has_points ? "from 1 to 10000" : "only of percentage and buy_x_get_y");
  expect(wrong, terms.amounts.empty() != (promotion.kind == PromotionKind::fixed_amount),
         "/amounts",
         terms.amounts.empty() ? "an amount in one currency at least" : "only of fixed_amount");
  expect(wrong, (terms.buy_quantity > 0) == gives_units, "/buy_quantity",
         gives_units ? "at least 1" : "only of buy_x_get_y");
  expect(wrong, (terms.get_quantity > 0) == gives_units, "/get_quantity",
         gives_units ? "at least 1" : "only of buy_x_get_y");
  const bool limited = promotion.usage_limit || promotion.customer_limit;
  expect(wrong, !limited || !promotion.code.empty(), "/usage_limit",
         "only a promotion with a code can be used up");
  expect(wrong,
         !promotion.starts_at || !promotion.ends_at || *promotion.starts_at < *promotion.ends_at,
         "/ends_at", "after starts_at");
  return wrong;
}

void add_promotion(Batch& batch, const std::string& shop_id, const StoredPromotion& stored) {
  const Promotion& promotion = stored.promotion;
  batch
      .add(
          "INSERT INTO promotions (shop_id, id, title, code, kind, terms, combines, active, "
          "starts_at, ends_at, usage_limit, customer_limit, created_at) VALUES "
          "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
          {shop_id, promotion.id, promotion.title, promotion.code,
           std::string(to_string(promotion.kind)),
           securecart::to_string(json::value(render_terms(promotion.kind, promotion.terms))),
           as_integer(promotion.combines), as_integer(stored.active),
           time_or_null(promotion.starts_at), time_or_null(promotion.ends_at),
           storage::nullable(promotion.usage_limit), storage::nullable(promotion.customer_limit),
           to_millis(stored.created_at)})
      .or_refuse(errc::promotion_code_taken);
}

void add_promotion_update(Batch& batch, const std::string& shop_id, const StoredPromotion& stored) {
  const Promotion& promotion = stored.promotion;
  batch
      .add(
          "UPDATE promotions SET version = version + 1 WHERE shop_id = $1 AND id = $2 AND version "
          "= $3",
          {shop_id, promotion.id, stored.version})
      .expect(1, securecart::errc::version_conflict);
  batch
      .add(
          "UPDATE promotions SET title = $3, terms = $4, combines = $5, active = $6, "
          "starts_at = $7, ends_at = $8, usage_limit = $9, customer_limit = $10 "
          "WHERE shop_id = $1 AND id = $2",
          {shop_id, promotion.id, promotion.title,
           securecart::to_string(json::value(render_terms(promotion.kind, promotion.terms))),
           as_integer(promotion.combines), as_integer(stored.active),
           time_or_null(promotion.starts_at), time_or_null(promotion.ends_at),
           storage::nullable(promotion.usage_limit), storage::nullable(promotion.customer_limit)})
      .or_refuse(errc::promotion_limit_below_use);
}

void add_promotion_removal(Batch& batch, const std::string& shop_id,
                           const std::string& promotion_id) {
  batch
      .add("UPDATE promotions SET title = title WHERE shop_id = $1 AND id = $2",
           {shop_id, promotion_id})
      .expect(1, securecart::errc::not_found);
  batch
      .add(
          "DELETE FROM promotions WHERE shop_id = $1 AND id = $2 AND NOT EXISTS (SELECT 1 FROM "
          "promotion_redemptions r WHERE r.shop_id = $1 AND r.promotion_id = $2)",
          {shop_id, promotion_id})
      .expect(1, errc::promotion_used);
}

Task<std::optional<StoredPromotion>> read_promotion(storage::Database& database,
                                                    std::string shop_id, std::string promotion_id) {
  Query query{one_sql, {std::move(shop_id), std::move(promotion_id)}};
  const Rows rows = co_await database.read(std::move(query));
  if (rows.empty()) {
    co_return std::nullopt;
  }
  co_return stored_of(rows[0]);
}

Task<std::vector<StoredPromotion>> read_promotions(storage::Database& database, std::string shop_id,
                                                   std::int64_t created, std::string id,
                                                   std::int64_t limit) {
  Query query{page_sql, {std::move(shop_id), created, std::move(id), limit}};
  const Rows rows = co_await database.read(std::move(query));
  std::vector<StoredPromotion> page;
  for (const Row row : rows) {
    page.push_back(stored_of(row));
  }
  co_return page;
}

Task<PromotionCounts> count_promotions(storage::Database& database, std::string shop_id) {
  Query query{counts_sql, {std::move(shop_id)}};
  const Rows rows = co_await database.read(std::move(query));
  co_return PromotionCounts{rows[0].integer(0), rows[0].integer(1)};
}

CartPromotions promotions_of(const Rows& rows) {
  CartPromotions found;
  std::vector<std::pair<std::int64_t, std::string>> codes;
  for (const Row row : rows) {
    if (!row.text(0).empty()) {
      codes.emplace_back(row.integer(1), row.text(0));
    }
    if (row.boolean(3)) {
      Promotion promotion = read_columns(row, 4);
      promotion.used_by_customer = row.integer(2);
      found.promotions.push_back(std::move(promotion));
    }
  }
  std::ranges::sort(codes);
  for (auto& [position, code] : codes) {
    found.codes.push_back(std::move(code));
  }
  std::ranges::sort(found.promotions, {}, &Promotion::id);
  return found;
}

void add_use(Batch& batch, const Promotion& promotion, const PromotionUse& use,
             const ErrorKind& refusal) {
  if (!promotion.code.empty()) {
    batch
        .add("UPDATE promotions SET used = used + 1 WHERE shop_id = $1 AND id = $2 AND active = 1",
             {use.shop_id, promotion.id})
        .expect(1, refusal);
  }
  const bool by_customer = promotion.customer_limit.has_value();
  if (by_customer) {
    batch
        .add(
            "INSERT INTO promotion_customers (shop_id, promotion_id, customer, used, most) VALUES "
            "($1, $2, LOWER($3), 1, $4) ON CONFLICT (shop_id, promotion_id, customer) DO UPDATE "
            "SET used = promotion_customers.used + 1, most = excluded.most",
            {use.shop_id, promotion.id, use.email, *promotion.customer_limit})
        .or_refuse(refusal);
  }
  batch.add(
      "INSERT INTO promotion_redemptions (shop_id, order_id, promotion_id, code, amount, customer, "
      "at) VALUES ($1, $2, $3, $4, $5, LOWER($6), $7)",
      {use.shop_id, use.order_id, promotion.id, promotion.code, use.amount,
       by_customer ? Value(use.email) : Value(), to_millis(use.at)});
}

void add_release(Batch& batch, const std::string& shop_id, const std::string& order_id,
                 Timestamp at) {
#define UNRELEASED                                                                              \
  "FROM promotion_redemptions r WHERE r.shop_id = $1 AND r.order_id = $2 AND r.released_at IS " \
  "NULL"
  batch.add(
      "UPDATE promotions SET used = used - 1 WHERE shop_id = $1 AND code <> '' AND id IN (SELECT "
      "r.promotion_id " UNRELEASED ")",
      {shop_id, order_id});
  batch.add(
      "UPDATE promotion_customers SET used = used - 1 WHERE shop_id = $1 AND used > 0 AND "
      "(promotion_id, customer) IN (SELECT r.promotion_id, r.customer " UNRELEASED ")",
      {shop_id, order_id});
#undef UNRELEASED
  batch.add(
      "UPDATE promotion_redemptions SET released_at = $3 WHERE shop_id = $1 AND order_id = $2 AND "
      "released_at IS NULL",
      {shop_id, order_id, to_millis(at)});
}

void forget_uses(Batch& batch, const std::string& shop_id, const std::string& email) {
  batch.add("DELETE FROM promotion_customers WHERE shop_id = $1 AND customer = LOWER($2)",
            {shop_id, email});
  batch.add(
      "UPDATE promotion_redemptions SET customer = NULL WHERE shop_id = $1 AND customer = "
      "LOWER($2)",
      {shop_id, email});
}

}  // namespace securecart::shop::carts
