#include "shop/carts/promotions.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <numeric>

#include "base/money.hpp"

namespace securecart::shop::carts {
namespace {

constexpr std::int64_t whole = 10'000;  // basis points

constexpr std::array<std::string_view, 4> kind_names{"buy_x_get_y", "percentage", "fixed_amount",
                                                     "free_shipping"};
constexpr std::array<std::string_view, 8> obstacle_names{
    "not_started",     "ended",         "used_up",         "used_by_customer",
    "not_in_currency", "below_minimum", "nothing_matches", "better_applies"};

std::int64_t sum_of(const std::vector<std::int64_t>& amounts) {
  return std::accumulate(amounts.begin(), amounts.end(), std::int64_t{0});
}

bool contains(const std::vector<std::string>& list, const std::string& entry) {
  return std::ranges::find(list, entry) != list.end();
}

bool matches(const PromotionTerms& terms, const DiscountableLine& line) {
  if (terms.product_ids.empty() && terms.collection_ids.empty()) {
    return true;
  }
  return contains(terms.product_ids, line.product_id) ||
         std::ranges::any_of(line.collection_ids, [&terms](const std::string& collection) {
           return contains(terms.collection_ids, collection);
         });
}

// What is left of a cart's amounts while promotions take off theirs.
struct Left {
  std::vector<std::int64_t> lines;
  std::int64_t shipping = 0;
};

// Takes `amount` off the chosen lines, in proportion to what is left of each.
std::int64_t take_off(Left& left, const std::vector<std::size_t>& chosen, std::int64_t amount) {
  std::vector<std::int64_t> weights;
  for (const std::size_t line : chosen) {
    weights.push_back(left.lines[line]);
  }
  const std::int64_t taken = std::min(amount, sum_of(weights));
  const std::vector<std::int64_t> shares = allocate(taken, weights);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    left.lines[chosen[i]] -= shares[i];
  }
  return taken;
}

// For every x + y units the y cheapest are the given ones.
std::int64_t give_units(Left& left, const DiscountableCart& cart, const PromotionTerms& terms,
                        std::vector<std::size_t> chosen) {
  std::int64_t units = 0;
  for (const std::size_t line : chosen) {
    units += cart.lines[line].quantity;
  }
  std::int64_t given = units / (terms.buy_quantity + terms.get_quantity) * terms.get_quantity;
  std::ranges::sort(chosen, {}, [&cart](std::size_t line) {
    return std::pair(cart.lines[line].unit_price, line);
  });
  std::int64_t taken = 0;
  for (const std::size_t line : chosen) {
    const std::int64_t here = std::min(given, cart.lines[line].quantity);
    const std::int64_t off = here * scale(cart.lines[line].unit_price, terms.basis_points, whole);
    const std::int64_t possible = std::min(off, left.lines[line]);
    left.lines[line] -= possible;
    taken += possible;
    given -= here;
  }
  return taken;
}

std::vector<std::size_t> chosen_lines(const PromotionTerms& terms, const DiscountableCart& cart) {
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < cart.lines.size(); ++i) {
    if (matches(terms, cart.lines[i])) {
      chosen.push_back(i);
    }
  }
  return chosen;
}

std::int64_t apply(const Promotion& promotion, const DiscountableCart& cart, Left& left) {
  const std::vector<std::size_t> chosen = chosen_lines(promotion.terms, cart);
  switch (promotion.kind) {
    case PromotionKind::buy_x_get_y:
      return give_units(left, cart, promotion.terms, chosen);
    case PromotionKind::percentage: {
      std::int64_t base = 0;
      for (const std::size_t line : chosen) {
        base += left.lines[line];
      }
      return take_off(left, chosen, scale(base, promotion.terms.basis_points, whole));
    }
    case PromotionKind::fixed_amount:
      return take_off(left, chosen, amount_in(promotion.terms.amounts, cart.currency).value_or(0));
    case PromotionKind::free_shipping:
      return std::exchange(left.shipping, 0);
  }
  assert(false && "every kind is applied above");
  return 0;
}

// What stands in a promotion's way whatever else applies.
std::optional<Obstacle> obstacle_of(const Promotion& promotion, const DiscountableCart& cart,
                                    const Left& priced) {
  if (promotion.starts_at && cart.at < *promotion.starts_at) {
    return Obstacle::not_started;
  }
  if (promotion.ends_at && cart.at >= *promotion.ends_at) {
    return Obstacle::ended;
  }
  if (promotion.usage_limit && promotion.used >= *promotion.usage_limit) {
    return Obstacle::used_up;
  }
  if (promotion.customer_limit && promotion.used_by_customer >= *promotion.customer_limit) {
    return Obstacle::used_by_customer;
  }
  const PromotionTerms& terms = promotion.terms;
  if (promotion.kind == PromotionKind::fixed_amount && !amount_in(terms.amounts, cart.currency)) {
    return Obstacle::not_in_currency;
  }
  if (!terms.minimum_subtotal.empty()) {
    const std::optional<std::int64_t> least = amount_in(terms.minimum_subtotal, cart.currency);
    if (!least) {
      return Obstacle::not_in_currency;
    }
    if (sum_of(priced.lines) < *least) {
      return Obstacle::below_minimum;
    }
  }
  // Free shipping is of the cart, when something of its choice is in it.
  if (promotion.kind == PromotionKind::free_shipping) {
    return chosen_lines(terms, cart).empty() ? std::optional(Obstacle::nothing_matches)
                                             : std::nullopt;
  }
  Left alone = priced;
  return apply(promotion, cart, alone) == 0 ? std::optional(Obstacle::nothing_matches)
                                            : std::nullopt;
}

// The promotions of one way, in the order they apply.
using Way = std::vector<std::size_t>;

std::vector<Way> ways_of(const std::vector<Promotion>& promotions,
                         const std::vector<std::optional<Obstacle>>& obstacles) {
  Way together;
  std::vector<Way> asked;  // by a code
  std::vector<Way> automatic;
  const auto add = [&](Way way) {
    const bool by_code =
        std::ranges::any_of(way, [&](std::size_t i) { return !promotions[i].code.empty(); });
    (by_code ? asked : automatic).push_back(std::move(way));
  };
  for (std::size_t i = 0; i < promotions.size(); ++i) {
    if (obstacles[i]) {
      continue;
    }
    if (promotions[i].combines) {
      together.push_back(i);
    } else {
      add({i});
    }
  }
  if (!together.empty()) {
    std::ranges::sort(together, {}, [&promotions](std::size_t i) {
      return std::pair(promotions[i].kind, std::string_view(promotions[i].id));
    });
    add(std::move(together));
  }
  // Of ways that are worth the same, the one that a code asked for.
  asked.insert(asked.end(), automatic.begin(), automatic.end());
  return asked;
}

}  // namespace

std::string_view to_string(PromotionKind kind) {
  return kind_names[static_cast<std::size_t>(kind)];
}

std::optional<PromotionKind> parse_promotion_kind(std::string_view text) {
  const auto found = std::ranges::find(kind_names, text);
  return found == kind_names.end()
             ? std::nullopt
             : std::optional(static_cast<PromotionKind>(found - kind_names.begin()));
}

std::string_view to_string(Obstacle obstacle) {
  return obstacle_names[static_cast<std::size_t>(obstacle)];
}

std::optional<std::int64_t> amount_in(const Amounts& amounts, std::string_view currency) {
  const auto found = std::ranges::find(amounts, currency, &Amounts::value_type::first);
  return found == amounts.end() ? std::nullopt : std::optional(found->second);
}

std::int64_t Discounts::total() const {
  return sum_of(lines) + shipping;
}

Discounts discount(const std::vector<Promotion>& promotions, const DiscountableCart& cart) {
  Left priced;
  priced.shipping = cart.shipping;
  for (const DiscountableLine& line : cart.lines) {
    assert(line.unit_price >= 0 && line.quantity >= 0);
    priced.lines.push_back(line.unit_price * line.quantity);
  }
  Discounts best;
  for (const Promotion& promotion : promotions) {
    best.obstacles.push_back(obstacle_of(promotion, cart, priced));
  }
  best.lines.resize(cart.lines.size());
  for (const Way& way : ways_of(promotions, best.obstacles)) {
    Discounts tried;
    Left left = priced;
    for (const std::size_t promotion : way) {
      tried.applied.push_back({promotion, apply(promotions[promotion], cart, left)});
    }
    for (std::size_t i = 0; i < left.lines.size(); ++i) {
      tried.lines.push_back(priced.lines[i] - left.lines[i]);
    }
    tried.shipping = priced.shipping - left.shipping;
    if (best.applied.empty() || tried.total() > best.total()) {
      tried.obstacles = std::move(best.obstacles);
      best = std::move(tried);
    }
  }
  for (std::size_t i = 0; i < promotions.size(); ++i) {
    if (!best.obstacles[i] &&
        std::ranges::find(best.applied, i, &Discount::promotion) == best.applied.end()) {
      best.obstacles[i] = Obstacle::better_applies;
    }
  }
  return best;
}

std::string normalised_code(std::string_view code) {
  constexpr std::string_view spaces = " \t\r\n";
  const std::size_t first = code.find_first_not_of(spaces);
  if (first == std::string_view::npos) {
    return "";
  }
  std::string result(code.substr(first, code.find_last_not_of(spaces) - first + 1));
  std::ranges::transform(result, result.begin(), [](char letter) {
    return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  });
  return result;
}

}  // namespace securecart::shop::carts
