// Stripe (docs.stripe.com/api): one PaymentIntent a payment, created and confirmed in one request.
//
// What makes an order be charged once, whatever is lost on the way:
//
//   Idempotency-Key   the payment's key. Stripe forgets keys after a day, so a request that may
//   have
//                     been sent longer ago than key_lifetime is looked for before it is sent again.
//   metadata          names the payment: an intent whose answer was lost is found by it. Search
//   knows
//                     those of long ago (it may be an hour late), the list of intents the recent
//                     ones; only both together say that there is none.
//   decline           is only said of an intent that can never take money any more: it is cancelled
//                     first. What was taken meanwhile is a capture.
//   anything else     no answer, 5xx, 409 (the key is in use right now), 401, 429: unknown. The
//                     reaper asks later.
//
// A key that Stripe answered with an error of its own (5xx) answers so until it is forgotten. Once
// the intents say for certain that there is none, a second key takes its place; no third.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "net/client.hpp"
#include "observe/metrics.hpp"
#include "shop/payments/accounts.hpp"
#include "shop/payments/provider.hpp"
#include "shop/payments/provider_line.hpp"

namespace securecart::shop::payments {

inline constexpr std::string_view stripe_version = "2024-06-20";

struct StripeOptions {
  std::string url = "https://api.stripe.com";
  Duration timeout = std::chrono::seconds(10);
};

class StripeProvider final : public Provider {
 public:
  // Throws std::invalid_argument when the address is none. All outlive this.
  StripeProvider(net::Client& client, const Clock& clock, observe::Metrics& metrics,
                 const ProviderAccounts& accounts, StripeOptions options);

  std::string_view name() const override { return "stripe"; }
  Task<ChargeResult> charge(ChargeRequest request) override;
  Task<std::optional<ChargeResult>> find_charge(ChargeRequest request) override;
  Task<ChargeResult> cancel_charge(ChargeRequest request) override;
  Task<RefundResult> refund(RefundRequest request) override;
  Task<std::optional<RefundResult>> find_refund(RefundRequest request) override;

 private:
  using Form = std::vector<std::pair<std::string, std::string>>;
  struct Answer;
  struct Search;

  Task<Answer> post(std::string secret, std::string target, Form form, std::string key);
  Task<Answer> get(std::string secret, std::string target);
  Task<Answer> create(std::string secret, ChargeRequest request, std::string key);

  Task<ChargeResult> concluded(std::string secret, ChargeRequest request, json::object intent);
  Task<ChargeResult> closed(std::string secret, ChargeRequest request, std::string intent_id,
                            std::string reason);
  Task<ChargeResult> result_of(std::string secret, ChargeRequest request, Answer answer);
  Task<Search> find_intent(std::string secret, ChargeRequest request);
  Task<Search> walk(std::string secret, std::string path, Form query, std::string_view member,
                    std::string value);
  bool may_be_forgotten(Timestamp created_at) const;

  const Clock& clock_;
  const ProviderAccounts& accounts_;
  ProviderLine line_;
};

// What an event of Stripe is about, once its signature holds (docs.stripe.com/api/events).
struct StripeEvent {
  enum class About : std::uint8_t { payment, refund, other };
  About about = About::other;
  std::string shop_id;
  std::string id;  // of the payment or refund, as in our books
  // The intent has the money: certain, and the last word.
  bool captured = false;
  std::string reference;
  std::int64_t amount = 0;  // received, in Stripe's units
  std::string currency;     // lower case
};
StripeEvent stripe_event(const json::object& event);

}  // namespace securecart::shop::payments
