#include "shop/payments/stripe_signature.hpp"

#include <charconv>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/text.hpp"

namespace securecart::shop::payments {
namespace {

constexpr auto tolerance = std::chrono::minutes(5);
constexpr std::int64_t last_second = 253'402'300'799;  // of the year 9999
constexpr std::size_t most_signatures = 16;

std::string signature_of(std::string_view secret, std::string_view at, std::string_view body) {
  return to_hex(hmac_sha256(secret, fmt::format("{}.{}", at, body)));
}

bool is_recent(std::string_view text, Timestamp now) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 0 ||
      seconds > last_second) {
    return false;
  }
  const Timestamp at{std::chrono::seconds(seconds)};
  return at - now <= tolerance && now - at <= tolerance;
}

}  // namespace

std::string sign_stripe_event(std::string_view secret, Timestamp at, std::string_view body) {
  const std::string seconds = std::to_string(to_millis(at) / 1'000);
  return fmt::format("t={},v1={}", seconds, signature_of(secret, seconds, body));
}

bool stripe_event_holds(std::string_view secret, std::string_view header, std::string_view body,
                        Timestamp now) {
  const auto parts = split(header, ',');
  std::string_view at;
  for (const std::string_view part : parts) {
    if (part.starts_with("t=")) {
      at = part.substr(2);
    }
  }
  if (secret.empty() || parts.size() > most_signatures || !is_recent(at, now)) {
    return false;
  }
  const std::string expected = signature_of(secret, at, body);
  bool holds = false;
  for (const std::string_view part : parts) {
    holds |= part.starts_with("v1=") && equal_in_constant_time(part.substr(3), expected);
  }
  return holds;
}

}  // namespace securecart::shop::payments
