#include "cli/topology_file.hpp"

#include <stdexcept>

#include <fmt/format.h>

#include "base/files.hpp"
#include "base/limits.hpp"
#include "cluster/topology/parse.hpp"
#include "cluster/topology/ports.hpp"

namespace securecart::cli {

cluster::Topology read_topology_file(const std::string& file) {
  const Result<std::string> text = read_file(file, limits::config_bytes);
  if (!text) {
    throw std::runtime_error("cannot read " + text.error().detail);
  }
  Result<cluster::Topology> topology = cluster::parse_topology(file, *text);
  if (!topology) {
    throw std::runtime_error(topology.error().detail);
  }
  return std::move(*topology);
}

std::vector<std::string> etcd_endpoints(const cluster::Topology& topology, std::string_view zone) {
  std::vector<std::string> near;
  std::vector<std::string> far;
  for (const cluster::Host* const host : topology.hosts_with(cluster::Part::etcd)) {
    (host->zone == zone ? near : far)
        .push_back(fmt::format("http://{}:{}", host->address, cluster::ports::etcd_client));
  }
  near.insert(near.end(), far.begin(), far.end());
  return near;
}

void add_topology_option(CLI::App& word, std::string& topology) {
  word.add_option("--topology", topology, "The region's topology file")->capture_default_str();
}

}  // namespace securecart::cli
