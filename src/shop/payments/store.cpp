#include "shop/payments/store.hpp"

#include <fmt/format.h>

namespace securecart::shop::payments {
namespace {

using storage::Batch;
using storage::Database;
using storage::Query;
using storage::Row;
using storage::Rows;
using storage::Value;
using storage::Values;

Value millis_or_null(const std::optional<Timestamp>& time) {
  return time ? Value(to_millis(*time)) : Value();
}

std::optional<Timestamp> time_or_null(const std::optional<std::int64_t>& millis) {
  return millis ? std::optional(from_millis(*millis)) : std::nullopt;
}

#define SECURECART_PAYMENT_COLUMNS                                                          \
  "SELECT shop_id, id, order_id, attempt, provider, method, currency, amount, status, "     \
  "provider_key, provider_reference, action_url, failure, next_check_at, checks, version, " \
  "created_at, updated_at FROM payments "
#define SECURECART_REFUND_COLUMNS                                                           \
  "SELECT shop_id, id, order_id, payment_id, amount, reason, lines, status, provider_key, " \
  "provider_reference, failure, next_check_at, checks, version, created_at, updated_at "    \
  "FROM refunds "

Payment payment_of(const Row& row) {
  Payment payment;
  payment.shop_id = row.text(0);
  payment.id = row.text(1);
  payment.order_id = row.text(2);
  payment.attempt = row.integer(3);
  payment.provider = row.text(4);
  payment.method = row.text(5);
  payment.currency = row.text(6);
  payment.amount = row.integer(7);
  payment.status = row.text(8);
  payment.provider_key = row.text(9);
  payment.provider_reference = row.text(10);
  payment.action_url = row.text(11);
  payment.failure = row.text(12);
  payment.next_check_at = time_or_null(row.integer_or_null(13));
  payment.checks = row.integer(14);
  payment.version = row.integer(15);
  payment.created_at = from_millis(row.integer(16));
  payment.updated_at = from_millis(row.integer(17));
  return payment;
}

Refund refund_of(const Row& row) {
  Refund refund;
  refund.shop_id = row.text(0);
  refund.id = row.text(1);
  refund.order_id = row.text(2);
  refund.payment_id = row.text(3);
  refund.amount = row.integer(4);
  refund.reason = row.text(5);
  refund.lines = row.text(6);
  refund.status = row.text(7);
  refund.provider_key = row.text(8);
  refund.provider_reference = row.text(9);
  refund.failure = row.text(10);
  refund.next_check_at = time_or_null(row.integer_or_null(11));
  refund.checks = row.integer(12);
  refund.version = row.integer(13);
  refund.created_at = from_millis(row.integer(14));
  refund.updated_at = from_millis(row.integer(15));
  return refund;
}

std::vector<Payment> payments_of(const Rows& rows) {
  std::vector<Payment> payments;
  for (const Row row : rows) {
    payments.push_back(payment_of(row));
  }
  return payments;
}

std::vector<Refund> refunds_of(const Rows& rows) {
  std::vector<Refund> refunds;
  for (const Row row : rows) {
    refunds.push_back(refund_of(row));
  }
  return refunds;
}

Payment make_attempt(const AttemptRequest& request, std::int64_t attempt, const Ids& ids) {
  Payment payment;
  payment.shop_id = request.shop_id;
  payment.id = ids.make("pay");
  payment.order_id = request.order_id;
  payment.attempt = attempt;
  payment.provider = request.provider;
  payment.method = request.method;
  payment.currency = request.currency;
  payment.amount = request.amount;
  payment.provider_key = fmt::format("{}:{}", request.order_id, attempt);
  // The event that asks for the payment is handled within moments; should it not be, the reaper
  // asks.
  payment.next_check_at = request.at + std::chrono::seconds(30);
  payment.created_at = request.at;
  payment.updated_at = request.at;
  return payment;
}

}  // namespace

Payment first_attempt(const AttemptRequest& request, const Ids& ids) {
  return make_attempt(request, 1, ids);
}

Payment next_attempt(const Payment& declined, const AttemptRequest& request, const Ids& ids) {
  return make_attempt(request, declined.attempt + 1, ids);
}

void add_payment(Batch& batch, const Payment& payment) {
  batch.add(
      "INSERT INTO payments (shop_id, id, order_id, attempt, provider, method, currency, amount, "
      "status, provider_key, next_check_at, created_at, updated_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)",
      {payment.shop_id, payment.id, payment.order_id, payment.attempt, payment.provider,
       payment.method, payment.currency, payment.amount, payment.status, payment.provider_key,
       millis_or_null(payment.next_check_at), to_millis(payment.created_at)});
}

void add_refund(Batch& batch, const Refund& refund) {
  batch.add(
      "INSERT INTO refunds (shop_id, id, order_id, payment_id, amount, reason, lines, status, "
      "provider_key, next_check_at, created_at, updated_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
      {refund.shop_id, refund.id, refund.order_id, refund.payment_id, refund.amount, refund.reason,
       refund.lines, refund.status, refund.provider_key, millis_or_null(refund.next_check_at),
       to_millis(refund.created_at)});
}

void add_update(Batch& batch, const Payment& changed, const ErrorKind& otherwise) {
  batch
      .add(
          "UPDATE payments SET status = $4, provider_reference = $5, action_url = $6, "
          "failure = $7, next_check_at = $8, checks = $9, version = version + 1, updated_at = $10 "
          "WHERE shop_id = $1 AND id = $2 AND version = $3",
          {changed.shop_id, changed.id, changed.version, changed.status, changed.provider_reference,
           changed.action_url, changed.failure, millis_or_null(changed.next_check_at),
           changed.checks, to_millis(changed.updated_at)})
      .expect(1, otherwise);
}

void add_update(Batch& batch, const Refund& changed, const ErrorKind& otherwise) {
  batch
      .add(
          "UPDATE refunds SET status = $4, provider_reference = $5, failure = $6, "
          "next_check_at = $7, checks = $8, version = version + 1, updated_at = $9 "
          "WHERE shop_id = $1 AND id = $2 AND version = $3",
          {changed.shop_id, changed.id, changed.version, changed.status, changed.provider_reference,
           changed.failure, millis_or_null(changed.next_check_at), changed.checks,
           to_millis(changed.updated_at)})
      .expect(1, otherwise);
}

Task<std::optional<Payment>> read_payment(Database& database, std::string shop_id,
                                          std::string payment_id) {
  Query query{SECURECART_PAYMENT_COLUMNS "WHERE shop_id = $1 AND id = $2",
              {std::move(shop_id), std::move(payment_id)}};
  const Rows rows = co_await database.read(std::move(query));
  co_return rows.empty() ? std::nullopt : std::optional(payment_of(rows[0]));
}

Task<std::optional<Payment>> read_payment_by_key(Database& database, std::string provider,
                                                 std::string provider_key) {
  Query query{SECURECART_PAYMENT_COLUMNS "WHERE provider = $1 AND provider_key = $2",
              {std::move(provider), std::move(provider_key)}};
  const Rows rows = co_await database.read(std::move(query));
  co_return rows.empty() ? std::nullopt : std::optional(payment_of(rows[0]));
}

Task<std::vector<Payment>> read_payments(Database& database, std::string shop_id,
                                         std::string order_id) {
  Query query{SECURECART_PAYMENT_COLUMNS "WHERE shop_id = $1 AND order_id = $2 ORDER BY attempt",
              {std::move(shop_id), std::move(order_id)}};
  const Rows rows = co_await database.read(std::move(query));
  co_return payments_of(rows);
}

Task<std::optional<Refund>> read_refund(Database& database, std::string shop_id,
                                        std::string refund_id) {
  Query query{SECURECART_REFUND_COLUMNS "WHERE shop_id = $1 AND id = $2",
              {std::move(shop_id), std::move(refund_id)}};
  const Rows rows = co_await database.read(std::move(query));
  co_return rows.empty() ? std::nullopt : std::optional(refund_of(rows[0]));
}

Task<std::vector<Refund>> read_refunds(Database& database, std::string shop_id,
                                       std::string order_id) {
  Query query{SECURECART_REFUND_COLUMNS
              "WHERE shop_id = $1 AND order_id = $2 ORDER BY created_at, id",
              {std::move(shop_id), std::move(order_id)}};
  const Rows rows = co_await database.read(std::move(query));
  co_return refunds_of(rows);
}

Task<std::vector<Payment>> payments_due(Database& database, Timestamp now, std::int64_t limit) {
  Query query{SECURECART_PAYMENT_COLUMNS
              "WHERE next_check_at <= $1 ORDER BY next_check_at LIMIT $2",
              {to_millis(now), limit}};
  const Rows rows = co_await database.read(std::move(query));
  co_return payments_of(rows);
}

Task<std::vector<Refund>> refunds_due(Database& database, Timestamp now, std::int64_t limit) {
  Query query{SECURECART_REFUND_COLUMNS "WHERE next_check_at <= $1 ORDER BY next_check_at LIMIT $2",
              {to_millis(now), limit}};
  const Rows rows = co_await database.read(std::move(query));
  co_return refunds_of(rows);
}

}  // namespace securecart::shop::payments
