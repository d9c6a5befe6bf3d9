// Money is an integer count of minor units with a currency. No floating point, no silent overflow.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace securecart {

// ISO 4217 alphabetic code of a currency SecureCart knows, with its number of minor digits.
class Currency {
 public:
  // nullopt when the code is not in the table (upper case, three letters).
  static std::optional<Currency> parse(std::string_view code);
  std::string_view code() const { return {code_.data(), 3}; }
  int minor_digits() const { return minor_digits_; }
  friend bool operator==(const Currency&, const Currency&) = default;

 private:
  Currency(std::string_view code, int minor_digits);
  std::array<char, 3> code_;
  std::int8_t minor_digits_;
};

// The largest amount one price, line or order may carry, in minor units. Far below 2^63 so that
// sums of max_order_lines lines cannot overflow.
inline constexpr std::int64_t max_amount = 1'000'000'000'000;

struct Money {
  std::int64_t minor;
  Currency currency;
  friend bool operator==(const Money&, const Money&) = default;
};

// Parses "12", "12.5", "1,234.50" is refused. nullopt when malformed, when it has more digits than
// the currency's minor unit, negative, or above max_amount.
std::optional<std::int64_t> parse_amount(std::string_view text, Currency currency);
// "12.50", "1200" (JPY).
std::string format_amount(std::int64_t minor, Currency currency);

// value * numerator / denominator, rounded half to even, through 128 bits. Asserts on a result
// beyond int64 and on denominator <= 0.
std::int64_t scale(std::int64_t value, std::int64_t numerator, std::int64_t denominator);

// Splits `total` in proportion to `weights` (all >= 0) by largest remainder: the parts always sum
// to the total. With all weights zero the parts are equal but for the remainder.
std::vector<std::int64_t> allocate(std::int64_t total, std::span<const std::int64_t> weights);

}  // namespace securecart
