#include "resilience/pressure.hpp"

#include <algorithm>
#include <cassert>

namespace securecart::resilience {

namespace {

constexpr std::int64_t whole_percent = 100;
// Of the highest class something always comes in, or nobody would notice that it is better.
constexpr std::int64_t most_of_highest = 90;

}  // namespace

Pressure::Pressure(Settings settings) : settings_(settings), owed_(settings.classes, 0) {
  assert(settings.classes > 0 && settings.interval > Duration::zero());
  assert(settings.rise_percent > 0 && settings.fall_percent > 0);
}

void Pressure::note(Duration lateness, SteadyTime now) {
  if (interval_end_ == SteadyTime::min()) {
    interval_end_ = now + settings_.interval;
  }
  least_lateness_ = std::min(least_lateness_, lateness);
  if (now < interval_end_) {
    return;
  }
  const auto classes = static_cast<std::int64_t>(settings_.classes);
  const bool late = least_lateness_ > settings_.target;
  percent_ = std::clamp<std::int64_t>(
      late ? percent_ + settings_.rise_percent : percent_ - settings_.fall_percent, 0,
      (classes - 1) * whole_percent + most_of_highest);
  least_lateness_ = Duration::max();
  interval_end_ = now + settings_.interval;
}

bool Pressure::admit(std::size_t rank) {
  assert(rank < settings_.classes);
  const auto above = static_cast<std::int64_t>(settings_.classes - 1 - rank);
  const std::int64_t part =
      std::clamp<std::int64_t>(percent_ - above * whole_percent, 0, whole_percent);
  owed_[rank] += part;
  if (owed_[rank] < whole_percent) {
    return true;
  }
  owed_[rank] -= whole_percent;
  return false;
}

}  // namespace securecart::resilience
