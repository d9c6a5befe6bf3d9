// Response rate limiting: a flood of questions with a forged sender must not become a flood of
// answers to a victim. Like BIND's RRL, with the generic cell rate algorithm (ITU-T I.371).
//
// Answers count as one when they go to one network (/24, /56) and are about one subject (name and
// type; zone for names that are not there). Beyond the limit most are dropped and every `slip`th is
// sent empty with TC set: a real resolver comes back over TCP. Clients that showed a valid cookie,
// or use TCP, are never limited.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.hpp"
#include "traffic/model/address.hpp"

namespace securecart::traffic::dns {

struct ResponseLimit {
  std::int64_t responses_per_second = 0;  // to one network about one subject; 0: no limit
  std::int64_t burst = 0;                 // above what is even; 0: a second's worth
  unsigned slip = 2;                      // 0: drop all
  unsigned ipv4_prefix = 24;
  unsigned ipv6_prefix = 56;
};

enum class Limited : std::uint8_t { send, drop, truncate };

// Of one thread; a table of fixed size in which the longest idle gives way. Pure.
class ResponseLimiter {
 public:
  explicit ResponseLimiter(const ResponseLimit& limit, std::uint64_t secret);
  Limited decide(const Address& client, std::uint64_t subject, SteadyTime now);

 private:
  struct Slot {
    std::uint64_t key = 0;
    std::int64_t arrival_ns = 0;  // theoretical arrival time
  };
  Slot& slot_of(std::uint64_t key);

  ResponseLimit limit_;
  std::uint64_t secret_;
  std::int64_t interval_ns_ = 0;
  std::int64_t tolerance_ns_ = 0;
  unsigned refused_ = 0;
  std::vector<Slot> slots_;
};

}  // namespace securecart::traffic::dns
