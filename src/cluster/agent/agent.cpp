#include "cluster/agent/agent.hpp"

#include <csignal>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/files.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "cluster/agent/files.hpp"
#include "cluster/agent/limits.hpp"

namespace securecart::cluster::agent {
namespace {

std::optional<Cgroups> open_cgroups(const AgentOptions& options) {
  std::expected<Cgroups, std::string> found = Cgroups::open(options.cgroups, options.host);
  if (!found) {
    log::warn("units run without limits of memory and cores", {{"reason", found.error()}});
    return std::nullopt;
  }
  return std::move(*found);
}

std::string text_of(const json::value& value, std::string_view name) {
  const json::object* const object = value.if_object();
  return object == nullptr ? std::string() : std::string(get_string_or(*object, name, ""));
}

}  // namespace

Agent::Agent(net::Runtime& runtime, Executor& home, const Clock& clock, Random& random,
             Store& store, AgentOptions options)
    : runtime_(runtime),
      home_(home),
      clock_(clock),
      store_(store),
      options_(std::move(options)),
      keys_(options_.region),
      launcher_(options_.runtime / "units", options_.state / "logs", options_.boot,
                open_cgroups(options_)),
      supervisor_(random),
      prober_(runtime),
      registrar_(store, clock, options_.runtime / "lease.json", options_.lease) {}

Agent::~Agent() = default;

// Counts what is under way, so that nothing is destroyed below it.
template <class T, class Done>
void Agent::go(Task<T> task, Done done) {
  ++under_way_;
  securecart::start(std::move(task), [this, done = std::move(done)](auto outcome) mutable {
    --under_way_;
    if (!leaving_) {
      done(std::move(outcome));
    }
  });
}

void Agent::start() {
  recall_order();
  recall_patch();
  for (Launcher::Found& found : launcher_.find()) {
    log::info("a unit is found running", {{"unit", found.name}, {"pid", found.process.pid}});
    supervisor_.adopt(found.name, found.process, std::move(found.remembered), clock_.steady());
  }
  replan();
  // A prefix: hosts whose names begin alike are found with it.
  watch_ = store_.watch(keys_.desired() + options_.host,
                        [this](const Snapshot& snapshot) { follow(snapshot); });
  tick();
}

void Agent::replan() {
  plan_ = options_.plan();
  apply_plan();
  want_units();
}

void Agent::stop_units() {
  stopping_ = true;
  want_units();
}

void Agent::leave() {
  leaving_ = true;
  watch_.reset();
}

void Agent::tick() {
  if (leaving_) {
    return;
  }
  const SteadyTime now = clock_.steady();
  for (const Launcher::Ended& ended : launcher_.ended()) {
    log::info("a unit has ended", {{"unit", ended.name}, {"how", ended.how}});
    supervisor_.exited(ended.name, ended.process, ended.how, now);
  }
  for (const Action& action : supervisor_.step(now)) {
    perform(action);
  }
  const std::vector<Supervisor::View> units = supervisor_.units();
  tell_of_units(units);
  if (report_due_ || now - reported_ >= options_.heartbeat) {
    heartbeat(units);
  }
  register_all(units);
  patch_when_due(units);
  if (now - trimmed_ >= limits::agent_log_pause) {
    trimmed_ = now;
    launcher_.trim_logs();
    if (!file_problems_.empty()) {
      apply_plan();
    }
  }
  ++under_way_;
  home_.post_after(limits::agent_tick, [this] {
    --under_way_;
    tick();
  });
}

// Units ------------------------------------------------------------------------------------------

void Agent::apply_plan() {
  Applied applied = apply_files(plan_, options_.secrets);
  for (const std::string& path : applied.written) {
    log::info("a file is written", {{"file", path}});
  }
  if (applied.problems != file_problems_) {
    for (const std::string& problem : applied.problems) {
      log::error("a file cannot be made as planned", {{"problem", problem}});
    }
  }
  file_problems_ = std::move(applied.problems);
}

void Agent::want_units() {
  std::vector<WantedUnit> wanted;
  orders_.clear();
  refused_.clear();
  if (!stopping_) {
    for (const Unit& unit : plan_.units) {
      wanted.push_back({.unit = unit});
    }
    for (const InstanceOrder& order : order_.instances) {
      Result<PlannedInstance> planned = options_.instance(order);
      if (!planned) {
        refused_.push_back(
            fmt::format("{}-{}: {}", order.service, order.slot, planned.error().detail));
        continue;
      }
      orders_[planned->unit.name] = order;
      ports_[planned->unit.name] = planned->port;
      wanted.push_back({.unit = std::move(planned->unit),
                        .instance = true,
                        .drain = order.drain,
                        .withdrawn = order.withdrawn});
    }
  }
  supervisor_.want(std::move(wanted), clock_.steady());
  report_due_ = true;
}

void Agent::perform(const Action& action) {
  switch (action.kind) {
    case Action::Kind::start:
      start_unit(action.name);
      return;
    case Action::Kind::signal:
      log::info("a unit is signalled",
                {{"unit", action.name}, {"signal", action.signal}, {"why", action.text}});
      launcher_.signal(action.name, action.process, action.signal);
      return;
    case Action::Kind::kill:
      log::warn("a unit did not end in time and is killed", {{"unit", action.name}});
      launcher_.kill(action.name, action.process);
      return;
    case Action::Kind::probe:
      probe(action);
      return;
  }
}

void Agent::start_unit(const std::string& name) {
  const std::expected<Process, std::string> process = launcher_.start(supervisor_.wanted(name));
  if (process) {
    log::info("a unit is started", {{"unit", name}, {"pid", process->pid}});
    supervisor_.started(name, *process, clock_.steady());
  } else {
    log::warn("a unit cannot be started", {{"unit", name}, {"why", process.error()}});
    supervisor_.not_started(name, process.error(), clock_.steady());
  }
}

void Agent::probe(const Action& action) {
  go(prober_.probe(supervisor_.probe_of(action.name)),
     [this, name = action.name,
      process = action.process](std::variant<ProbeOutcome, std::exception_ptr> outcome) {
       const bool answered = outcome.index() == 0;
       supervisor_.probed(name, process, answered && std::get<0>(outcome).good,
                          answered ? std::get<0>(outcome).why : "cannot be looked at",
                          clock_.steady());
     });
}

void Agent::tell_of_units(const std::vector<Supervisor::View>& units) {
  std::map<std::string, Phase> phases;
  for (const Supervisor::View& unit : units) {
    phases[unit.name] = unit.phase;
    const auto before = told_.find(unit.name);
    if (before != told_.end() && before->second == unit.phase) {
      continue;
    }
    report_due_ = true;
    log::info("a unit is in another state",
              {{"unit", unit.name}, {"state", to_text(unit.phase)}, {"why", unit.why}});
    if (unit.phase == Phase::withdrawing || unit.phase == Phase::ready) {
      continue;
    }
    samples_.erase(unit.name);
    measured_.erase(unit.name);
  }
  told_ = std::move(phases);
}

// What they carry --------------------------------------------------------------------------------

void Agent::scrape(const Supervisor::View& unit) {
  Sample& sample = samples_[unit.name];
  if (std::exchange(sample.scraping, true)) {
    return;
  }
  go(prober_.scrape(unit.wanted->unit.readiness),
     [this, name = unit.name](std::variant<std::optional<Scrape>, std::exception_ptr> outcome) {
       const auto found = samples_.find(name);
       if (found == samples_.end()) {
         return;
       }
       Sample& known = found->second;
       known.scraping = false;
       if (outcome.index() == 1 || !std::get<0>(outcome)) {
         return;
       }
       Scrape now = std::move(*std::get<0>(outcome));
       const SteadyTime at = clock_.steady();
       if (known.scraped != SteadyTime{}) {
         measured_[name].load = load_between(known.scrape, now, at - known.scraped);
       }
       known.scrape = std::move(now);
       known.scraped = at;
     });
}

void Agent::look_at_process(const Supervisor::View& unit) {
  const std::string folder = fmt::format("/proc/{}/", unit.process.pid);
  const std::optional<Duration> used =
      parse_processor_time(read_if_there(folder + "stat"), sysconf(_SC_CLK_TCK));
  const std::optional<std::int64_t> pages = parse_resident_pages(read_if_there(folder + "statm"));
  if (!used || !pages) {
    return;
  }
  const SteadyTime now = clock_.steady();
  Sample& sample = samples_[unit.name];
  Measured& measured = measured_[unit.name];
  measured.memory_bytes = *pages * sysconf(_SC_PAGESIZE);
  if (sample.looked != SteadyTime{} && now > sample.looked) {
    measured.cpu = std::chrono::duration<double>(*used - sample.processor_time) /
                   std::chrono::duration<double>(now - sample.looked);
  }
  sample.processor_time = *used;
  sample.looked = now;
}

// Orders -----------------------------------------------------------------------------------------

void Agent::follow(const Snapshot& snapshot) {
  const Entry* const entry = snapshot.find(keys_.desired() + options_.host);
  if (entry == nullptr || entry->modified == order_revision_) {
    return;  // an order that is gone is no order to stop
  }
  Result<HostOrder> order = parse_host_order(entry->value);
  if (!order) {
    log::error("an order is not understood, the one before stands",
               {{"problem", order.error().detail}});
    return;
  }
  order_ = std::move(*order);
  order_revision_ = entry->modified;
  log::info("there is a new order",
            {{"revision", order_revision_}, {"instances", order_.instances.size()}});
  keep_order();
  want_units();
}

void Agent::keep_order() const {
  try {
    write_durably(
        options_.state / "order.json",
        to_string(json::object{{"revision", order_revision_}, {"order", to_json(order_)}}), 0600);
  } catch (const std::exception& error) {
    log::error("the order is not kept", {{"error", error.what()}});
  }
}

void Agent::recall_order() {
  const Result<json::value> kept = parse_json(read_if_there(options_.state / "order.json"));
  if (!kept || !kept->is_object()) {
    return;
  }
  if (Result<HostOrder> order = parse_host_order(text_of(*kept, "order"))) {
    order_ = std::move(*order);
    order_revision_ = get_int_or(kept->get_object(), "revision", 0);
  }
}

// What is told -----------------------------------------------------------------------------------

void Agent::heartbeat(const std::vector<Supervisor::View>& units) {
  for (const Supervisor::View& unit : units) {
    if (orders_.contains(unit.name) && unit.wanted != nullptr && unit.phase == Phase::ready) {
      if (clock_.steady() - samples_[unit.name].looked >= options_.heartbeat) {
        scrape(unit);
        look_at_process(unit);
      }
    }
  }
  HostReport report;
  report.host = options_.host;
  report.zone = options_.zone;
  report.at = clock_.now();
  report.order_revision = order_revision_;
  report.load = parse_load_average(read_if_there("/proc/loadavg")).value_or(0.0);
  report.memory_free_bytes = parse_memory_available(read_if_there("/proc/meminfo")).value_or(0);
  report.patched = patched_;
  report.patch_failed = patch_failed_;
  describe_units(report, {units, orders_, measured_, clock_.steady(), report.at});
  report.units_down.insert(report.units_down.end(), refused_.begin(), refused_.end());
  report.units_down.insert(report.units_down.end(), file_problems_.begin(), file_problems_.end());
  report_ = to_json(report);
  reported_ = clock_.steady();
  report_due_ = false;
}

std::string Agent::instance_key(const std::string& unit) const {
  const InstanceOrder& order = orders_.at(unit);
  return keys_.instances() + instance_id(order.service, options_.host, order.slot);
}

void Agent::register_all(const std::vector<Supervisor::View>& units) {
  std::map<std::string, std::string> entries;
  if (!report_.empty()) {
    entries[keys_.hosts() + options_.host] = report_;
  }
  for (const Supervisor::View& unit : units) {
    const auto order = orders_.find(unit.name);
    if (order == orders_.end()) {
      continue;
    }
    const std::string key = instance_key(unit.name);
    if (unit.discoverable) {
      entries[key] = to_json(InstanceRecord{
          .id = instance_id(order->second.service, options_.host, order->second.slot),
          .service = order->second.service,
          .zone = options_.zone,
          .address = options_.address,
          .port = ports_[unit.name],
          .weight = 1});
    } else if (registrar_.is_gone(key)) {
      supervisor_.undiscovered(unit.name, clock_.steady());
    }
  }
  registrar_.want(std::move(entries));
  step_registrar();
}

void Agent::step_registrar() {
  if (registering_ || clock_.steady() < store_not_before_ || !registrar_.has_work()) {
    return;
  }
  registering_ = true;
  go(registrar_.step(), [this](const std::exception_ptr& error) {
    registering_ = false;
    if (error) {
      store_not_before_ = clock_.steady() + limits::agent_store_pause;
    }
  });
}

// Patches ----------------------------------------------------------------------------------------

void Agent::patch_when_due(const std::vector<Supervisor::View>& units) {
  const std::string& id = order_.patch;
  if (id.empty() || id == patched_ || id == patch_failed_ || patching_ || stopping_) {
    return;
  }
  for (const Supervisor::View& unit : units) {
    if ((orders_.contains(unit.name) || unit.wanted == nullptr) && unit.process.pid != 0) {
      return;
    }
  }
  run_patch(id);
}

void Agent::run_patch(const std::string& id) {
  patching_ = true;
  log::info("the host is patched", {{"patch", id}});
  std::move_only_function<std::optional<std::string>()> work =
      [script = (options_.configuration / "patch").string(), id] {
        return run_command({script, id}, limits::agent_patch_patience);
      };
  go(runtime_.blocking<std::optional<std::string>>(std::move(work)),
     [this, id](std::variant<std::optional<std::string>, std::exception_ptr> outcome) {
       patching_ = false;
       const bool ran = outcome.index() == 0;
       const std::string problem =
           ran ? std::get<0>(outcome).value_or("") : "no thread could run it";
       if (!ran) {
         return;  // it is tried again
       }
       (problem.empty() ? patched_ : patch_failed_) = id;
       log::write(problem.empty() ? log::Level::info : log::Level::error, "a patch has ended",
                  {{"patch", id}, {"problem", problem}});
       keep_patch();
       report_due_ = true;
     });
}

void Agent::keep_patch() const {
  try {
    write_durably(options_.state / "patch.json",
                  to_string(json::object{{"patched", patched_}, {"failed", patch_failed_}}), 0600);
  } catch (const std::exception& error) {
    log::error("the patch is not remembered", {{"error", error.what()}});
  }
}

void Agent::recall_patch() {
  if (const Result<json::value> kept = parse_json(read_if_there(options_.state / "patch.json"))) {
    patched_ = text_of(*kept, "patched");
    patch_failed_ = text_of(*kept, "failed");
  }
}

}  // namespace securecart::cluster::agent
