#include "shop/flows/change_cart.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/limits.hpp"
#include "shop/accounts/throttle.hpp"
#include "shop/carts/errc.hpp"
#include "shop/carts/limits.hpp"

namespace securecart::shop::flows {
namespace {

using storage::Batch;
using storage::Value;

constexpr std::string_view variant_sql =
    "SELECT p.status, (SELECT COUNT(*) FROM variant_prices vp WHERE vp.shop_id = v.shop_id AND "
    "vp.variant_id = v.id AND vp.currency = $3) FROM variants v "
    "JOIN products p ON p.shop_id = v.shop_id AND p.id = v.product_id "
    "WHERE v.shop_id = $1 AND v.id = $2";

// Of an active promotion, so that a code nobody gave out is not kept.
constexpr std::string_view add_code_sql =
    "INSERT INTO cart_codes (shop_id, cart_id, code, position) SELECT $1, $2, p.code, "
    "(SELECT COALESCE(MAX(k.position), 0) + 1 FROM cart_codes k WHERE k.shop_id = $1 AND "
    "k.cart_id = $2) FROM promotions p WHERE p.shop_id = $1 AND p.code = $3 AND p.code <> '' AND "
    "p.active = 1";

Value text_or_null(const std::string& text) {
  return text.empty() ? Value() : Value(text);
}

// Every change of a cart starts with this: it takes the row's lock and refuses a completed cart.
void add_open_guard(Batch& batch, const std::string& shop_id, const std::string& cart_id,
                    Timestamp now) {
  batch
      .add(
          "UPDATE carts SET version = version + 1, updated_at = $3 "
          "WHERE shop_id = $1 AND id = $2 AND status = 'open'",
          {shop_id, cart_id, to_millis(now)})
      .expect(1, carts::errc::cart_completed);
}

void add_line(Batch& batch, const Deps& deps, const std::string& shop_id,
              const std::string& cart_id, const NewLine& line) {
  batch
      .add(
          "INSERT INTO cart_lines (shop_id, cart_id, id, position, variant_id, quantity) VALUES "
          "($1, $2, $3, (SELECT COALESCE(MAX(position), 0) + 1 FROM cart_lines "
          "WHERE shop_id = $1 AND cart_id = $2), $4, $5) "
          "ON CONFLICT (shop_id, cart_id, variant_id) "
          "DO UPDATE SET quantity = cart_lines.quantity + excluded.quantity",
          {shop_id, cart_id, deps.ids.make("line"), line.variant_id, line.quantity})
      .or_refuse(carts::errc::cart_limit);
}

void add_lines_limit(Batch& batch, const std::string& shop_id, const std::string& cart_id) {
  batch
      .add(
          "UPDATE carts SET updated_at = updated_at WHERE shop_id = $1 AND id = $2 AND "
          "(SELECT COUNT(*) FROM cart_lines WHERE shop_id = $1 AND cart_id = $2) <= $3",
          {shop_id, cart_id, static_cast<std::int64_t>(limits::cart_lines)})
      .expect(1, carts::errc::cart_limit);
}

Error refusal(const ErrorKind& kind) {
  if (&kind == &carts::errc::code_unknown) {
    return {kind,
            "Look at its letters again; it may also have ended.",
            {{"/code", "is no code of this shop"}}};
  }
  if (&kind == &carts::errc::cart_limit) {
    return {kind, fmt::format("A cart takes {} lines of up to {} units each.", limits::cart_lines,
                              limits::line_quantity)};
  }
  return {kind, "Start a new cart; this one is an order already."};
}

Task<Result<std::monostate>> commit(const Deps& deps, Batch batch) {
  const storage::Commit outcome = co_await deps.database.commit(std::move(batch));
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    co_return std::unexpected(refusal(*refused->kind));
  }
  co_return std::monostate();
}

// That the variant can be put in a cart of this currency. Completing checks again.
Task<std::optional<Error>> refuse_variant(const Deps& deps, std::string shop_id,
                                          std::string variant_id, std::string currency) {
  storage::Query query{variant_sql, {shop_id, variant_id, currency}};
  const storage::Rows rows = co_await deps.database.read(std::move(query));
  if (rows.empty()) {
    co_return Error(carts::errc::variant_unavailable,
                    fmt::format("The shop has no variant {}.", variant_id),
                    {{"/variant_id", "is not a variant of this shop"}});
  }
  if (rows[0].text(0) != "published") {
    co_return Error(carts::errc::variant_unavailable, "The product is not on sale.",
                    {{"/variant_id", "its product is not published"}});
  }
  if (rows[0].integer(1) == 0) {
    co_return Error(carts::errc::variant_unavailable,
                    fmt::format("The variant has no price in {}.", currency),
                    {{"/variant_id", "has no price in the cart's currency"}});
  }
  co_return std::nullopt;
}

Error currency_refusal(const std::vector<std::string>& currencies) {
  return {carts::errc::not_sold_there,
          fmt::format("The shop sells in {}.", fmt::join(currencies, ", ")),
          {{"/currency", "is none of the shop's currencies"}}};
}

bool contains(const std::vector<std::string>& list, const std::string& entry) {
  return std::ranges::find(list, entry) != list.end();
}

Value address_value(const json::value& address) {
  return address.is_null() ? Value() : Value(to_string(address));
}

}  // namespace

Task<Result<CreatedCart>> create_cart(const Deps& deps, NewCart request) {
  const std::shared_ptr<const SaleTerms> terms = co_await current_terms(deps, request.shop_id);
  if (terms == nullptr) {
    co_return fail(errc::not_found, "There is no such shop.");
  }
  if (request.currency.empty()) {
    request.currency = terms->default_currency;
  } else if (!contains(terms->currencies, request.currency)) {
    co_return std::unexpected(currency_refusal(terms->currencies));
  }
  for (const NewLine& line : request.lines) {
    std::optional<Error> refused =
        co_await refuse_variant(deps, request.shop_id, line.variant_id, request.currency);
    if (refused) {
      co_return std::unexpected(std::move(*refused));
    }
  }
  const CreatedCart created{deps.ids.make("cart"), "ct_" + deps.ids.secret(32)};
  const std::int64_t now = to_millis(deps.clock.now());
  Batch batch;
  batch.add(
      "INSERT INTO carts (shop_id, id, token_hash, customer_id, currency, email, created_at, "
      "updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
      {request.shop_id, created.id, sha256_hex(created.token), text_or_null(request.customer_id),
       request.currency, request.email, now});
  for (const NewLine& line : request.lines) {
    add_line(batch, deps, request.shop_id, created.id, line);
  }
  add_lines_limit(batch, request.shop_id, created.id);
  const Result<std::monostate> committed = co_await commit(deps, std::move(batch));
  if (!committed) {
    co_return std::unexpected(committed.error());
  }
  co_return created;
}

Task<Result<std::monostate>> update_cart(const Deps& deps, CartSnapshot cart, CartUpdate update) {
  if (update.currency && !contains(cart.terms->currencies, *update.currency)) {
    co_return std::unexpected(currency_refusal(cart.terms->currencies));
  }
  const bool new_address = update.shipping_address.has_value();
  if (new_address && update.shipping_address->is_object()) {
    const std::string country(get_string(update.shipping_address->as_object(), "country"));
    if (!contains(cart.terms->countries, country)) {
      co_return fail(carts::errc::not_sold_there,
                     fmt::format("The shop ships to {}.", fmt::join(cart.terms->countries, ", ")),
                     {{"/shipping_address/country", "is none of the shop's countries"}});
    }
  }
  Batch batch;
  const Timestamp now = deps.clock.now();
  add_open_guard(batch, cart.shop_id, cart.id, now);
  if (update.email) {
    batch.add("UPDATE carts SET email = $3 WHERE shop_id = $1 AND id = $2",
              {cart.shop_id, cart.id, *update.email});
  }
  if (update.currency) {
    batch.add("UPDATE carts SET currency = $3 WHERE shop_id = $1 AND id = $2",
              {cart.shop_id, cart.id, *update.currency});
  }
  if (new_address) {
    const json::object* address = update.shipping_address->if_object();
    batch.add(
        "UPDATE carts SET shipping_address = $3, shipping_country = $4, shipping_province = $5 "
        "WHERE shop_id = $1 AND id = $2",
        {cart.shop_id, cart.id, address_value(*update.shipping_address),
         address != nullptr ? std::string(get_string(*address, "country")) : "",
         address != nullptr ? std::string(get_string_or(*address, "province", "")) : ""});
  }
  if (update.billing_address) {
    batch.add("UPDATE carts SET billing_address = $3 WHERE shop_id = $1 AND id = $2",
              {cart.shop_id, cart.id, address_value(*update.billing_address)});
  }
  if (update.shipping_method_id) {
    // That the method ships to the address is checked whenever the cart is read: the address may
    // change after it. Here it must only be one of the shop's.
    batch
        .add(
            "UPDATE carts SET shipping_method_id = $3 WHERE shop_id = $1 AND id = $2 AND "
            "(CAST($3 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM shipping_methods m WHERE m.shop_id "
            "= $1 AND "
            "m.id = $3))",
            {cart.shop_id, cart.id, text_or_null(*update.shipping_method_id)})
        .expect(1, carts::errc::shipping_method_unavailable);
  }
  const storage::Commit outcome = co_await deps.database.commit(std::move(batch));
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    if (refused->kind == &carts::errc::shipping_method_unavailable) {
      co_return fail(*refused->kind, "Choose one of the cart's shipping methods.",
                     {{"/shipping_method_id", "is not a shipping method of this shop"}});
    }
    co_return std::unexpected(refusal(*refused->kind));
  }
  co_return std::monostate();
}

Task<Result<std::monostate>> add_cart_line(const Deps& deps, CartSnapshot cart, NewLine line) {
  std::optional<Error> refused =
      co_await refuse_variant(deps, cart.shop_id, line.variant_id, cart.currency);
  if (refused) {
    co_return std::unexpected(std::move(*refused));
  }
  Batch batch;
  add_open_guard(batch, cart.shop_id, cart.id, deps.clock.now());
  add_line(batch, deps, cart.shop_id, cart.id, line);
  add_lines_limit(batch, cart.shop_id, cart.id);
  co_return co_await commit(deps, std::move(batch));
}

Task<Result<std::monostate>> add_cart_code(const Deps& deps, CartSnapshot cart, std::string code,
                                           std::string peer) {
  if (contains(cart.codes, code)) {
    co_return std::monostate();
  }
  if (cart.codes.size() >= limits::cart_codes) {
    co_return fail(carts::errc::cart_limit,
                   fmt::format("A cart takes {} codes: remove one first.", limits::cart_codes));
  }
  accounts::LoginThrottle throttle(deps.database, deps.clock);
  Result<void> heard =
      co_await throttle.count_code(cart.shop_id, peer, carts::errc::code_throttled);
  if (!heard) {
    co_return std::unexpected(std::move(heard.error()));
  }
  Batch batch;
  add_open_guard(batch, cart.shop_id, cart.id, deps.clock.now());
  batch.add(add_code_sql, {cart.shop_id, cart.id, code}).expect(1, carts::errc::code_unknown);
  accounts::LoginThrottle::forgive_code(batch, cart.shop_id, peer);
  co_return co_await commit(deps, std::move(batch));
}

Task<Result<std::monostate>> remove_cart_code(const Deps& deps, CartSnapshot cart,
                                              std::string code) {
  Batch batch;
  add_open_guard(batch, cart.shop_id, cart.id, deps.clock.now());
  batch.add("DELETE FROM cart_codes WHERE shop_id = $1 AND cart_id = $2 AND code = $3",
            {cart.shop_id, cart.id, code});
  co_return co_await commit(deps, std::move(batch));
}

Task<Result<std::monostate>> set_cart_line(const Deps& deps, CartSnapshot cart, std::string line_id,
                                           std::int64_t quantity) {
  if (std::ranges::find(cart.lines, line_id, &SnapshotLine::id) == cart.lines.end()) {
    co_return fail(errc::not_found, "The cart has no such line.");
  }
  Batch batch;
  add_open_guard(batch, cart.shop_id, cart.id, deps.clock.now());
  if (quantity == 0) {
    batch.add("DELETE FROM cart_lines WHERE shop_id = $1 AND cart_id = $2 AND id = $3",
              {cart.shop_id, cart.id, line_id});
  } else {
    batch
        .add("UPDATE cart_lines SET quantity = $4 WHERE shop_id = $1 AND cart_id = $2 AND id = $3",
             {cart.shop_id, cart.id, line_id, quantity})
        .or_refuse(carts::errc::cart_limit);
  }
  co_return co_await commit(deps, std::move(batch));
}

}  // namespace securecart::shop::flows
