#include "shop/catalog/model.hpp"

#include <algorithm>

namespace securecart::shop::catalog {

std::string_view to_string(ProductStatus status) {
  switch (status) {
    case ProductStatus::draft:
      return "draft";
    case ProductStatus::published:
      return "published";
    case ProductStatus::archived:
      return "archived";
  }
  return "draft";
}

std::optional<ProductStatus> parse_product_status(std::string_view text) {
  for (const ProductStatus status :
       {ProductStatus::draft, ProductStatus::published, ProductStatus::archived}) {
    if (text == to_string(status)) {
      return status;
    }
  }
  return std::nullopt;
}

Availability availability(bool track_stock, bool backorder, std::int64_t left, std::int64_t units) {
  if (!track_stock || backorder) {
    return {true, std::nullopt};
  }
  const std::int64_t quantity = std::max<std::int64_t>(left, 0) / std::max<std::int64_t>(units, 1);
  return {quantity > 0, quantity};
}

bool ShopCurrencies::has(std::string_view code) const {
  return std::ranges::find(codes, code) != codes.end();
}

std::string variant_title(const std::vector<std::string>& option_values) {
  std::string title;
  for (const std::string& value : option_values) {
    title += title.empty() ? value : " / " + value;
  }
  return title.empty() ? "Default" : title;
}

}  // namespace securecart::shop::catalog
