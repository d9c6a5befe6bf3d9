#include "traffic/dns/rate_limit.hpp"

#include <algorithm>
#include <cstring>

#include "traffic/dns/limits.hpp"
#include "traffic/dns/siphash.hpp"

namespace securecart::traffic::dns {
namespace {

constexpr std::size_t ways = 4;
constexpr std::int64_t second_ns = 1'000'000'000;

}  // namespace

ResponseLimiter::ResponseLimiter(const ResponseLimit& limit, std::uint64_t secret)
    : limit_(limit), secret_(secret) {
  if (limit.responses_per_second > 0) {
    interval_ns_ = second_ns / limit.responses_per_second;
    const std::int64_t burst = limit.burst > 0 ? limit.burst : limit.responses_per_second;
    tolerance_ns_ = interval_ns_ * (burst - 1);
    slots_.resize(limits::dns_limited_subjects);
  }
}

ResponseLimiter::Slot& ResponseLimiter::slot_of(std::uint64_t key) {
  const std::size_t set = key % (slots_.size() / ways) * ways;
  Slot* const begin = &slots_[set];
  Slot* const found =
      std::find_if(begin, begin + ways, [key](const Slot& slot) { return slot.key == key; });
  if (found != begin + ways) {
    return *found;
  }
  Slot& idle = *std::min_element(begin, begin + ways, [](const Slot& a, const Slot& b) {
    return a.arrival_ns < b.arrival_ns;
  });
  idle = {key, 0};
  return idle;
}

Limited ResponseLimiter::decide(const Address& client, std::uint64_t subject, SteadyTime now) {
  if (interval_ns_ == 0) {
    return Limited::send;
  }
  const Address network =
      masked(client, client.family == Family::v4 ? limit_.ipv4_prefix : limit_.ipv6_prefix);
  std::array<std::uint8_t, 24> input{};
  std::ranges::copy(network.bytes, input.begin());
  std::memcpy(&input[16], &subject, sizeof subject);
  Slot& slot = slot_of(siphash64({secret_, 0}, input) | 1U);
  const std::int64_t at = now.time_since_epoch().count();
  const std::int64_t arrival = std::max(slot.arrival_ns, at);
  if (arrival - at <= tolerance_ns_) {
    slot.arrival_ns = arrival + interval_ns_;
    return Limited::send;
  }
  ++refused_;
  return limit_.slip != 0 && refused_ % limit_.slip == 0 ? Limited::truncate : Limited::drop;
}

}  // namespace securecart::traffic::dns
