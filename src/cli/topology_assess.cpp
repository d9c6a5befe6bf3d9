// securecart topology assess: what a region outlives, and what drills measured.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <stdexcept>

#include "base/files.hpp"
#include "cli/command.hpp"
#include "cli/dns_files.hpp"
#include "cli/topology_file.hpp"
#include "cluster/topology/assess.hpp"

namespace securecart::cli {
namespace {

constexpr std::size_t drills_bytes = 16 * 1024 * 1024;

struct TopologyAssessArguments {
  std::string file;
  std::string drills = "docs/drills/results.json";
};

std::vector<cluster::Drill> read_drills(const std::string& file) {
  if (!std::filesystem::exists(file)) {
    return {};
  }
  const Result<std::string> text = read_file(file, drills_bytes);
  if (!text) {
    throw std::runtime_error(text.error().detail);
  }
  Result<std::vector<cluster::Drill>> drills = cluster::parse_drills(*text);
  if (!drills) {
    throw std::runtime_error(file + ": " + drills.error().detail);
  }
  return std::move(*drills);
}

int assess(const TopologyAssessArguments& arguments) {
  try {
    const cluster::Topology topology = read_topology_file(arguments.file);
    const std::vector<cluster::Drill> drills = read_drills(arguments.drills);
    std::printf("%s",
                cluster::assessment_text(topology, cluster::assess(topology), drills).c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}

}  // namespace

void add_topology_assess(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand(
      "assess", "Every single point of failure; what each loss costs, expected and measured");
  auto arguments = std::make_shared<TopologyAssessArguments>();
  word.add_option("FILE", arguments->file, "Topology file (docs/region.md)")->required();
  word.add_option("--drills", arguments->drills, "What drills measured; may be missing")
      ->capture_default_str();
  word.callback([arguments, &exit] { exit.status = assess(*arguments); });
}

}  // namespace securecart::cli
