// securecart lab status: the machines, who holds which seat, what is broken on purpose.
#include <cstdio>
#include <sstream>

#include <fmt/format.h>

#include "base/files.hpp"
#include "cli/command.hpp"
#include "cli/lab_state.hpp"
#include "lab/faults/processes.hpp"

namespace securecart::cli {
namespace {

// Memory of a process that is its own, and its share of what it has with others, in KiB.
std::int64_t memory_kib(pid_t pid) {
  std::istringstream file(read_if_there(fmt::format("/proc/{}/smaps_rollup", pid)));
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("Pss:")) {
      return std::stoll(line.substr(4));
    }
  }
  return 0;
}

void show_machines(const lab::Lab& lab) {
  std::int64_t all_kib = 0;
  std::printf("%-12s %-6s %-14s %9s %9s\n", "machine", "zone", "address", "processes", "memory");
  for (const lab::MachineSpec& machine : lab.spec().machines) {
    const std::vector<lab::Process> processes = lab::processes_of(lab, machine.name);
    std::int64_t kib = 0;
    for (const lab::Process& process : processes) {
      kib += memory_kib(process.pid);
    }
    all_kib += kib;
    std::printf("%-12s %-6s %-14s %9s %6lld MB\n", machine.name.c_str(), machine.zone.c_str(),
                machine.address.c_str(),
                lab.init_of(machine.name) == 0 ? "gone" : std::to_string(processes.size()).c_str(),
                static_cast<long long>(kib / 1'024));
  }
  std::printf("%-43s %6lld MB\n", "all", static_cast<long long>(all_kib / 1'024));
}

int status(const std::string& state) {
  try {
    const lab::RegionLab region = lab::RegionLab::open(state);
    show_machines(region.lab());
    std::printf("\n");
    for (const char* seat : {"primary", "etcd", "balancer", "controller", "redis"}) {
      const Result<std::string> holder = region.holder_of(seat);
      std::printf("%-12s %s\n", seat, holder ? holder->c_str() : "nobody");
    }
    SecureRandom random;
    for (const lab::ActiveFault& fault : injector_for(region, random).active()) {
      std::printf("fault %-6d %s\n", fault.number, lab::describe(fault).c_str());
    }
    const std::vector<std::string> ailments = region.ailments();
    for (const std::string& ailment : ailments) {
      std::printf("not whole    %s\n", ailment.c_str());
    }
    return ailments.empty() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart lab status: %s\n", error.what());
    return 2;
  }
}

}  // namespace

void add_lab_status(CLI::App& parent, Exit& exit) {
  CLI::App& word =
      *parent.add_subcommand("status", "Machines, seats and faults of a lab; 0 when it is whole");
  auto state = std::make_shared<std::string>("lab");
  add_lab_state(word, *state);
  word.callback([state, &exit] { exit.status = status(*state); });
}

}  // namespace securecart::cli
