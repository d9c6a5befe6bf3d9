// The region of topologies/one-region.toml, and changed copies of it.
#pragma once

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

#include "cluster/topology/parse.hpp"
#include "tests/support/places.hpp"

namespace securecart::cluster {

inline std::string one_region_text() {
  std::ifstream stream(test::source_dir() + "/topologies/one-region.toml");
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (text.empty()) {
    throw std::runtime_error("topologies/one-region.toml is not there");
  }
  return text;
}

// The first `from` of `text` becomes `to`; it must be there.
inline std::string changed(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  if (at == std::string::npos) {
    throw std::runtime_error("no such text: " + std::string(from));
  }
  return text.replace(at, from.size(), to);
}

inline Topology one_region() {
  Result<Topology> topology = parse_topology("one-region.toml", one_region_text());
  if (!topology) {
    throw std::runtime_error(topology.error().detail);
  }
  return std::move(*topology);
}

// All that is wrong with `text`; empty when nothing is.
inline std::string problems_of(const std::string& text) {
  const Result<Topology> topology = parse_topology("r.toml", text);
  return topology ? "" : topology.error().detail;
}

}  // namespace securecart::cluster
