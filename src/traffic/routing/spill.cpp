#include "traffic/routing/spill.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "traffic/routing/live.hpp"

namespace securecart::traffic::routing {
namespace {

constexpr double kept_least = 0.02;
constexpr double part_of_delay = 3.0;

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

std::uint32_t SpillController::step(double load, double capacity, Duration ttl, Duration passed) {
  if (capacity <= 0 || !std::isfinite(load) || !std::isfinite(capacity)) {
    kept_ = 1.0;
    return shed();
  }
  const double demand = std::max(load, 0.0) / kept_;
  const double wanted = demand <= capacity ? 1.0 : std::max(kept_least, capacity / demand);
  const double gain =
      std::clamp(seconds(passed) / (part_of_delay * std::max(seconds(ttl), 1.0)), 0.0, 1.0);
  kept_ += (wanted - kept_) * gain;
  return shed();
}

std::uint32_t SpillController::shed() const {
  return static_cast<std::uint32_t>(std::lround((1.0 - kept_) * shed_all));
}

}  // namespace securecart::traffic::routing
