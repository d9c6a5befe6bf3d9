// A region as a picture: for the terminal, and as SVG. Pure.
#pragma once

#include <string>

#include "cluster/topology/model.hpp"

namespace securecart::cluster {

// Zones side by side as long as they fit into 100 columns, then below each other; the services and
// engines as tables. Ends with a newline.
std::string draw_text(const Topology& topology);
// A page of its own, without scripts and without files of others.
std::string draw_svg(const Topology& topology);

}  // namespace securecart::cluster
