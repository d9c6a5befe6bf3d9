#include "shop/flows/erase_customer.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/json.hpp"
#include "shop/accounts/errc.hpp"
#include "shop/accounts/limits.hpp"
#include "shop/accounts/sessions.hpp"
#include "shop/accounts/throttle.hpp"

namespace securecart::shop::flows {
namespace {

using storage::Batch;
using storage::Row;
using storage::Rows;

constexpr auto rows_at_once = static_cast<std::int64_t>(limits::purged_rows);
constexpr std::string_view account_sql =
    "SELECT email FROM customers WHERE shop_id = $1 AND id = $2";
// An answer is stored when the order's story gets its next line, so that is where to look for it:
// the clock may have gone on in between by as long as a commit may wait.
constexpr std::string_view answers_sql =
    "SELECT DISTINCT k.scope, k.key, k.body FROM orders o "
    "JOIN order_history h ON h.shop_id = o.shop_id AND h.order_id = o.id "
    "JOIN idempotency_keys k ON k.created_at BETWEEN h.at - $3 AND h.at + $3 "
    "AND k.shop_id = o.shop_id AND k.body LIKE '%\"id\":\"' || o.id || '\"%' "
    "WHERE o.shop_id = $1 AND o.customer_id = $2 AND (k.scope, k.key) > ($4, $5) "
    "ORDER BY k.scope, k.key LIMIT $6";
constexpr auto answer_distance = std::chrono::milliseconds(std::chrono::minutes(10));

// Lines of an order's story whose detail is free text, or holds some.
constexpr std::array<std::string_view, 3> told_in_words = {"cancelled", "fulfilled",
                                                           "refund_requested"};

bool is_told_in_words(std::string_view kind) {
  return std::ranges::find(told_in_words, kind) != told_in_words.end();
}

// The order without whose it is; nullopt when it says nothing of that.
std::optional<std::string> anonymous(const std::string& body) {
  Result<json::value> parsed = parse_json(body);
  json::object* order = parsed ? parsed->if_object() : nullptr;
  if (order == nullptr) {
    return std::nullopt;
  }
  bool changed = false;
  const auto blank = [&](std::string_view member, const json::value& nothing) {
    if (json::value* value = order->if_contains(member); value != nullptr && *value != nothing) {
      *value = nothing;
      changed = true;
    }
  };
  blank("email", "");
  blank("shipping_address", nullptr);
  blank("billing_address", nullptr);
  if (json::value* fulfilments = order->if_contains("fulfilments"); fulfilments != nullptr) {
    for (json::value& fulfilment : fulfilments->as_array()) {
      fulfilment.as_object()["tracking_number"] = "";
      fulfilment.as_object()["tracking_url"] = "";
    }
    changed = true;
  }
  if (json::value* history = order->if_contains("history"); history != nullptr) {
    for (json::value& entry : history->as_array()) {
      if (is_told_in_words(get_string(entry.as_object(), "kind"))) {
        entry.as_object()["detail"] = json::object();
      }
    }
    changed = true;
  }
  return changed ? std::optional(to_string(*parsed)) : std::nullopt;
}

// What people wrote about an order may name anybody; what a parcel is followed by leads to its
// door.
void blank_words(Batch& batch, const std::string& shop_id, const std::string& customer_id) {
#define ORDERS_OF_CUSTOMER \
  "AND order_id IN (SELECT id FROM orders WHERE shop_id = $1 AND customer_id = $2)"
  for (const std::string_view sql :
       {"UPDATE fulfilments SET tracking_number = '', tracking_url = '' WHERE shop_id = "
        "$1 " ORDERS_OF_CUSTOMER,
        "UPDATE refunds SET reason = '' WHERE shop_id = $1 " ORDERS_OF_CUSTOMER}) {
    batch.add(sql, {shop_id, customer_id});
  }
  for (const std::string_view kind : told_in_words) {
    batch.add(
        "UPDATE order_history SET detail = '{}' WHERE shop_id = $1 AND kind = "
        "$3 " ORDERS_OF_CUSTOMER,
        {shop_id, customer_id, std::string(kind)});
  }
#undef ORDERS_OF_CUSTOMER
}

// Versions move, so that whoever decided on what was there before decides again.
void blank_trade(Batch& batch, const std::string& shop_id, const std::string& customer_id) {
  batch.add(
      "UPDATE orders SET email = '', shipping_address = NULL, billing_address = NULL, "
      "version = version + 1 WHERE shop_id = $1 AND customer_id = $2",
      {shop_id, customer_id});
  batch.add(
      "UPDATE carts SET customer_id = NULL, email = '', shipping_address = NULL, "
      "billing_address = NULL, version = version + 1 WHERE shop_id = $1 AND customer_id = $2",
      {shop_id, customer_id});
}

void remove_account(Batch& batch, const std::string& shop_id, const std::string& customer_id,
                    const std::string& email) {
  using accounts::SubjectKind;
  accounts::Sessions::end_all(batch, shop_id, SubjectKind::customer, customer_id, "");
  accounts::LoginThrottle::forgive(batch, {shop_id, SubjectKind::customer, email, ""});
  batch.add("DELETE FROM customer_addresses WHERE shop_id = $1 AND customer_id = $2",
            {shop_id, customer_id});
  batch.add("DELETE FROM customers WHERE shop_id = $1 AND id = $2", {shop_id, customer_id});
}

}  // namespace

Task<Result<void>> erase_customer(const Deps& deps, std::string shop_id, std::string customer_id,
                                  std::int64_t version) {
  storage::Query query{account_sql, {shop_id, customer_id}};
  const Rows account = co_await deps.database.read(std::move(query));
  if (account.empty()) {
    co_return fail(errc::not_found, "There is no such customer.");
  }
  Batch batch;
  batch
      .add(
          "UPDATE customers SET version = version + 1 WHERE shop_id = $1 AND id = $2 AND version = "
          "$3",
          {shop_id, customer_id, version})
      .expect(1, errc::version_conflict);
  batch
      .add(
          "UPDATE customers SET id = id WHERE shop_id = $1 AND id = $2 AND NOT EXISTS "
          "(SELECT 1 FROM orders WHERE shop_id = $1 AND customer_id = $2 AND status = 'placed')",
          {shop_id, customer_id})
      .expect(1, accounts::errc::customer_has_open_orders);
  blank_trade(batch, shop_id, customer_id);
  blank_words(batch, shop_id, customer_id);
  remove_account(batch, shop_id, customer_id, account[0].text(0));
  batch.event("customer.erased", shop_id, customer_id,
              to_string(json::value(json::object{{"customer_id", customer_id}})));
  const storage::Commit outcome = co_await deps.database.commit(std::move(batch));
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    const bool open = refused->kind == &accounts::errc::customer_has_open_orders;
    co_return fail(*refused->kind, open ? "Fulfil or cancel the customer's orders first."
                                        : std::string(refused->kind->title));
  }
  co_return Result<void>();
}

Task<events::ConsumerOutcome> blank_answers(const Deps& deps, const events::Event& event) {
  std::string scope;
  std::string key;
  while (true) {
    storage::Query query{
        answers_sql,
        {event.shop_id, event.subject, answer_distance.count(), scope, key, rows_at_once}};
    const Rows rows = co_await deps.database.read(std::move(query));
    Batch batch;
    for (const Row row : rows) {
      scope = row.text(0);
      key = row.text(1);
      if (std::optional<std::string> body = anonymous(row.text(2))) {
        batch.add(
            "UPDATE idempotency_keys SET body = $4 WHERE shop_id = $1 AND scope = $2 AND key = $3",
            {event.shop_id, scope, key, std::move(*body)});
      }
    }
    if (static_cast<std::int64_t>(rows.size()) < rows_at_once) {
      co_return batch;
    }
    co_await deps.database.commit(std::move(batch));
  }
}

}  // namespace securecart::shop::flows
