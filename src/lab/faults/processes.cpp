#include "lab/faults/processes.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>
#include <unistd.h>

#include <fmt/format.h>

#include "base/files.hpp"
#include "base/text.hpp"

namespace securecart::lab {
namespace {

namespace fs = std::filesystem;

std::string namespace_of(pid_t pid) {
  std::error_code gone;
  return fs::read_symlink("/proc/" + std::to_string(pid) + "/ns/pid", gone).string();
}

Process read_process(pid_t pid) {
  const fs::path folder = "/proc/" + std::to_string(pid);
  Process process;
  process.pid = pid;
  std::istringstream status(read_if_there(folder / "status"));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("Name:")) {
      process.name = trim(line.substr(5));
    } else if (line.starts_with("PPid:")) {
      process.parent = static_cast<pid_t>(std::stol(line.substr(5)));
    } else if (line.starts_with("NSpid:")) {
      process.inner = static_cast<pid_t>(std::stol(line.substr(line.rfind('\t'))));
    }
  }
  const std::string words = read_if_there(folder / "cmdline");
  for (const std::string_view word : split(words, '\0')) {
    process.words.emplace_back(word);
  }
  return process;
}

// Unit of each process that the agent started, by its pid in the machine.
std::map<pid_t, std::string> units_of(pid_t init) {
  std::map<pid_t, std::string> units;
  std::error_code gone;
  const fs::path folder = fmt::format("/proc/{}/root/run/securecart", init);
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder, gone)) {
    std::istringstream record(entry.path().extension() == ".run" ? read_if_there(entry.path())
                                                                 : "");
    if (pid_t pid = 0; record >> pid) {
      units[pid] = entry.path().stem();
    }
  }
  return units;
}

bool is_of(std::string_view unit, std::string_view wanted) {
  return unit == wanted ||
         (unit.starts_with(wanted) && unit.size() > wanted.size() && unit[wanted.size()] == '-');
}

bool is_agent(const Process& process) {
  return process.words.size() > 2 && process.words[1] == "agent";
}

}  // namespace

std::vector<Process> processes_of(const Lab& lab, std::string_view machine) {
  const pid_t init = lab.init_of(machine);
  const std::string wanted = init == 0 ? "" : namespace_of(init);
  const std::map<pid_t, std::string> units = units_of(init);
  std::vector<Process> found;
  std::error_code gone;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc", gone)) {
    const std::string name = entry.path().filename();
    if (wanted.empty() || name.find_first_not_of("0123456789") != std::string::npos) {
      continue;
    }
    const auto pid = static_cast<pid_t>(std::stol(name));
    if (pid != init && namespace_of(pid) == wanted) {
      found.push_back(read_process(pid));
      const auto unit = units.find(found.back().inner);
      found.back().unit = unit == units.end() ? "" : unit->second;
    }
  }
  return found;
}

std::vector<Process> processes_of_unit(std::span<const Process> all, std::string_view wanted) {
  std::map<pid_t, const Process*> by_pid;
  for (const Process& process : all) {
    by_pid[process.pid] = &process;
  }
  std::vector<Process> found;
  for (const Process& process : all) {
    if (wanted == "agent") {
      if (is_agent(process)) {
        found.push_back(process);
      }
      continue;
    }
    // What a unit's process started is of that unit.
    for (const Process* one = &process; one != nullptr;) {
      if (!one->unit.empty()) {
        if (is_of(one->unit, wanted)) {
          found.push_back(process);
          found.back().unit = one->unit;
        }
        break;
      }
      const auto parent = by_pid.find(one->parent);
      one = parent == by_pid.end() ? nullptr : parent->second;
    }
  }
  return found;
}

}  // namespace securecart::lab
