// A shop as its API tells of it, read whole at one time of rest: plain data for the checker.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace securecart::lab {

struct WorldLine {
  std::string id;
  std::string variant_id;
  std::int64_t quantity = 0;
  std::int64_t unit_price = 0;
  std::int64_t total = 0;
  std::int64_t tax = 0;
  std::int64_t refunded = 0;
  std::int64_t discount = 0;
};

// What a promotion took off an order.
struct WorldDiscount {
  std::string promotion_id;
  std::int64_t amount = 0;
};

struct WorldPromotion {
  std::string id;
  std::int64_t used = 0;
  std::int64_t usage_limit = -1;  // -1: none
};

struct WorldPayment {
  std::string id;
  std::string key;  // towards the provider
  std::string currency;
  std::int64_t amount = 0;
  std::string status;
};

struct WorldRefund {
  std::string id;
  std::string payment_id;
  std::int64_t amount = 0;
  std::string status;
};

struct WorldReservation {
  std::string item_id;
  std::string location_id;
  std::int64_t quantity = 0;
  std::int64_t backordered = 0;
};

struct WorldTransfer {
  std::string id;
  std::string journal_id;
  std::string debit;
  std::string credit;
  std::string currency;
  std::int64_t amount = 0;
  std::string order_id;  // empty: of no order
};

// A row of the list of orders.
struct WorldListing {
  std::string id;
  std::string cart_id;
  std::int64_t total = 0;
};

// Canonical JSON text with its Ed25519 signature.
struct WorldDocument {
  std::string payload;
  std::string key_id;
  std::string signature;  // base64url
};

struct WorldOrder {
  std::string id;
  std::string number;
  std::string cart_id;
  std::string status;
  std::string payment_status;
  std::string currency;
  std::string country;  // ISO 3166 of the shipping address; may be empty
  std::int64_t subtotal = 0;
  std::int64_t discount = 0;
  std::int64_t shipping = 0;
  std::int64_t tax = 0;
  std::int64_t total = 0;
  std::int64_t refunded = 0;
  bool tax_included = false;
  std::int64_t captured = 0;
  std::vector<WorldLine> lines;
  std::vector<WorldDiscount> discounts;
  std::vector<WorldPayment> payments;
  std::vector<WorldRefund> refunds;
  std::vector<WorldReservation> reservations;  // open ones
  WorldDocument statement;
};

struct WorldLevel {
  std::string item_id;
  std::string sku;
  std::string location_id;
  std::int64_t on_hand = 0;
  std::int64_t granted = 0;
  std::int64_t reserved = 0;
  std::int64_t sold = 0;
  std::int64_t backordered = 0;
};

struct WorldMovement {
  std::string id;
  std::string item_id;
  std::string location_id;
  std::string kind;
  std::int64_t on_hand = 0;
  std::int64_t granted = 0;
  std::int64_t reserved = 0;
  std::int64_t sold = 0;
  std::int64_t backordered = 0;
  std::string order_id;  // empty: of no order
};

struct WorldBalance {
  std::string account;
  std::string currency;
  std::int64_t balance = 0;  // debits less credits
};

// An entry of the chain of receipts.
struct WorldEntry {
  std::int64_t sequence = 0;
  std::string previous;  // hex
  std::string digest;    // hex
  WorldDocument document;
};

struct WorldEvent {
  std::int64_t position = 0;
  std::string type;
  std::string subject;
};

// What the payment provider says it took.
struct WorldCharge {
  std::string id;
  std::string key;
  std::string currency;
  std::int64_t amount = 0;
  std::string status;
  std::string payment_id;
  std::int64_t refunded = 0;
};

struct World {
  std::string shop_id;
  std::vector<WorldListing> listings;
  std::vector<WorldOrder> orders;
  std::vector<WorldPromotion> promotions;
  std::vector<WorldTransfer> transfers;
  std::vector<WorldBalance> balances;
  std::vector<WorldLevel> levels;
  std::vector<WorldMovement> movements;
  std::map<std::string, std::string> receipt_keys;  // id -> raw public key
  std::vector<WorldEntry> receipt_chain;
  std::vector<WorldEvent> events;
  std::int64_t events_tail = 0;  // the log's last position
  // By consumer: events of the log it has not settled, as far as the instance asked tells.
  std::map<std::string, std::int64_t> unsettled_events;
  std::optional<std::vector<WorldCharge>> charges;  // nullopt: the provider was not asked
};

}  // namespace securecart::lab
