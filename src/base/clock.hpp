// Time is passed in. Inside the house it is std::chrono; outside it is RFC 3339 in UTC.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace securecart {

using Duration = std::chrono::nanoseconds;
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;
// Wall time. Stored as INTEGER milliseconds since 1970-01-01T00:00:00Z.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;      // wall clock; may jump
  virtual SteadyTime steady() const = 0;  // never goes back; for durations and deadlines
};

class SystemClock final : public Clock {
 public:
  Timestamp now() const override;
  SteadyTime steady() const override;
};

// Moves only when told. Safe to read from several threads.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start = Timestamp(std::chrono::milliseconds(1'767'225'600'000)));
  Timestamp now() const override;
  SteadyTime steady() const override;
  void advance(Duration span);

 private:
  const Timestamp start_;
  std::atomic<std::int64_t> elapsed_ns_ = 0;
};

inline std::int64_t to_millis(Timestamp time) {
  return time.time_since_epoch().count();
}
inline Timestamp from_millis(std::int64_t millis) {
  return Timestamp(std::chrono::milliseconds(millis));
}

// RFC 3339 section 5.6 in UTC with milliseconds: 2026-01-31T09:30:00.000Z.
std::string format_rfc3339(Timestamp time);
// Accepts any offset and up to nine fraction digits (cut to milliseconds); nullopt when malformed.
std::optional<Timestamp> parse_rfc3339(std::string_view text);

}  // namespace securecart
