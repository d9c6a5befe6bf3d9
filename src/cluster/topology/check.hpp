// What cannot work although it can be read: the pair of balancers in one zone, ports that collide,
// a service that has no room once a zone is gone.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/topology/model.hpp"

namespace securecart::cluster {

// Where a problem is: a table of the file, for lists the nth of them, and a key in it.
struct TopologyProblem {
  std::string_view table;  // "", "host", "service", "postgres"
  std::size_t index = 0;   // as in `topology`, in lists
  std::string_view key;
  std::string what;  // with how to mend it
};

// Zones, hosts and services may be in any order.
std::vector<TopologyProblem> check_topology(const Topology& topology);

// Instances of `service` that must be placed so that `minimum` are left whichever zone goes, with
// an even spread: the controller's pre-provisioning. 0 when one zone is all there is.
int provisioned(int minimum, std::size_t zones);

// Sessions that one PostgreSQL server must have room for, when all instances there may be use it.
int connections_needed(const Topology& topology);

}  // namespace securecart::cluster
