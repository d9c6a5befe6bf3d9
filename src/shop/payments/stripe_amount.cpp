#include "shop/payments/stripe_amount.hpp"

#include "base/money.hpp"

namespace securecart::shop::payments {

std::optional<std::int64_t> stripe_amount(std::int64_t minor, std::string_view code) {
  constexpr std::int64_t hundred = 100;
  constexpr std::int64_t ten = 10;
  const std::optional<Currency> currency = Currency::parse(code);
  if (!currency || minor < 0 || minor > max_amount || code == "UGX") {
    return std::nullopt;
  }
  if (code == "ISK") {
    return minor * hundred;
  }
  if (code == "MGA") {
    return minor % hundred == 0 ? std::optional(minor / hundred) : std::nullopt;
  }
  if (currency->minor_digits() == 3 && minor % ten != 0) {
    return std::nullopt;
  }
  return minor;
}

}  // namespace securecart::shop::payments
