// Takes the controller's seat and performs its decisions: the only part of this folder that waits
// for anything. One candidate of several; whoever holds the seat makes a round a second.
//
//   step: stand or keep the seat ─▶ leading? ─▶ read all keys ─▶ decide ─▶ commit, fenced
//
// A decision is committed in as few transactions as the store allows, each of which holds only
// while the seat is the one that decided and each key is as it was read. What did not fit, or what
// happened in between, is simply decided again in the next round.
#pragma once

#include <memory>
#include <string>

#include "cluster/control/controller.hpp"
#include "cluster/store/election.hpp"
#include "observe/metrics.hpp"

namespace securecart::cluster {

class ControllerShell {
 public:
  struct Options {
    std::string name;  // of this candidate: its host
    Duration seat_ttl = std::chrono::seconds(5);
    ControlSettings settings;
  };
  // All that is passed outlives this.
  ControllerShell(const Topology& topology, Store& store, const Clock& clock,
                  observe::Metrics& metrics, Options options);

  // Once a second, one call at a time. Throws Unavailable; the next call goes on.
  Task<void> step();
  // Gives the seat up, so that another candidate has it at once. Throws Unavailable.
  Task<void> resign();

  bool leading() const { return election_.leading(); }
  const std::string& leader() const { return election_.leader(); }
  // What the last round of this leader came to.
  const RoundFigures& figures() const { return figures_; }

 private:
  Task<void> round();
  Task<void> perform(std::vector<GuardedWrite> writes);
  void begin_term();
  void tell(const Decision& decision);

  const Topology& topology_;
  Store& store_;
  const Clock& clock_;
  observe::Metrics& metrics_;
  const Options options_;
  const Keys keys_;
  Election election_;
  RegionReader reader_;
  std::unique_ptr<Controller> controller_;  // of this term; null when not leading
  std::int64_t term_ = 0;
  Timestamp term_began_{};
  SteadyTime term_began_steady_{};
  RoundFigures figures_;
};

}  // namespace securecart::cluster
