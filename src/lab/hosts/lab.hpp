// A lab: machines on one switch, made from a plan, found again by any later process, and taken down
// without leaving anything behind.
//
//              switch: a bridge, and what cuts and delays on it
//      p1 │        p2 │        p3 │                 │
//      eth0 a-data    eth0 b-data    eth0 c-data …  eth0 outside
//
// The addresses are in the machines only; the network of the machine they run on is not touched.
// Nothing remembers pids: machines are found by the command lines of their processes, so a lab
// whose builder was killed can be taken down as any other.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "base/errors.hpp"
#include "lab/hosts/command.hpp"
#include "lab/hosts/machine.hpp"

namespace securecart::lab {

inline constexpr std::string_view switch_name = "switch";

struct LabSpec {
  int prefix_bits = 16;  // of the one network all addresses are in
  std::vector<MachineSpec> machines;
  const MachineSpec* machine(std::string_view name) const;
};

std::string to_json(const LabSpec& spec);
Result<LabSpec> parse_lab_spec(std::string_view json);

// A file that a machine has of its own, put there before it starts.
struct MachineFile {
  std::string path;  // absolute
  std::string text;
  int mode = 0644;
  std::string owner = "root";  // a user of that machine: of its /etc/passwd, when it has its own
};

// This machine's own program is every machine's /usr/bin/securecart.
struct LabFiles {
  std::filesystem::path program;
  std::map<std::string, std::vector<MachineFile>, std::less<>> of = {};  // by machine
  std::map<std::string, std::string> hosts =
      {};  // address -> name, known to each beside the machines
};

class Lab {
 public:
  // Builds all machines and the network between them; their services start when everything stands.
  // `state` is made, and must not be there. Throws std::runtime_error, with everything taken down
  // again.
  static Lab create(const std::filesystem::path& state, LabSpec spec, const LabFiles& files);
  // Throws std::runtime_error when there is no lab in `state`.
  static Lab open(const std::filesystem::path& state);
  // Ends whatever runs of the lab in `state` and removes the folder, also of a lab half built or
  // half gone. Returns how many machines ran.
  static int take_down(const std::filesystem::path& state);

  const LabSpec& spec() const { return spec_; }
  const std::filesystem::path& state() const { return state_; }
  MachineFiles files_of(std::string_view name) const;

  // The machine's init, seen from here; 0 when it does not run.
  pid_t init_of(std::string_view name) const;
  // The port of the switch that the machine's cable is in.
  std::string port_of(std::string_view name) const;
  // What to run to run `command` in the machine. Throws std::runtime_error when it does not run.
  Arguments inside(std::string_view name, const Arguments& command) const;
  Ran run_in(std::string_view name, const Arguments& command, std::string_view input = {}) const;
  // In the network of the machine alone, with the files of this one.
  Arguments in_network_of(std::string_view name, const Arguments& command) const;

  // Kills every process of the machine at once, and starts its service again.
  void power_off(std::string_view name) const;
  void power_on(std::string_view name) const;

 private:
  Lab(std::filesystem::path state, LabSpec spec)
      : state_(std::move(state)), spec_(std::move(spec)) {}

  void prepare(const LabFiles& files) const;
  void prepare_machine(const MachineSpec& machine, const LabFiles& files) const;
  void connect() const;

  std::filesystem::path state_;
  LabSpec spec_;
};

// The words behind `securecart` that start a machine of a lab. `state` is absolute.
Arguments machine_words(const std::filesystem::path& state, std::string_view name);
// What those words do: makes the machine `name` of the lab in `state`, which ends with its
// descriptor 3 until it was told to go on; 0 when it stands.
int start_machine(const std::filesystem::path& state, std::string_view name);

}  // namespace securecart::lab
