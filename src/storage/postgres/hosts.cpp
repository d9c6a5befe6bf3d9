#include "storage/postgres/hosts.hpp"

#include <algorithm>
#include <cstdint>

namespace securecart::storage::postgres {
namespace {

// Between a half of it and all, so that those who failed together do not come back together.
Duration spread(Duration span, Random& random) {
  constexpr std::uint64_t steps = 1'000;
  return span / 2 + span / 2 * static_cast<std::int64_t>(random.next() % steps) / steps;
}

}  // namespace

Hosts::Hosts(std::size_t count, const Settings& settings) : settings_(settings), hosts_(count) {}

std::optional<Hosts::Choice> Hosts::next(SteadyTime now) const {
  const SteadyTime from = std::max(now, pause_until_);
  std::optional<Choice> best;
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    const std::size_t host = (first_ + i) % hosts_.size();
    const SteadyTime at = std::max(from, hosts_[host].rest_until);
    if (may_ask(host) && (!best || at < best->at)) {
      best = Choice{host, at};
    }
  }
  return best;
}

void Hosts::began(std::size_t host) {
  hosts_[host].asked = true;
  first_ = (host + 1) % hosts_.size();
  ++tried_;
}

void Hosts::refused(std::size_t host, SteadyTime now, Random& random) {
  hosts_[host] = Host();
  move_on(now, random);
}

void Hosts::silent(std::size_t host, SteadyTime now, Random& random) {
  hosts_[host] = Host();
  if (hosts_.size() > 1) {
    hosts_[host].rest_until = now + spread(settings_.rest.first, random);
  }
  move_on(now, random);
}

void Hosts::slow(std::size_t host, SteadyTime now, Random& random) {
  Host& one = hosts_[host];
  const Duration rest = settings_.rest.ceiling(one.slow);
  one.asked = false;
  ++one.slow;
  // Alone, it is asked again at once the first time.
  one.rest_until = now + (hosts_.size() > 1 ? spread(rest, random) : rest - settings_.rest.first);
}

void Hosts::move_on(SteadyTime now, Random& random) {
  std::size_t others = 0;
  for (std::size_t host = 0; host < hosts_.size(); ++host) {
    others += may_ask(host) && hosts_[host].rest_until <= now ? 1 : 0;
  }
  if (tried_ >= others) {
    pause_until_ = now + spread(settings_.pause.ceiling(rounds_), random);
    ++rounds_;
    tried_ = 0;
  }
}

void Hosts::connected(std::size_t host) {
  std::ranges::fill(hosts_, Host());
  first_ = host;
  tried_ = 0;
  rounds_ = 0;
  pause_until_ = SteadyTime::min();
}

void Hosts::lost(std::size_t host, SteadyTime now) {
  first_ = host;
  pause_until_ = now;
}

void Hosts::prefer(std::size_t host, SteadyTime now) {
  lost(host, now);
  hosts_[host].rest_until = SteadyTime::min();
}

}  // namespace securecart::storage::postgres
