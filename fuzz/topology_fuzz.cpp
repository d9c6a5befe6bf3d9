// Any text as a topology file: refused with its problems, or a region whose every host has a plan.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "cluster/topology/assess.hpp"
#include "cluster/topology/drawing.hpp"
#include "cluster/topology/host_plan.hpp"
#include "cluster/topology/parse.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace securecart;
  using namespace securecart::cluster;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<Topology> topology = parse_topology("fuzz.toml", text);
  if (!topology) {
    if (topology.error().detail.empty()) {
      std::abort();
    }
    return 0;
  }
  for (const Host& host : topology->hosts) {
    if (host_plan(*topology, host, {}).files.empty() && !host.parts.empty() &&
        host.parts != std::vector{Part::controller}) {
      std::abort();
    }
    host_secrets(*topology, host);
    for (const Service& service : topology->services) {
      instance_unit(*topology, host, {}, service, 0, "");
    }
  }
  draw_svg(*topology);
  if (draw_text(*topology).empty() || assess(*topology).disruptions.empty()) {
    std::abort();
  }
  return 0;
}
