// securecart agent: keeps the units of a host running (docs/agent.md).
#include "cluster/agent/agent.hpp"

#include <csignal>
#include <cstdio>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/files.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/topology_file.hpp"
#include "cli/wait.hpp"
#include "cluster/etcd/etcd_store.hpp"
#include "cluster/topology/host_plan.hpp"

namespace securecart::cli {
namespace {

using namespace std::chrono_literals;
namespace agent = cluster::agent;

struct AgentArguments {
  std::string host;
  cluster::HostPaths paths;
  std::string cgroups = "/sys/fs/cgroup";
  std::string log_level = "info";
  bool log_json = false;
};

constexpr std::size_t workers = 4;  // commands that probe, and one patch
constexpr auto poll_pause = 20ms;
constexpr auto leave_patience = 5s;  // for calls to the store that are under way

const cluster::Host& find_host(const cluster::Topology& topology, const std::string& name) {
  const cluster::Host* const host = topology.host(name);
  if (host == nullptr) {
    throw std::runtime_error("the topology has no host " + name);
  }
  return *host;
}

// What the topology file says of this host, read again when somebody asks for it. Of one thread.
class Plans {
 public:
  Plans(cluster::Topology topology, const AgentArguments& arguments)
      : topology_(std::move(topology)), arguments_(arguments) {}

  void replace(cluster::Topology topology) { topology_ = std::move(topology); }
  const cluster::Topology& topology() const { return topology_; }
  const cluster::Host& host() const { return find_host(topology_, arguments_.host); }

  cluster::HostPlan plan() const { return cluster::host_plan(topology_, host(), arguments_.paths); }
  Result<agent::PlannedInstance> instance(const cluster::InstanceOrder& order) const {
    const cluster::Service* const service = topology_.service(order.service);
    if (service == nullptr) {
      return fail(errc::not_found, "the topology has no such service");
    }
    if (order.slot < 0 || order.slot >= host().slots) {
      return fail(errc::not_found, "the host has no such slot");
    }
    agent::PlannedInstance planned;
    planned.unit = cluster::instance_unit(topology_, host(), arguments_.paths, *service, order.slot,
                                          order.version);
    if (!service->roles.empty()) {
      planned.unit.readiness.role = service->roles.front();
    }
    planned.port = static_cast<std::uint16_t>(service->port + order.slot);
    return planned;
  }

 private:
  cluster::Topology topology_;
  const AgentArguments& arguments_;
};

// Two agents would start everything twice.
class OnlyOne {
 public:
  explicit OnlyOne(const std::filesystem::path& folder) {
    std::filesystem::create_directories(folder);
    const std::filesystem::path file = folder / "lock";
    descriptor_ = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor_ < 0 || flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      throw std::runtime_error("another agent runs on " + folder.string());
    }
  }
  ~OnlyOne() { close(descriptor_); }
  OnlyOne(const OnlyOne&) = delete;
  OnlyOne& operator=(const OnlyOne&) = delete;

 private:
  int descriptor_ = -1;
};

sigset_t awaited_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&signals, signal);
  }
  return signals;
}

log::Level level_of(const std::string& name) {
  return name == "debug"   ? log::Level::debug
         : name == "warn"  ? log::Level::warn
         : name == "error" ? log::Level::error
                           : log::Level::info;
}

agent::AgentOptions options_of(const Plans& plans, const AgentArguments& arguments) {
  const cluster::Host& host = plans.host();
  agent::AgentOptions options;
  options.region = plans.topology().region;
  options.host = host.name;
  options.zone = host.zone;
  options.address = host.address;
  options.state = std::filesystem::path(arguments.paths.state) / "agent";
  options.runtime = std::filesystem::path(arguments.paths.runtime) / "agent";
  options.secrets = arguments.paths.secrets;
  options.configuration = arguments.paths.configuration;
  options.cgroups = arguments.cgroups;
  options.boot = std::string(trim(need_file("/proc/sys/kernel/random/boot_id")));
  options.plan = [&plans] { return plans.plan(); };
  options.instance = [&plans](const cluster::InstanceOrder& order) {
    return plans.instance(order);
  };
  return options;
}

// The agent on its thread, spoken to from the main one.
class Running {
 public:
  explicit Running(const AgentArguments& arguments)
      : arguments_(arguments),
        only_one_(std::filesystem::path(arguments.paths.runtime) / "agent"),
        plans_(read_topology_file(arguments.paths.topology), arguments),
        runtime_(1, workers, clock_),
        store_(runtime_, runtime_.executor(0), clock_, random_,
               {.endpoints = etcd_endpoints(plans_.topology(), plans_.host().zone)}),
        agent_(runtime_, runtime_.executor(0), clock_, random_, store_,
               options_of(plans_, arguments)) {
    runtime_.run();
    here([this] { agent_.start(); });
  }
  ~Running() {
    here([this] { agent_.leave(); });
    const SteadyTime most = clock_.steady() + leave_patience;
    const auto at_rest = [this] { return agent_.idle() && store_.idle(); };
    while (!here(at_rest) && clock_.steady() < most) {
      std::this_thread::sleep_for(poll_pause);
    }
    runtime_.stop();
    runtime_.join();
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  void reload() {
    try {
      cluster::Topology topology = read_topology_file(arguments_.paths.topology);
      find_host(topology, arguments_.host);
      here([this, &topology] {
        plans_.replace(std::move(topology));
        agent_.replan();
      });
      log::info("the topology is read again");
    } catch (const std::exception& error) {
      log::error("the topology stays as it was", {{"problem", error.what()}});
    }
  }
  void stop_units() {
    here([this] { agent_.stop_units(); });
  }
  bool ended() {
    return here([this] { return agent_.ended(); });
  }

 private:
  template <class Work>
  auto here(Work work) -> decltype(work()) {
    using T = decltype(work());
    return wait_on<T>(runtime_.executor(0), on_home<T, Work>(std::move(work)));
  }
  template <class T, class Work>
  static Task<T> on_home(Work work) {
    if constexpr (std::is_void_v<T>) {
      work();
      co_return;
    } else {
      co_return work();
    }
  }

  const AgentArguments& arguments_;
  const OnlyOne only_one_;
  SystemClock clock_;
  SecureRandom random_;
  Plans plans_;
  net::Runtime runtime_;
  cluster::EtcdStore store_;
  agent::Agent agent_;
};

// SIGTERM ends the agent alone, SIGINT everything it keeps running, SIGHUP reads the topology
// again.
void run(Running& running, const sigset_t& signals) {
  constexpr timespec patience{0, 50'000'000};
  bool stopping = false;
  while (!stopping || !running.ended()) {
    const int signal =
        stopping ? sigtimedwait(&signals, nullptr, &patience) : sigwaitinfo(&signals, nullptr);
    if (signal == SIGTERM) {
      return;
    }
    if (signal == SIGHUP) {
      running.reload();
    }
    if (signal == SIGINT && !std::exchange(stopping, true)) {
      std::printf("Everything is stopped now; SIGTERM leaves it running.\n");
      std::fflush(stdout);
      running.stop_units();
    }
  }
}

int serve(AgentArguments arguments) {
  log::configure(level_of(arguments.log_level),
                 arguments.log_json ? log::Format::json : log::Format::text);
  const sigset_t signals = awaited_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  try {
    arguments.paths.topology = std::filesystem::absolute(arguments.paths.topology);
    Running running(arguments);
    std::printf("The agent of %s looks after its units.\n", arguments.host.c_str());
    std::fflush(stdout);
    run(running, signals);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart agent:\n%s\n", error.what());
    return 2;
  }
  return 0;
}

}  // namespace

void add_agent(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand("agent", "Keep the units of a host running");
  auto arguments = std::make_shared<AgentArguments>();
  word.add_option("--host", arguments->host, "Name of this host in the topology")->required();
  add_topology_option(word, arguments->paths.topology);
  word.add_option("--configuration", arguments->paths.configuration, "Folder of rendered files")
      ->capture_default_str();
  word.add_option("--state", arguments->paths.state, "Folder of databases, queues, logs")
      ->capture_default_str();
  word.add_option("--runtime", arguments->paths.runtime, "Folder of sockets and of who runs")
      ->capture_default_str();
  word.add_option("--secrets", arguments->paths.secrets, "Folder of identities and passwords")
      ->capture_default_str();
  word.add_option("--program", arguments->paths.program, "This program, for what it starts")
      ->capture_default_str();
  word.add_option("--cgroups", arguments->cgroups, "Where control groups (version 2) are mounted")
      ->capture_default_str();
  word.add_option("--log-level", arguments->log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  word.add_flag("--log-json", arguments->log_json, "One JSON object a line instead of text");
  word.callback([arguments, &exit] { exit.status = serve(std::move(*arguments)); });
}

}  // namespace securecart::cli
