// ProductSearch on PostgreSQL's full-text search (sql/0003_search.postgres.sql): words without
// accents, ranked by how close together they stand and where, the title first (ts_rank_cd).
//
// When nothing has all the words, products with any of them are found, and with words that look
// like them (pg_trgm): "teapto" finds the teapot.
#pragma once

#include "shop/catalog/search.hpp"

namespace securecart::shop::catalog {

class PostgresSearch final : public ProductSearch {
 public:
  // `database` must outlive it.
  explicit PostgresSearch(storage::Database& database) : database_(database) {}

  void index(storage::Batch& batch, const std::string& shop_id,
             const Product& product) const override;
  Task<std::vector<SearchHit>> find(SearchRequest request) override;

 private:
  storage::Database& database_;
};

}  // namespace securecart::shop::catalog
