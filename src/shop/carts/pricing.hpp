// What a cart costs: pure arithmetic over a snapshot, the same for showing a cart and for making it
// an order. All amounts are minor units of the cart's currency.
//
// Tax is computed per rate over the sum of the lines that carry it and then spread over those lines
// by largest remainder, so that the parts always sum to the whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/limits.hpp"

namespace securecart::shop::carts {

struct TaxRate {
  std::string name;
  std::int64_t basis_points = 0;
  friend bool operator==(const TaxRate&, const TaxRate&) = default;
};

struct PricedLine {
  std::int64_t unit_price = 0;
  std::int64_t quantity = 0;
  std::optional<TaxRate> tax;  // none: not taxed
  std::int64_t discount = 0;   // taken off the line; at most what it comes to
};

struct TaxLine {
  TaxRate rate;
  std::int64_t amount = 0;
};

struct Totals {
  std::int64_t subtotal = 0;  // the lines as priced
  std::int64_t shipping = 0;  // as priced
  std::int64_t discount = 0;  // taken off both
  std::int64_t tax = 0;       // contained in what is left when tax_included, else on top
  std::int64_t total = 0;     // what the shopper pays
  bool tax_included = true;
  std::vector<TaxLine> tax_lines;         // by rate, largest rate first
  std::vector<std::int64_t> line_totals;  // as priced
  std::vector<std::int64_t> line_taxes;
  std::vector<std::int64_t> line_discounts;
  std::int64_t shipping_tax = 0;
  std::int64_t shipping_discount = 0;
};

// Prices of lines and shipping contain their tax when `tax_included`; tax is on what discounts
// leave. Asserts that no amount is negative; unit prices and quantities are within max_amount and
// limits::line_quantity, so nothing overflows.
Totals price(const std::vector<PricedLine>& lines, std::int64_t shipping,
             const std::optional<TaxRate>& shipping_tax, bool tax_included,
             std::int64_t shipping_discount = 0);

// The band of a shipping method that carries `grams`; bands rise by max_grams, the last may be
// open.
struct ShippingBand {
  std::optional<std::int64_t> max_grams;
  std::vector<std::pair<std::string, std::int64_t>> prices;  // by currency
};
// nullopt: too heavy for the method, or the band has no price in the currency.
std::optional<std::int64_t> shipping_price(const std::vector<ShippingBand>& bands,
                                           std::int64_t grams, std::string_view currency);

}  // namespace securecart::shop::carts
