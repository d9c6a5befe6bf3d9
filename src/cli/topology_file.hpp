// What everything that runs from a topology file reads first.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"
#include "cluster/topology/model.hpp"

namespace securecart::cli {

// Throws std::runtime_error with all that is wrong with the file, for the operator.
cluster::Topology read_topology_file(const std::string& file);

// URLs of etcd's members; those in `zone` are asked first.
std::vector<std::string> etcd_endpoints(const cluster::Topology& topology,
                                        std::string_view zone = {});

// The option of every word that runs from such a file.
void add_topology_option(CLI::App& word, std::string& topology);

}  // namespace securecart::cli
