// Any bytes as a product file: an answer or a refusal, and every sound product is whole.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "shop/catalog/shopify_csv.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace securecart;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = shop::catalog::read_shopify_csv(text, *Currency::parse("EUR"));
  if (!file) {
    return 0;
  }
  for (const shop::catalog::CsvProduct& product : file->products) {
    if (product.input.variants.empty() || product.input.handle.empty() ||
        product.opening_stock.size() != product.input.variants.size()) {
      std::abort();
    }
  }
  return 0;
}
