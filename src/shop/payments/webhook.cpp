#include "shop/payments/webhook.hpp"

#include <charconv>
#include <chrono>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/text.hpp"

namespace securecart::shop::payments {
namespace {

constexpr auto tolerance = std::chrono::minutes(5);
constexpr std::string_view scheme = "v1,";

std::string signature_of(std::string_view secret, std::string_view id, std::string_view timestamp,
                         std::string_view body) {
  return base64(hmac_sha256(secret, fmt::format("{}.{}.{}", id, timestamp, body)));
}

bool is_recent(std::string_view timestamp, Timestamp now) {
  std::int64_t seconds = 0;
  const auto [end, error] =
      std::from_chars(timestamp.data(), timestamp.data() + timestamp.size(), seconds);
  constexpr std::int64_t year_9999 = 253'402'300'799;
  if (error != std::errc() || end != timestamp.data() + timestamp.size() || seconds < 0 ||
      seconds > year_9999) {
    return false;
  }
  const Timestamp at{std::chrono::seconds(seconds)};
  return at - now <= tolerance && now - at <= tolerance;
}

}  // namespace

WebhookHeaders sign_webhook(std::string_view secret, std::string_view id, Timestamp at,
                            std::string_view body) {
  WebhookHeaders headers;
  headers.id = std::string(id);
  headers.timestamp = std::to_string(to_millis(at) / 1000);
  headers.signature = std::string(scheme) + signature_of(secret, id, headers.timestamp, body);
  return headers;
}

bool webhook_holds(std::string_view secret, const WebhookHeaders& headers, std::string_view body,
                   Timestamp now) {
  if (!is_recent(headers.timestamp, now)) {
    return false;
  }
  const std::string expected = signature_of(secret, headers.id, headers.timestamp, body);
  for (const std::string_view given : split(headers.signature, ' ')) {
    if (given.starts_with(scheme) &&
        equal_in_constant_time(given.substr(scheme.size()), expected)) {
      return true;
    }
  }
  return false;
}

}  // namespace securecart::shop::payments
