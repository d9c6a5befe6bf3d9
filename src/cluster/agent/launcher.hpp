// The processes of a host: starts them below keepers (keeper.hpp), finds them again after a restart
// of the agent, signals them, and notices when they end.
//
// Folders:  runtime/  NAME.run, NAME.exit   who runs, how it ended
//           logs/     NAME.log, NAME.log.1  what it prints; at most limits::agent_log_bytes each
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "cluster/agent/cgroups.hpp"
#include "cluster/agent/keeper.hpp"
#include "cluster/agent/limits.hpp"
#include "cluster/agent/supervisor.hpp"

namespace securecart::cluster::agent {

// One thread at a time.
class Launcher {
 public:
  // Makes the folders. `boot` tells one run of the machine from another. Throws std::runtime_error.
  Launcher(std::filesystem::path runtime, std::filesystem::path logs, std::string boot,
           std::optional<Cgroups> cgroups);
  ~Launcher();
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;

  // What an earlier agent started and still runs.
  struct Found {
    std::string name;
    Process process;
    Remembered remembered;
  };
  std::vector<Found> find();

  std::expected<Process, std::string> start(const WantedUnit& wanted);
  // Nothing happens when the process has ended. False: it may not be signalled.
  bool signal(const std::string& name, const Process& process, int signal);
  // The process and all it started that can be found.
  void kill(const std::string& name, const Process& process);

  struct Ended {
    std::string name;
    Process process;
    std::string how;
  };
  // Those that ended since it was asked last.
  std::vector<Ended> ended();
  // Cuts logs that grew too long.
  void trim_logs();

 private:
  struct Tracked {
    Kept kept;
    int descriptor = -1;  // pidfd
    int looks = 0;        // since it ended, waiting for its keeper's word
  };

  std::filesystem::path run_file(const std::string& name) const;
  std::filesystem::path exit_file(const std::string& name) const;
  bool track(const std::string& name, const Kept& kept);
  std::optional<std::string> how_it_ended(const std::string& name, Tracked& tracked) const;
  void forget(const std::string& name, const Tracked& tracked);

  const std::filesystem::path runtime_;
  const std::filesystem::path logs_;
  const std::string boot_;
  const std::optional<Cgroups> cgroups_;
  std::map<std::string, Tracked> tracked_;
  std::vector<pid_t> leaving_;  // keepers that said their word, to be reaped
};

// `remembered` as the note of a run record, and back; nullopt: of another boot, or malformed.
std::string to_note(const Remembered& remembered, std::string_view boot);
std::optional<Remembered> parse_note(std::string_view note, std::string_view boot);

}  // namespace securecart::cluster::agent
