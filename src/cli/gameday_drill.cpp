#include "cli/gameday_drill.hpp"

#include <atomic>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <future>
#include <sched.h>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "base/executor.hpp"
#include "base/files.hpp"
#include "cli/api_access.hpp"
#include "cli/gameday_operations.hpp"
#include "cli/sample.hpp"
#include "cli/wait.hpp"
#include "lab/checker.hpp"
#include "lab/gameday/readers.hpp"
#include "lab/load.hpp"
#include "lab/world_reader.hpp"

namespace securecart::cli {
namespace {

using namespace std::chrono_literals;
using lab::GameDayRun;
using lab::RegionLab;

constexpr Duration whole_within = 120s;
constexpr Duration settle_within = 60s;
constexpr std::int64_t own_products = 20;
constexpr std::int64_t own_stock = 100'000;  // of each: a drill is no sale of the last five
constexpr std::size_t findings_told = 50;
constexpr const char* payment_methods = "tok_approved=94,tok_declined=2,tok_slow=2,tok_unknown=2";

ApiAccess access_of(const RegionLab& region) {
  ApiAccess access;
  access.credentials = region.credentials_file();
  access.allow_remote = true;  // the lab's own outside
  access.tls_ca = region.shop_authority_file();
  access.identity = region.operator_identity_file();
  return resolved(std::move(access));
}

// The processes that work on the log: what they have not done yet is asked of each.
std::vector<lab::Api> processes_of(const RegionLab& region, ApiConnection& connection) {
  std::vector<lab::Api> processes;
  for (const lab::RegionInstance& instance : region.instances()) {
    const cluster::Service* const service = region.topology().service(instance.service);
    if (service == nullptr || service->roles.front() == "web") {
      continue;
    }
    processes.push_back(connection.second_api(
        fmt::format("https://{}:{}", instance.address, instance.port), service->roles.front()));
  }
  return processes;
}

// Begins to count when the first shopper may come.
class Load {
 public:
  Load(const RegionLab& region, const lab::GameDayPlan& plan, const DrillOptions& options,
       Duration duration)
      : access_(access_of(region)),
        shoppers_(access_.url, access_),
        reader_connection_(access_.url, access_),
        history_(options.report / "history.jsonl"),
        load_(shoppers_.api(), history_, load_options(plan, options, duration)),
        readers_(reader_connection_.api(), {.publishable_key = access_.publishable_key,
                                            .rate = static_cast<double>(plan.readers),
                                            .seed = options.seed}),
        reads_(plan.readers > 0) {
    thread_ = std::thread([this] { run(); });
  }
  ~Load() { join(); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // When the load began, by both clocks. Throws what kept it from beginning.
  std::pair<SteadyTime, Timestamp> began() {
    began_future_.wait();
    return began_future_.get();
  }
  void join() {
    if (thread_.joinable()) {
      thread_.join();
    }
  }
  // After join().
  const lab::LoadSummary& summary() const {
    if (failure_) {
      std::rethrow_exception(failure_);
    }
    return summary_;
  }
  std::vector<lab::Sample> take_reads() { return std::move(read_samples_); }

 private:
  lab::LoadOptions load_options(const lab::GameDayPlan& plan, const DrillOptions& options,
                                Duration duration) const {
    lab::LoadOptions load;
    load.url = access_.url;
    load.secret_key = access_.secret_key;
    load.publishable_key = access_.publishable_key;
    load.rate = static_cast<double>(plan.shoppers);
    load.duration = duration;
    load.seed = options.seed;
    load.methods = lab::MethodMix::parse(payment_methods).value();
    load.create_products = own_products;
    load.stock = own_stock;
    return load;
  }

  void run() {
    std::thread readers;
    try {
      summary_ =
          wait_on(shoppers_.executor(), load_.run([this, &readers](const lab::LoadTick& tick) {
            if (!readers.joinable()) {
              const SteadyTime steady = clock_.steady() - tick.at;
              const Timestamp wall =
                  clock_.now() - std::chrono::duration_cast<std::chrono::milliseconds>(tick.at);
              readers = std::thread([this, steady] { read(steady); });
              began_.set_value({steady, wall});
              told_ = true;
            }
          }));
    } catch (...) {
      failure_ = std::current_exception();
      if (!told_) {
        began_.set_exception(failure_);
      }
    }
    over_ = true;
    if (readers.joinable()) {
      readers.join();
    }
  }

  void read(SteadyTime began) {
    if (reads_) {
      read_samples_ = wait_on(reader_connection_.executor(),
                              readers_.run(began, [this] { return over_.load(); }));
    }
  }

  const SystemClock clock_;
  const ApiAccess access_;
  ApiConnection shoppers_;
  ApiConnection reader_connection_;
  lab::HistoryWriter history_;
  lab::Load load_;
  lab::Readers readers_;
  const bool reads_;
  std::atomic<bool> over_ = false;
  bool told_ = false;
  std::promise<std::pair<SteadyTime, Timestamp>> began_;
  std::future<std::pair<SteadyTime, Timestamp>> began_future_ = began_.get_future();
  lab::LoadSummary summary_;
  std::vector<lab::Sample> read_samples_;
  std::exception_ptr failure_;
  std::thread thread_;
};

class Drill {
 public:
  Drill(const RegionLab& region, const lab::GameDayPlan& plan, const DrillOptions& options,
        const Tell& tell)
      : region_(region),
        plan_(plan),
        options_(options),
        tell_(tell),
        random_(options.seed),
        injector_(injector_for(region, random_)) {}

  ~Drill() {
    try {
      injector_.heal_all();
    } catch (const std::exception& error) {
      tell_(std::string("healing failed: ") + error.what());
    }
  }
  Drill(const Drill&) = delete;
  Drill& operator=(const Drill&) = delete;

  GameDayRun run() {
    run_.name = options_.name;
    run_.failure = plan_.failure;
    run_.kind = plan_.kind;
    run_.revision = options_.revision;
    run_.seed = options_.seed;
    run_.at = format_rfc3339(clock_.now());
    run_.shoppers_a_second = plan_.shoppers;
    run_.readers_a_second = plan_.readers;
    injector_.heal_all();
    if (!wait_until_whole(region_, whole_within, tell_)) {
      throw std::runtime_error("the region is not whole: nothing would be proved");
    }
    note_seats("before");
    const lab::Schedule schedule = lab::schedule_of(plan_, random_);
    run_.duration = schedule.duration;
    {
      Load load(region_, plan_, options_, schedule.duration);
      const auto [began, wall] = load.began();
      tell_(fmt::format("{} shoppers and {} pages a second for {}", plan_.shoppers, plan_.readers,
                        lab::format_time(schedule.duration)));
      follow(schedule, began);
      load.join();
      take(load, wall);
    }
    injector_.heal_all();
    if (!wait_until_whole(region_, whole_within, [this](const std::string& what) { note(what); })) {
      note("two minutes after the drill the region was not whole");
    }
    note_seats("after");
    check_history();
    lab::hold_against(plan_.expect, run_);
    return std::move(run_);
  }

 private:
  void note(std::string what) {
    tell_(what);
    run_.notes.push_back(std::move(what));
  }

  void note_seats(const char* when) {
    std::string seats = when;
    for (const char* seat : {"primary", "etcd", "balancer", "controller", "redis"}) {
      const Result<std::string> holder = region_.holder_of(seat);
      seats += fmt::format("{} {} {}", seats == when ? ":" : ",", seat, holder.value_or("nobody"));
    }
    note(std::move(seats));
  }

  void follow(const lab::Schedule& schedule, SteadyTime began) {
    std::vector<int> numbers(plan_.steps.size(), 0);
    std::vector<std::optional<std::size_t>> marks(plan_.steps.size());
    for (const lab::ScheduledStep& scheduled : schedule.steps) {
      const lab::GameDayStep& step = plan_.steps[scheduled.step];
      std::this_thread::sleep_for(
          std::max<Duration>(began + scheduled.at - clock_.steady(), Duration::zero()));
      if (scheduled.heal) {
        injector_.heal(numbers[scheduled.step]);
        if (marks[scheduled.step]) {
          run_.marks[*marks[scheduled.step]].until = clock_.steady() - began;
        }
        continue;
      }
      marks[scheduled.step] = run_.marks.size();
      run_.marks.push_back({step.label(), {}, std::nullopt});
      // The clock starts before anything happens: the time an injection takes is part of the fault.
      run_.marks.back().at = clock_.steady() - began;
      if (step.fault) {
        numbers[scheduled.step] = inject(*step.fault);
      } else {
        note(operate(region_, step.operation));
        run_.marks[*marks[scheduled.step]].until = clock_.steady() - began;
      }
    }
  }

  int inject(const lab::Fault& fault) {
    const Result<lab::ActiveFault> active = injector_.inject(fault);
    if (!active) {
      throw std::runtime_error(to_text(fault) + ": " + active.error().detail);
    }
    run_.marks.back().label = lab::describe(*active);
    tell_(run_.marks.back().label);
    return active->number;
  }

  void take(Load& load, Timestamp wall) {
    const lab::LoadSummary& summary = load.summary();
    run_.gave_up = summary.counts.abandoned + summary.counts.shed;
    run_.slowest_visit = summary.latency.max();
    run_.reasons = summary.reasons;
    history_ = lab::parse_history(need_file(options_.report / "history.jsonl")).value();
    run_.samples = lab::order_samples(history_, wall);
    std::vector<lab::Sample> reads = load.take_reads();
    run_.samples.insert(run_.samples.end(), reads.begin(), reads.end());
  }

  void check_history() {
    tell_("reading the shop and holding the history against it");
    try {
      const ApiAccess access = access_of(region_);
      ApiConnection connection(access.url, access);
      lab::Api provider = connection.second_api(access.test_payments_url);
      lab::WorldReader reader(connection.api(), access.secret_key, settle_within,
                              processes_of(region_, connection));
      if (!wait_on(connection.executor(), reader.wait_until_settled(settle_within))) {
        note("not everything was settled a minute after the drill");
      }
      const lab::World world = wait_on(
          connection.executor(),
          reader.read(lab::ProviderAccess{&provider, access.test_payments_secret}, [](auto) {}));
      const lab::Findings findings = lab::check(history_, world, {.only_shop = true});
      run_.verdict.checked = true;
      run_.verdict.orders = static_cast<std::int64_t>(history_.acks.size());
      for (const lab::Rule& rule : findings.rules) {
        run_.verdict.broken += rule.broken;
      }
      for (const lab::Finding& finding : findings.findings) {
        if (run_.verdict.findings.size() < findings_told) {
          run_.verdict.findings.push_back(lab::describe(finding));
        }
      }
    } catch (const std::exception& error) {
      run_.verdict.problem = error.what();
    }
  }

  const SystemClock clock_;
  const RegionLab& region_;
  const lab::GameDayPlan& plan_;
  const DrillOptions& options_;
  const Tell& tell_;
  Prng random_;
  lab::Injector injector_;
  lab::History history_;
  GameDayRun run_;
};

}  // namespace

void go_outside(const RegionLab& region) {
  const std::string file = fmt::format("/proc/{}/ns/net", region.lab().init_of(lab::outside_name));
  const Descriptor network(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!network.valid() || ::setns(network.get(), CLONE_NEWNET) != 0) {
    throw std::runtime_error(
        fmt::format("cannot go outside of the region: {}", std::strerror(errno)));
  }
}

GameDayRun drill(const RegionLab& region, const lab::GameDayPlan& plan, const DrillOptions& options,
                 const Tell& tell) {
  return Drill(region, plan, options, tell).run();
}

}  // namespace securecart::cli
