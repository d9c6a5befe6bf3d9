#include "cli/dns_traffic.hpp"

#include <algorithm>
#include <future>
#include <mutex>
#include <stdexcept>
#include <sys/resource.h>
#include <thread>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/files.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/dns_admin.hpp"
#include "cli/dns_plan.hpp"
#include "cli/dns_state.hpp"
#include "cli/limits.hpp"
#include "cluster/etcd/limits.hpp"
#include "net/server.hpp"
#include "net/stream.hpp"
#include "traffic/health/limits.hpp"
#include "traffic/health/monitor.hpp"

namespace securecart::cli {

using namespace std::chrono_literals;
using traffic::health::Board;
using traffic::health::Monitor;
namespace health = traffic::health;
namespace routing = traffic::routing;

namespace {

constexpr Duration tick_pause = 100ms;
constexpr Duration balance_pause = 1s;
constexpr Duration learn_pause = 5s;
constexpr Duration save_pause = 2s;
constexpr Duration save_leases_pause = 2s;
constexpr Duration save_learned_pause = 30s;
constexpr auto state_lifetime = 1h;  // verdicts older than this say nothing about now
constexpr auto stop_poll = 5ms;
constexpr auto stop_patience = 10s;

std::string from_folder(const std::filesystem::path& folder, const std::string& path) {
  return path.empty() || path.front() == '/' ? path : (folder / path).string();
}

DnsPolicyFile read_or_throw(const std::filesystem::path& path) {
  Result<DnsPolicyFile> file = read_dns_policy_file(path);
  if (!file) {
    throw std::runtime_error(file.error().detail);
  }
  return std::move(*file);
}

std::string read_secret(const DnsPolicyFile& file) {
  if (file.health.secret_file.empty()) {
    return {};
  }
  std::string secret(trim(need_file(file.health.secret_file)));
  if (secret.size() < 16) {
    throw std::runtime_error(file.health.secret_file + " must hold at least 16 characters");
  }
  return secret;
}

// The certificates that https checks trust, as PEM; empty: the system's.
std::string read_trust(const DnsPolicyFile& file) {
  return file.health.ca_file.empty() ? std::string() : need_file(file.health.ca_file);
}

// A check with {address} needs one, and each target that names it makes it one more.
void check_patterns(const ConfigReader& root, const DnsPolicyFile& file) {
  std::size_t checks = file.health.checks.size();
  for (const routing::TargetConfig& target : file.routing.targets) {
    const health::CheckConfig* const check = file.health.find(target.check);
    if (check == nullptr || !check->per_target()) {
      continue;
    }
    ++checks;
    if (target.addresses.empty()) {
      root.problem("target",
                   fmt::format("\"{}\" has no address for check \"{}\"", target.name, check->name));
    }
  }
  if (checks > limits::health_checks) {
    root.problem("check", fmt::format("{} checks are needed, at most {} are allowed", checks,
                                      limits::health_checks));
  }
}

// How many probes may be under way beyond the first of each round: a quarter of the files this
// process may open. As many as it needs, where it may.
std::size_t room_for_probes() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
    return limits::probes_in_doubt / 16;
  }
  const rlim_t wanted = std::min<rlim_t>(files.rlim_max, limits::probes_in_doubt * 4);
  if (files.rlim_cur < wanted) {
    rlimit more = files;
    more.rlim_cur = wanted;
    files = setrlimit(RLIMIT_NOFILE, &more) == 0 ? more : files;
  }
  return std::min<std::size_t>(limits::probes_in_doubt, files.rlim_cur / 4);
}

Board make_board(const DnsPlan& plan, std::uint64_t epoch) {
  const health::HealthConfig& config = plan.file().health;
  std::vector<std::string> places{config.node};
  for (const health::PeerConfig& peer : config.peers) {
    places.push_back(peer.name);
  }
  return {plan.checks(), std::move(places), static_cast<std::size_t>(config.quorum), epoch,
          config.keep_when_cut_off};
}

}  // namespace

Result<DnsPolicyFile> read_dns_policy_file(const std::filesystem::path& path) {
  std::string text;
  try {
    text = need_file(path);
  } catch (const std::exception& error) {
    return fail(errc::invalid_request, error.what());
  }
  const Result<ConfigReader> root = ConfigReader::parse(path.string(), text);
  if (!root) {
    return std::unexpected(root.error());
  }
  DnsPolicyFile file;
  file.health = health::read_health(*root);
  const auto has_check = [&file](const std::string& name) {
    return file.health.find(name) != nullptr;
  };
  file.routing = routing::read_routing(*root, has_check);
  file.geo_database = root->string("geo_database", "", limits::url_bytes);
  file.state_folder = root->string("state_folder", "", limits::url_bytes);
  file.discovery = root->boolean("discovery", false);
  if (root->has("etcd")) {
    const ConfigReader etcd = root->table("etcd");
    file.etcd.etcd = etcd.list("addresses", required, limits::etcd_endpoints);
    file.etcd.prefix = etcd.string("prefix", required);
    const std::string problem = cluster::etcd_endpoints_problem(file.etcd.etcd);
    if (!problem.empty()) {
      etcd.problem("addresses", problem);
    }
    if (!file.discovery) {
      root->problem("discovery", "must be true when instances are found in etcd");
    }
  }
  const ConfigReader admin = root->table("admin");
  file.admin_address = admin.string("address", "127.0.0.1");
  file.admin_port = static_cast<std::uint16_t>(admin.integer("port", {0, 65'535}, 0));
  if (!traffic::parse_address(file.admin_address)) {
    admin.problem("address", "must be an IP address");
  }
  check_patterns(*root, file);
  if (const Result<void> good = root->finish(); !good) {
    return std::unexpected(good.error());
  }
  const std::filesystem::path folder = path.parent_path();
  for (std::string* const one :
       {&file.geo_database, &file.state_folder, &file.health.secret_file, &file.health.ca_file}) {
    *one = from_folder(folder, *one);
  }
  return file;
}

// What a reload brings, read and built but not yet in use.
struct DnsTraffic::Next {
  std::shared_ptr<DnsPlan> plan;
  std::unique_ptr<health::NetworkProber> prober;
};

// What the control thread owns. Named functions run there, unless they say otherwise.
struct DnsTraffic::Parts final : DnsControl {
  Parts(std::filesystem::path path, const Clock& the_clock, Random& the_random,
        observe::Metrics& the_metrics)
      : policies(std::move(path)),
        clock(the_clock),
        random(the_random),
        metrics(the_metrics),
        runtime(1, 1, clock),
        link(runtime),
        leases(std::make_shared<Leases>(registry.compile())),
        plan(std::make_shared<DnsPlan>(read_or_throw(policies), leases, random.next())),
        prober(std::make_unique<health::NetworkProber>(runtime, read_trust(plan->file()))),
        learner(plan->snapshot().regions.size()),
        token(to_hex(fmt::format("{:016x}{:016x}", random.next(), random.next()))),
        admin(*this, metrics, token),
        admin_address(plan->file().admin_address),
        server(runtime, server_options(plan->file()), admin, metrics) {
    restore();
    make_monitor();
    make_discovery();
    write_access();
  }

  // Throws when something the file names cannot be read. From any thread.
  Next read_next(DnsPolicyFile file) {
    read_secret(file);
    auto next_prober = std::make_unique<health::NetworkProber>(runtime, read_trust(file));
    return {std::make_shared<DnsPlan>(std::move(file), leases, random.next()),
            std::move(next_prober)};
  }

  // Checks that a reload ended; answers to them may still be on their way.
  struct Retired {
    std::unique_ptr<health::NetworkProber> prober;
    std::unique_ptr<Monitor> monitor;
  };

  static net::ServerOptions server_options(const DnsPolicyFile& file) {
    net::ServerOptions options;
    options.address = file.admin_address;
    options.port = file.admin_port;
    options.name = "dns-admin";
    return options;
  }

  std::filesystem::path state_file(const char* name) const {
    return std::filesystem::path(plan->file().state_folder) / name;
  }

  void make_monitor() {
    const DnsPolicyFile& file = plan->file();
    Monitor::Deps deps{runtime.executor(0), clock, random, *prober, link, metrics,
                       room_for_probes()};
    // Peers take a greater epoch for the newer one: also when the clock was set back.
    epoch = std::max(static_cast<std::uint64_t>(to_millis(clock.now())), epoch + 1);
    monitor = std::make_unique<Monitor>(make_board(*plan, epoch), file.health.peers,
                                        read_secret(file), deps, [this] { changed(); });
    if (!saved_checks.is_null()) {
      monitor->restore(saved_checks);
    }
  }

  void make_discovery() {
    const DnsPolicyFile& file = plan->file();
    if (file.etcd.etcd.empty()) {
      return;
    }
    discovery = std::make_unique<DnsDiscovery>(
        runtime, clock, random, file.etcd,
        file.state_folder.empty() ? std::filesystem::path() : state_file("instances.json"),
        [this](std::vector<routing::Lease> found) {
          if (registry.replace_found(std::move(found))) {
            leases->replace(registry.compile());
          }
        });
  }

  // What the old one said stands until the new one has spoken.
  void follow_other_etcd() {
    if (discovery) {
      discovery->stop();
      discovery.reset();
    }
    make_discovery();
    if (discovery) {
      discovery->start();
    } else if (registry.replace_found({})) {
      leases->replace(registry.compile());
    }
  }

  // Verdicts or orders are others now: queries see it at once, the file in a moment.
  void changed() {
    if (monitor != nullptr) {
      plan->publish(monitor->board(), steering);
      for (const std::shared_ptr<DnsPlan>& old : old_plans) {
        old->publish(monitor->board(), steering);
      }
    }
    dirty = true;
  }

  void restore() {
    if (plan->file().state_folder.empty()) {
      return;
    }
    std::filesystem::create_directories(plan->file().state_folder);
    restore_learned();
    restore_leases();
    const std::optional<Saved> kept = read_saved("state.json", limits::health_state_bytes);
    if (!kept) {
      return;
    }
    const json::object& object = kept->fields;
    if (const json::value* const orders = object.if_contains("steering")) {
      steering = routing::Steering::from_json(*orders);
      steering.expire(clock.now());
    }
    epoch = static_cast<std::uint64_t>(std::max<std::int64_t>(get_int_or(object, "epoch", 0), 0));
    const json::value* const checks = object.if_contains("checks");
    if (checks != nullptr && kept->at && clock.now() - *kept->at < state_lifetime) {
      saved_checks = *checks;
      restore_spill(object);
    }
  }

  // A file of the state folder, as the last process left it.
  struct Saved {
    json::object fields;
    std::optional<Timestamp> at;
  };
  std::optional<Saved> read_saved(const char* name, std::size_t most) const {
    std::optional<json::value> state = read_checked_file(state_file(name), most);
    if (!state || !state->is_object()) {
      return std::nullopt;
    }
    const std::optional<Timestamp> at =
        parse_rfc3339(get_string_or(state->as_object(), "saved_at", ""));
    return Saved{std::move(state->as_object()), at};
  }
  Duration since(Timestamp at) const { return std::max(Duration{}, Duration(clock.now() - at)); }

  void restore_leases() {
    const std::optional<Saved> kept = read_saved("leases.json", limits::leases_bytes);
    const json::value* const known = kept ? kept->fields.if_contains("leases") : nullptr;
    if (known == nullptr || !kept->at || since(*kept->at) > limits::lease_most) {
      return;
    }
    if (registry.restore(*known, since(*kept->at), limits::discovery_hold, clock.steady())) {
      leases->replace(registry.compile());
    }
  }

  // A load that was reported counts as if it had been now, until there is a new report.
  void restore_spill(const json::object& state) {
    if (const json::value* const shares = state.if_contains("spill")) {
      plan->restore_spill(*shares);
    }
    const json::value* const loads = state.if_contains("loads");
    if (loads == nullptr || !loads->is_object()) {
      return;
    }
    for (const json::key_value_pair& one : loads->as_object()) {
      if (one.value().is_number()) {
        reported[std::string(one.key())] = {one.value().to_number<double>(), clock.steady()};
      }
    }
  }
  json::object fresh_loads() const {
    json::object loads;
    for (const auto& [target, report] : reported) {
      if (clock.steady() - report.second <= load_report_lifetime) {
        loads[target] = report.first;
      }
    }
    return loads;
  }

  void restore_learned() {
    const std::optional<Saved> kept = read_saved("rtt.json", routing::RttLearner::saved_bytes);
    const json::value* const learned_rtt = kept ? kept->fields.if_contains("learned") : nullptr;
    if (learned_rtt != nullptr && kept->at) {
      learner.restore(*learned_rtt, plan->snapshot().regions, clock.steady(), since(*kept->at));
      learned_dirty = true;
      plan->live().learned_rtt().replace(
          std::make_shared<const routing::RttTable>(learner.compile(clock.steady())));
    }
  }

  traffic::dns::Endpoint admin_endpoint() const {
    return {traffic::parse_address(admin_address).value_or(traffic::Address()), server.port()};
  }

  // How the words of the command line find this process.
  void write_access() const {
    if (!plan->file().state_folder.empty()) {
      write_checked_file(
          state_file("admin.json"),
          json::object{{"url", "http://" + to_text(admin_endpoint())}, {"token", token}});
    }
  }

  json::value state() const {
    return json::object{{"saved_at", format_rfc3339(clock.now())},
                        {"epoch", static_cast<std::int64_t>(epoch)},
                        {"checks", monitor->board().save()},
                        {"spill", plan->spill_state()},
                        {"loads", fresh_loads()},
                        {"steering", steering.to_json()}};
  }

  void save() {
    dirty = unsaved_spill = false;
    if (plan->file().state_folder.empty()) {
      return;
    }
    write_in_background("state.json", state());
  }

  void save_learned() {
    unsaved_rtt = false;
    if (!plan->file().state_folder.empty()) {
      write_in_background("rtt.json", learned_state());
    }
  }

  void save_leases() {
    unsaved_leases = false;
    if (!plan->file().state_folder.empty()) {
      write_in_background("leases.json", lease_state());
    }
  }

  void write_in_background(const char* name, json::value state) {
    ++under_way;
    securecart::start(write(state_file(name), std::move(state)),
                      [this](const auto&) { --under_way; });
  }

  // Ends when it is on disk; false when it cannot be.
  Task<bool> write(std::filesystem::path path, json::value state) {
    std::move_only_function<bool()> work = [path = std::move(path), state = std::move(state)] {
      write_checked_file(path, state);
      return true;
    };
    try {
      co_return co_await runtime.blocking<bool>(std::move(work));
    } catch (const std::exception& error) {
      log::warn("the state is not saved", {{"error", error.what()}});
      co_return false;
    }
  }

  void tick() {
    if (stopping) {
      return;
    }
    const SteadyTime now = clock.steady();
    if (steering.expire(clock.now())) {
      log::info("an operator's order has ended");
      changed();
    }
    if (registry.expire(now)) {
      leases_changed(true);
    }
    if (discovery) {
      discovery->tick();
    }
    if (now - balanced >= balance_pause) {
      balanced = now;
      unsaved_spill = plan->balance(reported, now) || unsaved_spill;
      tell_metrics();
    }
    if (now - learned >= learn_pause) {
      learned = now;
      learn(now);
    }
    if ((dirty && now - saved >= save_pause) ||
        (unsaved_spill && now - saved >= save_learned_pause)) {
      saved = now;
      save();
    }
    if (unsaved_leases && now - saved_leases >= save_leases_pause) {
      saved_leases = now;
      save_leases();
    }
    if (unsaved_rtt && now - saved_rtt >= save_learned_pause) {
      saved_rtt = now;
      save_learned();
    }
    std::erase_if(retired, [](const Retired& old) { return old.monitor->ended(); });
    std::erase_if(old_plans, [](const auto& old) { return old->source().use_count() == 1; });
    ++under_way;
    runtime.executor(0).post_after(tick_pause, [this] {
      --under_way;
      tick();
    });
  }

  // Round-trip times of shoppers, and of the nodes for the clients they stand for.
  void learn(SteadyTime at) {
    const health::HealthConfig& config = plan->file().health;
    if (plan->snapshot().regions.empty()) {
      return;
    }
    std::map<traffic::Network, std::vector<routing::Rtt>> rows;
    const auto stand_for = [this, &rows](const std::vector<traffic::Network>& networks,
                                         std::size_t place) {
      for (const traffic::Network& network : networks) {
        rows[network] = plan->seen_from(monitor->board(), place);
      }
    };
    stand_for(config.networks, 0);
    for (std::size_t i = 0; i < config.peers.size(); ++i) {
      stand_for(config.peers[i].networks, i + 1);
    }
    learner.stand_for(rows, at);
    if (std::exchange(learned_dirty, false) || !rows.empty()) {
      plan->live().learned_rtt().replace(
          std::make_shared<const routing::RttTable>(learner.compile(at)));
      unsaved_rtt = true;
    }
  }

  json::value learned_state() const {
    return json::object{{"saved_at", format_rfc3339(clock.now())},
                        {"learned", learner.save(plan->snapshot().regions, clock.steady())}};
  }

  json::value lease_state() const {
    return json::object{{"saved_at", format_rfc3339(clock.now())},
                        {"leases", registry.save(clock.steady())}};
  }

  void tell_metrics() {
    const routing::Snapshot& snapshot = plan->snapshot();
    for (std::uint32_t i = 0; i < snapshot.targets.size(); ++i) {
      const observe::Labels labels{{"target", snapshot.targets[i].name}};
      metrics.gauge("securecart_dns_target_usable", "1 when the target can be answered.", labels)
          .set(plan->states()[i].usable() ? 1 : 0);
      metrics.gauge("securecart_dns_target_answers", "Answers that named the target.", labels)
          .set(static_cast<std::int64_t>(plan->live().answers(i)));
      metrics.gauge("securecart_dns_target_shed", "Parts of 65536 handed on.", labels)
          .set(plan->states()[i].shed);
    }
    for (std::uint32_t i = 0; i < snapshot.nodes.size(); ++i) {
      const traffic::routing::Bits bits = plan->live().node_bits(i);
      metrics
          .gauge("securecart_dns_policy_usable", "1 when the policy has a usable target.",
                 {{"policy", snapshot.nodes[i].name}})
          .set((bits & (routing::usable_v4 | routing::usable_v6)) != 0 ? 1 : 0);
      metrics
          .gauge("securecart_dns_policy_decisions", "Questions that a zone asked of the policy.",
                 {{"policy", snapshot.nodes[i].name}})
          .set(static_cast<std::int64_t>(plan->live().decisions(i)));
      metrics
          .gauge("securecart_dns_policy_shed", "Parts of 65536 handed on.",
                 {{"policy", snapshot.nodes[i].name}})
          .set(plan->live().node_shed(i));
    }
  }

  void swap_plan(Next next) {
    saved_checks = monitor->board().save();
    monitor->stop();
    retired.push_back({std::exchange(prober, std::move(next.prober)), std::move(monitor)});
    const std::vector<std::string>& regions = next.plan->snapshot().regions;
    if (regions != plan->snapshot().regions) {
      routing::RttLearner known(regions.size());
      known.restore(learner.save(plan->snapshot().regions, clock.steady()), regions, clock.steady(),
                    Duration{});
      learner = std::move(known);
    }
    next.plan->restore_spill(plan->spill_state());
    const bool other_etcd = next.plan->file().etcd != plan->file().etcd;
    {
      const std::scoped_lock lock(mutex);
      old_plans.push_back(std::exchange(plan, std::move(next.plan)));
    }
    if (other_etcd) {
      follow_other_etcd();
    }
    make_monitor();
    plan->live().learned_rtt().replace(
        std::make_shared<const routing::RttTable>(learner.compile(clock.steady())));
    changed();
    monitor->start();
  }

  // ---- for the admin API ----
  DnsPlan& current_plan() override { return *plan; }
  const Board& board() const override { return monitor->board(); }
  routing::Steering& orders() override { return steering; }
  routing::LeaseRegistry& lease_registry() override { return registry; }
  Timestamp now() const override { return clock.now(); }
  SteadyTime steady() const override { return clock.steady(); }
  void orders_changed() override { changed(); }
  Task<bool> keep_orders() override {
    if (plan->file().state_folder.empty()) {
      co_return true;
    }
    dirty = false;
    ++under_way;
    const bool good = co_await write(state_file("state.json"), state());
    --under_way;
    co_return good;
  }
  void leases_changed(bool answers_too) override {
    unsaved_leases = true;
    if (answers_too) {
      leases->replace(registry.compile());
    }
  }
  bool take_votes(std::string_view message) override { return monitor->take(message); }
  bool set_alarm(const std::string& name, health::Status status) override {
    return monitor->set_alarm(name, status);
  }
  void report_load(const std::string& target, double load) override {
    reported[target] = {load, clock.steady()};
  }
  void observe_rtt(const traffic::Address& client, std::size_t region, Duration rtt) override {
    learner.observe(client, region, rtt, clock.steady());
    learned_dirty = true;
  }
  std::shared_ptr<const traffic::dns::Snapshot> zones() override {
    return served_zones ? served_zones() : nullptr;
  }

  const std::filesystem::path policies;
  const Clock& clock;
  Random& random;
  observe::Metrics& metrics;
  net::Runtime runtime;
  health::HttpPeerLink link;
  routing::LeaseRegistry registry;
  std::unique_ptr<DnsDiscovery> discovery;  // none without etcd
  std::shared_ptr<Leases> leases;
  mutable std::mutex mutex;
  std::shared_ptr<DnsPlan> plan;                    // replaced under mutex
  std::vector<std::shared_ptr<DnsPlan>> old_plans;  // whose source somebody still asks
  std::unique_ptr<health::NetworkProber> prober;    // outlives the monitor
  routing::RttLearner learner;
  routing::Steering steering;
  json::value saved_checks;
  std::unique_ptr<Monitor> monitor;
  std::vector<Retired> retired;
  LoadReports reported;
  Zones served_zones;
  const std::string token;
  DnsAdmin admin;
  const std::string admin_address;  // a reload does not change it
  net::Server server;
  SteadyTime balanced{};
  SteadyTime learned{};
  SteadyTime saved{};
  SteadyTime saved_rtt{};
  SteadyTime saved_leases{};
  std::uint64_t epoch = 0;  // of the newest board
  bool learned_dirty = false;
  bool unsaved_rtt = false;
  bool unsaved_leases = false;
  bool unsaved_spill = false;
  bool dirty = false;
  bool running = false;
  std::atomic<bool> stopping = false;
  std::size_t under_way = 0;
};

DnsTraffic::DnsTraffic(const std::filesystem::path& policies, const Clock& clock, Random& random,
                       observe::Metrics& metrics)
    : parts_(std::make_unique<Parts>(policies, clock, random, metrics)) {}

DnsTraffic::~DnsTraffic() {
  stop();
}

std::shared_ptr<const traffic::PolicySource> DnsTraffic::source() const {
  const std::scoped_lock lock(parts_->mutex);
  return parts_->plan->source();
}

traffic::dns::Endpoint DnsTraffic::admin() const {
  return parts_->admin_endpoint();
}

void DnsTraffic::set_zones(Zones zones) {
  parts_->served_zones = std::move(zones);
}

void DnsTraffic::start() {
  parts_->running = true;
  parts_->server.start();
  parts_->runtime.executor(0).post([this] {
    parts_->changed();
    parts_->monitor->start();
    if (parts_->discovery) {
      parts_->discovery->start();
    }
    parts_->tick();
  });
  parts_->runtime.run();
}

void DnsTraffic::stop() {
  if (!std::exchange(parts_->running, false)) {
    return;
  }
  parts_->server.drain(Duration{});
  std::promise<void> done;
  const std::future<void> ended = done.get_future();
  // What is asleep in a timer is destroyed with the runtime; the last state is written first.
  parts_->runtime.executor(0).post([this, &done] {
    parts_->stopping = true;
    parts_->monitor->stop();
    if (parts_->discovery) {
      parts_->discovery->stop();
    }
    try {
      if (!parts_->plan->file().state_folder.empty()) {
        write_checked_file(parts_->state_file("state.json"), parts_->state());
        write_checked_file(parts_->state_file("rtt.json"), parts_->learned_state());
        write_checked_file(parts_->state_file("leases.json"), parts_->lease_state());
      }
    } catch (const std::exception& error) {
      log::warn("the state is not saved", {{"error", error.what()}});
    }
    done.set_value();
  });
  ended.wait_for(stop_patience);
  const SteadyTime most = parts_->clock.steady() + stop_patience;
  const auto idle = [this] {
    std::promise<bool> answer;
    std::future<bool> result = answer.get_future();
    parts_->runtime.executor(0).post([this, &answer] {
      answer.set_value(parts_->under_way == 0 && parts_->monitor->idle() &&
                       (!parts_->discovery || parts_->discovery->idle()) &&
                       std::ranges::all_of(parts_->retired, [](const Parts::Retired& old) {
                         return old.monitor->idle();
                       }));
    });
    return result.get();
  };
  while (!idle() && parts_->clock.steady() < most) {
    std::this_thread::sleep_for(stop_poll);
  }
  parts_->runtime.stop();
  parts_->runtime.join();
}

Result<LoadedPolicies> DnsTraffic::reload() {
  Result<DnsPolicyFile> file = read_dns_policy_file(parts_->policies);
  if (!file) {
    return std::unexpected(file.error());
  }
  if (!parts_->running) {
    return fail(errc::unavailable, "The policies are not in use yet.");
  }
  try {
    const auto next = std::make_shared<Next>(parts_->read_next(std::move(*file)));
    return LoadedPolicies{next->plan->source(), [this, next] { take(*next); }};
  } catch (const std::exception& error) {
    return fail(errc::invalid_request, error.what());
  }
}

void DnsTraffic::take(Next& next) {
  std::promise<void> done;
  const std::future<void> swapped = done.get_future();
  parts_->runtime.executor(0).post([this, &next, &done] {
    parts_->swap_plan(std::move(next));
    done.set_value();
  });
  swapped.wait();
}

Result<LoadedPolicies> check_dns_policies(const std::string& path) {
  Result<DnsPolicyFile> file = read_dns_policy_file(path);
  if (!file) {
    return std::unexpected(file.error());
  }
  try {
    read_secret(*file);
    net::tls_settings(read_trust(*file));
    const auto leases = std::make_shared<Leases>(
        std::make_shared<const routing::LeaseTable>(std::vector<routing::Lease>()));
    return LoadedPolicies{DnsPlan(std::move(*file), leases, 0).source()};
  } catch (const std::exception& error) {
    return fail(errc::invalid_request, error.what());
  }
}

}  // namespace securecart::cli
