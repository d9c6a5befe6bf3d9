// Payments and refunds in the database.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/ids.hpp"
#include "storage/database.hpp"

namespace securecart::shop::payments {

// One attempt to be paid for an order. `provider_key` is the idempotency key towards the provider:
// derived from order and attempt, so that asking twice can never charge twice.
struct Payment {
  std::string shop_id;
  std::string id;
  std::string order_id;
  std::int64_t attempt = 1;
  std::string provider;
  std::string method;
  std::string currency;
  std::int64_t amount = 0;
  std::string status =
      "pending";  // pending, requires_action, captured, declined, unknown, cancelled
  std::string provider_key;
  std::string provider_reference;
  std::string action_url;
  std::string failure;
  std::optional<Timestamp> next_check_at;
  std::int64_t checks = 0;
  std::int64_t version = 1;
  Timestamp created_at;
  Timestamp updated_at;

  // No later answer of the provider changes these.
  bool settled() const {
    return status == "captured" || status == "declined" || status == "cancelled";
  }
};

struct AttemptRequest {
  std::string shop_id;
  std::string order_id;
  std::string currency;
  std::int64_t amount = 0;
  std::string provider;
  std::string method;
  Timestamp at;
};
Payment first_attempt(const AttemptRequest& request, const Ids& ids);
Payment next_attempt(const Payment& declined, const AttemptRequest& request, const Ids& ids);

struct Refund {
  std::string shop_id;
  std::string id;
  std::string order_id;
  std::string payment_id;
  std::int64_t amount = 0;
  std::string reason;
  std::string lines = "[]";        // JSON array of {"line_id", "quantity"}
  std::string status = "pending";  // pending, succeeded, failed
  std::string provider_key;
  std::string provider_reference;
  std::string failure;
  std::optional<Timestamp> next_check_at;
  std::int64_t checks = 0;
  std::int64_t version = 1;
  Timestamp created_at;
  Timestamp updated_at;
};

void add_payment(storage::Batch& batch, const Payment& payment);
void add_refund(storage::Batch& batch, const Refund& refund);

// Writes what became of a payment or refund, guarded by the version the decision was made on.
void add_update(storage::Batch& batch, const Payment& changed, const ErrorKind& otherwise);
void add_update(storage::Batch& batch, const Refund& changed, const ErrorKind& otherwise);

Task<std::optional<Payment>> read_payment(storage::Database& database, std::string shop_id,
                                          std::string payment_id);
Task<std::optional<Payment>> read_payment_by_key(storage::Database& database, std::string provider,
                                                 std::string provider_key);
Task<std::vector<Payment>> read_payments(storage::Database& database, std::string shop_id,
                                         std::string order_id);
Task<std::optional<Refund>> read_refund(storage::Database& database, std::string shop_id,
                                        std::string refund_id);
Task<std::vector<Refund>> read_refunds(storage::Database& database, std::string shop_id,
                                       std::string order_id);
// Of every shop, the longest due first: what the reaper asks the provider about.
Task<std::vector<Payment>> payments_due(storage::Database& database, Timestamp now,
                                        std::int64_t limit);
Task<std::vector<Refund>> refunds_due(storage::Database& database, Timestamp now,
                                      std::int64_t limit);

}  // namespace securecart::shop::payments
