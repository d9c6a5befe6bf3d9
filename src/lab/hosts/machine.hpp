// One host of the lab: a process that is the init of namespaces of its own. Everything below it
// ends with it, so killing it leaves no process, mount, interface or loop device behind.
//
//   securecart lab machine ──▶ new mount, network, PID, UTS and IPC namespaces
//     root      an overlay over the machine's own root: written to <state>/machines/NAME/upper
//     /var/lib/securecart   a file system of its own in a file, so that it can be full or hang
//     /run /tmp /dev/shm    in memory, empty after power off
//     service   kept running as a service manager would keep it; its output in console.log
//
// Signals: TERM ends it; USR1 is power off (every process in it is killed at once), USR2 power on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace securecart::lab {

struct MachineSpec {
  std::string name;                       // a DNS label
  std::string zone = {};                  // empty: of none
  std::string address = {};               // IPv4; empty: it has no interface
  std::vector<std::string> service = {};  // command line to keep running; empty: none
  std::int64_t disk_bytes = 0;            // of its own file system; 0: it has none
};

// Where the lab keeps what is a machine's.
struct MachineFiles {
  std::filesystem::path folder;
  std::filesystem::path upper() const { return folder / "upper"; }
  std::filesystem::path work() const { return folder / "work"; }
  std::filesystem::path root() const { return folder / "root"; }
  std::filesystem::path disk() const { return folder / "disk.ext4"; }
  std::filesystem::path console() const { return folder / "console.log"; }
};

inline constexpr const char* machine_disk_folder = "/var/lib/securecart";

// Makes the machine and returns in the parent once it is there: 0, or 1 with a message on standard
// error. The machine itself goes on until it is told to end. It ends, too, when `hold` reaches its
// end before a byte came: whoever was building the lab is gone. Call it with a single thread.
int run_machine(const MachineSpec& spec, const MachineFiles& files, int hold);

}  // namespace securecart::lab
