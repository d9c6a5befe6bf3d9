#include "base/money.hpp"

#include <algorithm>
#include <cassert>
#include <limits>
#include <numeric>

#include <fmt/format.h>

namespace securecart {

namespace {

__extension__ typedef __int128 Wide;

// ISO 4217 (2024), active national currencies with two minor digits; those with none or three
// below.
constexpr std::string_view two_digits =
    "AEDAFNALLAMDANGAOAARSAUDAWGAZNBAMBBDBDTBGNBMDBNDBOBBRLBSDBTNBWPBYNBZDCADCDFCHFCNYCOPCRCCUPCVE"
    "CZKDKKDOPDZDEGPERNETBEUREURFJDFKPGBPGELGHSGIPGMDGTQGYDHKDHNLHTGHUFIDRILSINRIRRJMDKESKGSKHRKPW"
    "KYDKZTLAKLBPLKRLRDLSLMADMDLMGAMKDMMKMNTMOPMRUMURMVRMWKMXNMYRMZNNADNGNNIONOKNPRNZDPABPENPGKPHP"
    "PKRPLNQARRONRSDRUBSARSBDSCRSDGSEKSGDSHPSLESOSSRDSSPSTNSVCSYPSZLTHBTJSTMTTOPTRYTTDTWDTZSUAHUSD"
    "UYUUZSVEDVESWSTXCDYERZARZMWZWG";
constexpr std::string_view no_digits = "BIFCLPDJFGNFISKJPYKMFKRWPYGRWFUGXVNDVUVXAFXOFXPF";
constexpr std::string_view three_digits = "BHDIQDJODKWDLYDOMRTND";

bool in_table(std::string_view table, std::string_view code) {
  for (std::size_t i = 0; i < table.size(); i += 3) {
    if (table.substr(i, 3) == code) {
      return true;
    }
  }
  return false;
}

std::int64_t minor_per_major(Currency currency) {
  std::int64_t factor = 1;
  for (int i = 0; i < currency.minor_digits(); ++i) {
    factor *= 10;
  }
  return factor;
}

bool only_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::int64_t narrow(Wide value) {
  assert(value >= std::numeric_limits<std::int64_t>::min() &&
         value <= std::numeric_limits<std::int64_t>::max());
  return static_cast<std::int64_t>(value);
}

// allocate() for a total >= 0.
std::vector<std::int64_t> allocate_positive(Wide total, std::span<const std::int64_t> weights) {
  const Wide sum = std::accumulate(weights.begin(), weights.end(), Wide{0});
  const Wide count = static_cast<Wide>(weights.size());
  std::vector<std::int64_t> parts(weights.size());
  std::vector<Wide> remainders(weights.size());
  Wide left = total;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    assert(weights[i] >= 0);
    const Wide share = sum == 0 ? total : total * weights[i];
    const Wide whole = sum == 0 ? count : sum;
    parts[i] = static_cast<std::int64_t>(share / whole);
    remainders[i] = share % whole;
    left -= share / whole;
  }
  // Fewer units are left than there are parts with a remainder; equal remainders go by position.
  std::vector<std::size_t> order(weights.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&remainders](std::size_t a, std::size_t b) {
    return remainders[a] != remainders[b] ? remainders[a] > remainders[b] : a < b;
  });
  for (std::size_t i = 0; left > 0; ++i, --left) {
    ++parts[order[i]];
  }
  return parts;
}

}  // namespace

Currency::Currency(std::string_view code, int minor_digits)
    : code_{code[0], code[1], code[2]}, minor_digits_(static_cast<std::int8_t>(minor_digits)) {}

std::optional<Currency> Currency::parse(std::string_view code) {
  if (code.size() != 3) {
    return std::nullopt;
  }
  if (in_table(two_digits, code)) {
    return Currency(code, 2);
  }
  if (in_table(no_digits, code)) {
    return Currency(code, 0);
  }
  if (in_table(three_digits, code)) {
    return Currency(code, 3);
  }
  return std::nullopt;
}

std::optional<std::int64_t> parse_amount(std::string_view text, Currency currency) {
  const std::size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const bool has_fraction = point != std::string_view::npos;
  const std::string_view fraction = has_fraction ? text.substr(point + 1) : std::string_view();
  const auto digits = static_cast<std::size_t>(currency.minor_digits());
  if (whole.empty() || !only_digits(whole) || (has_fraction && fraction.empty()) ||
      !only_digits(fraction) || fraction.size() > digits) {
    return std::nullopt;
  }
  std::int64_t minor = 0;
  const auto push = [&minor](char digit) {
    // Stops growing beyond the limit, so no length of text can overflow.
    if (minor <= max_amount) {
      minor = minor * 10 + (digit - '0');
    }
  };
  std::for_each(whole.begin(), whole.end(), push);
  for (std::size_t i = 0; i < digits; ++i) {
    push(i < fraction.size() ? fraction[i] : '0');
  }
  return minor <= max_amount ? std::optional(minor) : std::nullopt;
}

std::string format_amount(std::int64_t minor, Currency currency) {
  const bool negative = minor < 0;
  const std::uint64_t size =
      negative ? 0 - static_cast<std::uint64_t>(minor) : static_cast<std::uint64_t>(minor);
  const auto factor = static_cast<std::uint64_t>(minor_per_major(currency));
  const std::string_view sign = negative ? "-" : "";
  if (currency.minor_digits() == 0) {
    return fmt::format("{}{}", sign, size);
  }
  return fmt::format("{}{}.{:0{}}", sign, size / factor, size % factor, currency.minor_digits());
}

std::int64_t scale(std::int64_t value, std::int64_t numerator, std::int64_t denominator) {
  assert(denominator > 0);
  const Wide product = static_cast<Wide>(value) * numerator;
  Wide quotient = product / denominator;
  Wide remainder = product % denominator;
  if (remainder < 0) {  // towards minus infinity, so that one rounding rule serves both signs
    remainder += denominator;
    --quotient;
  }
  const Wide twice = remainder * 2;
  if (twice > denominator || (twice == denominator && quotient % 2 != 0)) {
    ++quotient;
  }
  return narrow(quotient);
}

std::vector<std::int64_t> allocate(std::int64_t total, std::span<const std::int64_t> weights) {
  assert(!weights.empty() || total == 0);
  if (total >= 0) {
    return allocate_positive(total, weights);
  }
  // A refund splits exactly as the charge did.
  std::vector<std::int64_t> parts = allocate_positive(-static_cast<Wide>(total), weights);
  std::transform(parts.begin(), parts.end(), parts.begin(), [](std::int64_t part) {
    return static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(part));
  });
  return parts;
}

}  // namespace securecart
