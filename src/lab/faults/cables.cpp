#include "lab/faults/cables.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace securecart::lab {
namespace {

std::vector<std::string> without(const std::vector<std::string>& all,
                                 const std::vector<std::string>& some) {
  std::vector<std::string> others;
  for (const std::string& port : all) {
    if (std::ranges::find(some, port) == some.end()) {
      others.push_back(port);
    }
  }
  return others;
}

std::string devices(const std::vector<std::string>& ports) {
  std::vector<std::string> names;
  for (const std::string& port : ports) {
    names.push_back(fmt::format("\"{}\"", port));
    names.push_back(fmt::format("\"{}\"", delaying_device(port)));
  }
  return fmt::format("{{ {} }}", fmt::join(names, ", "));
}

}  // namespace

std::vector<Drop> drops_of_cut(const std::vector<std::string>& inside,
                               const std::vector<std::string>& all, int percent) {
  const std::vector<std::string> outside = without(all, inside);
  return {{inside, outside, percent}, {outside, inside, percent}};
}

std::vector<Drop> drops_of_loss(const std::vector<std::string>& ports,
                                const std::vector<std::string>& all, int percent) {
  return {{ports, all, percent}, {without(all, ports), ports, percent}};
}

std::string switch_rules(const std::vector<Drop>& drops) {
  std::string rules =
      "table bridge lab\n"
      "flush table bridge lab\n"
      "table bridge lab {\n"
      "  chain forward {\n"
      "    type filter hook forward priority 0; policy accept;\n";
  for (const Drop& drop : drops) {
    if (drop.from.empty() || drop.to.empty()) {
      continue;
    }
    const std::string chance =
        drop.percent < 100 ? fmt::format(" numgen random mod 100 < {}", drop.percent) : "";
    rules += fmt::format("    iifname {} oifname {}{} drop\n", devices(drop.from), devices(drop.to),
                         chance);
  }
  return rules + "  }\n}\n";
}

std::string delaying_device(const std::string& port) {
  return "delay-" + port;
}

}  // namespace securecart::lab
