// Signed receipts: what the shop acknowledged, provable without the shop.
//
// With the 201 comes a *statement*: canonical JSON of the order as placed, signed with the shop's
// Ed25519 key (RFC 8032). Moments later the event log's order puts it into the shop's *chain*:
//
//   entry 1 <--previous-- entry 2 <--previous-- entry 3      digest = SHA-256(canonical entry)
//      |                     |                     |
//   statement A         statements B, C, D    statement E    (by digest)
//
// so that no receipt can be dropped, reordered or rewritten later without it showing. An entry
// takes all statements that wait, under one signature. A receipt file holds statement and entry and
// verifies offline (securecart receipt verify --key KEY).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/crypto.hpp"
#include "base/json.hpp"
#include "shop/orders/model.hpp"

namespace securecart::shop::orders {

// The shop's key with its id ("rkey_…").
struct ReceiptKey {
  std::string id;
  SigningKey key;
};

// {"payload": canonical JSON text, "key_id", "signature"} of an order as placed.
json::object sign_statement(const Order& order, const ReceiptKey& key);

// The digest of a chain before its first entry: 64 zeros.
std::string first_link();

struct ChainEntry {
  std::int64_t sequence = 0;
  std::string previous;  // hex
  std::string digest;    // hex
  json::object
      document;  // {"payload", "key_id", "signature"}; the payload is what the digest is of
};
// What the chain knows a signed statement by: the SHA-256 of its payload, hex.
std::string statement_digest(const json::object& statement);
// Chains the statements of those digests, in their order, behind `previous` (a hex digest).
ChainEntry chain_statements(std::string_view shop_id, std::span<const std::string> statements,
                            std::int64_t sequence, std::string_view previous,
                            const ReceiptKey& key);

// One file for the shopper to keep: statement, chain entry, public key.
json::object receipt_file(const json::object& statement, const ChainEntry& entry,
                          std::string_view public_key_base64url);

// What verifying found. `checks` are sentences in the order they were checked.
struct Verification {
  bool valid = false;
  std::vector<std::string> checks;
  std::string failure;     // the first that failed: what and where
  json::object statement;  // the order's facts, once the signature holds
  std::int64_t sequence = 0;
  std::string digest;
  std::string previous;
  std::string public_key;  // base64url, the one that signed
};
// Verifies one receipt file. `trusted_key` (base64url) is the key it must be signed with; without
// it the key inside the file is used, which shows that the receipt is consistent, not who made it.
Verification verify_receipt(std::string_view file, std::optional<std::string_view> trusted_key);

// Verifies that receipts (sorted by sequence) follow one another without a gap. Several may be of
// one entry. Empty: they do.
std::string chain_break(const std::vector<Verification>& receipts);

}  // namespace securecart::shop::orders
