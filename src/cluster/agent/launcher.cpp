#include "cluster/agent/launcher.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <stdexcept>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/files.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "cluster/agent/limits.hpp"
#include "cluster/agent/pidfd.hpp"

namespace securecart::cluster::agent {
namespace {

// Its keeper writes how it ended within moments, or was killed itself.
constexpr int looks_for_a_word = 20;

// The last part of a log goes beside it. Programs go on where they are: they append.
void cut_log(const std::filesystem::path& file) {
  const std::filesystem::path old = file.string() + ".1";
  std::error_code failed;
  std::filesystem::copy_file(file, old, std::filesystem::copy_options::overwrite_existing, failed);
  if (failed || truncate(file.c_str(), 0) != 0) {
    log::warn("a log cannot be cut", {{"file", file.string()}});
  }
}

}  // namespace

std::string to_note(const Remembered& remembered, std::string_view boot) {
  json::array after(remembered.after.begin(), remembered.after.end());
  return to_string(json::object{{"boot", boot},
                                {"definition", remembered.definition},
                                {"configuration", remembered.configuration},
                                {"instance", remembered.instance},
                                {"stop_signal", remembered.stop_signal},
                                {"stop_time_ns", remembered.stop_time.count()},
                                {"after", std::move(after)}});
}

std::optional<Remembered> parse_note(std::string_view note, std::string_view boot) {
  const Result<json::value> value = parse_json(note);
  const json::object* const object = value ? value->if_object() : nullptr;
  if (object == nullptr || get_string_or(*object, "boot", "") != boot) {
    return std::nullopt;
  }
  Remembered result;
  result.definition = get_string_or(*object, "definition", "");
  result.configuration = get_string_or(*object, "configuration", "");
  result.instance = get_bool_or(*object, "instance", false);
  result.stop_signal = static_cast<int>(get_int_or(*object, "stop_signal", SIGTERM));
  result.stop_time = Duration(get_int_or(*object, "stop_time_ns", 0));
  if (const json::value* const after = object->if_contains("after"); after && after->is_array()) {
    for (const json::value& one : after->get_array()) {
      if (one.is_string()) {
        result.after.emplace_back(std::string_view(one.get_string()));
      }
    }
  }
  return result;
}

Launcher::Launcher(std::filesystem::path runtime, std::filesystem::path logs, std::string boot,
                   std::optional<Cgroups> cgroups)
    : runtime_(std::move(runtime)),
      logs_(std::move(logs)),
      boot_(std::move(boot)),
      cgroups_(std::move(cgroups)) {
  for (const std::filesystem::path& folder : {runtime_, logs_}) {
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) {
      throw std::runtime_error(
          fmt::format("cannot make {}: {}", folder.string(), failed.message()));
    }
  }
}

Launcher::~Launcher() {
  for (const auto& [name, tracked] : tracked_) {
    close(tracked.descriptor);
  }
}

std::filesystem::path Launcher::run_file(const std::string& name) const {
  return runtime_ / (name + ".run");
}

std::filesystem::path Launcher::exit_file(const std::string& name) const {
  return runtime_ / (name + ".exit");
}

// False: that process has ended.
bool Launcher::track(const std::string& name, const Kept& kept) {
  const int descriptor = pidfd_open(static_cast<pid_t>(kept.process.pid), 0);
  // Looked at after it was opened: then it is of this process, or of none.
  if (descriptor < 0 || start_ticks(kept.process.pid) != kept.process.start_ticks) {
    if (descriptor >= 0) {
      close(descriptor);
    }
    return false;
  }
  tracked_[name] = {.kept = kept, .descriptor = descriptor, .looks = 0};
  return true;
}

std::vector<Launcher::Found> Launcher::find() {
  std::vector<Found> found;
  std::error_code failed;
  for (const auto& file : std::filesystem::directory_iterator(runtime_, failed)) {
    if (file.path().extension() != ".run") {
      continue;
    }
    const std::string name = file.path().stem();
    const std::optional<RunRecord> record = parse_run_record(read_if_there(file.path()));
    std::optional<Remembered> remembered = record ? parse_note(record->note, boot_) : std::nullopt;
    if (remembered && track(name, record->kept)) {
      found.push_back({name, record->kept.process, std::move(*remembered)});
      continue;
    }
    log::info("a unit ended while no agent looked", {{"unit", name}});
    std::filesystem::remove(file.path(), failed);
    std::filesystem::remove(exit_file(name), failed);
  }
  return found;
}

std::expected<Process, std::string> Launcher::start(const WantedUnit& wanted) {
  const Unit& unit = wanted.unit;
  Launch what;
  what.name = unit.name;
  what.command = unit.command;
  what.environment = unit.environment;
  what.user = unit.user;
  what.low_ports = unit.low_ports;
  what.folder = unit.folder;
  what.log_file = logs_ / (unit.name + ".log");
  what.run_file = run_file(unit.name);
  what.exit_file = exit_file(unit.name);
  what.note = to_note(remember(wanted), boot_);
  if (cgroups_) {
    std::expected<std::string, std::string> group =
        cgroups_->prepare(unit.name, unit.memory_bytes, unit.cores);
    if (!group) {
      return std::unexpected(group.error());
    }
    what.cgroup_procs = std::move(*group);
  }
  const std::expected<Kept, std::string> kept = launch(what);
  if (!kept) {
    std::error_code ignored;
    std::filesystem::remove(run_file(unit.name), ignored);
    return std::unexpected(kept.error());
  }
  if (!track(unit.name, *kept)) {
    waitpid(static_cast<pid_t>(kept->keeper), nullptr, 0);
    const std::string how = parse_exit_record(read_if_there(exit_file(unit.name)), kept->process)
                                .value_or("nobody knows how");
    forget(unit.name, {.kept = *kept});
    return std::unexpected("ended at once: " + how);
  }
  return kept->process;
}

bool Launcher::signal(const std::string& name, const Process& process, int number) {
  const auto found = tracked_.find(name);
  if (found == tracked_.end() || found->second.kept.process != process) {
    return true;
  }
  return pidfd_send_signal(found->second.descriptor, number, nullptr, 0) == 0 || errno == ESRCH;
}

void Launcher::kill(const std::string& name, const Process& process) {
  const auto found = tracked_.find(name);
  if (found == tracked_.end() || found->second.kept.process != process) {
    return;
  }
  if (!cgroups_ || !cgroups_->kill(name)) {
    // It leads its own session and group; whoever left that is not found.
    ::kill(static_cast<pid_t>(-process.pid), SIGKILL);
  }
  pidfd_send_signal(found->second.descriptor, SIGKILL, nullptr, 0);
}

std::vector<Launcher::Ended> Launcher::ended() {
  std::vector<Ended> result;
  for (auto one = tracked_.begin(); one != tracked_.end();) {
    pollfd state{one->second.descriptor, POLLIN, 0};
    std::optional<std::string> how;
    if (poll(&state, 1, 0) > 0) {
      how = how_it_ended(one->first, one->second);
    }
    if (!how) {
      ++one;
      continue;
    }
    result.push_back({one->first, one->second.kept.process, std::move(*how)});
    forget(one->first, one->second);
    one = tracked_.erase(one);
  }
  // Keepers of an earlier agent are no children of this one.
  std::erase_if(leaving_, [](pid_t keeper) { return waitpid(keeper, nullptr, WNOHANG) != 0; });
  return result;
}

// nullopt: its keeper has not said it yet.
std::optional<std::string> Launcher::how_it_ended(const std::string& name, Tracked& tracked) const {
  std::optional<std::string> how =
      parse_exit_record(read_if_there(exit_file(name)), tracked.kept.process);
  if (!how && ++tracked.looks >= looks_for_a_word) {
    how = "nobody knows how";
  }
  return how;
}

void Launcher::forget(const std::string& name, const Tracked& tracked) {
  if (tracked.descriptor >= 0) {
    close(tracked.descriptor);
  }
  leaving_.push_back(static_cast<pid_t>(tracked.kept.keeper));
  std::error_code ignored;
  std::filesystem::remove(run_file(name), ignored);
  std::filesystem::remove(exit_file(name), ignored);
  if (cgroups_) {
    cgroups_->remove(name);
  }
}

void Launcher::trim_logs() {
  std::error_code failed;
  for (const auto& file : std::filesystem::directory_iterator(logs_, failed)) {
    if (file.path().extension() == ".log" && file.file_size(failed) > limits::agent_log_bytes &&
        !failed) {
      cut_log(file.path());
    }
  }
}

}  // namespace securecart::cluster::agent
