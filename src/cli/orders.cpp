// The orders an operator leaves for the controller of a region:
//
//   securecart rollout SERVICE --version V | --restart      a zone at a time, back by itself
//   securecart patch ID                                     every host, the same way
//   securecart shift ZONE --for 30m --reason WHY | --end    a zone out of use
#include <cstdio>
#include <stdexcept>

#include <fmt/format.h>

#include "base/config.hpp"
#include "base/text.hpp"
#include "cli/region_store.hpp"
#include "cluster/control/limits.hpp"

namespace securecart::cli {
namespace {

constexpr const char* next = "What becomes of it: securecart status --topology ";

struct OrderArguments {
  std::string topology = "/etc/securecart/topology.toml";
  std::string subject;  // a service, a patch, a zone
  std::optional<std::string> version;
  bool restart = false;
  std::optional<int> pin;
  std::string length = "30m";
  std::string reason;
  bool end = false;
};

// Runs `order` and says on which word it went wrong.
int obeyed(const char* word, const OrderArguments& arguments,
           const std::function<std::string(RegionStore&)>& order) {
  try {
    RegionStore region(arguments.topology);
    std::printf("%s\n%s%s\n", order(region).c_str(), next, arguments.topology.c_str());
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart %s: %s\n", word, error.what());
    return 2;
  }
}

std::string roll_out(const OrderArguments& arguments, RegionStore& region) {
  const auto& services = region.topology().services;
  if (std::ranges::find(services, arguments.subject, &cluster::Service::name) == services.end()) {
    std::vector<std::string> names;
    for (const cluster::Service& service : services) {
      names.push_back(service.name);
    }
    throw std::runtime_error(fmt::format("there is no service '{}'; the services are {}",
                                         arguments.subject, fmt::join(names, ", ")));
  }
  if (!arguments.version && !arguments.restart && !arguments.pin) {
    throw std::runtime_error("say what is to change: --version, --restart or --pin");
  }
  cluster::ServiceOrder order;
  region.change(region.keys().services() + arguments.subject,
                [&](const std::optional<std::string>& before) {
                  order = {};
                  if (before) {
                    Result<cluster::ServiceOrder> kept = cluster::parse_service_order(*before);
                    if (!kept) {
                      throw std::runtime_error(kept.error().detail);
                    }
                    order = std::move(*kept);
                  }
                  order.service = arguments.subject;
                  order.version = arguments.version.value_or(order.version);
                  order.pinned = arguments.pin.value_or(order.pinned);
                  order.restart += arguments.restart ? 1 : 0;
                  return std::optional(cluster::to_json(order));
                });
  return fmt::format(
      "Ordered: {} {}, restart {}, {}. The controller takes one zone at a time, watches each, and "
      "goes back when answers get worse.",
      order.service, order.version.empty() ? "as installed" : order.version, order.restart,
      order.pinned == 0 ? "as many as the load asks for"
                        : fmt::format("{} instances whatever the load", order.pinned));
}

std::string patch(const OrderArguments& arguments, RegionStore& region) {
  const std::string order = cluster::to_json(cluster::PatchOrder{arguments.subject});
  if (const Result<cluster::PatchOrder> good = cluster::parse_patch_order(order); !good) {
    throw std::runtime_error(good.error().detail);
  }
  region.change(region.keys().patch(),
                [&order](const std::optional<std::string>&) { return std::optional(order); });
  return fmt::format(
      "Ordered: patch {} on every host, one at a time, a zone at a time; each drains, is patched, "
      "and has to be well before the next one.",
      arguments.subject);
}

std::string shift(const OrderArguments& arguments, RegionStore& region) {
  const auto& zones = region.topology().zones;
  if (std::ranges::find(zones, arguments.subject, &cluster::Zone::name) == zones.end()) {
    throw std::runtime_error(fmt::format("there is no zone '{}'", arguments.subject));
  }
  const std::string key = region.keys().shifts() + arguments.subject;
  if (arguments.end) {
    region.change(key, [](const std::optional<std::string>&) { return std::nullopt; });
    return fmt::format("Zone {} is in use again.", arguments.subject);
  }
  const std::optional<Duration> length = parse_duration(arguments.length);
  if (!length || *length <= Duration::zero() || *length > limits::longest_shift) {
    throw std::runtime_error(
        fmt::format("--for '{}' is no length up to {} h, like 90s, 30m or 2h", arguments.length,
                    std::chrono::duration_cast<std::chrono::hours>(limits::longest_shift).count()));
  }
  cluster::ShiftRecord record;
  record.zone = arguments.subject;
  record.until = region.now() + std::chrono::duration_cast<std::chrono::milliseconds>(*length);
  record.by = "operator";
  record.reason = arguments.reason.empty() ? "by hand" : arguments.reason;
  region.change(key, [&record](const std::optional<std::string>&) {
    return std::optional(cluster::to_json(record));
  });
  return fmt::format(
      "Zone {} goes out of use until {}. It is refused, with an alarm, where its instances are the "
      "last ones of a service. Back earlier: securecart shift {} --end",
      record.zone, format_rfc3339(record.until), record.zone);
}

}  // namespace

void add_rollout(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand("rollout", "Change a service, a zone at a time");
  auto arguments = std::make_shared<OrderArguments>();
  word.add_option("service", arguments->subject, "Of the topology file")->required();
  word.add_option("--version", arguments->version,
                  "The program of this version; \"\" is the installed one");
  word.add_flag("--restart", arguments->restart,
                "Restart every instance, or try again a version that was rolled back");
  word.add_option("--pin", arguments->pin,
                  "Instances that must carry the load, whatever it is; 0: as many as it needs")
      ->check(CLI::Range(0, limits::pinned_instances));
  add_topology_option(word, arguments->topology);
  word.callback([arguments, &exit] {
    exit.status = obeyed("rollout", *arguments,
                         [&](RegionStore& region) { return roll_out(*arguments, region); });
  });
}

void add_patch(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand("patch", "Patch every host, one after the other");
  auto arguments = std::make_shared<OrderArguments>();
  word.add_option("id", arguments->subject, "A name of this round, like 2026-11-kernel")
      ->required();
  add_topology_option(word, arguments->topology);
  word.callback([arguments, &exit] {
    exit.status =
        obeyed("patch", *arguments, [&](RegionStore& region) { return patch(*arguments, region); });
  });
}

void add_shift(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand("shift", "Take a zone out of use for a while");
  auto arguments = std::make_shared<OrderArguments>();
  word.add_option("zone", arguments->subject, "Of the topology file")->required();
  word.add_option("--for", arguments->length, "How long")->capture_default_str();
  word.add_option("--reason", arguments->reason, "For whoever sees the alarm");
  word.add_flag("--end", arguments->end, "It is in use again");
  add_topology_option(word, arguments->topology);
  word.callback([arguments, &exit] {
    exit.status =
        obeyed("shift", *arguments, [&](RegionStore& region) { return shift(*arguments, region); });
  });
}

}  // namespace securecart::cli
