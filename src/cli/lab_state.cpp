#include "cli/lab_state.hpp"

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "base/files.hpp"
#include "base/prng.hpp"
#include "cli/sample.hpp"
#include "cluster/topology/parse.hpp"
#include "cluster/topology/ports.hpp"

namespace securecart::cli {
namespace {

using namespace std::chrono_literals;
using lab::RegionLab;

constexpr Duration engines_within = 180s;
constexpr Duration shop_within = 120s;
constexpr Duration whole_within = 180s;
constexpr Duration between_looks = 200ms;
constexpr const char* first_folder = "/var/lib/securecart/first";

bool wait_until(Duration patience, const std::function<bool()>& is_so) {
  const SystemClock clock;
  const SteadyTime until = clock.steady() + patience;
  while (!is_so()) {
    if (clock.steady() >= until) {
      return false;
    }
    std::this_thread::sleep_for(between_looks);
  }
  return true;
}

std::string database_url(const RegionLab& region) {
  std::vector<std::string> hosts;
  for (const cluster::Host* host : region.topology().hosts_with(cluster::Part::postgres)) {
    hosts.push_back(fmt::format("{}:{}", host->address, cluster::ports::postgres));
  }
  return fmt::format("postgres://shop:{}@{}/shop", region.secrets().postgres_shop,
                     fmt::join(hosts, ","));
}

// The first process on a database makes its tables and the sample shop (docs/roles.md); here it
// runs on a host of the region, for as long as that takes.
void make_shop(const RegionLab& region) {
  const std::vector<const cluster::Host*> hosts =
      region.topology().hosts_with(cluster::Part::instances);
  if (hosts.empty()) {
    throw std::runtime_error("no host of this topology runs instances");
  }
  const std::string host = hosts.front()->name;
  const std::filesystem::path log = region.lab().state() / "first.log";
  const Descriptor output(::open(log.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  const pid_t first = lab::start_command(
      region.lab().inside(host, {"/usr/bin/securecart", "serve", "--database", database_url(region),
                                 "--data", first_folder, "--secrets-key",
                                 "/etc/securecart/secrets/secrets.key", "--port", "0"}),
      output.get());
  const std::string file = std::string(first_folder) + "/sample-shop.json";
  lab::Ran ran;
  const bool stocked = wait_until(shop_within, [&] {
    ran = region.lab().run_in(host, {"cat", file});
    return ran.output.find(R"("stocked":true)") != std::string::npos;
  });
  // nsenter waits for it and passes no signal on.
  region.lab().run_in(host, {"pkill", "-TERM", "-f", first_folder});
  if (!stocked) {
    throw std::runtime_error("the sample shop was not made: see " + log.string());
  }
  static_cast<void>(first);
  {
    std::ofstream stream(region.credentials_file());
    stream << ran.output;
  }
  Credentials credentials = read_credentials(region.credentials_file()).value();
  credentials.url = region.shop_url();
  credentials.test_payments_url = region.topology().payments.test_provider_url;
  credentials.test_payments_secret = region.secrets().test_payments;
  write_credentials(region.credentials_file(), credentials);
}

}  // namespace

void add_lab_state(CLI::App& word, std::string& state) {
  word.add_option("--state", state, "Folder of the lab")->capture_default_str();
}

RegionLab bring_up(const std::string& topology_file, const std::string& state, const Tell& tell) {
  const SystemClock clock;
  SecureRandom random;
  const std::string text = need_file(topology_file);
  Result<cluster::Topology> topology = cluster::parse_topology(topology_file, text);
  if (!topology) {
    throw std::runtime_error(topology.error().detail);
  }
  Result<lab::RegionPlan> plan = lab::plan_region(
      *topology, text, std::filesystem::canonical("/proc/self/exe"), clock, random);
  if (!plan) {
    throw std::runtime_error(plan.error().detail);
  }
  tell(fmt::format("making {} machines", plan->spec.machines.size() + 1));
  RegionLab region = RegionLab::create(state, std::move(*plan), text);
  try {
    // Nothing for them to serve yet: they would only come and go while the engines form.
    const std::vector<const cluster::Host*> hosts =
        region.topology().hosts_with(cluster::Part::instances);
    for (const cluster::Host* const host : hosts) {
      region.lab().power_off(host->name);
    }
    tell("waiting for etcd and PostgreSQL");
    if (!wait_until(engines_within,
                    [&region] { return region.holder_of("primary").has_value(); })) {
      throw std::runtime_error("PostgreSQL has no primary; see the logs of " + state);
    }
    tell("making the sample shop");
    make_shop(region);
    for (const cluster::Host* const host : hosts) {
      region.lab().power_on(host->name);
    }
    tell("waiting until everything is there");
    if (!wait_until_whole(region, whole_within, tell)) {
      throw std::runtime_error("the region did not become whole");
    }
  } catch (...) {
    tell("it stays as it is, to look into: `securecart lab down --state " + state + "` removes it");
    throw;
  }
  return region;
}

bool wait_until_whole(const RegionLab& region, Duration patience, const Tell& tell) {
  std::vector<std::string> ailments;
  const bool whole = wait_until(patience, [&region, &ailments] {
    ailments = region.ailments();
    return ailments.empty();
  });
  for (const std::string& ailment : ailments) {
    tell("NOT WHOLE: " + ailment);
  }
  return whole;
}

lab::Injector injector_for(const RegionLab& region, Random& random) {
  return {region.lab(), region.topology(),
          [&region](std::string_view seat) { return region.holder_of(seat); }, random};
}

}  // namespace securecart::cli
