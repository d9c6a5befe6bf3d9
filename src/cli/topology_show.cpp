// securecart topology show: a region as a picture.
#include <cstdio>
#include <exception>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "cli/command.hpp"
#include "cli/topology_file.hpp"
#include "cluster/topology/drawing.hpp"

namespace securecart::cli {
namespace {

struct TopologyShowArguments {
  std::string file;
  std::string svg;
};

int show(const TopologyShowArguments& arguments) {
  try {
    const cluster::Topology topology = read_topology_file(arguments.file);
    std::printf("%s", cluster::draw_text(topology).c_str());
    if (!arguments.svg.empty()) {
      std::ofstream stream(arguments.svg);
      stream << cluster::draw_svg(topology) << std::flush;
      if (!stream) {
        throw std::runtime_error("cannot write " + arguments.svg);
      }
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}

}  // namespace

void add_topology_show(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand("show", "Draw a region");
  auto arguments = std::make_shared<TopologyShowArguments>();
  word.add_option("FILE", arguments->file, "Topology file (docs/region.md)")->required();
  word.add_option("--svg", arguments->svg, "File for the drawing as SVG");
  word.callback([arguments, &exit] { exit.status = show(*arguments); });
}

}  // namespace securecart::cli
