// What a writer asks for: a whole product, as the merchant means it. Pure: assemble() turns it into
// the product to be stored, check() says what does not fit.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/errors.hpp"
#include "base/ids.hpp"
#include "shop/catalog/model.hpp"

namespace securecart::shop::catalog {

struct ImageInput {
  std::optional<std::string> id;  // of an image the product has; otherwise it is found by `src`
  std::string src;
  std::string alt;
};

struct VariantInput {
  std::optional<std::string> id;  // of a variant the product has; otherwise found by option_values
  std::vector<std::string> option_values;
  std::string sku;
  std::string barcode;
  std::int64_t grams = 0;
  bool requires_shipping = true;
  bool taxable = true;
  bool track_stock = true;
  bool backorder = false;
  std::optional<std::string> image_id;
  std::string image_src;  // instead of image_id; becomes one of the product's images when it is not
  // The item to count instead of one of its own: two variants may share one.
  std::optional<std::string> inventory_item_id;
  std::int64_t units = 1;
  std::vector<Price> prices;
  std::string attributes = "{}";
};

struct ProductInput {
  std::string handle;  // empty: made from the title
  std::string title;
  std::string description;  // any HTML; only the safe subset is kept
  std::string vendor;
  std::string type;
  std::vector<std::string> tags;
  std::vector<Option> options;
  ProductStatus status = ProductStatus::draft;
  std::optional<std::string> tax_class_id;
  std::string seo_title;
  std::string seo_description;
  std::string attributes = "{}";
  std::vector<ImageInput> images;
  std::vector<VariantInput> variants;
  std::optional<std::vector<std::string>> collections;  // ids or handles; none: as they are
};

// The stored product as an input that would change nothing: where a partial update starts.
ProductInput input_of(const Product& stored);

// Adds what an import does not state from what is stored: tax class, collections, shared items, and
// prices in other currencies.
void keep_unstated(ProductInput& input, const Product& stored);

// The product to store. Parts of `stored` (null for a new product) keep their ids; others get new
// ones. `collections` are those the input names, already looked up.
// Errors: product_invalid, naming every place (JSON pointers into a product's body).
Result<Product> assemble(const ProductInput& input, const Product* stored,
                         std::vector<CollectionRef> collections, const ShopCurrencies& currencies,
                         const Ids& ids, Timestamp now);

// What does not fit; empty for a sound product. Prices that `stored` (null for a new product) has
// may be in currencies the shop has given up. assemble() calls it.
std::vector<FieldError> check(const Product& product, const ShopCurrencies& currencies,
                              const Product* stored = nullptr);

// True when both say the same to everyone: all but ids given anew, versions and times.
bool same_content(const Product& a, const Product& b);

bool is_handle(std::string_view text);
// An http(s) address, or a path on this host.
bool is_image_source(std::string_view text);

}  // namespace securecart::shop::catalog
