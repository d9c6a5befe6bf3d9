// Full-text search over products: on SQLite (sqlite_search.hpp) and on PostgreSQL
// (postgres_search.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.hpp"
#include "shop/catalog/model.hpp"
#include "storage/database.hpp"

namespace securecart::shop::catalog {

// Where a page of results goes on: how it was matched, and the last result before it.
struct SearchPosition {
  bool any_word = false;  // no product has all the words: those with any of them
  std::int64_t score = 0;
  std::int64_t row = 0;
};

struct SearchHit {
  std::string product_id;
  SearchPosition position;
};

struct SearchRequest {
  std::string shop_id;
  std::string text;  // as typed: anything at all
  // Set: only published products that can be bought in this currency. None: every product.
  std::optional<std::string> currency;
  std::optional<SearchPosition> after;
  std::int64_t limit = 0;
};

// What is searched of a product beside its title, type and vendor: one text a field.
struct SearchTexts {
  std::string tags;
  std::string options;
  std::string skus;  // and barcodes
  std::string description;
};
SearchTexts search_texts(const Product& product);

class ProductSearch {
 public:
  virtual ~ProductSearch() = default;

  // Adds to `batch` what makes the product found as it now is. Part of every batch that changes
  // one.
  virtual void index(storage::Batch& batch, const std::string& shop_id,
                     const Product& product) const = 0;

  // Best first. The last word also matches as a beginning. Text without any word finds nothing.
  // Throws Unavailable.
  virtual Task<std::vector<SearchHit>> find(SearchRequest request) = 0;
};

}  // namespace securecart::shop::catalog
