// securecart topology check: whether a region can be made of a file.
#include <cstdio>
#include <exception>
#include <memory>

#include "cli/command.hpp"
#include "cli/topology_file.hpp"

namespace securecart::cli {
namespace {

int check(const std::string& file) {
  try {
    const cluster::Topology topology = read_topology_file(file);
    std::printf("%s: region %s, %zu zones, %zu hosts, %zu services, good\n", file.c_str(),
                topology.region.c_str(), topology.zones.size(), topology.hosts.size(),
                topology.services.size());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}

}  // namespace

void add_topology_check(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand(
      "check", "Say what is wrong with a topology file, with file, line and column");
  auto file = std::make_shared<std::string>();
  word.add_option("FILE", *file, "Topology file (docs/region.md)")->required();
  word.callback([file, &exit] { exit.status = check(*file); });
}

}  // namespace securecart::cli
