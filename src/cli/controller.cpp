// securecart controller: a candidate for the controller's seat (docs/adr/0015-region.md).
#include <csignal>
#include <cstdio>
#include <ctime>

#include <fmt/format.h>

#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/topology_file.hpp"
#include "cli/wait.hpp"
#include "cluster/control/etcd_seat.hpp"
#include "cluster/control/overview.hpp"
#include "cluster/control/shell.hpp"
#include "cluster/etcd/etcd_store.hpp"

namespace securecart::cli {
namespace {

struct ControllerArguments {
  std::string host;
  std::string topology = "/etc/securecart/topology.toml";
};

constexpr long round_nanoseconds = 1'000'000'000 - 1;

// Keeps etcd's leader out of the zone of PostgreSQL's primary, while this controller leads.
class EtcdSeatKeeper {
 public:
  EtcdSeatKeeper(const cluster::Topology& topology, cluster::EtcdStore& store)
      : topology_(topology), store_(store) {}

  // Once a round. Throws Unavailable.
  Task<void> step(bool leading) {
    // Two looks, some rounds apart: what is on the move is left alone.
    constexpr int rounds_between_looks = 5;
    if (!leading) {
      misplaced_ = false;
      co_return;
    }
    if (++round_ % rounds_between_looks != 0) {
      co_return;
    }
    const cluster::EtcdStore::Seat seat = co_await store_.seat();
    const std::optional<cluster::Entry> primary =
        co_await store_.get(cluster::patroni_keys(topology_.name) + "leader");
    const std::optional<std::string> better = cluster::better_etcd_leader(
        topology_, primary ? primary->value : "", seat.leader, seat.members);
    if (std::exchange(misplaced_, better.has_value()) && better) {
      log::info("etcd's leader moves out of the primary's zone",
                {{"from", seat.leader}, {"to", *better}});
      co_await store_.hand_over(*better);
    }
  }

 private:
  const cluster::Topology& topology_;
  cluster::EtcdStore& store_;
  int round_ = 0;
  bool misplaced_ = false;
};

// A round a second until SIGTERM or SIGINT; then the seat is given up.
void stand(cluster::ControllerShell& shell, EtcdSeatKeeper& keeper, Executor& home,
           const sigset_t& signals) {
  bool away = false;
  const timespec second{0, round_nanoseconds};
  do {
    try {
      wait_on(home, shell.step());
      wait_on(home, keeper.step(shell.leading()));
      away = false;
    } catch (const Unavailable& error) {
      if (!std::exchange(away, true)) {
        log::warn("etcd is away", {{"problem", error.what()}});
      }
    }
  } while (sigtimedwait(&signals, nullptr, &second) < 0);
  try {
    wait_on(home, shell.resign());
  } catch (const Unavailable&) {
    // It ends by itself.
  }
}

int control(const ControllerArguments& arguments) {
  log::configure(log::Level::info, log::Format::text);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  try {
    const cluster::Topology topology = read_topology_file(arguments.topology);
    const cluster::Host* const host = topology.host(arguments.host);
    if (host == nullptr) {
      throw std::runtime_error("the topology has no host " + arguments.host);
    }
    const SystemClock clock;
    SecureRandom random;
    observe::Metrics metrics;
    net::Runtime runtime(1, 1, clock);
    cluster::EtcdStore store(runtime, runtime.executor(0), clock, random,
                             {.endpoints = etcd_endpoints(topology, host->zone)});
    cluster::ControllerShell shell(topology, store, clock, metrics,
                                   {.name = host->name, .settings = {}});
    runtime.run();
    std::printf("The controller of %s stands for the seat.\n", host->name.c_str());
    std::fflush(stdout);
    EtcdSeatKeeper keeper(topology, store);
    stand(shell, keeper, runtime.executor(0), signals);
    runtime.stop();
    runtime.join();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart controller: %s\n", error.what());
    return 2;
  }
  return 0;
}

}  // namespace

void add_controller(CLI::App& parent, Exit& exit) {
  CLI::App& word =
      *parent.add_subcommand("controller", "Stand for the seat of a region's controller");
  auto arguments = std::make_shared<ControllerArguments>();
  word.add_option("--host", arguments->host, "Name of this host in the topology")->required();
  add_topology_option(word, arguments->topology);
  word.callback([arguments, &exit] { exit.status = control(*arguments); });
}

}  // namespace securecart::cli
