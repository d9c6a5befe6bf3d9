#include "lab/hosts/lab.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <iterator>
#include <poll.h>
#include <sstream>
#include <stdexcept>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/files.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "lab/fields.hpp"

namespace securecart::lab {
namespace {

namespace fs = std::filesystem;

constexpr int hold_descriptor = 3;  // of a machine's process
constexpr int polite_end_ms = 3'000;
constexpr int end_within_ms = 10'000;
constexpr std::string_view lab_file = "lab.json";
constexpr std::string_view bridge = "br0";

void check(bool good, const std::string& what) {
  if (!good) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
  }
}

void write_text(const fs::path& file, std::string_view text, int mode = 0644) {
  fs::create_directories(file.parent_path());
  const Descriptor out(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  const auto size = static_cast<ssize_t>(text.size());
  check(out.valid() && ::write(out.get(), text.data(), text.size()) == size &&
            ::fchmod(out.get(), static_cast<mode_t>(mode)) == 0,
        "writing " + file.string());
}

// User and group of `owner` by the machine's own list of users, or by this one's.
void give_to(const fs::path& file, const std::string& owner, const fs::path& upper) {
  const fs::path own = upper / "etc/passwd";
  std::istringstream users(read_if_there(fs::exists(own) ? own : fs::path("/etc/passwd")));
  for (std::string line; std::getline(users, line);) {
    const std::vector<std::string_view> fields = split(line, ':');
    if (fields.size() > 3 && fields[0] == owner) {
      const auto user = static_cast<uid_t>(std::stoul(std::string(fields[2])));
      const auto group = static_cast<gid_t>(std::stoul(std::string(fields[3])));
      check(::chown(file.c_str(), user, group) == 0, "giving away " + file.string());
      return;
    }
  }
  throw std::runtime_error(
      fmt::format("there is no user {}: is the package that brings it installed?", owner));
}

// The last number behind "NSpid:": what the process is called where it lives.
bool is_init_of_a_namespace(const fs::path& process) {
  std::istringstream status(read_if_there(process / "status"));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("NSpid:")) {
      return line.ends_with("\t1") && std::ranges::count(line, '\t') > 1;
    }
  }
  return false;
}

struct Running {
  pid_t pid = 0;
  std::string machine;
  bool is_init = false;
};

// Every process of this machine that was started to be one of the lab's.
std::vector<Running> machines_running(const fs::path& state) {
  std::string wanted;  // the command line behind the program's name
  for (const std::string& word : machine_words(state, "")) {
    wanted += word + '\0';
  }
  wanted.pop_back();  // of the name, which is empty here
  std::vector<Running> running;
  std::error_code gone;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc", gone)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) {
      continue;
    }
    const std::string line = read_if_there(entry.path() / "cmdline");
    const std::size_t words = line.find('\0');
    if (words == std::string::npos ||
        !std::string_view(line).substr(words + 1).starts_with(wanted)) {
      continue;
    }
    const std::size_t machine = words + 1 + wanted.size();
    running.push_back({static_cast<pid_t>(std::stol(name)),
                       line.substr(machine, line.find('\0', machine) - machine),
                       is_init_of_a_namespace(entry.path())});
  }
  return running;
}

void kill_and_wait(pid_t pid) {
  const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process.valid() || ::kill(pid, SIGTERM) != 0) {
    return;
  }
  pollfd ended{process.get(), POLLIN, 0};
  if (::poll(&ended, 1, polite_end_ms) != 1) {
    ::kill(pid, SIGKILL);
  }
  check(::poll(&ended, 1, end_within_ms) == 1, fmt::format("process {} does not end", pid));
  ::waitpid(pid, nullptr, WNOHANG);  // should it be a child of ours
}

// A machine's processes are gone before its init is; that takes its mounts along.
int end_machines(const fs::path& state) {
  int machines = 0;
  for (int round = 0; round < 3; ++round) {  // one may have been starting another
    for (const Running& running : machines_running(state)) {
      machines += running.is_init ? 1 : 0;
      kill_and_wait(running.pid);
    }
  }
  return machines;
}

void make_disk(const MachineSpec& machine, const fs::path& image) {
  {
    const Descriptor file(::open(image.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    check(file.valid() && ::ftruncate(file.get(), machine.disk_bytes) == 0,
          "making " + image.string());
  }
  must_run(
      {"mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=1,nodiscard", image.string()});
}

json::object document(const MachineSpec& machine) {
  json::array service(machine.service.begin(), machine.service.end());
  return {{"name", machine.name},
          {"zone", machine.zone},
          {"address", machine.address},
          {"service", std::move(service)},
          {"disk_bytes", machine.disk_bytes}};
}

MachineSpec machine_of(const json::object& object) {
  MachineSpec machine{text_of(object, "name"),
                      text_of(object, "zone"),
                      text_of(object, "address"),
                      {},
                      int_of(object, "disk_bytes")};
  for (const json::value& word : array_of(object, "service")) {
    machine.service.emplace_back(word.is_string() ? word.get_string().c_str() : "");
  }
  return machine;
}

// Starts the processes that become machines, all at once, and waits until each stands.
void start_machines(const fs::path& state, const LabSpec& spec, const fs::path& program, int hold) {
  std::vector<std::pair<std::string, pid_t>> children;
  for (const MachineSpec& machine : spec.machines) {
    Arguments words{program.string()};
    std::ranges::copy(machine_words(state, machine.name), std::back_inserter(words));
    children.emplace_back(machine.name, start_command(words, STDERR_FILENO, hold));
  }
  std::string failed;
  for (const auto& [name, child] : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    if (status != 0) {
      failed += " " + name;
    }
  }
  if (!failed.empty()) {
    throw std::runtime_error("these machines could not be made:" + failed);
  }
}

}  // namespace

const MachineSpec* LabSpec::machine(std::string_view name) const {
  const auto found = std::ranges::find(machines, name, &MachineSpec::name);
  return found == machines.end() ? nullptr : &*found;
}

std::string to_json(const LabSpec& spec) {
  json::array machines;
  for (const MachineSpec& machine : spec.machines) {
    machines.push_back(document(machine));
  }
  return to_string(json::value(
      json::object{{"prefix_bits", spec.prefix_bits}, {"machines", std::move(machines)}}));
}

Result<LabSpec> parse_lab_spec(std::string_view json) {
  const Result<json::value> parsed = parse_json(json);
  if (!parsed || !parsed->is_object()) {
    return fail(errc::invalid_request, "this is no description of a lab");
  }
  LabSpec spec;
  spec.prefix_bits = static_cast<int>(int_of(parsed->get_object(), "prefix_bits", 16));
  for (const json::value& machine : array_of(parsed->get_object(), "machines")) {
    spec.machines.push_back(machine_of(as_object(machine)));
  }
  return spec;
}

Arguments machine_words(const fs::path& state, std::string_view name) {
  return {"lab", "machine", state.string(), std::string(name)};
}

int start_machine(const fs::path& state, std::string_view name) {
  const Lab lab = Lab::open(state);
  const MachineSpec* machine = lab.spec().machine(name);
  if (machine == nullptr) {
    throw std::runtime_error("the lab has no machine " + std::string(name));
  }
  return run_machine(*machine, lab.files_of(name), hold_descriptor);
}

Lab Lab::create(const fs::path& state, LabSpec spec, const LabFiles& files) {
  if (fs::exists(state)) {
    throw std::runtime_error(state.string() + " is there already: take that lab down first");
  }
  spec.machines.insert(spec.machines.begin(), MachineSpec{.name = std::string(switch_name)});
  fs::create_directories(state);
  const Lab lab(fs::canonical(state), std::move(spec));
  try {
    write_text(lab.state_ / lab_file, to_json(lab.spec_));
    lab.prepare(files);
    std::array<int, 2> ends{};
    check(::pipe2(ends.data(), O_CLOEXEC) == 0, "a pipe");
    const Descriptor held(ends[0]);
    const Descriptor hold(ends[1]);
    start_machines(lab.state_, lab.spec_, lab.state_ / "securecart", held.get());
    lab.connect();
    const std::string go(lab.spec_.machines.size(), 'g');
    check(::write(hold.get(), go.data(), go.size()) == static_cast<ssize_t>(go.size()),
          "letting the machines go on");
  } catch (...) {
    take_down(lab.state_);
    throw;
  }
  return lab;
}

Lab Lab::open(const fs::path& state) {
  std::error_code missing;
  const fs::path folder = fs::canonical(state, missing);
  if (missing || !fs::exists(folder / lab_file)) {
    throw std::runtime_error("there is no lab in " + state.string());
  }
  Result<LabSpec> spec = parse_lab_spec(read_if_there(folder / lab_file));
  if (!spec) {
    throw std::runtime_error((folder / lab_file).string() + ": " + spec.error().detail);
  }
  return {folder, std::move(*spec)};
}

int Lab::take_down(const fs::path& state) {
  std::error_code missing;
  const fs::path folder = fs::weakly_canonical(state, missing);
  if (!fs::exists(folder)) {
    return end_machines(folder);
  }
  if (!fs::exists(folder / lab_file) && !fs::is_empty(folder)) {
    throw std::runtime_error("there is no lab in " + state.string() + "; it is left as it is");
  }
  const int machines = end_machines(folder);
  fs::remove_all(folder);
  return machines;
}

MachineFiles Lab::files_of(std::string_view name) const {
  return {state_ / "machines" / name};
}

void Lab::prepare(const LabFiles& files) const {
  fs::copy_file(files.program, state_ / "securecart");
  for (const MachineSpec& machine : spec_.machines) {
    prepare_machine(machine, files);
  }
}

void Lab::prepare_machine(const MachineSpec& machine, const LabFiles& files) const {
  const MachineFiles place = files_of(machine.name);
  for (const fs::path& folder : {place.upper(), place.work(), place.root()}) {
    fs::create_directories(folder);
  }
  fs::create_directories(place.upper() / "usr/bin");
  fs::create_hard_link(state_ / "securecart", place.upper() / "usr/bin/securecart");
  std::string hosts = "127.0.0.1 localhost\n";
  for (const MachineSpec& other : spec_.machines) {
    hosts += other.address.empty() ? "" : fmt::format("{} {}\n", other.address, other.name);
  }
  for (const auto& [address, name] : files.hosts) {
    hosts += fmt::format("{} {}\n", address, name);
  }
  write_text(place.upper() / "etc/hosts", hosts);
  write_text(place.upper() / "etc/hostname", machine.name + "\n");
  if (const auto own = files.of.find(machine.name); own != files.of.end()) {
    for (const MachineFile& file : own->second) {
      const fs::path path = place.upper() / fs::path(file.path).relative_path();
      write_text(path, file.text, file.mode);
      give_to(path, file.owner, place.upper());
    }
  }
  if (machine.disk_bytes > 0) {
    fs::create_directories(place.upper() / fs::path(machine_disk_folder).relative_path());
    make_disk(machine, place.disk());
  }
}

void Lab::connect() const {
  std::string batch = fmt::format("link add {} type bridge\nlink set {} up\n", bridge, bridge);
  for (const MachineSpec& machine : spec_.machines) {
    if (!machine.address.empty()) {
      const std::string port = port_of(machine.name);
      batch += fmt::format("link add {} type veth peer name eth0 netns {}\n", port,
                           init_of(machine.name));
      batch += fmt::format("link set {} master {} up\n", port, bridge);
    }
  }
  must_run(in_network_of(switch_name, {"ip", "-batch", "-"}), batch);
  for (const MachineSpec& machine : spec_.machines) {
    if (!machine.address.empty()) {
      must_run(in_network_of(machine.name, {"ip", "-batch", "-"}),
               fmt::format("addr add {}/{} brd + dev eth0\nlink set eth0 up\n", machine.address,
                           spec_.prefix_bits));
    }
  }
}

pid_t Lab::init_of(std::string_view name) const {
  for (const Running& running : machines_running(state_)) {
    if (running.is_init && running.machine == name) {
      return running.pid;
    }
  }
  return 0;
}

std::string Lab::port_of(std::string_view name) const {
  const auto found = std::ranges::find(spec_.machines, name, &MachineSpec::name);
  return fmt::format("p{}", found - spec_.machines.begin());
}

Arguments Lab::inside(std::string_view name, const Arguments& command) const {
  const pid_t init = init_of(name);
  if (init == 0) {
    throw std::runtime_error("there is no machine " + std::string(name) + " running");
  }
  Arguments words{"nsenter", "-t", std::to_string(init), "-m", "-n", "-p", "-u", "-i", "--"};
  words.insert(words.end(), command.begin(), command.end());
  return words;
}

Ran Lab::run_in(std::string_view name, const Arguments& command, std::string_view input) const {
  return run_command(inside(name, command), input);
}

Arguments Lab::in_network_of(std::string_view name, const Arguments& command) const {
  const pid_t init = init_of(name);
  if (init == 0) {
    throw std::runtime_error("there is no machine " + std::string(name) + " running");
  }
  Arguments words{"nsenter", "-t", std::to_string(init), "-n", "--"};
  words.insert(words.end(), command.begin(), command.end());
  return words;
}

void Lab::power_off(std::string_view name) const {
  ::kill(init_of(name), SIGUSR1);
}

void Lab::power_on(std::string_view name) const {
  ::kill(init_of(name), SIGUSR2);
}

}  // namespace securecart::lab
