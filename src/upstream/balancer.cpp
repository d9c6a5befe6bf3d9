#include "upstream/balancer.hpp"

#include <algorithm>
#include <cassert>

namespace securecart::upstream {

using resilience::CircuitBreaker;

namespace {

// While the few probes of a half-open circuit are out.
constexpr Duration probes_pause = std::chrono::milliseconds(100);

bool contains(std::span<const std::uint64_t> numbers, std::uint64_t number) {
  return std::ranges::find(numbers, number) != numbers.end();
}

}  // namespace

void Balancer::set_instances(std::span<const std::string> urls) {
  std::erase_if(instances_, [urls](const std::unique_ptr<Instance>& instance) {
    return std::ranges::find(urls, instance->url) == urls.end();
  });
  for (const std::string& url : urls) {
    const bool known =
        std::ranges::any_of(instances_, [&url](const auto& known) { return known->url == url; });
    if (!known) {
      instances_.push_back(std::make_unique<Instance>(
          Instance{++numbers_, url, true, 0, CircuitBreaker(settings_.breaker)}));
    }
  }
}

Balancer::Instance* Balancer::find(std::uint64_t number) {
  for (const std::unique_ptr<Instance>& instance : instances_) {
    if (instance->number == number) {
      return instance.get();
    }
  }
  return nullptr;
}

Balancer::Candidates Balancer::candidates(bool up, std::span<const std::uint64_t> without) const {
  Candidates found;
  for (const std::unique_ptr<Instance>& instance : instances_) {
    if (instance->up == up && !contains(without, instance->number)) {
      found.push_back(instance.get());
    }
  }
  return found;
}

// Takes the less loaded of two out of `from`.
Balancer::Instance* Balancer::take_one(Candidates& from, Random& random) {
  std::size_t chosen = random.below(from.size());
  if (from.size() > 1) {
    std::size_t other = random.below(from.size() - 1);
    other += other >= chosen ? 1 : 0;
    chosen = from[other]->in_flight < from[chosen]->in_flight ? other : chosen;
  }
  Instance* instance = from[chosen];
  from.erase(from.begin() + static_cast<std::ptrdiff_t>(chosen));
  return instance;
}

std::expected<Balancer::Lease, Balancer::Refusal> Balancer::lease_one(Candidates from,
                                                                      SteadyTime now,
                                                                      Random& random) {
  Duration soonest = settings_.breaker.open_most;
  while (!from.empty()) {
    Instance& instance = *take_one(from, random);
    const std::optional<CircuitBreaker::Permit> permit = instance.breaker.allow(now);
    if (permit) {
      ++instance.in_flight;
      ++in_flight_;
      return Lease{instance.number, *permit, now};
    }
    soonest = std::min(soonest, std::max(instance.breaker.closed_to_calls_for(now), probes_pause));
  }
  return std::unexpected(Refusal{Reason::all_open, soonest});
}

std::expected<Balancer::Lease, Balancer::Refusal> Balancer::pick(
    SteadyTime now, Random& random, std::span<const std::uint64_t> tried) {
  if (instances_.empty()) {
    return std::unexpected(Refusal{Reason::no_instances, probes_pause});
  }
  if (in_flight_ >= settings_.in_flight_most) {
    return std::unexpected(Refusal{Reason::full, probes_pause});
  }
  // Those that are up and fresh, then those that are up, then whoever is left.
  const std::span<const std::uint64_t> none;
  for (const auto& [up, without] : {std::pair(true, tried), std::pair(true, none)}) {
    Candidates some = candidates(up, without);
    if (some.empty()) {
      continue;
    }
    std::expected<Lease, Refusal> lease = lease_one(std::move(some), now, random);
    if (lease || without.empty()) {
      return lease;
    }
  }
  Candidates down = candidates(false, tried);
  return lease_one(down.empty() ? candidates(false, none) : std::move(down), now, random);
}

void Balancer::record(const Lease& lease, Verdict verdict, SteadyTime now) {
  assert(in_flight_ > 0);
  --in_flight_;
  Instance* instance = find(lease.instance);
  if (instance == nullptr) {
    return;  // gone from the list meanwhile
  }
  --instance->in_flight;
  using Outcome = CircuitBreaker::Outcome;
  const Outcome outcome = verdict == Verdict::success   ? Outcome::success
                          : verdict == Verdict::failure ? Outcome::failure
                                                        : Outcome::ignored;
  instance->breaker.record(lease.permit, outcome, now - lease.began, now);
  if (verdict == Verdict::unreachable) {
    instance->up = false;
  } else if (verdict == Verdict::success) {
    instance->up = true;
  }
}

void Balancer::set_ready(const std::string& url, bool ready) {
  for (const std::unique_ptr<Instance>& instance : instances_) {
    if (instance->url == url) {
      instance->up = ready;
    }
  }
}

const std::string& Balancer::url_of(std::uint64_t instance) const {
  static const std::string gone;
  for (const std::unique_ptr<Instance>& known : instances_) {
    if (known->number == instance) {
      return known->url;
    }
  }
  return gone;
}

bool Balancer::has_other(SteadyTime now, std::span<const std::uint64_t> tried) const {
  return std::ranges::any_of(instances_, [&](const std::unique_ptr<Instance>& instance) {
    return instance->up && !contains(tried, instance->number) &&
           instance->breaker.state(now) != CircuitBreaker::State::open;
  });
}

std::vector<Balancer::View> Balancer::view(SteadyTime now) const {
  std::vector<View> all;
  for (const std::unique_ptr<Instance>& instance : instances_) {
    all.push_back({instance->url, instance->up, instance->breaker.state(now), instance->in_flight,
                   instance->breaker.times_opened()});
  }
  return all;
}

}  // namespace securecart::upstream
