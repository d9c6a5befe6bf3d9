// What a payment provider can be asked, and how its answers read. The interface is the seam: the
// test provider (test_provider.hpp) and Stripe (stripe_provider.hpp) stand behind it.
//
// `key` is the idempotency key towards the provider: the same key never charges or refunds twice,
// whatever happens to the answer. An answer that never came is Outcome::unknown, not an error: it
// is reconciled by asking (`find_charge`), never by charging once more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/task.hpp"

namespace securecart::shop::payments {

enum class Outcome : std::uint8_t {
  captured,         // the money is ours
  declined,         // it never will be, under this key
  requires_action,  // the shopper must confirm at action_url
  pending,          // the provider is still working on it
  unknown           // no answer: it may or may not have happened
};

struct ChargeRequest {
  std::string key;
  std::string shop_id;
  std::string payment_id;
  std::int64_t amount = 0;  // minor units
  std::string currency;
  std::string method;
  std::string return_url;      // where requires_action ends
  std::string reference = {};  // the provider's id of the charge, once an answer told it
  Timestamp created_at = {};   // of the payment: nothing was sent under `key` before
};

struct ChargeResult {
  Outcome outcome = Outcome::unknown;
  std::string reference = {};   // the provider's id of the charge
  std::string action_url = {};  // with requires_action
  std::string reason = {};      // for people, with declined
};

struct RefundRequest {
  std::string key;
  std::string shop_id;
  std::string charge_reference;
  std::int64_t amount = 0;
  std::string currency;
  Timestamp created_at = {};  // of the refund
};

struct RefundResult {
  enum class Outcome : std::uint8_t { succeeded, failed, unknown };
  Outcome outcome = Outcome::unknown;
  std::string reference;
  std::string reason;
};

class Provider {
 public:
  virtual ~Provider() = default;
  virtual std::string_view name() const = 0;

  // None of these throws: what goes wrong on the way is Outcome::unknown.
  virtual Task<ChargeResult> charge(ChargeRequest request) = 0;
  // What became of a charge that may have been sent before. nullopt: the provider has none under
  // this key, and none is on its way.
  virtual Task<std::optional<ChargeResult>> find_charge(ChargeRequest request) = 0;
  // For a charge nobody wants any more and that took no money yet: afterwards it never will. What
  // the provider took before is Outcome::captured. A provider that cannot cancel says how it
  // stands.
  virtual Task<ChargeResult> cancel_charge(ChargeRequest request);
  virtual Task<RefundResult> refund(RefundRequest request) = 0;
  virtual Task<std::optional<RefundResult>> find_refund(RefundRequest request) = 0;
};

}  // namespace securecart::shop::payments
