#include "cli/topology_file.hpp"

#include <stdexcept>

#include "base/limits.hpp"
#include "cli/dns_files.hpp"
#include "cluster/topology/parse.hpp"

namespace securecart::cli {

cluster::Topology read_topology_file(const std::string& file) {
  const Result<std::string> text = read_text_file(file, limits::config_bytes);
  if (!text) {
    throw std::runtime_error(text.error().detail);
  }
  Result<cluster::Topology> topology = cluster::parse_topology(file, *text);
  if (!topology) {
    throw std::runtime_error(topology.error().detail);
  }
  return std::move(*topology);
}

}  // namespace securecart::cli
