// What the words of `securecart topology` read first.
#pragma once

#include <string>

#include "cluster/topology/model.hpp"

namespace securecart::cli {

// Throws std::runtime_error with all that is wrong with the file, for the operator.
cluster::Topology read_topology_file(const std::string& file);

}  // namespace securecart::cli
