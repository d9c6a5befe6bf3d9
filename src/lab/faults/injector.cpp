#include "lab/faults/injector.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <set>
#include <stdexcept>
#include <unistd.h>

#include <fmt/format.h>

#include "base/files.hpp"
#include "base/json.hpp"
#include "lab/faults/processes.hpp"
#include "lab/fields.hpp"

namespace securecart::lab {
namespace {

using Scope = Place::Scope;

constexpr std::string_view faults_file = "faults.json";
constexpr std::string_view bridge = "br0";
constexpr std::string_view any_instance = "any-instance";
constexpr int wire_within_ms = 5'000;
// A disk that hangs for so long out of the two together.
constexpr std::string_view slow_disk =
    "while :; do fsfreeze -f {0}; sleep 0.4; fsfreeze -u {0}; sleep 0.1; done";
constexpr std::string_view full_file = "/var/lib/securecart/.filled-by-the-lab";

bool contains(const std::vector<std::string>& texts, std::string_view text) {
  return std::ranges::find(texts, text) != texts.end();
}

std::unexpected<Error> impossible(std::string detail) {
  return fail(errc::invalid_request, std::move(detail));
}

std::vector<std::string> names_of(const std::vector<const cluster::Host*>& hosts) {
  std::vector<std::string> names;
  for (const cluster::Host* host : hosts) {
    names.push_back(host->name);
  }
  return names;
}

std::vector<std::string> names_in_zone(const cluster::Topology& topology, std::string_view zone) {
  std::vector<std::string> names;
  for (const cluster::Host& host : topology.hosts) {
    if (host.zone == zone) {
      names.push_back(host.name);
    }
  }
  return names;
}

std::vector<std::string> all_names(const cluster::Topology& topology) {
  std::vector<std::string> names;
  for (const cluster::Host& host : topology.hosts) {
    names.push_back(host.name);
  }
  return names;
}

std::vector<std::string> one_of(const std::vector<std::string>& names, Random& random) {
  return names.empty() ? names : std::vector{names[random.below(names.size())]};
}

Result<std::vector<std::string>> hosts_carrying(const cluster::Topology& topology,
                                                std::string_view part) {
  for (const cluster::Host& host : topology.hosts) {
    for (const cluster::Part carried : host.parts) {
      if (cluster::part_name(carried) == part) {
        return names_of(topology.hosts_with(carried));
      }
    }
  }
  return impossible(fmt::format("no host carries '{}'", part));
}

std::vector<std::string> ports_of(const Lab& lab, const std::vector<std::string>& machines) {
  std::vector<std::string> ports;
  for (const std::string& machine : machines) {
    ports.push_back(lab.port_of(machine));
  }
  return ports;
}

std::vector<std::string> all_ports(const Lab& lab) {
  std::vector<std::string> ports;
  for (const MachineSpec& machine : lab.spec().machines) {
    if (!machine.address.empty()) {
      ports.push_back(lab.port_of(machine.name));
    }
  }
  return ports;
}

json::array array_of_texts(const std::vector<std::string>& texts) {
  return json::array(texts.begin(), texts.end());
}

std::vector<std::string> texts_of(const json::object& object, std::string_view name) {
  std::vector<std::string> texts;
  for (const json::value& value : array_of(object, name)) {
    texts.emplace_back(value.is_string() ? value.get_string().c_str() : "");
  }
  return texts;
}

Arguments shell(std::string command) {
  return {"sh", "-c", std::move(command)};
}

// Ends the processes of a machine that have `word` in their command line.
void end_those_with(const Lab& lab, std::string_view machine, std::string_view word) {
  for (const Process& process : processes_of(lab, machine)) {
    if (contains(process.words, word)) {
      ::kill(process.pid, SIGKILL);
    }
  }
}

}  // namespace

std::string describe(const ActiveFault& active) {
  std::string text =
      fmt::format("{} on {}", to_text(active.fault), fmt::join(active.machines, ", "));
  if (!active.others.empty()) {
    text += fmt::format(" from {}", fmt::join(active.others, ", "));
  }
  if (!active.units.empty()) {
    text += fmt::format(" ({})", fmt::join(active.units, ", "));
  }
  return text;
}

std::string to_json(const std::vector<ActiveFault>& faults) {
  json::array all;
  for (const ActiveFault& active : faults) {
    all.push_back(json::object{{"number", active.number},
                               {"fault", to_text(active.fault)},
                               {"machines", array_of_texts(active.machines)},
                               {"others", array_of_texts(active.others)},
                               {"units", array_of_texts(active.units)}});
  }
  return to_string(json::value(std::move(all)));
}

Result<std::vector<ActiveFault>> parse_active_faults(std::string_view json) {
  const Result<json::value> parsed = parse_json(json);
  if (!parsed || !parsed->is_array()) {
    return impossible("this is no list of faults");
  }
  std::vector<ActiveFault> faults;
  for (const json::value& value : parsed->get_array()) {
    const json::object& object = as_object(value);
    Result<Fault> fault = parse_fault(text_of(object, "fault"));
    if (!fault) {
      return std::unexpected(std::move(fault.error()));
    }
    faults.push_back({static_cast<int>(int_of(object, "number")), std::move(*fault),
                      texts_of(object, "machines"), texts_of(object, "others"),
                      texts_of(object, "units")});
  }
  return faults;
}

Result<std::vector<std::string>> machines_of(const Place& place, const cluster::Topology& topology,
                                             const SeatFinder& seats, Random& random) {
  switch (place.scope) {
    case Scope::all:
      return all_names(topology);
    case Scope::any_host:
      return one_of(all_names(topology), random);
    case Scope::any_zone: {
      if (topology.zones.empty()) {
        return impossible("there are no zones");
      }
      return names_in_zone(topology, topology.zones[random.below(topology.zones.size())].name);
    }
    case Scope::host:
      if (topology.host(place.name) == nullptr) {
        return impossible(fmt::format("there is no host '{}'", place.name));
      }
      return std::vector{place.name};
    case Scope::zone: {
      std::vector<std::string> names = names_in_zone(topology, place.name);
      return names.empty() ? Result<std::vector<std::string>>(
                                 impossible(fmt::format("there is no zone '{}'", place.name)))
                           : names;
    }
    case Scope::with:
      return hosts_carrying(topology, place.name);
    case Scope::any_with: {
      Result<std::vector<std::string>> names = hosts_carrying(topology, place.name);
      return names ? one_of(*names, random) : names;
    }
    case Scope::holder:
    case Scope::zone_of: {
      const Result<std::string> holder = seats(place.name);
      if (!holder) {
        return std::unexpected(holder.error());
      }
      const cluster::Host* host = topology.host(*holder);
      if (host == nullptr) {
        return impossible(
            fmt::format("'{}' holds the seat {} and is no host", *holder, place.name));
      }
      return place.scope == Scope::holder ? std::vector{host->name}
                                          : names_in_zone(topology, host->zone);
    }
  }
  return impossible("a place without a scope");
}

std::vector<Drop> drops_of(const std::vector<ActiveFault>& faults, const Lab& lab) {
  const std::vector<std::string> all = all_ports(lab);
  std::vector<Drop> drops;
  const auto add = [&drops](std::vector<Drop> more) {
    std::ranges::move(more, std::back_inserter(drops));
  };
  for (const ActiveFault& active : faults) {
    const std::vector<std::string> ports = ports_of(lab, active.machines);
    switch (active.fault.kind) {
      case FaultKind::cut:
        add(drops_of_cut(ports, all));
        break;
      case FaultKind::power_off:
        // Not even within the place: nothing there hears anything.
        add(drops_of_loss(ports, all, 100));
        break;
      case FaultKind::loss:
        add(drops_of_loss(ports, all, active.fault.percent));
        break;
      case FaultKind::partition: {
        const std::vector<std::string> others = ports_of(lab, active.others);
        add({{ports, others, 100}});
        if (!active.fault.one_way) {
          add({{others, ports, 100}});
        }
        break;
      }
      default:
        break;
    }
  }
  return drops;
}

Result<ActiveFault> Injector::inject(const Fault& fault) {
  std::vector<ActiveFault> faults = active();
  ActiveFault made;
  made.fault = fault;
  made.number = faults.empty() ? 1 : faults.back().number + 1;
  Result<std::vector<std::string>> machines = machines_of(fault.place, topology_, seats_, random_);
  if (!machines) {
    return std::unexpected(std::move(machines.error()));
  }
  made.machines = std::move(*machines);
  if (fault.kind == FaultKind::partition) {
    Result<std::vector<std::string>> others = machines_of(fault.other, topology_, seats_, random_);
    if (!others) {
      return std::unexpected(std::move(others.error()));
    }
    // Nothing is parted from itself: "from all" is from all others.
    std::erase_if(*others,
                  [&made](const std::string& other) { return contains(made.machines, other); });
    made.others = std::move(*others);
  }
  // Written down first: whoever comes after a crash here heals more than there is, never less.
  if (!fault.heals_itself()) {
    faults.push_back(made);
    keep(faults);
  }
  if (Result<void> performed = perform(made); !performed) {
    heal(made.number);
    return std::unexpected(std::move(performed.error()));
  }
  return made;
}

Result<void> Injector::perform(ActiveFault& made) {
  const Fault& fault = made.fault;
  switch (fault.kind) {
    case FaultKind::cut:
    case FaultKind::loss:
    case FaultKind::partition:
      apply_rules(active());
      return {};
    case FaultKind::power_off:
      apply_rules(active());
      for (const std::string& machine : made.machines) {
        lab_.power_off(machine);
      }
      return {};
    case FaultKind::kill:
      return signal_units(made, SIGKILL);
    case FaultKind::pause:
      return signal_units(made, SIGSTOP);
    case FaultKind::delay:
      for (const std::string& machine : made.machines) {
        start_wire(machine, fault);
      }
      return {};
    case FaultKind::disk_full:
      for (const std::string& machine : made.machines) {
        // All there is, to the last block; what is missing at the end is what fits no more.
        lab_.run_in(machine,
                    shell(fmt::format("fallocate -l $(( $(stat -f -c '%f * %S' {1}) )) {0}; "
                                      "cat /dev/zero >> {0}; true",
                                      full_file, machine_disk_folder)));
      }
      return {};
    case FaultKind::disk_slow:
      for (const std::string& machine : made.machines) {
        const int nothing = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
        const Descriptor output(nothing);
        start_command(lab_.inside(machine, {"sh", "-c", fmt::format(slow_disk, machine_disk_folder),
                                            "slow-disk"}),
                      output.get());
      }
      return {};
    case FaultKind::clock:
      return impossible("this machine's kernel has one wall clock for all namespaces");
  }
  return impossible("a fault without a kind");
}

void Injector::undo(const ActiveFault& healed) {
  switch (healed.fault.kind) {
    case FaultKind::power_off:
      for (const std::string& machine : healed.machines) {
        lab_.power_on(machine);
      }
      break;
    case FaultKind::pause:
      for (const std::string& machine : healed.machines) {
        for (const Process& process : processes_of(lab_, machine)) {
          ::kill(process.pid, SIGCONT);
        }
      }
      break;
    case FaultKind::delay:
      for (const std::string& machine : healed.machines) {
        stop_wire(machine);
      }
      break;
    case FaultKind::disk_full:
      for (const std::string& machine : healed.machines) {
        lab_.run_in(machine, {"rm", "-f", std::string(full_file)});
      }
      break;
    case FaultKind::disk_slow:
      for (const std::string& machine : healed.machines) {
        end_those_with(lab_, machine, "slow-disk");
        lab_.run_in(machine, {"fsfreeze", "-u", machine_disk_folder});
      }
      break;
    default:
      break;
  }
}

bool Injector::heal(int number) {
  std::vector<ActiveFault> faults = active();
  const auto found = std::ranges::find(faults, number, &ActiveFault::number);
  if (found == faults.end()) {
    return false;
  }
  const ActiveFault healed = *found;
  faults.erase(found);
  undo(healed);
  apply_rules(faults);
  keep(faults);
  return true;
}

void Injector::heal_all() {
  for (const ActiveFault& one : active()) {
    heal(one.number);
  }
}

std::vector<ActiveFault> Injector::active() const {
  const std::string text = read_if_there(lab_.state() / faults_file);
  if (text.empty()) {
    return {};
  }
  Result<std::vector<ActiveFault>> faults = parse_active_faults(text);
  if (!faults) {
    throw std::runtime_error(std::string(faults_file) + ": " + faults.error().detail);
  }
  return std::move(*faults);
}

void Injector::keep(const std::vector<ActiveFault>& faults) const {
  const std::filesystem::path file = lab_.state() / faults_file;
  const std::filesystem::path part = file.string() + ".part";
  {
    std::ofstream stream(part);
    stream << to_json(faults);
    stream.flush();
    if (!stream) {
      throw std::runtime_error("cannot write " + part.string());
    }
  }
  std::filesystem::rename(part, file);
}

std::vector<std::string> Injector::units_named(const std::string& unit) const {
  if (unit != any_instance) {
    return {unit};
  }
  std::vector<std::string> services;
  for (const cluster::Service& service : topology_.services) {
    services.push_back(service.name);
  }
  return services;
}

Result<void> Injector::signal_units(ActiveFault& made, int signal) {
  struct Found {
    std::string machine;
    Process process;
  };
  std::vector<Found> found;
  std::set<std::string> units;
  for (const std::string& machine : made.machines) {
    const std::vector<Process> all = processes_of(lab_, machine);
    for (const std::string& wanted : units_named(made.fault.unit)) {
      for (const Process& process : processes_of_unit(all, wanted)) {
        found.push_back({machine, process});
        units.insert(process.unit);
      }
    }
  }
  if (made.fault.unit == any_instance && !units.empty()) {
    const std::string drawn =
        *std::next(units.begin(), static_cast<std::ptrdiff_t>(random_.below(units.size())));
    std::erase_if(found, [&drawn](const Found& one) { return one.process.unit != drawn; });
    units = {drawn};
    made.machines = {found.front().machine};
  }
  if (found.empty()) {
    return impossible(fmt::format("no process of '{}' runs on {}", made.fault.unit,
                                  fmt::join(made.machines, ", ")));
  }
  for (const Found& one : found) {
    ::kill(one.process.pid, signal);
  }
  made.units.assign(units.begin(), units.end());
  return {};
}

void Injector::start_wire(const std::string& machine, const Fault& fault) {
  const auto millis = [](Duration duration) {
    return std::to_string(std::chrono::round<std::chrono::milliseconds>(duration).count());
  };
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("no pipe for a wire");
  }
  const Descriptor told(ends[0]);
  Descriptor tells(ends[1]);
  start_command(
      lab_.inside(switch_name, {"/usr/bin/securecart", "lab", "wire", lab_.port_of(machine),
                                millis(fault.delay), millis(fault.jitter)}),
      tells.get());
  tells.reset();
  pollfd waiting{told.get(), POLLIN, 0};
  std::array<char, 256> line{};
  if (::poll(&waiting, 1, wire_within_ms) != 1 ||
      ::read(told.get(), line.data(), line.size() - 1) <= 0 ||
      std::string_view(line.data()) != "frames pass\n") {
    throw std::runtime_error(fmt::format("the slow cable of {} was not made: {}", machine,
                                         std::string_view(line.data())));
  }
}

void Injector::stop_wire(const std::string& machine) {
  const std::string port = lab_.port_of(machine);
  end_those_with(lab_, switch_name, port);
  must_run(lab_.in_network_of(switch_name,
                              {"ip", "link", "set", port, "master", std::string(bridge), "up"}));
}

void Injector::apply_rules(const std::vector<ActiveFault>& faults) const {
  must_run(lab_.in_network_of(switch_name, {"nft", "-f", "-"}),
           switch_rules(drops_of(faults, lab_)));
}

}  // namespace securecart::lab
