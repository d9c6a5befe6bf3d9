// How much of its share a target has to hand on, from its load and its capacity.
//
// Answers are cached by resolvers, so what is decided now is felt a TTL later: a controller that is
// quicker than that swings. The step is kept a third of what the delay allows, which settles
// without overshoot (x' = -g x(t - ttl) is monotone for g * ttl < 1/e).
#pragma once

#include <cstdint>

#include "base/clock.hpp"

namespace securecart::traffic::routing {

class SpillController {
 public:
  // Both in the same unit a second. `ttl` is how long answers live at clients; `passed` since the
  // last step. Returns the part to hand on, of shed_all.
  std::uint32_t step(double load, double capacity, Duration ttl, Duration passed);
  std::uint32_t shed() const;

 private:
  double kept_ = 1.0;  // never below a fiftieth, so that demand stays visible
};

}  // namespace securecart::traffic::routing
