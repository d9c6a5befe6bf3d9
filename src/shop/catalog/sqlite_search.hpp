// ProductSearch on SQLite's FTS5 (sql/0003_search.sqlite.sql): unicode61 without diacritics, ranked
// by BM25 (Robertson, Zaragoza 2009) with the title first.
//
// A query is never FTS5 syntax: each word goes in as a quoted phrase. Words are joined by AND; when
// nothing has all of them, by OR. The index numbers documents by shop: document n of a shop is row
// slot << 32 | n, slot being 31 bits of a hash of the shop's id. A search reads only that range;
// two shops that share a slot are told apart by shop_id.
#pragma once

#include "shop/catalog/search.hpp"

namespace securecart::shop::catalog {

class SqliteSearch final : public ProductSearch {
 public:
  // `database` must outlive it.
  explicit SqliteSearch(storage::Database& database) : database_(database) {}

  void index(storage::Batch& batch, const std::string& shop_id,
             const Product& product) const override;
  Task<std::vector<SearchHit>> find(SearchRequest request) override;

 private:
  storage::Database& database_;
};

// The MATCH expression for what somebody typed; empty when it has no word.
std::string match_expression(std::string_view text, bool any_word);

}  // namespace securecart::shop::catalog
