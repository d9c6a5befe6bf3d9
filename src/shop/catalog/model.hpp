// The catalog's nouns as plain values. A product is one unit: its options, variants, prices and
// images are read and written together, under the product's version.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace securecart::shop::catalog {

enum class ProductStatus : std::uint8_t { draft, published, archived };
std::string_view to_string(ProductStatus status);
std::optional<ProductStatus> parse_product_status(std::string_view text);

// "Colour" and what may be chosen, in the order shoppers see.
struct Option {
  std::string name;
  std::vector<std::string> values;
  friend bool operator==(const Option&, const Option&) = default;
};

struct Price {
  std::string currency;                    // ISO 4217
  std::int64_t amount = 0;                 // minor units
  std::optional<std::int64_t> compare_at;  // the price before a reduction
  friend bool operator==(const Price&, const Price&) = default;
};

// Its place in Product::images is its position.
struct Image {
  std::string id;
  std::string src;
  std::string alt;
  friend bool operator==(const Image&, const Image&) = default;
};

// Its place in Product::variants is its position.
struct Variant {
  std::string id;
  std::string title;                       // "Blue / Large"; made from option_values
  std::vector<std::string> option_values;  // one of each option, in the options' order
  std::string sku;
  std::string barcode;
  std::int64_t grams = 0;
  bool requires_shipping = true;
  bool taxable = true;
  bool track_stock = true;
  bool backorder = false;  // sell beyond the stock
  std::optional<std::string> image_id;
  std::optional<std::string> inventory_item_id;  // what is counted; set when stock is tracked
  std::int64_t units = 1;                        // of that item in one of this variant
  std::vector<Price> prices;                     // sorted by currency
  std::string attributes = "{}";                 // JSON object kept for an export, unused
  std::int64_t version = 1;
  friend bool operator==(const Variant&, const Variant&) = default;
};

struct CollectionRef {
  std::string id;
  std::string handle;
  std::string title;
  bool published = true;
  friend bool operator==(const CollectionRef&, const CollectionRef&) = default;
};

struct Product {
  std::string id;
  std::string handle;  // in URLs; unique in the shop
  std::string title;
  std::string description;  // HTML of the safe subset (sanitise_html.hpp)
  std::string vendor;
  std::string type;
  std::vector<std::string> tags;
  std::vector<Option> options;
  ProductStatus status = ProductStatus::draft;
  std::optional<std::string> tax_class_id;
  std::string seo_title;
  std::string seo_description;
  std::string attributes = "{}";  // JSON object kept for an export, unused
  std::vector<Image> images;
  std::vector<Variant> variants;           // at least one
  std::vector<CollectionRef> collections;  // sorted by id
  std::int64_t version = 1;
  Timestamp created_at{};
  Timestamp updated_at{};
};

struct Collection {
  std::string id;
  std::string handle;
  std::string title;
  std::string description;  // HTML of the safe subset
  std::string image;        // URL, or empty
  bool published = true;
  std::int64_t position = 0;
  std::int64_t version = 1;
  std::int64_t product_count = 0;  // as the reader may see them
};

// Whether, and how many of, a variant can be bought now in this region.
struct Availability {
  bool available = false;
  std::optional<std::int64_t> quantity;  // none: not counted, or sold beyond the stock
};
// `left`: granted - reserved - sold of the variant's item, in units of the item.
Availability availability(bool track_stock, bool backorder, std::int64_t left, std::int64_t units);

// What the shop sells in, default first.
struct ShopCurrencies {
  std::vector<std::string> codes;
  const std::string& standard() const { return codes.front(); }
  bool has(std::string_view code) const;
};

// "Blue / Large"; "Default" without options.
std::string variant_title(const std::vector<std::string>& option_values);

}  // namespace securecart::shop::catalog
