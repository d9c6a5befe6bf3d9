// What an agent says of its host, from what its supervisor knows. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cluster/agent/load.hpp"
#include "cluster/agent/supervisor.hpp"
#include "cluster/control/records.hpp"

namespace securecart::cluster::agent {

// What was measured of an instance.
struct Measured {
  Load load;
  double cpu = 0.0;
  std::int64_t memory_bytes = 0;
};

struct ReportInput {
  const std::vector<Supervisor::View>& units;
  const std::map<std::string, InstanceOrder>& orders;  // of the instances among them, by unit
  const std::map<std::string, Measured>& measured;     // by unit
  SteadyTime steady;
  Timestamp now;
};

InstanceState state_of(const Supervisor::View& unit);
// Fills in instances and units_down.
void describe_units(HostReport& report, const ReportInput& input);

}  // namespace securecart::cluster::agent
