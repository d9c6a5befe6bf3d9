// How much of its share a target has to hand on, from its load and its capacity.
//
// Answers are cached by resolvers, so what is decided now is felt a TTL later: a controller that is
// quicker than that swings. The step is kept a third of what the delay allows, which settles
// without overshoot (x' = -g x(t - ttl) is monotone for g * ttl < 1/e).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "traffic/routing/live.hpp"
#include "traffic/routing/snapshot.hpp"

namespace securecart::traffic::routing {

class SpillController {
 public:
  // Both in the same unit a second. `ttl` is how long answers live at clients; `passed` since the
  // last step. Returns the part to hand on, of shed_all.
  std::uint32_t step(double load, double capacity, Duration ttl, Duration passed);
  std::uint32_t shed() const;
  double kept() const { return kept_; }
  void keep(double kept);

 private:
  double kept_ = 1.0;  // never below a fiftieth, so that demand stays visible
};

// What every member of the `spill` policies hands on. A member that is a policy has the load and
// the capacity of all healthy targets below it, whatever policies lie between: a region sheds what
// its zones cannot carry together. One target without a capacity carries any load.
class SpillBalance {
 public:
  explicit SpillBalance(const Snapshot& snapshot);

  // `loads`: of each target, a second. Sets `shed` of the states; true when a share is another.
  bool step(const std::vector<double>& loads, std::vector<TargetState>& states, Duration passed);
  // Of each policy.
  std::vector<std::uint32_t> node_sheds() const;

  // Shares by the names of their members: for the next reading of the file, or the next start.
  json::value save() const;
  // What save() wrote; members that are not there any more are left out.
  void restore(const json::value& saved, std::vector<TargetState>& states);

 private:
  struct Sum {
    double load = 0;
    double capacity = 0;
    bool limited = true;
  };
  struct Share {
    Member member;
    std::vector<std::uint32_t> targets;  // it leads to, each once
    SpillController controller;
  };
  Sum sum(const Share& share, const std::vector<double>& loads,
          const std::vector<TargetState>& states) const;

  const Snapshot& snapshot_;
  std::vector<Share> shares_;  // of members of spill policies, each once
  Duration ttl_ = std::chrono::seconds(1);
};

}  // namespace securecart::traffic::routing
