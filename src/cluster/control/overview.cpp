#include "cluster/control/overview.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.hpp"
#include "base/text.hpp"

namespace securecart::cluster {
namespace {

// A report is older than an agent's pause between two, several times over.
constexpr auto stale_after = std::chrono::seconds(15);

enum class Paint : std::uint8_t { plain, good, warn, bad, bold };

class Screen {
 public:
  explicit Screen(bool colours) : colours_(colours) {}
  std::string paint(Paint paint, std::string text) const {
    constexpr std::string_view codes[] = {"", "32", "33", "31", "1"};
    const std::string_view code = codes[static_cast<std::size_t>(paint)];
    return !colours_ || code.empty() ? text : fmt::format("\x1b[{}m{}\x1b[0m", code, text);
  }
  void line(std::string_view text = {}) {
    out_ += text;
    out_ += '\n';
  }
  std::string take() { return std::move(out_); }

 private:
  const bool colours_;
  std::string out_;
};

std::string size_text(std::int64_t bytes) {
  constexpr std::int64_t kib = 1024;
  if (bytes >= kib * kib * kib) {
    return fmt::format("{:.1f} GB",
                       static_cast<double>(bytes) / static_cast<double>(kib * kib * kib));
  }
  return bytes >= kib * kib ? fmt::format("{} MB", bytes / (kib * kib))
                            : fmt::format("{} kB", bytes / kib);
}

std::string age_text(Duration age) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(age).count();
  if (seconds < 60) {
    return fmt::format("{} s", std::max<std::int64_t>(seconds, 0));
  }
  return seconds < 3'600 ? fmt::format("{} min", seconds / 60)
                         : fmt::format("{} h", seconds / 3'600);
}

Paint paint_of(InstanceState state) {
  switch (state) {
    case InstanceState::ready:
      return Paint::good;
    case InstanceState::starting:
    case InstanceState::draining:
      return Paint::warn;
    case InstanceState::stopped:
      return Paint::plain;
    case InstanceState::sick:
    case InstanceState::crash_loop:
      return Paint::bad;
  }
  return Paint::plain;
}

const HostReport* report_of(const Overview& overview, const Host& host) {
  const auto found = overview.state.reports.find(host.name);
  return found == overview.state.reports.end() ? nullptr : &found->second.value;
}

std::string parts_text(const Host& host) {
  std::vector<std::string_view> names;
  for (const Part part : host.parts) {
    names.push_back(part_name(part));
  }
  return fmt::format("{}", fmt::join(names, " "));
}

void show_alarms(const Overview& overview, Screen& screen) {
  const std::vector<Alarm>& alarms = overview.state.alarms.value.alarms;
  if (alarms.empty() && overview.state.broken.empty()) {
    return;
  }
  screen.line(screen.paint(Paint::bad, "ALARMS"));
  for (const Alarm& alarm : alarms) {
    screen.line(fmt::format("  {:<16} {:<14} since {}  {}", alarm.what, alarm.subject,
                            format_rfc3339(alarm.since), alarm.text));
  }
  for (const auto& [key, problem] : overview.state.broken) {
    screen.line(fmt::format("  {:<16} {}: {}", "unreadable", key, problem));
  }
  screen.line();
}

void show_changes(const Overview& overview, Screen& screen) {
  const RolloutRecord& rollout = overview.state.rollout.value;
  if (rollout.phase != RolloutPhase::idle) {
    std::vector<std::string> what;
    for (const auto& [service, build] : rollout.target) {
      what.push_back(build.version.empty() ? fmt::format("{} (restart {})", service, build.restart)
                                           : fmt::format("{} {}", service, build.version));
    }
    if (!rollout.patch.empty()) {
      what.push_back("patch " + rollout.patch);
    }
    const auto at = static_cast<std::size_t>(std::max(rollout.current, 0));
    screen.line(fmt::format(
        "{} {}: zone {} ({} of {}), for {}{}",
        screen.paint(rollout.phase == RolloutPhase::rolling_back ? Paint::bad : Paint::warn,
                     std::string(to_text(rollout.phase))),
        fmt::join(what, ", "), at < rollout.zones.size() ? rollout.zones[at] : "?", at + 1,
        rollout.zones.size(), age_text(overview.now - rollout.since),
        rollout.reason.empty() ? "" : ": " + rollout.reason));
  }
  for (const auto& [service, build] : rollout.refused) {
    screen.line(fmt::format("{} {} {} was rolled back: {}", screen.paint(Paint::bad, "refused"),
                            service, build.version, rollout.reason));
  }
  if (!rollout.patch_refused.empty()) {
    screen.line(fmt::format("{} patch {} went wrong: {}", screen.paint(Paint::bad, "refused"),
                            rollout.patch_refused, rollout.reason));
  }
  for (const auto& [zone, kept] : overview.state.shifts) {
    if (kept.value.until > overview.now) {
      screen.line(fmt::format(
          "{} zone {} for another {}, by {}: {}", screen.paint(Paint::warn, "shifted away"), zone,
          age_text(kept.value.until - overview.now), kept.value.by, kept.value.reason));
    }
  }
}

void show_database(const Overview& overview, Screen& screen) {
  const DatabaseView& database = overview.database;
  screen.line(screen.paint(Paint::bold, "DATABASE"));
  screen.line(fmt::format("  primary {}, commits wait for {}",
                          database.leader.empty() ? screen.paint(Paint::bad, "nobody")
                                                  : screen.paint(Paint::good, database.leader),
                          database.synchronous.empty()
                              ? screen.paint(Paint::bad, "nobody")
                              : fmt::format("{}", fmt::join(database.synchronous, ", "))));
  const auto leader = std::ranges::find(database.members, database.leader, &DatabaseMember::host);
  for (const DatabaseMember& member : database.members) {
    std::string lag;
    if (leader != database.members.end() && member.host != database.leader) {
      lag = leader->position && member.position
                ? size_text(std::max<std::int64_t>(*leader->position - *member.position, 0)) +
                      " behind"
                : "does not say where it is";
    }
    screen.line(
        fmt::format("  {:<14} {:<9} {:<11} {}", member.host, member.role, member.state, lag));
  }
  screen.line();
}

void show_services(const Overview& overview, Screen& screen) {
  screen.line(screen.paint(Paint::bold, "SERVICES") +
              "          wanted  ready  version         requests/s   errors      p99");
  for (const Service& service : overview.topology.services) {
    int ready = 0;
    double requests = 0;
    double failed = 0;
    Duration slowest{};
    for (const auto& [host, kept] : overview.state.reports) {
      for (const InstanceReport& instance : kept.value.instances) {
        if (instance.service == service.name && instance.state == InstanceState::ready) {
          ++ready;
          requests += instance.requests;
          failed += instance.requests * instance.errors;
          slowest = std::max(slowest, instance.latency_p99);
        }
      }
    }
    const auto scaling = overview.state.scaling.find(service.name);
    const int wanted =
        scaling == overview.state.scaling.end() ? service.minimum : scaling->second.value.wanted;
    const auto settled = overview.state.rollout.value.settled.find(service.name);
    const std::string version =
        settled == overview.state.rollout.value.settled.end() || settled->second.version.empty()
            ? "installed"
            : settled->second.version;
    screen.line(fmt::format(
        "  {:<16}{:>6}  {}  {:<14}{:>12.1f}{:>8.2f} %{:>6} ms", service.name, wanted,
        screen.paint(ready < wanted ? Paint::bad : Paint::plain, fmt::format("{:>5}", ready)),
        version, requests, requests > 0 ? 100.0 * failed / requests : 0.0,
        std::chrono::duration_cast<std::chrono::milliseconds>(slowest).count()));
  }
  screen.line();
}

void show_host(const Overview& overview, const Host& host, Screen& screen) {
  const HostReport* const report = report_of(overview, host);
  if (report == nullptr) {
    screen.line(fmt::format("  {:<12} {:<15} {}", host.name, host.address,
                            screen.paint(Paint::bad, "no word of its agent")));
    return;
  }
  const Duration age = overview.now - report->at;
  screen.line(fmt::format(
      "  {:<12} {:<15} load {:<6.2f} {:>8} free  {}{}{}", host.name, host.address, report->load,
      size_text(report->memory_free_bytes), parts_text(host),
      report->patched.empty() ? "" : ", patched " + report->patched,
      age > stale_after ? screen.paint(Paint::bad, ", last word " + age_text(age) + " ago") : ""));
  for (const std::string& down : report->units_down) {
    screen.line("    " + screen.paint(Paint::bad, "down  " + down));
  }
  for (const InstanceReport& instance : report->instances) {
    screen.line(fmt::format(
        "    {:<22} {} {:>6}  {:<10} {:>5.2f} cores {:>8} {:>8.1f}/s {:>6.2f} % {:>5} ms",
        instance.id,
        screen.paint(paint_of(instance.state), fmt::format("{:<10}", to_text(instance.state))),
        age_text(overview.now - instance.since),
        instance.version.empty() ? "installed" : instance.version, instance.cpu,
        size_text(instance.memory_bytes), instance.requests, 100.0 * instance.errors,
        std::chrono::duration_cast<std::chrono::milliseconds>(instance.latency_p99).count()));
  }
}

}  // namespace

std::string patroni_keys(std::string_view cluster) {
  return fmt::format("/patroni/{}/", cluster);
}

DatabaseView read_database(std::string_view cluster, const Snapshot& snapshot) {
  const std::string root = patroni_keys(cluster);
  const std::string members = root + "members/";
  DatabaseView view;
  for (const Entry& entry : snapshot.entries) {
    if (entry.key == root + "leader") {
      view.leader = entry.value;
    }
    const Result<json::value> value = parse_json(entry.value);
    const json::object* const object = value ? value->if_object() : nullptr;
    if (object == nullptr) {
      continue;
    }
    const auto text = [object](std::string_view name) {
      const json::value* const member = object->if_contains(name);
      return member != nullptr && member->is_string() ? std::string(member->get_string())
                                                      : std::string();
    };
    if (entry.key == root + "sync") {
      const std::string standbys = text("sync_standby");
      for (std::string_view rest = standbys; !rest.empty();) {
        const std::size_t comma = std::min(rest.find(','), rest.size());
        view.synchronous.emplace_back(trim(rest.substr(0, comma)));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
      }
    } else if (entry.key.starts_with(members)) {
      const json::value* const position = object->if_contains("xlog_location");
      view.members.push_back({entry.key.substr(members.size()), text("role"), text("state"),
                              position != nullptr && position->is_int64()
                                  ? std::optional(position->get_int64())
                                  : std::nullopt});
    }
  }
  return view;
}

std::string render_overview(const Overview& overview, bool colours) {
  Screen screen(colours);
  screen.line(fmt::format(
      "{}  region {}  {}  controller {}  {}", screen.paint(Paint::bold, overview.topology.name),
      overview.topology.region, format_rfc3339(overview.now),
      overview.controller.empty() ? screen.paint(Paint::bad, "nobody") : overview.controller,
      is_well(overview) ? screen.paint(Paint::good, "well")
                        : screen.paint(Paint::bad, "needs a look")));
  show_changes(overview, screen);
  screen.line();
  show_alarms(overview, screen);
  show_database(overview, screen);
  show_services(overview, screen);
  for (const Zone& zone : overview.topology.zones) {
    screen.line(screen.paint(Paint::bold, "ZONE " + zone.name));
    for (const Host& host : overview.topology.hosts) {
      if (host.zone == zone.name) {
        show_host(overview, host, screen);
      }
    }
  }
  return screen.take();
}

bool is_well(const Overview& overview) {
  const bool hosts_are = std::ranges::all_of(overview.topology.hosts, [&](const Host& host) {
    const HostReport* const report = report_of(overview, host);
    return report != nullptr && report->units_down.empty() &&
           overview.now - report->at <= stale_after &&
           std::ranges::none_of(report->instances, [](const InstanceReport& instance) {
             return instance.state == InstanceState::sick ||
                    instance.state == InstanceState::crash_loop;
           });
  });
  return hosts_are && !overview.controller.empty() && !overview.database.leader.empty() &&
         !overview.database.synchronous.empty() && overview.state.alarms.value.alarms.empty() &&
         overview.state.broken.empty();
}

}  // namespace securecart::cluster
