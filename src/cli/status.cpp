// securecart status: the region at a glance; at a terminal it follows, until Ctrl-C.
#include <cstdio>
#include <thread>
#include <unistd.h>

#include "base/json.hpp"
#include "cli/region_store.hpp"
#include "cluster/control/overview.hpp"

namespace securecart::cli {
namespace {

constexpr auto status_pause = std::chrono::seconds(1);

struct StatusArguments {
  std::string topology = "/etc/securecart/topology.toml";
  bool once = false;
  bool as_json = false;
};

// Everything the region's processes have written, as it is.
std::string as_json(const cluster::Snapshot& snapshot) {
  json::object entries;
  for (const cluster::Entry& entry : snapshot.entries) {
    Result<json::value> value = parse_json(entry.value);
    entries[entry.key] = value ? std::move(*value) : json::value(entry.value);
  }
  return to_string(json::object{{"revision", snapshot.revision}, {"entries", std::move(entries)}});
}

struct Look {
  std::string text;
  bool well;
};
Look look(RegionStore& region, cluster::RegionReader& reader, bool colours) {
  const cluster::Snapshot snapshot = region.range(region.keys().root);
  const cluster::Snapshot patroni = region.range(cluster::patroni_keys(region.topology().name));
  const cluster::DatabaseView database = cluster::read_database(region.topology().name, patroni);
  const cluster::Entry* const seat = snapshot.find(region.keys().seat());
  const cluster::Overview overview{region.topology(), reader.read(snapshot), database,
                                   seat == nullptr ? "" : seat->value, region.now()};
  return {cluster::render_overview(overview, colours), cluster::is_well(overview)};
}

int show(const StatusArguments& arguments) {
  try {
    RegionStore region(arguments.topology);
    if (arguments.as_json) {
      std::printf("%s\n", as_json(region.range(region.keys().root)).c_str());
      return 0;
    }
    const bool terminal = isatty(STDOUT_FILENO) != 0;
    const bool follow = terminal && !arguments.once;
    cluster::RegionReader reader(region.topology().region);
    while (true) {
      try {
        const Look seen = look(region, reader, terminal);
        std::printf("%s%s", follow ? "\x1b[H\x1b[2J" : "", seen.text.c_str());
        if (!follow) {
          return seen.well ? 0 : 1;
        }
      } catch (const Unavailable& error) {
        if (!follow) {
          throw;
        }
        std::printf(
            "\x1b[H\x1b[2Jetcd does not answer: %s\nThe shop goes on without it; what "
            "stood here is not known to be so any more.\n",
            error.what());
      }
      std::fflush(stdout);
      std::this_thread::sleep_for(status_pause);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart status: %s\n", error.what());
    return 2;
  }
}

}  // namespace

void add_status(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand(
      "status", "A live view of a region: zones, hosts, instances, database, alarms");
  auto arguments = std::make_shared<StatusArguments>();
  add_topology_option(word, arguments->topology);
  word.add_flag("--once", arguments->once,
                "Print it once; the exit status is 0 when all is well, 1 when it is not");
  word.add_flag("--json", arguments->as_json, "What the region's processes wrote, for programs");
  word.callback([arguments, &exit] { exit.status = show(*arguments); });
}

}  // namespace securecart::cli
