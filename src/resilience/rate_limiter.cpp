#include "resilience/rate_limiter.hpp"

#include <algorithm>
#include <cassert>

namespace securecart::resilience {

RateDecision Gcra::step(const RateLimit& limit, SteadyTime now) {
  assert(limit.interval > Duration::zero() && limit.burst >= 1);
  const Duration whole = limit.interval * limit.burst;
  const SteadyTime arrival = std::max(tat_, now);
  const Duration ahead = arrival - now + limit.interval;  // owed once this request is counted
  if (ahead > whole) {
    return {false, 0, ahead - whole};
  }
  tat_ = arrival + limit.interval;
  return {true, (whole - ahead) / limit.interval, Duration::zero()};
}

RateLimiter::RateLimiter(RateLimit limit, std::size_t most_keys)
    : limit_(limit), most_keys_(most_keys) {
  assert(most_keys > 0);
}

RateDecision RateLimiter::step(std::string_view key, SteadyTime now) {
  auto found = keys_.find(key);
  if (found == keys_.end()) {
    make_room(now);
    found = keys_.try_emplace(std::string(key)).first;
    found->second.place = order_.emplace(SteadyTime::min(), found->first).first;
  }
  Entry& entry = found->second;
  const RateDecision decision = entry.gcra.step(limit_, now);
  if (decision.allowed) {
    Order::node_type node = order_.extract(entry.place);
    node.value().first = entry.gcra.theoretical_arrival();
    entry.place = order_.insert(std::move(node)).position;
  }
  return decision;
}

void RateLimiter::drop_first() {
  const auto first = keys_.find(order_.begin()->second);
  order_.erase(order_.begin());
  keys_.erase(first);
}

void RateLimiter::make_room(SteadyTime now) {
  // Two out for one in: the table shrinks to the busy keys without ever stopping to sweep.
  for (int i = 0; i < 2 && !order_.empty() && order_.begin()->first <= now; ++i) {
    drop_first();
  }
  if (keys_.size() >= most_keys_) {
    drop_first();
  }
}

}  // namespace securecart::resilience
