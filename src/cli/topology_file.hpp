// What everything that runs from a topology file reads first.
#pragma once

#include <string>
#include <vector>

#include "cluster/topology/model.hpp"

namespace securecart::cli {

// Throws std::runtime_error with all that is wrong with the file, for the operator.
cluster::Topology read_topology_file(const std::string& file);

// URLs of etcd's members; those in the zone of `self` are asked first.
std::vector<std::string> etcd_endpoints(const cluster::Topology& topology,
                                        const cluster::Host& self);

}  // namespace securecart::cli
