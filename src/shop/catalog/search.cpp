#include "shop/catalog/search.hpp"

#include "shop/catalog/sanitise_html.hpp"

namespace securecart::shop::catalog {

namespace {

void append_line(std::string& text, const std::string& line) {
  if (!line.empty()) {
    text += text.empty() ? line : "\n" + line;
  }
}

}  // namespace

SearchTexts search_texts(const Product& product) {
  SearchTexts texts;
  for (const std::string& tag : product.tags) {
    append_line(texts.tags, tag);
  }
  for (const Option& option : product.options) {
    for (const std::string& value : option.values) {
      append_line(texts.options, value);
    }
  }
  for (const Variant& variant : product.variants) {
    append_line(texts.skus, variant.sku);
    append_line(texts.skus, variant.barcode);
  }
  texts.description = plain_text(product.description);
  return texts;
}

}  // namespace securecart::shop::catalog
