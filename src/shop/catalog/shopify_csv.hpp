// Product files in the format of Shopify's exports: the older header set ("Handle", "Body (HTML)",
// "Variant Price", …) and the newer one ("URL handle", "Description", "Price", …), columns in any
// order, unknown ones kept.
//
// A product is all rows of its handle, wherever they stand. Its first row carries the product; a
// row with an option value, SKU or price is a variant; a row with a picture adds it:
//
//   Handle  Title   Option1 Name  Option1 Value  Variant Price  Image Src
//   mug     A mug   Colour        Blue           12.00          blue.jpg     product, variant,
//   picture mug                           Red            12.00                       variant mug
//   back.jpg     picture
//
// Pure: bytes in, products and problems out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/errors.hpp"
#include "base/money.hpp"
#include "shop/catalog/input.hpp"
#include "shop/catalog/limits.hpp"
#include "shop/catalog/model.hpp"

namespace securecart::shop::catalog {

// Something wrong in a file, where people find it.
struct CsvProblem {
  std::size_t line = 0;  // where the row starts, counted from 1
  std::string handle;    // empty when the row has none
  std::string column;    // empty: the row as a whole
  std::string what;      // what is wrong and how to mend it
};

struct CsvProduct {
  std::size_t line = 0;  // of its first row
  ProductInput input;
  // Units each variant opens with, in the order of input.variants; counted for new variants only,
  // because a number in a file is older than what was sold since.
  std::vector<std::int64_t> opening_stock;
  bool sound = true;  // false: a problem names one of its rows, and nothing of it is imported
};

struct CsvFile {
  std::vector<CsvProduct> products;       // in the order of their first rows
  std::vector<CsvProblem> problems;       // by line, limits::import_errors at most
  std::vector<std::string> kept_columns;  // not used by SecureCart, kept for an export
};

// Prices are in `currency`. Errors (invalid_request): no CSV, not UTF-8, no header, no column for
// handle or title. What is wrong with single rows is in the result.
Result<CsvFile> read_shopify_csv(std::string_view text, Currency currency);

enum class CsvFormat : std::uint8_t { older, newer };

// Writes products so that read_shopify_csv() gives them back.
class ShopifyCsvWriter {
 public:
  // `kept_columns`: names among the products' attributes, to be written as columns again.
  ShopifyCsvWriter(CsvFormat format, Currency currency, std::vector<std::string> kept_columns = {});
  // The header line.
  std::string header() const;
  // The rows of one product. `on_hand` has one number a variant.
  std::string rows(const Product& product, const std::vector<std::int64_t>& on_hand) const;

 private:
  CsvFormat format_;
  Currency currency_;
  std::vector<std::string> kept_columns_;
};

}  // namespace securecart::shop::catalog
