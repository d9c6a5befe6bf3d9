#include "cluster/topology/drawing.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "cluster/topology/check.hpp"

namespace securecart::cluster {
namespace {

constexpr std::size_t terminal_columns = 100;
constexpr std::size_t box_border = 4;  // "│ " and " │"

std::vector<const Host*> hosts_of(const Topology& topology, const Zone& zone) {
  std::vector<const Host*> found;
  for (const Host& host : topology.hosts) {
    if (host.zone == zone.name) {
      found.push_back(&host);
    }
  }
  return found;
}

std::string part_text(const Host& host, Part part) {
  return part == Part::instances ? fmt::format("instances ({} slots)", host.slots)
                                 : std::string(part_name(part));
}

// ---- Terminal ----

std::string padded(std::string_view text, std::size_t columns) {
  return fmt::format("{:<{}}", text, columns);
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) {
    out += text;
  }
  return out;
}

// What stands in the box of a zone.
std::vector<std::string> zone_lines(const Topology& topology, const Zone& zone) {
  std::vector<std::string> lines;
  for (const Host* host : hosts_of(topology, zone)) {
    if (!lines.empty()) {
      lines.emplace_back();
    }
    lines.push_back(fmt::format("{}  {}", host->name, host->address));
    for (const Part part : host->parts) {
      lines.push_back("  " + part_text(*host, part));
    }
  }
  return lines;
}

std::size_t widest(const std::vector<std::string>& lines) {
  std::size_t most = 0;
  for (const std::string& line : lines) {
    most = std::max(most, line.size());
  }
  return most;
}

// Boxes of the same height, side by side.
std::string draw_boxes(const std::vector<std::string>& titles,
                       const std::vector<std::vector<std::string>>& boxes, std::size_t width) {
  std::size_t height = 0;
  for (const std::vector<std::string>& box : boxes) {
    height = std::max(height, box.size());
  }
  std::string top;
  std::string bottom;
  for (const std::string& title : titles) {
    top += fmt::format("┌─ {} {}┐ ", title, repeated("─", width - title.size() - 1));
    bottom += fmt::format("└{}┘ ", repeated("─", width + 2));
  }
  std::string out = top + "\n";
  for (std::size_t row = 0; row < height; ++row) {
    for (const std::vector<std::string>& box : boxes) {
      out += fmt::format("│ {} │ ", padded(row < box.size() ? box[row] : "", width));
    }
    out += "\n";
  }
  return out + bottom + "\n";
}

std::string draw_zones(const Topology& topology) {
  std::vector<std::vector<std::string>> boxes;
  std::vector<std::string> titles;
  std::size_t width = 0;
  for (const Zone& zone : topology.zones) {
    boxes.push_back(zone_lines(topology, zone));
    titles.push_back("zone " + zone.name);
    width = std::max({width, widest(boxes.back()), titles.back().size() + 1});
  }
  const std::size_t in_a_row =
      std::max<std::size_t>(1, terminal_columns / (width + box_border + 1));
  std::string out;
  for (std::size_t first = 0; first < boxes.size(); first += in_a_row) {
    const std::size_t last = std::min(boxes.size(), first + in_a_row);
    const auto from = static_cast<std::ptrdiff_t>(first);
    const auto to = static_cast<std::ptrdiff_t>(last);
    out += draw_boxes({titles.begin() + from, titles.begin() + to},
                      {boxes.begin() + from, boxes.begin() + to}, width);
  }
  return out;
}

std::string trimmed_lines(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
    at = end + 1;
  }
  return out;
}

std::string draw_services(const Topology& topology) {
  std::string out = fmt::format("{:<12} {:>4} {:>7} {:>4}  {:<6} {:<10} {}\n", "service", "left",
                                "placed", "most", "port", "paths", "roles");
  for (const Service& service : topology.services) {
    out += fmt::format("{:<12} {:>4} {:>7} {:>4}  {:<6} {:<10} {}\n", service.name, service.minimum,
                       provisioned(service.minimum, topology.zones.size()), service.maximum,
                       service.port, fmt::format("{}", fmt::join(service.paths, ",")),
                       fmt::join(service.roles, ", "));
  }
  return out + "left: without any one zone; placed: at least, so that they are\n";
}

// ---- SVG ----

constexpr int zone_width = 260;
constexpr int margin = 24;
constexpr int top_height = 150;
constexpr int line_height = 17;
constexpr int host_gap = 12;

// Names were checked to be letters, digits and dashes; texts of the file are not.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string svg_text(int x, int y, std::string_view kind, std::string_view text) {
  return fmt::format("<text x=\"{}\" y=\"{}\" class=\"{}\">{}</text>\n", x, y, kind, escaped(text));
}

std::string svg_box(int x, int y, int width, int height, std::string_view kind) {
  return fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"6\" class=\"{}\"/>\n",
                     x, y, width, height, kind);
}

std::string svg_line(int x1, int y1, int x2, int y2) {
  return fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>\n", x1, y1, x2, y2);
}

int host_height(const Host& host) {
  return line_height * (static_cast<int>(host.parts.size()) + 2);
}

int zone_height(const Topology& topology, const Zone& zone) {
  int height = 2 * line_height;
  for (const Host* host : hosts_of(topology, zone)) {
    height += host_height(*host) + host_gap;
  }
  return height;
}

std::string svg_host(const Host& host, int x, int y) {
  std::string out = svg_box(x, y, zone_width - 2 * host_gap, host_height(host), "host");
  int line = y + line_height;
  out += svg_text(x + host_gap, line, "name", fmt::format("{}  {}", host.name, host.address));
  for (const Part part : host.parts) {
    line += line_height;
    out += svg_text(x + 2 * host_gap, line, "part", part_text(host, part));
  }
  return out;
}

constexpr std::string_view svg_style =
    "<style>text{font:13px system-ui,sans-serif;fill:#223}.title{font-weight:600;font-size:15px}"
    ".name{font-weight:600}.part{fill:#446}.zone{fill:#eef3f8;stroke:#9ab}.host{fill:#fff;"
    "stroke:#9ab}.address{fill:#fdf3dc;stroke:#c93}line{stroke:#c93;stroke-width:1.5}</style>\n";

}  // namespace

std::string draw_text(const Topology& topology) {
  std::string out = fmt::format("{}: region {}, {}\n{}  ->  {}", topology.name, topology.region,
                                topology.domain, topology.public_url, topology.reserved_address);
  out += "  ->  ";
  std::vector<std::string_view> pair;
  for (const Host* host : topology.hosts_with(Part::balancer)) {
    pair.push_back(host->name);
  }
  out += fmt::format("{}\n\n", fmt::join(pair, " or "));
  out += draw_zones(topology);
  out += "\n" + draw_services(topology);
  return trimmed_lines(out);
}

std::string draw_svg(const Topology& topology) {
  const int zones = static_cast<int>(topology.zones.size());
  const int width = 2 * margin + zones * zone_width + (zones - 1) * margin;
  int height = 0;
  for (const Zone& zone : topology.zones) {
    height = std::max(height, zone_height(topology, zone));
  }
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"0 0 {0} {1}\" role=\"img\">\n<title>{2}</title>\n",
      width, height + top_height + margin, escaped(topology.name));
  out += svg_style;
  out += svg_text(margin, margin, "title",
                  fmt::format("Region {} ({})", topology.region, topology.domain));
  const int middle = width / 2;
  constexpr int box_width = 320;
  constexpr int box_height = 44;
  constexpr int box_top = 48;
  out += svg_box(middle - box_width / 2, box_top, box_width, box_height, "address");
  out += svg_text(middle - box_width / 2 + host_gap, box_top + line_height, "name",
                  topology.public_url);
  out += svg_text(middle - box_width / 2 + host_gap, box_top + 2 * line_height, "part",
                  "reserved address " + topology.reserved_address);
  std::string lines;
  std::string boxes;
  int x = margin;
  for (const Zone& zone : topology.zones) {
    boxes += svg_box(x, top_height, zone_width, height, "zone");
    boxes += svg_text(x + host_gap, top_height + line_height + 2, "title", "zone " + zone.name);
    int y = top_height + 2 * line_height;
    for (const Host* host : hosts_of(topology, zone)) {
      boxes += svg_host(*host, x + host_gap, y);
      if (host->carries(Part::balancer)) {
        lines += svg_line(middle, box_top + box_height, x + zone_width / 2, top_height);
      }
      y += host_height(*host) + host_gap;
    }
    x += zone_width + margin;
  }
  return out + lines + boxes + "</svg>\n";
}

}  // namespace securecart::cluster
