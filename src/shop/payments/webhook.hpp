// Signatures of webhooks by the Standard Webhooks specification (v1, HMAC-SHA256):
//
//   webhook-id, webhook-timestamp (seconds), webhook-signature: "v1," + base64(HMAC(secret,
//   id + "." + timestamp + "." + body)); several signatures, separated by blanks, during rotation.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace securecart::shop::payments {

struct WebhookHeaders {
  std::string id;
  std::string timestamp;
  std::string signature;
};

WebhookHeaders sign_webhook(std::string_view secret, std::string_view id, Timestamp at,
                            std::string_view body);

// Whether one of the signatures holds and the time is within five minutes of `now` (replays).
bool webhook_holds(std::string_view secret, const WebhookHeaders& headers, std::string_view body,
                   Timestamp now);

}  // namespace securecart::shop::payments
