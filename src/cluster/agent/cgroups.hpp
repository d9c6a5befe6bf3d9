// Limits of memory and cores, by control groups of version 2: /sys/fs/cgroup/securecart/HOST/UNIT.
// They lie beside those of systemd, so that they outlive the agent's service. Where the kernel has
// no such tree, or it may not be written, units run without limits, and the agent says so.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>

namespace securecart::cluster::agent {

class Cgroups {
 public:
  // `mount` is where cgroup2 is mounted. The error says why there are none.
  static std::expected<Cgroups, std::string> open(const std::filesystem::path& mount,
                                                  const std::string& host);

  // Makes the unit's group; 0: no limit. Returns the file that a process writes "0" to, to join.
  std::expected<std::string, std::string> prepare(const std::string& unit,
                                                  std::int64_t memory_bytes, double cores) const;
  // Kills all of its processes, whatever session they went to. False: there is no such group.
  bool kill(const std::string& unit) const;
  // Once it is empty.
  void remove(const std::string& unit) const;

 private:
  explicit Cgroups(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;
};

}  // namespace securecart::cluster::agent
