#include "shop/api/admin/promotion_routes.hpp"

#include <limits>

#include <fmt/format.h>

#include "shop/api/cursor.hpp"
#include "shop/api/errc.hpp"
#include "shop/carts/errc.hpp"
#include "shop/carts/limits.hpp"
#include "shop/carts/promotion_store.hpp"

namespace securecart::shop::api {
namespace {

using carts::Promotion;
using carts::StoredPromotion;

constexpr std::string_view newest_first = "promotions/newest";

json::value time_or_null(std::optional<Timestamp> at) {
  return at ? json::value(format_rfc3339(*at)) : json::value(nullptr);
}

json::value number_or_null(std::optional<std::int64_t> number) {
  return number ? json::value(*number) : json::value(nullptr);
}

std::optional<Timestamp> time_of(const json::object& body, std::string_view name) {
  return has(body, name) ? parse_rfc3339(get_string(body, name)) : std::nullopt;
}

std::optional<std::int64_t> number_of(const json::object& body, std::string_view name) {
  return has(body, name) ? std::optional(get_int(body, name)) : std::nullopt;
}

json::object render(const StoredPromotion& stored) {
  const Promotion& promotion = stored.promotion;
  json::object object = carts::render_terms(promotion.kind, promotion.terms);
  object["id"] = promotion.id;
  object["title"] = promotion.title;
  object["code"] = promotion.code;
  object["kind"] = carts::to_string(promotion.kind);
  object["combines"] = promotion.combines;
  object["active"] = stored.active;
  object["starts_at"] = time_or_null(promotion.starts_at);
  object["ends_at"] = time_or_null(promotion.ends_at);
  object["usage_limit"] = number_or_null(promotion.usage_limit);
  object["customer_limit"] = number_or_null(promotion.customer_limit);
  object["used"] = promotion.used;
  object["created_at"] = format_rfc3339(stored.created_at);
  object["version"] = stored.version;
  return object;
}

// Everything of a body but what a promotion keeps for its life: id, code and kind.
void read_body(const json::object& body, StoredPromotion& stored) {
  Promotion& promotion = stored.promotion;
  promotion.title = get_string(body, "title");
  promotion.terms = carts::terms_of(body);
  promotion.combines = get_bool_or(body, "combines", false);
  promotion.starts_at = time_of(body, "starts_at");
  promotion.ends_at = time_of(body, "ends_at");
  promotion.usage_limit = number_of(body, "usage_limit");
  promotion.customer_limit = number_of(body, "customer_limit");
  stored.active = get_bool_or(body, "active", true);
}

std::optional<Error> refuse_senseless(const Promotion& promotion) {
  std::vector<FieldError> wrong = carts::check_promotion(promotion);
  if (wrong.empty()) {
    return std::nullopt;
  }
  return Error(errc::invalid_request, "Correct what `errors` names.", std::move(wrong));
}

Error refusal(const ErrorKind& kind) {
  if (&kind == &carts::errc::promotion_code_taken) {
    return {kind, "Choose another code.", {{"/code", "is the code of another promotion"}}};
  }
  if (&kind == &carts::errc::promotion_used) {
    return {kind, "Switch it off instead: set `active` to false."};
  }
  if (&kind == &carts::errc::promotion_limit_below_use) {
    return {kind,
            "Allow as many uses as there were, or switch it off.",
            {{"/usage_limit", "is below `used`"}}};
  }
  if (&kind == &errc::not_found) {
    return {kind, "There is no such promotion."};
  }
  return {kind, "Read the promotion again and repeat the change on what is there."};
}

}  // namespace

void PromotionRoutes::mount(Operations& operations) {
  using net::Method;
  operations.add({.id = "listPromotions",
                  .method = Method::get,
                  .path = "/v1/admin/promotions",
                  .tag = "Admin: promotions",
                  .summary = "The shop's promotions, newest first",
                  .access = Access::admin,
                  .permission = Permission::catalog_read,
                  .query = page_parameters(),
                  .response_schema = "Promotion[]"},
                 *this, &PromotionRoutes::list);
  operations.add(
      {.id = "createPromotion",
       .method = Method::post,
       .path = "/v1/admin/promotions",
       .tag = "Admin: promotions",
       .summary = "Take something off prices, by a code or by itself",
       .description =
           "Promotions that combine apply together: units given first, then percentages, then "
           "fixed amounts, each on what is left. One that does not combine applies alone. A cart "
           "gets whichever takes off the most. Limits of use hold however many check out at once.",
       .access = Access::admin,
       .permission = Permission::catalog_write,
       .request_schema = "PromotionInput",
       .success = 201,
       .response_schema = "Promotion",
       .errors = {&carts::errc::promotion_code_taken, &carts::errc::promotion_limit}},
      *this, &PromotionRoutes::create);
  operations.add({.id = "getPromotion",
                  .method = Method::get,
                  .path = "/v1/admin/promotions/{promotion_id}",
                  .tag = "Admin: promotions",
                  .summary = "Read a promotion and how often it was used",
                  .access = Access::admin,
                  .permission = Permission::catalog_read,
                  .response_schema = "Promotion",
                  .errors = {&errc::not_found}},
                 *this, &PromotionRoutes::get);
  operations.add({.id = "updatePromotion",
                  .method = Method::patch,
                  .path = "/v1/admin/promotions/{promotion_id}",
                  .tag = "Admin: promotions",
                  .summary = "Change a promotion, switch it on or off",
                  .access = Access::admin,
                  .permission = Permission::catalog_write,
                  .request_schema = "PromotionUpdate",
                  .response_schema = "Promotion",
                  .if_match = true,
                  .errors = {&errc::not_found, &carts::errc::promotion_limit_below_use,
                             &carts::errc::promotion_limit}},
                 *this, &PromotionRoutes::change);
  operations.add({.id = "deletePromotion",
                  .method = Method::del,
                  .path = "/v1/admin/promotions/{promotion_id}",
                  .tag = "Admin: promotions",
                  .summary = "Remove a promotion that no order used",
                  .access = Access::admin,
                  .permission = Permission::catalog_write,
                  .success = 204,
                  .errors = {&errc::not_found, &carts::errc::promotion_used}},
                 *this, &PromotionRoutes::remove);
}

Task<Result<Reply>> PromotionRoutes::list(Call& call) {
  const Result<std::optional<CursorKeys>> cursor = cursor_of(call, newest_first, "is");
  if (!cursor) {
    co_return std::unexpected(cursor.error());
  }
  const std::int64_t before =
      *cursor ? integer_at(**cursor, 0) : std::numeric_limits<std::int64_t>::max();
  std::string before_id = *cursor ? text_at(**cursor, 1) : "";
  const auto limit = static_cast<std::int64_t>(call.limit());
  const std::vector<StoredPromotion> found = co_await carts::read_promotions(
      deps_.database, call.shop(), before, std::move(before_id), limit + 1);
  json::array items;
  json::value next = nullptr;
  for (const StoredPromotion& promotion : found) {
    if (items.size() == call.limit()) {
      const StoredPromotion& last = found[items.size() - 1];
      next = encode_cursor(newest_first, {to_millis(last.created_at), last.promotion.id});
      break;
    }
    items.push_back(render(promotion));
  }
  co_return reply(200, json::object{{"items", std::move(items)}, {"next_cursor", std::move(next)}});
}

Task<std::optional<Error>> PromotionRoutes::refuse_number(std::string shop_id, bool another,
                                                          bool automatic) {
  const carts::PromotionCounts counts =
      co_await carts::count_promotions(deps_.database, std::move(shop_id));
  if (another && counts.all >= static_cast<std::int64_t>(limits::shop_promotions)) {
    co_return Error(carts::errc::promotion_limit,
                    fmt::format("A shop has at most {} promotions: remove some that no order used.",
                                limits::shop_promotions));
  }
  if (automatic && counts.automatic >= static_cast<std::int64_t>(limits::automatic_promotions)) {
    co_return Error(
        carts::errc::promotion_limit,
        fmt::format("At most {} promotions can apply by themselves: switch one off first.",
                    limits::automatic_promotions));
  }
  co_return std::nullopt;
}

Task<Result<Reply>> PromotionRoutes::create(Call& call) {
  const json::object& body = call.body();
  StoredPromotion stored;
  stored.promotion.id = deps_.ids.make("promo");
  stored.promotion.code = carts::normalised_code(get_string_or(body, "code", ""));
  stored.promotion.kind = carts::parse_promotion_kind(get_string(body, "kind")).value();
  stored.created_at = deps_.clock.now();
  read_body(body, stored);
  if (std::optional<Error> error = refuse_senseless(stored.promotion)) {
    co_return std::unexpected(std::move(*error));
  }
  const bool automatic = stored.active && stored.promotion.code.empty();
  if (std::optional<Error> error = co_await refuse_number(call.shop(), true, automatic)) {
    co_return std::unexpected(std::move(*error));
  }
  storage::Batch batch;
  carts::add_promotion(batch, call.shop(), stored);
  const storage::Commit outcome = co_await deps_.database.commit(std::move(batch));
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    co_return std::unexpected(refusal(*refused->kind));
  }
  co_return co_await show(call, stored.promotion.id, 201);
}

Task<Result<Reply>> PromotionRoutes::show(Call& call, std::string promotion_id, int status) {
  const std::optional<StoredPromotion> found =
      co_await carts::read_promotion(deps_.database, call.shop(), std::move(promotion_id));
  if (!found) {
    co_return std::unexpected(refusal(errc::not_found));
  }
  co_return reply(status, render(*found), found->version);
}

Task<Result<Reply>> PromotionRoutes::get(Call& call) {
  co_return co_await show(call, call.path("promotion_id"), 200);
}

Task<Result<Reply>> PromotionRoutes::change(Call& call) {
  std::optional<StoredPromotion> stored =
      co_await carts::read_promotion(deps_.database, call.shop(), call.path("promotion_id"));
  if (!stored) {
    co_return std::unexpected(refusal(errc::not_found));
  }
  const bool was_on = stored->active;
  json::object whole = render(*stored);
  for (const auto& member : call.body()) {
    whole[member.key()] = member.value();
  }
  read_body(whole, *stored);
  stored->version = call.if_match();
  if (std::optional<Error> error = refuse_senseless(stored->promotion)) {
    co_return std::unexpected(std::move(*error));
  }
  if (!was_on && stored->active && stored->promotion.code.empty()) {
    if (std::optional<Error> error = co_await refuse_number(call.shop(), false, true)) {
      co_return std::unexpected(std::move(*error));
    }
  }
  storage::Batch batch;
  carts::add_promotion_update(batch, call.shop(), *stored);
  const storage::Commit outcome = co_await deps_.database.commit(std::move(batch));
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    co_return std::unexpected(refusal(*refused->kind));
  }
  co_return co_await show(call, stored->promotion.id, 200);
}

Task<Result<Reply>> PromotionRoutes::remove(Call& call) {
  storage::Batch batch;
  carts::add_promotion_removal(batch, call.shop(), call.path("promotion_id"));
  const storage::Commit outcome = co_await deps_.database.commit(std::move(batch));
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    co_return std::unexpected(refusal(*refused->kind));
  }
  co_return no_content();
}

}  // namespace securecart::shop::api
