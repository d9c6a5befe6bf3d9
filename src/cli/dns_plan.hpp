// One reading of the policy file, ready to answer: what a reload replaces as a whole.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/dns_traffic.hpp"
#include "traffic/health/board.hpp"
#include "traffic/routing/leases.hpp"
#include "traffic/routing/live.hpp"
#include "traffic/routing/source.hpp"
#include "traffic/routing/spill.hpp"
#include "traffic/routing/steering.hpp"

namespace securecart::cli {

using Leases = traffic::routing::Published<traffic::routing::LeaseTable>;

inline constexpr auto load_report_lifetime = std::chrono::seconds(10);

// What targets said of their load, and when.
using LoadReports = std::map<std::string, std::pair<double, SteadyTime>>;

class DnsPlan {
 public:
  // Throws std::runtime_error when the geo database cannot be read.
  DnsPlan(DnsPolicyFile file, std::shared_ptr<Leases> leases, std::uint64_t start_of_turns);

  const DnsPolicyFile& file() const { return file_; }
  const traffic::routing::Snapshot& snapshot() const { return *snapshot_; }
  traffic::routing::Live& live() { return *live_; }
  const std::shared_ptr<const traffic::routing::RoutingSource>& source() const { return source_; }
  std::vector<traffic::routing::TargetState>& states() { return states_; }

  // Every check to run: those of single targets made from their pattern.
  std::vector<traffic::health::CheckConfig> checks() const { return checks_; }
  // Brings verdicts and orders into the states of targets, and these to the queries.
  void publish(const traffic::health::Board& board, const traffic::routing::Steering& steering);
  // Load of targets, reported or counted from our own answers: how much members of spill policies
  // hand on. True when a share is another than before.
  bool balance(const LoadReports& reported, SteadyTime now);
  // The shares of spill policies, as another plan or another process had them.
  json::value spill_state() const { return balance_.save(); }
  void restore_spill(const json::value& saved);

  // Round-trip times that place `place` of the board sees: the quickest check of each region.
  std::vector<traffic::routing::Rtt> seen_from(const traffic::health::Board& board,
                                               std::size_t place) const;

 private:
  std::string check_of(const traffic::routing::Target& target) const;

  DnsPolicyFile file_;
  std::shared_ptr<const traffic::routing::Snapshot> snapshot_;
  std::shared_ptr<traffic::routing::Live> live_;
  std::shared_ptr<const traffic::routing::RoutingSource> source_;
  std::vector<traffic::health::CheckConfig> checks_;
  std::vector<traffic::routing::TargetState> states_;
  traffic::routing::SpillBalance balance_;
  std::vector<std::uint64_t> answers_before_;
  SteadyTime balanced_{};
};

}  // namespace securecart::cli
