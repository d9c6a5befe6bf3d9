// An order as a value: what a batch writes, what a read returns, what the API renders.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "shop/orders/state.hpp"

namespace securecart::shop::orders {

struct Line {
  std::string id;
  std::string product_id;
  std::string variant_id;
  std::string title;
  std::string variant_title;
  std::string sku;
  std::string image;
  std::int64_t quantity = 0;
  std::int64_t unit_price = 0;
  std::int64_t total = 0;     // as priced
  std::int64_t discount = 0;  // taken off it
  std::int64_t tax = 0;
  std::int64_t fulfilled = 0;
  std::int64_t refunded = 0;
  bool requires_shipping = true;
};

struct HistoryEntry {
  std::string id;
  Timestamp at;
  std::string kind;
  std::string actor;
  json::object detail;
};

struct Fulfilment {
  std::string id;
  json::array lines;  // {"line_id", "quantity"}
  std::string carrier;
  std::string tracking_number;
  std::string tracking_url;
  Timestamp at;
};

// The latest attempt to be paid, as the order's page shows it.
struct PaymentView {
  std::string id;
  std::int64_t attempt = 0;
  std::string provider;
  std::string method;
  std::string status;
  std::string action_url;
  std::string failure;
};

struct Order {
  std::string shop_id;
  std::string id;
  std::string number;
  std::string cart_id;
  std::string token_hash;
  std::string customer_id;  // empty: a guest
  std::string email;
  std::string currency;
  State state;
  bool prices_include_tax = true;
  std::string tax_country;             // whose taxes apply; stays when the addresses are erased
  std::int64_t subtotal = 0;           // of the lines, as priced
  std::int64_t shipping_total = 0;     // as priced
  std::int64_t discount_total = 0;     // taken off both
  std::int64_t shipping_discount = 0;  // the part of discount_total that is on shipping
  std::int64_t tax_total = 0;
  std::int64_t shipping_tax = 0;  // the part of tax_total that is on shipping
  std::int64_t total = 0;
  std::int64_t refunded_total = 0;
  std::int64_t captured_total = 0;
  json::value shipping_address;  // null when nothing is shipped
  json::value billing_address;
  json::value shipping_method;  // {"id", "name", "amount"} or null
  json::array tax_lines;        // {"name", "basis_points", "amount"}
  json::array discounts;        // {"promotion_id", "title", "code", "amount"}
  json::object receipt;         // {"payload", "key_id", "signature"}
  std::string home_region;
  std::int64_t version = 1;
  Timestamp placed_at;
  Timestamp updated_at;
  std::vector<Line> lines;
  std::vector<HistoryEntry> history;
  std::vector<Fulfilment> fulfilments;
  std::optional<PaymentView> payment;
};

}  // namespace securecart::shop::orders
