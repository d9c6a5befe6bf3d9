#include "cluster/agent/keeper.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <grp.h>
#include <linux/capability.h>
#include <poll.h>
#include <span>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/descriptor.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "cluster/agent/users.hpp"

namespace securecart::cluster::agent {
namespace {

constexpr rlim_t open_files = 65'536;
constexpr const char* search_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::vector<gid_t> groups_of(const std::string& name, const User& user) {
  int count = 0;
  getgrouplist(name.c_str(), user.group, nullptr, &count);
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(count, 1)));
  count = static_cast<int>(groups.size());
  getgrouplist(name.c_str(), user.group, groups.data(), &count);
  groups.resize(static_cast<std::size_t>(std::max(count, 0)));
  return groups;
}

std::expected<std::string, std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    return name;
  }
  for (const std::string_view folder : split(search_path, ':')) {
    std::string path = std::string(folder) + "/" + name;
    if (access(path.c_str(), X_OK) == 0) {
      return path;
    }
  }
  return std::unexpected("there is no program " + name);
}

std::expected<void, std::string> make_folder(const std::string& folder, const User& user) {
  std::error_code failed;
  if (folder.empty() || !std::filesystem::create_directories(folder, failed)) {
    return failed ? std::unexpected(fmt::format("cannot make {}: {}", folder, failed.message()))
                  : std::expected<void, std::string>();
  }
  if (geteuid() == 0 && chown(folder.c_str(), user.id, user.group) != 0) {
    return std::unexpected("cannot give away " + folder);
  }
  return {};
}

// Everything below runs between fork and exec, where another thread may have held any lock: plain
// system calls on what was laid out before, nothing else.

struct Prepared {
  const char* program = nullptr;
  char* const* arguments = nullptr;
  char* const* environment = nullptr;
  const char* folder = nullptr;
  bool change_user = false;
  bool low_ports = false;
  uid_t user = 0;
  gid_t group = 0;
  const gid_t* groups = nullptr;
  std::size_t group_count = 0;
  int nothing = -1;  // /dev/null
  int log = -1;
  int cgroup = -1;
  int report = -1;  // to the agent
  const char* run_file = nullptr;
  const char* run_file_new = nullptr;
  const char* exit_file = nullptr;
  const char* exit_file_new = nullptr;
  const char* note = nullptr;
  std::size_t note_size = 0;
};

// What the keeper and the program tell the agent, in this order; a step that went well tells
// nothing.
struct Report {
  enum class Kind : int { alive, failed };
  Kind kind = Kind::alive;
  int step = 0;  // index into `steps`
  int error = 0;
  Kept kept;
};

enum Step : int { step_fork, step_note, step_group, step_user, step_folder, step_exec };
constexpr std::array steps{"fork",
                           "write down who it is",
                           "join its group",
                           "become its user",
                           "enter its folder",
                           "run the program"};

void write_report(int report, const Report& what) {
  static_cast<void>(!write(report, &what, sizeof what));
}

[[noreturn]] void fail_step(int report, Step step) {
  write_report(report, {.kind = Report::Kind::failed, .step = step, .error = errno, .kept = {}});
  _exit(127);
}

// Decimal, without anything that allocates. Returns the end.
char* append_number(char* at, std::int64_t number) {
  return std::to_chars(at, at + 20, number).ptr;
}

// Replaces a file in one step. False: it could not.
bool replace_file(const char* file, const char* beside, const char* head, std::size_t head_size,
                  const char* body, std::size_t body_size) {
  const int out = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  bool good = out >= 0 && write(out, head, head_size) == static_cast<ssize_t>(head_size);
  good = good && write(out, body, body_size) == static_cast<ssize_t>(body_size);
  if (out >= 0) {
    close(out);
  }
  return good && rename(beside, file) == 0;
}

// Closes all that is open but these, which are sorted.
void close_others(std::span<const int> kept) {
  unsigned first = 3;
  for (const int one : kept) {
    if (one < static_cast<int>(first)) {
      continue;
    }
    if (static_cast<unsigned>(one) > first) {
      close_range(first, static_cast<unsigned>(one) - 1, 0);
    }
    first = static_cast<unsigned>(one) + 1;
  }
  close_range(first, ~0U, 0);
}

void plain_signals() {
  struct sigaction usual{};
  usual.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) {
    sigaction(signal, &usual, nullptr);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// CAP_NET_BIND_SERVICE, and nothing else of root's, is left over exec.
bool keep_low_ports() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2]{};
  data[0].effective = data[0].permitted = data[0].inheritable = 1U << CAP_NET_BIND_SERVICE;
  return syscall(SYS_capset, &header, data) == 0 &&
         prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_NET_BIND_SERVICE, 0, 0) == 0;
}

bool become_user(const Prepared& what) {
  if (!what.change_user) {
    return true;
  }
  if (what.low_ports && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) {
    return false;
  }
  return setgroups(what.group_count, what.groups) == 0 &&
         setresgid(what.group, what.group, what.group) == 0 &&
         setresuid(what.user, what.user, what.user) == 0 && (!what.low_ports || keep_low_ports());
}

[[noreturn]] void run_program(const Prepared& what, int go) {
  char byte = 0;
  if (read(go, &byte, 1) != 1) {
    _exit(127);  // the keeper could not write down who this is
  }
  close(go);
  setsid();
  if (what.cgroup >= 0 && write(what.cgroup, "0", 1) != 1) {
    fail_step(what.report, step_group);
  }
  const rlimit files{open_files, open_files};
  setrlimit(RLIMIT_NOFILE, &files);
  umask(022);
  if (!become_user(what)) {
    fail_step(what.report, step_user);
  }
  if (chdir(what.folder) != 0) {
    fail_step(what.report, step_folder);
  }
  dup2(what.nothing, 0);
  dup2(what.log, 1);
  dup2(what.log, 2);
  const std::array kept{what.report};
  close_others(kept);
  plain_signals();
  execve(what.program, what.arguments, what.environment);
  fail_step(what.report, step_exec);
}

std::int64_t ticks_of(pid_t pid) {
  char path[32] = "/proc/";
  char* end = append_number(path + 6, pid);
  std::memcpy(end, "/stat", 6);
  char text[1024];
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  const ssize_t size = file < 0 ? -1 : read(file, text, sizeof text);
  if (file >= 0) {
    close(file);
  }
  return size <= 0 ? 0 : parse_start_ticks({text, static_cast<std::size_t>(size)}).value_or(0);
}

bool write_run_file(const Prepared& what, const Kept& kept) {
  char head[80];
  char* at = append_number(head, kept.process.pid);
  *at++ = ' ';
  at = append_number(at, kept.process.start_ticks);
  *at++ = ' ';
  at = append_number(at, kept.keeper);
  *at++ = '\n';
  return replace_file(what.run_file, what.run_file_new, head, static_cast<std::size_t>(at - head),
                      what.note, what.note_size);
}

void write_exit_file(const Prepared& what, const Kept& kept, int status) {
  char line[80];
  char* at = append_number(line, kept.process.pid);
  *at++ = ' ';
  at = append_number(at, kept.process.start_ticks);
  *at++ = ' ';
  *at++ = WIFSIGNALED(status) ? 's' : 'e';
  at = append_number(at, WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  *at++ = '\n';
  replace_file(what.exit_file, what.exit_file_new, line, static_cast<std::size_t>(at - line), "",
               0);
}

[[noreturn]] void run_keeper(const Prepared& what) {
  setsid();
  prctl(PR_SET_NAME, "sc-keeper", 0, 0, 0);
  int go[2];
  if (pipe2(go, O_CLOEXEC) != 0) {
    fail_step(what.report, step_fork);
  }
  const pid_t child = fork();
  if (child < 0) {
    fail_step(what.report, step_fork);
  }
  if (child == 0) {
    close(go[1]);
    run_program(what, go[0]);
  }
  std::array kept_open{what.report, go[1]};
  std::ranges::sort(kept_open);
  close_others(kept_open);
  const Kept kept{.process = {.pid = child, .start_ticks = ticks_of(child)}, .keeper = getpid()};
  unlink(what.exit_file);
  if (!write_run_file(what, kept)) {
    fail_step(what.report, step_note);  // closes `go`: the child ends
  }
  write_report(what.report, {.kind = Report::Kind::alive, .step = 0, .error = 0, .kept = kept});
  static_cast<void>(!write(go[1], "!", 1));
  close_range(0, ~0U, 0);  // nothing of the agent's own is held open
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  write_exit_file(what, kept, status);
  _exit(0);
}

// Until every end but ours is closed, which exec does. False: nothing came in time.
bool read_reports(int from, std::vector<Report>& reports) {
  constexpr int patience_ms = 3'000;
  while (true) {
    pollfd ready{from, POLLIN, 0};
    if (poll(&ready, 1, patience_ms) <= 0) {
      return false;
    }
    Report report;
    const ssize_t size = read(from, &report, sizeof report);
    if (size == 0) {
      return true;
    }
    if (size != sizeof report) {
      return false;
    }
    reports.push_back(report);
  }
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) {
    result.push_back(text.data());
  }
  result.push_back(nullptr);
  return result;
}

std::vector<std::string> environment_of(const Launch& what, const User& user) {
  std::map<std::string, std::string> all{{"PATH", search_path},
                                         {"LANG", "C.UTF-8"},
                                         {"HOME", user.home},
                                         {"USER", what.user},
                                         {"LOGNAME", what.user}};
  for (const auto& [name, value] : what.environment) {
    all[name] = value;
  }
  std::vector<std::string> texts;
  for (const auto& [name, value] : all) {
    texts.push_back(name + "=" + value);
  }
  return texts;
}

}  // namespace

std::expected<Kept, std::string> launch(const Launch& what) {
  if (what.command.empty()) {
    return std::unexpected("there is no command");
  }
  const std::expected<User, std::string> user = find_user(what.user);
  const std::expected<std::string, std::string> program = find_program(what.command.front());
  if (!user || !program) {
    return std::unexpected(!user ? user.error() : program.error());
  }
  const std::vector<gid_t> groups = groups_of(what.user, *user);
  if (const auto made = make_folder(what.folder, *user); !made) {
    return std::unexpected(made.error());
  }
  const Descriptor nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  const Descriptor log(
      open(what.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640));
  const Descriptor cgroup(
      what.cgroup_procs.empty() ? -1 : open(what.cgroup_procs.c_str(), O_WRONLY | O_CLOEXEC));
  int ends[2] = {-1, -1};
  if (nothing.get() < 0 || log.get() < 0 || (cgroup.get() < 0 && !what.cgroup_procs.empty()) ||
      pipe2(ends, O_CLOEXEC) != 0) {
    return std::unexpected(fmt::format("cannot open its files: {}", std::strerror(errno)));
  }
  const Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);
  std::vector<std::string> words = what.command;
  std::vector<std::string> variables = environment_of(what, *user);
  const std::vector<char*> arguments = pointers(words);
  const std::vector<char*> environment = pointers(variables);
  const std::string folder = what.folder.empty() ? "/" : what.folder;
  const std::string run_file_new = what.run_file + ".new";
  const std::string exit_file_new = what.exit_file + ".new";
  const Prepared prepared{.program = program->c_str(),
                          .arguments = arguments.data(),
                          .environment = environment.data(),
                          .folder = folder.c_str(),
                          .change_user = geteuid() == 0 && user->id != 0,
                          .low_ports = what.low_ports,
                          .user = user->id,
                          .group = user->group,
                          .groups = groups.data(),
                          .group_count = groups.size(),
                          .nothing = nothing.get(),
                          .log = log.get(),
                          .cgroup = cgroup.get(),
                          .report = writing.get(),
                          .run_file = what.run_file.c_str(),
                          .run_file_new = run_file_new.c_str(),
                          .exit_file = what.exit_file.c_str(),
                          .exit_file_new = exit_file_new.c_str(),
                          .note = what.note.data(),
                          .note_size = what.note.size()};
  const pid_t keeper = fork();
  if (keeper < 0) {
    return std::unexpected(fmt::format("cannot fork: {}", std::strerror(errno)));
  }
  if (keeper == 0) {
    run_keeper(prepared);
  }
  writing.reset();
  std::vector<Report> reports;
  const bool complete = read_reports(reading.get(), reports);
  for (const Report& report : reports) {
    if (report.kind == Report::Kind::failed) {
      waitpid(keeper, nullptr, 0);
      return std::unexpected(fmt::format("cannot {}: {}",
                                         steps[static_cast<std::size_t>(report.step)],
                                         std::strerror(report.error)));
    }
  }
  if (reports.empty()) {
    kill(keeper, SIGKILL);
    waitpid(keeper, nullptr, 0);
    return std::unexpected(complete ? "its keeper ended" : "its keeper does not answer");
  }
  return reports.front().kept;
}

namespace {

std::optional<std::int64_t> take_number(std::string_view& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  return number;
}

}  // namespace

std::optional<RunRecord> parse_run_record(std::string_view text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view line = text.substr(0, end);
  const std::optional<std::int64_t> pid = take_number(line);
  const std::optional<std::int64_t> ticks = take_number(line);
  const std::optional<std::int64_t> keeper = take_number(line);
  if (!pid || !ticks || !keeper || *pid <= 1 || *keeper <= 1 || !line.empty()) {
    return std::nullopt;
  }
  return RunRecord{{{*pid, *ticks}, *keeper}, std::string(text.substr(end + 1))};
}

std::optional<std::string> parse_exit_record(std::string_view text, const Process& process) {
  const std::optional<std::int64_t> pid = take_number(text);
  const std::optional<std::int64_t> ticks = take_number(text);
  if (!pid || !ticks || Process{*pid, *ticks} != process || text.empty()) {
    return std::nullopt;
  }
  const char kind = text.front();
  text.remove_prefix(1);
  const std::optional<std::int64_t> number = take_number(text);
  if (!number || (kind != 's' && kind != 'e')) {
    return std::nullopt;
  }
  return fmt::format("{} {}", kind == 's' ? "signal" : "exit status", *number);
}

std::optional<std::int64_t> parse_start_ticks(std::string_view stat) {
  constexpr int state_field = 3;
  constexpr int ticks_field = 22;
  // The name in parentheses may hold anything.
  const std::size_t behind = stat.rfind(')');
  if (behind == std::string_view::npos || behind + 2 > stat.size()) {
    return std::nullopt;
  }
  std::string_view rest = stat.substr(behind + 2);
  for (int field = state_field; field < ticks_field; ++field) {
    if (field == state_field && (rest.starts_with('Z') || rest.starts_with('X'))) {
      return std::nullopt;
    }
    const std::size_t space = rest.find(' ');
    if (space == std::string_view::npos) {
      return std::nullopt;
    }
    rest.remove_prefix(space + 1);
  }
  return take_number(rest);
}

std::optional<std::int64_t> start_ticks(std::int64_t pid) {
  const std::string path = fmt::format("/proc/{}/stat", pid);
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char text[1024];
  const ssize_t size = file.get() < 0 ? -1 : read(file.get(), text, sizeof text);
  return size <= 0 ? std::nullopt : parse_start_ticks({text, static_cast<std::size_t>(size)});
}

}  // namespace securecart::cluster::agent
