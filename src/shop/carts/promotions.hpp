// What a cart gets off its prices: pure arithmetic over a snapshot. All amounts are minor units of
// the cart's currency.
//
// Promotions that combine apply together, one on what the ones before it left; one that does not
// applies alone. Of these ways the cart gets the one that takes off the most, so a shopper never
// pays more for having entered another code.
//
//   lines ──▶ buy x, get y ──▶ percentage ──▶ fixed amount        shipping ──▶ free shipping
//
// What is taken off a group of lines is computed over their sum and spread over them by largest
// remainder, so that the parts always sum to the whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace securecart::shop::carts {

enum class PromotionKind : std::uint8_t { buy_x_get_y, percentage, fixed_amount, free_shipping };
std::string_view to_string(PromotionKind kind);
std::optional<PromotionKind> parse_promotion_kind(std::string_view text);

using Amounts = std::vector<std::pair<std::string, std::int64_t>>;  // by currency
std::optional<std::int64_t> amount_in(const Amounts& amounts, std::string_view currency);

// How much off what.
struct PromotionTerms {
  std::int64_t basis_points = 0;  // percentage, and off each unit that buy_x_get_y gives
  Amounts amounts;                // fixed_amount
  std::int64_t buy_quantity = 0;  // buy_x_get_y
  std::int64_t get_quantity = 0;
  // Lines of these products or of products in these collections; of all when both are empty.
  std::vector<std::string> product_ids;
  std::vector<std::string> collection_ids;
  Amounts minimum_subtotal;  // of the cart as priced; empty: none
};

struct Promotion {
  std::string id;
  std::string title;
  std::string code;  // empty: applies by itself
  PromotionKind kind = PromotionKind::percentage;
  PromotionTerms terms;
  bool combines = false;
  std::optional<Timestamp> starts_at;
  std::optional<Timestamp> ends_at;
  std::optional<std::int64_t> usage_limit;
  std::optional<std::int64_t> customer_limit;
  std::int64_t used = 0;
  std::int64_t used_by_customer = 0;
};

struct DiscountableLine {
  std::string product_id;
  std::vector<std::string> collection_ids;
  std::int64_t unit_price = 0;
  std::int64_t quantity = 0;
};

struct DiscountableCart {
  std::string currency;
  std::vector<DiscountableLine> lines;
  std::int64_t shipping = 0;
  Timestamp at;
};

// Why a promotion gives nothing to a cart.
enum class Obstacle : std::uint8_t {
  not_started,
  ended,
  used_up,           // by everybody together
  used_by_customer,  // by this e-mail address
  not_in_currency,
  below_minimum,
  nothing_matches,
  better_applies  // it does not combine with what takes off more
};
std::string_view to_string(Obstacle obstacle);

struct Discount {
  std::size_t promotion = 0;  // index
  std::int64_t amount = 0;    // in all; may be nothing yet: free shipping of an unknown shipping
};

struct Discounts {
  std::vector<Discount> applied;
  std::vector<std::optional<Obstacle>> obstacles;  // by promotion; none: it is applied
  std::vector<std::int64_t> lines;                 // by line, never more than the line comes to
  std::int64_t shipping = 0;                       // never more than the shipping

  std::int64_t total() const;
};
Discounts discount(const std::vector<Promotion>& promotions, const DiscountableCart& cart);

// A code as it is stored and compared: without the spaces around it, ASCII letters in upper case.
std::string normalised_code(std::string_view code);

}  // namespace securecart::shop::carts
