#include "base/clock.hpp"

#include <fmt/format.h>

namespace securecart {

Timestamp SystemClock::now() const {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady() const {
  return std::chrono::steady_clock::now();
}

ManualClock::ManualClock(Timestamp start) : start_(start) {}

Timestamp ManualClock::now() const {
  const Duration elapsed(elapsed_ns_.load(std::memory_order_acquire));
  return start_ + std::chrono::floor<std::chrono::milliseconds>(elapsed);
}

SteadyTime ManualClock::steady() const {
  return SteadyTime(Duration(elapsed_ns_.load(std::memory_order_acquire)));
}

void ManualClock::advance(Duration span) {
  elapsed_ns_.fetch_add(span.count(), std::memory_order_acq_rel);
}

std::string format_rfc3339(Timestamp time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

namespace {

// Reads fixed-width numbers from the front of a text; one wrong character makes it fail for good.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  int digits(std::size_t width) {
    int value = 0;
    for (std::size_t i = 0; i < width; ++i) {
      value = value * 10 + digit();
    }
    return value;
  }
  // The next character, when it is one of `choices`; 0 otherwise.
  char one_of(std::string_view choices) {
    if (text_.empty() || choices.find(text_.front()) == std::string_view::npos) {
      ok_ = false;
      return 0;
    }
    return take();
  }
  bool next_is_digit() const { return !text_.empty() && is_digit(text_.front()); }
  bool next_is(char c) const { return !text_.empty() && text_.front() == c; }
  void refuse() { ok_ = false; }
  bool ok() const { return ok_; }
  bool at_end() const { return text_.empty(); }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  char take() {
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }
  int digit() {
    if (!next_is_digit()) {
      ok_ = false;
      return 0;
    }
    return take() - '0';
  }

  std::string_view text_;
  bool ok_ = true;
};

int read_millis(Scanner& scanner) {
  if (!scanner.next_is('.')) {
    return 0;
  }
  scanner.one_of(".");
  int millis = 0;
  int count = 0;
  while (scanner.next_is_digit()) {
    const int digit = scanner.digits(1);
    if (count < 3) {
      millis = millis * 10 + digit;
    }
    ++count;
  }
  if (count == 0 || count > 9) {
    scanner.refuse();
  }
  for (; count < 3; ++count) {
    millis *= 10;
  }
  return millis;
}

std::chrono::minutes read_offset(Scanner& scanner) {
  const char sign = scanner.one_of("Zz+-");
  if (sign != '+' && sign != '-') {
    return {};
  }
  const int hours = scanner.digits(2);
  scanner.one_of(":");
  const int minutes = scanner.digits(2);
  if (hours > 23 || minutes > 59) {
    scanner.refuse();
  }
  const std::chrono::minutes offset(hours * 60 + minutes);
  return sign == '-' ? -offset : offset;
}

}  // namespace

std::optional<Timestamp> parse_rfc3339(std::string_view text) {
  Scanner scanner(text);
  const int year = scanner.digits(4);
  scanner.one_of("-");
  const int month = scanner.digits(2);
  scanner.one_of("-");
  const int day = scanner.digits(2);
  scanner.one_of("Tt");
  const int hour = scanner.digits(2);
  scanner.one_of(":");
  const int minute = scanner.digits(2);
  scanner.one_of(":");
  const int second = scanner.digits(2);
  const int millis = read_millis(scanner);
  const std::chrono::minutes offset = read_offset(scanner);
  if (!scanner.ok() || !scanner.at_end() || hour > 23 || minute > 59 || second > 60) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok()) {
    return std::nullopt;
  }
  const Timestamp whole_minute = Timestamp(std::chrono::sys_days(date)) + std::chrono::hours(hour) +
                                 std::chrono::minutes(minute) - offset;
  // A leap second exists only as 23:59:60 UTC; it counts as the second after, as in POSIX time.
  const auto in_day = whole_minute - std::chrono::floor<std::chrono::days>(whole_minute);
  if (second == 60 && in_day != std::chrono::hours(24) - std::chrono::minutes(1)) {
    return std::nullopt;
  }
  return whole_minute + std::chrono::seconds(second) + std::chrono::milliseconds(millis);
}

}  // namespace securecart
