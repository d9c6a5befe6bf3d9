// A cart with everything that decides what it costs and whether it can be bought: read in one
// snapshot and one round trip, beside the shop's terms, which are kept (sale_terms.hpp).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "shop/carts/pricing.hpp"
#include "shop/carts/promotions.hpp"
#include "shop/flows/deps.hpp"
#include "shop/flows/sale_terms.hpp"
#include "shop/inventory/holds.hpp"

namespace securecart::shop::flows {

struct SnapshotLine {
  std::string id;
  std::string variant_id;
  std::int64_t quantity = 0;
  std::string product_id;
  std::string handle;
  std::string title;
  std::string variant_title;
  std::string sku;
  std::string image;
  std::string image_alt;
  bool published = false;
  std::optional<std::int64_t> unit_price;  // none: not sold in the cart's currency
  std::int64_t grams = 0;
  bool requires_shipping = true;
  bool taxable = true;
  bool track_stock = true;
  bool backorder = false;
  std::string item_id;  // empty when stock is not tracked
  std::int64_t units = 1;
  std::string tax_class_id;  // empty: the shop's default
  std::vector<std::string> collection_ids;

  bool buyable() const { return published && unit_price.has_value(); }
};

struct CartSnapshot {
  std::string shop_id;
  std::shared_ptr<const SaleTerms> terms;  // never null
  // The cart
  std::string id;
  std::string token_hash;
  std::string customer_id;
  std::string currency;
  std::string email;
  json::value shipping_address;
  json::value billing_address;
  std::string shipping_province;
  std::string shipping_country;
  std::string shipping_method_id;
  std::string status;
  std::int64_t version = 0;
  Timestamp updated_at;
  Timestamp read_at;     // what of the promotions is on
  std::string order_id;  // once completed
  std::vector<SnapshotLine> lines;
  std::vector<std::string> codes;  // as entered, in that order
  // What decides
  std::vector<carts::Promotion> promotions;  // of the codes, and those that apply by themselves
  std::vector<inventory::Stand> stands;      // of the lines' items, by priority of their location

  bool requires_shipping() const;
  std::int64_t grams() const;
  std::optional<carts::TaxRate> tax_rate(const std::string& tax_class_id) const;
  // Those of the zone that ships to the cart's country; none while that is not known.
  std::vector<const ShippingMethod*> methods() const;
  // The price of a method for this cart; nullopt when it cannot take it.
  std::optional<std::int64_t> method_price(const ShippingMethod& method) const;
  // The chosen method when it (still) can take the cart.
  const ShippingMethod* chosen_method() const;
  // What promotions take off it.
  carts::Discounts discounts() const;
  // Lines that cannot be bought count nothing.
  carts::Totals totals() const;
  std::vector<inventory::Need> needs() const;
  // Units of a line's variant that could be bought now; nullopt when there is no bound.
  std::optional<std::int64_t> available(const SnapshotLine& line) const;

 private:
  std::int64_t shipping_price() const;
};

// The shop's terms as they stand. Null: no such shop.
Task<std::shared_ptr<const SaleTerms>> current_terms(const Deps& deps, std::string shop_id);

// nullopt: no such cart in this shop. Who may see it is the caller's question (token_hash,
// customer_id).
Task<std::optional<CartSnapshot>> read_cart(const Deps& deps, std::string shop_id,
                                            std::string cart_id);

}  // namespace securecart::shop::flows
