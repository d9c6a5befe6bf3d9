#include "storage/postgres/hosts.hpp"

#include <algorithm>
#include <cstdint>

namespace securecart::storage::postgres {
namespace {

Duration doubled(Duration first, Duration most, int times) {
  Duration span = first;
  for (int i = 0; i < times && span < most; ++i) {
    span *= 2;
  }
  return std::min(span, most);
}

// Between `least_percent` and `most_percent` of a span, so that those who failed together do not
// come back together.
Duration spread(Duration span, std::uint64_t least_percent, std::uint64_t most_percent,
                Random& random) {
  const std::uint64_t width = most_percent - least_percent + 1;
  return span * static_cast<std::int64_t>(least_percent + random.next() % width) / 100;
}

}  // namespace

Hosts::Hosts(std::size_t count, const Settings& settings) : settings_(settings), hosts_(count) {}

Duration Hosts::patience(const Host& host) const {
  return doubled(settings_.patience, settings_.patience_most, host.silences);
}

Hosts::Attempt Hosts::next(SteadyTime now) const {
  const SteadyTime from = std::max(now, pause_until_);
  std::size_t best = first_;
  SteadyTime best_at = SteadyTime::max();
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    const std::size_t host = (first_ + i) % hosts_.size();
    const SteadyTime at = std::max(from, hosts_[host].rest_until);
    if (at < best_at) {
      best = host;
      best_at = at;
    }
  }
  return {best, best_at, patience(hosts_[best])};
}

void Hosts::refused(std::size_t host, SteadyTime now, Random& random) {
  hosts_[host] = Host();
  move_on(host, now, random);
}

void Hosts::silent(std::size_t host, SteadyTime now, Random& random) {
  // Somebody else may be the primary meanwhile; where there is nobody else, only a pause follows.
  const Duration rest = hosts_.size() > 1 ? patience(hosts_[host]) : Duration::zero();
  hosts_[host].rest_until = now + spread(rest, 75, 125, random);
  ++hosts_[host].silences;
  move_on(host, now, random);
}

void Hosts::move_on(std::size_t host, SteadyTime now, Random& random) {
  first_ = (host + 1) % hosts_.size();
  ++tried_;
  const auto awake = static_cast<std::size_t>(
      std::ranges::count_if(hosts_, [now](const Host& one) { return one.rest_until <= now; }));
  if (tried_ >= awake) {
    pause_until_ =
        now + spread(doubled(settings_.pause, settings_.pause_most, rounds_), 50, 100, random);
    ++rounds_;
    tried_ = 0;
  }
}

void Hosts::connected(std::size_t host) {
  hosts_[host] = Host();
  first_ = host;
  tried_ = 0;
  rounds_ = 0;
}

void Hosts::lost(std::size_t host, SteadyTime now) {
  first_ = host;
  pause_until_ = now;
}

}  // namespace securecart::storage::postgres
