#include "cluster/agent/cgroups.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

namespace securecart::cluster::agent {
namespace {

constexpr std::int64_t period_us = 100'000;

// One write, as these files want it. Empty: it went well.
std::string write_value(const std::filesystem::path& file, const std::string& value) {
  const int out = open(file.c_str(), O_WRONLY | O_CLOEXEC);
  const bool good =
      out >= 0 && write(out, value.data(), value.size()) == static_cast<ssize_t>(value.size());
  const int error = errno;
  if (out >= 0) {
    close(out);
  }
  return good ? std::string()
              : fmt::format("cannot write {}: {}", file.string(), std::strerror(error));
}

bool has_controllers(const std::filesystem::path& folder) {
  std::ifstream file(folder / "cgroup.controllers");
  bool memory = false;
  bool cpu = false;
  for (std::string word; file >> word;) {
    memory = memory || word == "memory";
    cpu = cpu || word == "cpu";
  }
  return memory && cpu;
}

// Empty: it is there now.
std::string make_group(const std::filesystem::path& folder) {
  return mkdir(folder.c_str(), 0755) == 0 || errno == EEXIST
             ? std::string()
             : fmt::format("cannot make {}: {}", folder.string(), std::strerror(errno));
}

}  // namespace

std::expected<Cgroups, std::string> Cgroups::open(const std::filesystem::path& mount,
                                                  const std::string& host) {
  if (!has_controllers(mount)) {
    return std::unexpected(
        fmt::format("{} has no controllers for memory and cpu (cgroup v2)", mount.string()));
  }
  const std::filesystem::path all = mount / "securecart";
  const std::filesystem::path folder = all / host;
  for (const std::filesystem::path& one : {mount, all, folder}) {
    std::string problem = one == mount ? std::string() : make_group(one);
    if (problem.empty()) {
      problem = write_value(one / "cgroup.subtree_control", "+memory +cpu");
    }
    if (!problem.empty()) {
      return std::unexpected(problem);
    }
  }
  return Cgroups(folder);
}

std::expected<std::string, std::string> Cgroups::prepare(const std::string& unit,
                                                         std::int64_t memory_bytes,
                                                         double cores) const {
  const std::filesystem::path folder = folder_ / unit;
  std::string problem = make_group(folder);
  if (problem.empty()) {
    problem =
        write_value(folder / "memory.max", memory_bytes > 0 ? std::to_string(memory_bytes) : "max");
  }
  if (problem.empty()) {
    const auto quota = static_cast<std::int64_t>(std::llround(cores * period_us));
    problem = write_value(
        folder / "cpu.max",
        fmt::format("{} {}",
                    cores > 0.0 ? std::to_string(std::max<std::int64_t>(quota, 1'000)) : "max",
                    period_us));
  }
  if (!problem.empty()) {
    return std::unexpected(problem);
  }
  return (folder / "cgroup.procs").string();
}

bool Cgroups::kill(const std::string& unit) const {
  return write_value(folder_ / unit / "cgroup.kill", "1").empty();
}

void Cgroups::remove(const std::string& unit) const {
  rmdir((folder_ / unit).c_str());
}

}  // namespace securecart::cluster::agent
