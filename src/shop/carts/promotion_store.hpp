// Promotions as rows: what the admin API writes, what a cart is priced by, what an order used.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/json.hpp"
#include "shop/carts/promotions.hpp"
#include "storage/database.hpp"

namespace securecart::shop::carts {

// A promotion with what only its owner sees.
struct StoredPromotion {
  Promotion promotion;
  bool active = true;
  std::int64_t version = 1;
  Timestamp created_at;
};

json::object render_terms(PromotionKind kind, const PromotionTerms& terms);
// Of a document that was validated before, or that we wrote ourselves.
PromotionTerms terms_of(const json::object& document);
// What a promotion of this kind lacks or has too much of; empty: it makes sense.
std::vector<FieldError> check_promotion(const Promotion& promotion);

// Refuses with promotion_code_taken.
void add_promotion(storage::Batch& batch, const std::string& shop_id,
                   const StoredPromotion& promotion);
// Everything but code, kind and uses, where the version is still the same. Refuses with
// version_conflict, and with promotion_limit_below_use.
void add_promotion_update(storage::Batch& batch, const std::string& shop_id,
                          const StoredPromotion& promotion);
// Refuses with promotion_used, and with not_found when there is none.
void add_promotion_removal(storage::Batch& batch, const std::string& shop_id,
                           const std::string& promotion_id);

Task<std::optional<StoredPromotion>> read_promotion(storage::Database& database,
                                                    std::string shop_id, std::string promotion_id);
// Newest first, older than the one of (created, id); at most `limit`.
Task<std::vector<StoredPromotion>> read_promotions(storage::Database& database, std::string shop_id,
                                                   std::int64_t created, std::string id,
                                                   std::int64_t limit);
// How many apply by themselves and how many there are at all.
struct PromotionCounts {
  std::int64_t automatic = 0;
  std::int64_t all = 0;
};
Task<PromotionCounts> count_promotions(storage::Database& database, std::string shop_id);

// $1 shop, $2 cart: the cart's codes with their promotions and the promotions that apply by
// themselves; read with promotions_of.
extern const std::string_view cart_promotions_sql;
struct CartPromotions {
  std::vector<std::string> codes;     // as entered, in that order
  std::vector<Promotion> promotions;  // of codes that are known, and automatic ones
};
CartPromotions promotions_of(const storage::Rows& rows);

// A use by an order. Where the promotion's limits leave none, or it was switched off meanwhile, the
// batch is refused with `refusal`.
struct PromotionUse {
  std::string shop_id;
  std::string order_id;
  std::string email;
  std::int64_t amount = 0;
  Timestamp at;
};
void add_use(storage::Batch& batch, const Promotion& promotion, const PromotionUse& use,
             const ErrorKind& refusal);
// Gives back what a cancelled order used.
void add_release(storage::Batch& batch, const std::string& shop_id, const std::string& order_id,
                 Timestamp at);
// Of a customer who is erased: that the address used something, and what.
void forget_uses(storage::Batch& batch, const std::string& shop_id, const std::string& email);

}  // namespace securecart::shop::carts
