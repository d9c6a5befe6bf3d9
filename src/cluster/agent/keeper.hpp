// Starts a process that outlives whoever started it, below a keeper: a small process that does
// nothing but wait for it and write down how it ended.
//
//   agent ──fork──▶ keeper ──fork──▶ the unit's program
//     ◀── pid ──────┤ 1. writes NAME.run: who it is
//                   │ 2. lets it go on to exec
//                   │ 3. waits
//                   └ 4. writes NAME.exit: how it ended
//
// NAME.run is there before the program begins, so a new agent knows of each program that ever ran,
// whenever the old one died. When the keeper is killed the program goes on; only how it ends is not
// known then.
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cluster/agent/supervisor.hpp"

namespace securecart::cluster::agent {

struct Launch {
  std::string name;
  std::vector<std::string> command;
  std::map<std::string, std::string> environment;  // all there is, but for the user's own
  std::string user = "root";  // taken on by root only: any other agent runs everything as itself
  bool low_ports = false;
  std::string folder;        // made, and given to the user, when it is not there; empty: "/"
  std::string log_file;      // what it prints is appended
  std::string cgroup_procs;  // file of the group to join; empty: none
  std::string run_file;      // written by the keeper, see above
  std::string exit_file;
  std::string note;  // into run_file, behind the first line
};

struct Kept {
  Process process;
  std::int64_t keeper = 0;  // pid
};

// Blocks for as long as a fork and an exec take. The error says which step failed and why.
std::expected<Kept, std::string> launch(const Launch& what);

// What run_file says.
struct RunRecord {
  Kept kept;
  std::string note;
};
std::optional<RunRecord> parse_run_record(std::string_view text);
// How `process` ended by the text of exit_file: "exit status 1", "signal 9"; nullopt: it is about
// another process, or malformed.
std::optional<std::string> parse_exit_record(std::string_view text, const Process& process);

// Field 22 of /proc/<pid>/stat; nullopt when there is no such process, or nothing but its corpse.
std::optional<std::int64_t> start_ticks(std::int64_t pid);
// Of the text of that file.
std::optional<std::int64_t> parse_start_ticks(std::string_view stat);

}  // namespace securecart::cluster::agent
