// Rate limits by the generic cell rate algorithm (ITU-T I.371, "virtual scheduling"): one point in
// time a key, no counters and no windows to refill. The state is the theoretical arrival time
// (TAT): when the next request would come if all came evenly spaced. Pure: the time is passed in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/clock.hpp"
#include "resilience/limits.hpp"

namespace securecart::resilience {

struct RateLimit {
  Duration interval;   // one request an interval in the long run
  std::int64_t burst;  // how many may come at once, >= 1

  // `count` requests each `span`, all of them at once if need be.
  static constexpr RateLimit per(std::int64_t count, Duration span) {
    return {span / count, count};
  }
};

struct RateDecision {
  bool allowed;
  std::int64_t remaining;  // requests that could follow at once
  Duration retry_after;    // until one is allowed; zero when this one is
};

// In any span of time, at most burst + span / interval requests are allowed. A refused request
// costs nothing.
class Gcra {
 public:
  RateDecision step(const RateLimit& limit, SteadyTime now);
  // Nothing is owed: the state is as good as new.
  bool idle(SteadyTime now) const { return tat_ <= now; }
  SteadyTime theoretical_arrival() const { return tat_; }

 private:
  SteadyTime tat_ = SteadyTime::min();
};

// One limit for many keys (addresses, accounts). Holds at most `most_keys`: idle keys are dropped
// as it goes, and when all are busy the one nearest to idle gives way, so whoever is far over the
// limit stays known however many other keys are thrown at the table. One table belongs to one
// thread.
class RateLimiter {
 public:
  explicit RateLimiter(RateLimit limit, std::size_t most_keys = limits::rate_limiter_keys);
  RateDecision step(std::string_view key, SteadyTime now);
  std::size_t size() const { return keys_.size(); }

 private:
  // The key's text lives in the map's node, which never moves.
  using Order = std::set<std::pair<SteadyTime, std::string_view>>;
  struct Entry {
    Gcra gcra;
    Order::iterator place;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  void drop_first();
  void make_room(SteadyTime now);

  RateLimit limit_;
  std::size_t most_keys_;
  std::unordered_map<std::string, Entry, Hash, std::equal_to<>> keys_;
  Order order_;  // by theoretical arrival, soonest idle first
};

}  // namespace securecart::resilience
