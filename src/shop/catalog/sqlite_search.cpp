#include "shop/catalog/sqlite_search.hpp"

#include <algorithm>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "shop/catalog/limits.hpp"

namespace securecart::shop::catalog {

namespace {

constexpr std::int64_t rows_of_a_shop = std::int64_t{1} << 32;

std::int64_t first_row(const std::string& shop_id) {
  const std::uint64_t hash = std::stoull(sha256_hex(shop_id).substr(0, 8), nullptr, 16);
  return static_cast<std::int64_t>(hash & 0x7FFFFFFF) * rows_of_a_shop;
}

// Weights: title 10, type 5, vendor 4, tags 4, options 3, description 1, skus 6. The score is the
// negative of bm25() in millionths, an integer, so that a page can go on from it. Both inner LIMITs
// hold the planner to this order: match, bound, rank.
#define RANKED_MATCHES                                                                     \
  "FROM (SELECT rowid AS row, CAST(round(-bm25(product_search, 10.0, 5.0, 4.0, 4.0, 3.0, " \
  "1.0, 6.0) * 1000000) AS INTEGER) AS score FROM product_search "                         \
  "WHERE product_search MATCH $1 AND rowid BETWEEN $2 AND $3 LIMIT $4) AS found "          \
  "JOIN search_documents AS document ON document.row = found.row "                         \
  "JOIN products AS product ON product.shop_id = document.shop_id AND "                    \
  "product.id = document.product_id "                                                      \
  "WHERE document.shop_id = $5 AND (found.score, found.row) < ($6, $7) "

constexpr std::string_view select_all = "SELECT product.id, found.score, found.row " RANKED_MATCHES
                                        "ORDER BY found.score DESC, found.row DESC LIMIT $8";

constexpr std::string_view select_for_sale =
    "SELECT product.id, found.score, found.row " RANKED_MATCHES
    "AND product.status = 'published' AND EXISTS (SELECT 1 FROM product_prices AS price "
    "WHERE price.shop_id = product.shop_id AND price.product_id = product.id AND "
    "price.currency = $9) ORDER BY found.score DESC, found.row DESC LIMIT $8";

#undef RANKED_MATCHES

// $2 is where the shop's rows begin; a product keeps its row.
constexpr std::string_view upsert_document =
    "INSERT INTO search_documents (row, shop_id, product_id, title, type, vendor, tags, options, "
    "description, skus) VALUES ((SELECT COALESCE(MAX(row), $2) + 1 FROM search_documents WHERE "
    "row >= $2 AND row < $2 + 4294967296), $1, $3, $4, $5, $6, $7, $8, $9, $10) "
    "ON CONFLICT (shop_id, product_id) DO UPDATE SET title = excluded.title, "
    "type = excluded.type, vendor = excluded.vendor, tags = excluded.tags, "
    "options = excluded.options, description = excluded.description, skus = excluded.skus";

bool is_word(std::string_view text) {
  return std::ranges::any_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           static_cast<unsigned char>(c) >= 0x80;
  });
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto finish = [&] {
    if (is_word(word) && words.size() < limits::search_words) {
      words.push_back(word);
    }
    word.clear();
  };
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == '\x7F') {
      finish();
    } else if (c != '"') {
      word += c;
    }
  }
  finish();
  return words;
}

std::vector<SearchHit> hits(const storage::Rows& rows, bool any_word) {
  std::vector<SearchHit> found;
  for (const storage::Row row : rows) {
    found.push_back({row.text(0), {any_word, row.integer(1), row.integer(2)}});
  }
  return found;
}

}  // namespace

std::string match_expression(std::string_view text, bool any_word) {
  const std::string valid = repair_utf8(utf8_prefix(text, limits::search_query_bytes));
  const std::vector<std::string> words = words_of(valid);
  std::string expression;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) {
      expression += any_word ? " OR " : " AND ";
    }
    expression += "\"" + words[i] + "\"";
    // One letter begins nearly every product: as a beginning it says nothing.
    if (i + 1 == words.size() && words[i].size() > 1) {
      expression += "*";
    }
  }
  return expression;
}

void SqliteSearch::index(storage::Batch& batch, const std::string& shop_id,
                         const Product& product) const {
  SearchTexts texts = search_texts(product);
  batch.add(upsert_document, {shop_id, first_row(shop_id), product.id, product.title, product.type,
                              product.vendor, std::move(texts.tags), std::move(texts.options),
                              std::move(texts.description), std::move(texts.skus)});
}

Task<std::vector<SearchHit>> SqliteSearch::find(SearchRequest request) {
  const std::int64_t first = first_row(request.shop_id);
  const SearchPosition after = request.after.value_or(SearchPosition{false, INT64_MAX, INT64_MAX});
  std::vector<SearchHit> found;
  // A page that goes on keeps to how the first was matched.
  for (const bool any_word : {false, true}) {
    if (!found.empty() || (request.after && after.any_word != any_word)) {
      continue;
    }
    const std::string expression = match_expression(request.text, any_word);
    if (expression.empty()) {
      break;
    }
    storage::Query query{select_all,
                         {expression, first, first + rows_of_a_shop - 1, limits::search_candidates,
                          request.shop_id, after.score, after.row, request.limit}};
    if (request.currency) {
      query.sql = select_for_sale;
      query.parameters.emplace_back(*request.currency);
    }
    const storage::Rows rows =
        co_await database_.read(std::move(query), storage::Freshness::replica);
    found = hits(rows, any_word);
  }
  co_return found;
}

}  // namespace securecart::shop::catalog
