#include "shop/catalog/postgres_search.hpp"

#include "base/text.hpp"
#include "shop/catalog/limits.hpp"

namespace securecart::shop::catalog {

namespace {

// The score is ts_rank_cd() in millionths, an integer, so that a page can go on from it. The inner
// LIMIT bounds what is ranked.
#define RANKED_MATCHES                                                                          \
  "FROM (SELECT document.row, document.product_id, CAST(ts_rank_cd('{0.1, 0.3, 0.5, 1}', "      \
  "document.words, query.wanted, 1) * 1000000 AS BIGINT) AS score FROM (SELECT "                \
  "search_query($1, $2, $3::bigint = 1) AS wanted OFFSET 0) AS query, search_documents AS "     \
  "document WHERE document.words @@ (quote_literal(search_shop($1))::tsquery && query.wanted) " \
  "LIMIT $4) AS found JOIN products AS product ON product.shop_id = $1 AND "                    \
  "product.id = found.product_id WHERE (found.score, found.row) < ($5::bigint, $6::bigint) "

constexpr std::string_view select_all = "SELECT product.id, found.score, found.row " RANKED_MATCHES
                                        "ORDER BY found.score DESC, found.row DESC LIMIT $7";

constexpr std::string_view select_for_sale =
    "SELECT product.id, found.score, found.row " RANKED_MATCHES
    "AND product.status = 'published' AND EXISTS (SELECT 1 FROM product_prices AS price "
    "WHERE price.shop_id = product.shop_id AND price.product_id = product.id AND "
    "price.currency = $8) ORDER BY found.score DESC, found.row DESC LIMIT $7";

#undef RANKED_MATCHES

constexpr std::string_view upsert_document =
    "INSERT INTO search_documents (shop_id, product_id, title, type, vendor, tags, options, "
    "description, skus) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
    "ON CONFLICT (shop_id, product_id) DO UPDATE SET title = excluded.title, "
    "type = excluded.type, vendor = excluded.vendor, tags = excluded.tags, "
    "options = excluded.options, description = excluded.description, skus = excluded.skus";

// NUL cannot be in a text of PostgreSQL, and no word holds one.
std::string typed_text(std::string_view text) {
  std::string valid = repair_utf8(utf8_prefix(text, limits::search_query_bytes));
  for (char& c : valid) {
    c = c == '\0' ? ' ' : c;
  }
  return valid;
}

}  // namespace

void PostgresSearch::index(storage::Batch& batch, const std::string& shop_id,
                           const Product& product) const {
  SearchTexts texts = search_texts(product);
  batch.add(upsert_document, {shop_id, product.id, product.title, product.type, product.vendor,
                              std::move(texts.tags), std::move(texts.options),
                              std::move(texts.description), std::move(texts.skus)});
}

Task<std::vector<SearchHit>> PostgresSearch::find(SearchRequest request) {
  const SearchPosition after = request.after.value_or(SearchPosition{false, INT64_MAX, INT64_MAX});
  const std::string typed = typed_text(request.text);
  std::vector<SearchHit> found;
  // A page that goes on keeps to how the first was matched.
  for (const bool any_word : {false, true}) {
    if (!found.empty() || (request.after && after.any_word != any_word)) {
      continue;
    }
    storage::Query query{select_all,
                         {request.shop_id, typed, std::int64_t{any_word ? 1 : 0},
                          limits::search_candidates, after.score, after.row, request.limit}};
    if (request.currency) {
      query.sql = select_for_sale;
      query.parameters.emplace_back(*request.currency);
    }
    const storage::Rows rows =
        co_await database_.read(std::move(query), storage::Freshness::replica);
    for (const storage::Row row : rows) {
      found.push_back({row.text(0), {any_word, row.integer(1), row.integer(2)}});
    }
  }
  co_return found;
}

}  // namespace securecart::shop::catalog
