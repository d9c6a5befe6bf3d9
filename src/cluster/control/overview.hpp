// A region as a person looks at it at 3 a.m.: what `securecart status` shows. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/control/region_state.hpp"
#include "cluster/topology/model.hpp"

namespace securecart::cluster {

// PostgreSQL as Patroni describes it in etcd.
struct DatabaseMember {
  std::string host;
  std::string role;                      // "master" or "primary", "replica": Patroni's words
  std::string state;                     // "running", "streaming", "starting" …
  std::optional<std::int64_t> position;  // bytes of log it has; nullopt: it does not say

  bool operator==(const DatabaseMember&) const = default;
};
struct DatabaseView {
  std::string leader;                    // a host; empty: nobody holds the lock
  std::vector<std::string> synchronous;  // hosts a commit waits for
  std::vector<DatabaseMember> members;   // by host

  bool operator==(const DatabaseView&) const = default;
};
// `snapshot` of what is below patroni_keys(). What cannot be read is left out.
DatabaseView read_database(std::string_view cluster, const Snapshot& snapshot);
std::string patroni_keys(std::string_view cluster);

struct Overview {
  const Topology& topology;
  const RegionState& state;
  const DatabaseView& database;
  std::string controller;  // who holds the seat; empty: nobody
  Timestamp now;
};
// Lines for a terminal, the worst first. `colours`: with ANSI's.
std::string render_overview(const Overview& overview, bool colours);
// Nothing needs a person: every host tells, everything runs, no alarm is raised.
bool is_well(const Overview& overview);

}  // namespace securecart::cluster
