// The processes of a machine, as the machine they run on sees them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "lab/hosts/lab.hpp"

namespace securecart::lab {

struct Process {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t inner = 0;                 // its pid in the machine
  std::string name;                // of the program, at most 15 bytes
  std::vector<std::string> words;  // of its command line
  std::string unit;                // that the agent started it as; empty: somebody else's
};

// Those whose init is the machine's. Units are as the agent wrote them down when it started them
// (cluster/agent/keeper.hpp): `/run/securecart/**/NAME.run` begins with the pid.
std::vector<Process> processes_of(const Lab& lab, std::string_view machine);

// The processes of the units `wanted` names, with all their descendants: a unit by its name, or
// every instance of a service by the service's. "agent" is the agent without what it started. Pure.
std::vector<Process> processes_of_unit(std::span<const Process> all, std::string_view wanted);

}  // namespace securecart::lab
