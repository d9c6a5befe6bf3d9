#include "shop/carts/pricing.hpp"

#include <algorithm>
#include <cassert>

#include "base/money.hpp"

namespace securecart::shop::carts {
namespace {

constexpr std::int64_t whole = 10'000;  // basis points

// Everything that is taxed at one rate.
struct Group {
  TaxRate rate;
  std::vector<std::size_t> parts;  // indices of lines; lines.size() stands for the shipping
  std::vector<std::int64_t> amounts;
};

std::int64_t tax_of(std::int64_t amount, const TaxRate& rate, bool included) {
  return included ? scale(amount, rate.basis_points, whole + rate.basis_points)
                  : scale(amount, rate.basis_points, whole);
}

void add_to_group(std::vector<Group>& groups, const std::optional<TaxRate>& rate, std::size_t part,
                  std::int64_t amount) {
  if (!rate) {
    return;
  }
  auto group = std::ranges::find_if(groups, [&](const Group& g) { return g.rate == *rate; });
  if (group == groups.end()) {
    groups.push_back({*rate, {}, {}});
    group = groups.end() - 1;
  }
  group->parts.push_back(part);
  group->amounts.push_back(amount);
}

}  // namespace

Totals price(const std::vector<PricedLine>& lines, std::int64_t shipping,
             const std::optional<TaxRate>& shipping_tax, bool tax_included,
             std::int64_t shipping_discount) {
  assert(shipping >= 0 && shipping_discount >= 0 && shipping_discount <= shipping);
  Totals totals;
  totals.tax_included = tax_included;
  totals.shipping = shipping;
  totals.shipping_discount = shipping_discount;
  totals.discount = shipping_discount;
  std::vector<Group> groups;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    assert(lines[i].unit_price >= 0 && lines[i].quantity >= 0);
    const std::int64_t amount = lines[i].unit_price * lines[i].quantity;
    const std::int64_t discount = lines[i].discount;
    assert(discount >= 0 && discount <= amount);
    totals.line_totals.push_back(amount);
    totals.line_discounts.push_back(discount);
    totals.subtotal += amount;
    totals.discount += discount;
    add_to_group(groups, lines[i].tax, i, amount - discount);
  }
  add_to_group(groups, shipping_tax, lines.size(), shipping - shipping_discount);

  totals.line_taxes.resize(lines.size());
  for (const Group& group : groups) {
    std::int64_t sum = 0;
    for (const std::int64_t amount : group.amounts) {
      sum += amount;
    }
    const std::int64_t tax = tax_of(sum, group.rate, tax_included);
    const std::vector<std::int64_t> shares = allocate(tax, group.amounts);
    for (std::size_t i = 0; i < shares.size(); ++i) {
      const bool is_shipping = group.parts[i] == lines.size();
      (is_shipping ? totals.shipping_tax : totals.line_taxes[group.parts[i]]) = shares[i];
    }
    totals.tax += tax;
    totals.tax_lines.push_back({group.rate, tax});
  }
  std::ranges::sort(totals.tax_lines, [](const TaxLine& a, const TaxLine& b) {
    return a.rate.basis_points != b.rate.basis_points ? a.rate.basis_points > b.rate.basis_points
                                                      : a.rate.name < b.rate.name;
  });
  totals.total = totals.subtotal + shipping - totals.discount + (tax_included ? 0 : totals.tax);
  return totals;
}

std::optional<std::int64_t> shipping_price(const std::vector<ShippingBand>& bands,
                                           std::int64_t grams, std::string_view currency) {
  // The first band that carries the weight decides, also when it has no price.
  const auto band = std::ranges::find_if(bands, [grams](const ShippingBand& candidate) {
    return !candidate.max_grams || grams <= *candidate.max_grams;
  });
  if (band == bands.end()) {
    return std::nullopt;
  }
  const auto price =
      std::ranges::find(band->prices, currency, &std::pair<std::string, std::int64_t>::first);
  return price == band->prices.end() ? std::nullopt : std::optional(price->second);
}

}  // namespace securecart::shop::carts
