#include "lab/gameday/plan.hpp"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "base/config.hpp"
#include "lab/limits.hpp"

namespace securecart::lab {
namespace {

using namespace std::chrono_literals;

constexpr Range<Duration> any_time{Duration::zero(), 1h};
constexpr Duration shortest_load = 1s;
constexpr Range<std::int64_t> any_rate{0, 1'000};

GameDayStep read_step(const ConfigReader& table) {
  GameDayStep step;
  step.at = table.duration("at", any_time, Duration::zero());
  step.within = table.duration("within", any_time, Duration::zero());
  if (table.has("heal_after")) {
    step.heal_after = table.duration("heal_after", any_time, required);
  }
  if (table.has("fault") == table.has("operation")) {
    table.problem("fault", "a step is a fault or an operation, one of them");
    return step;
  }
  if (table.has("operation")) {
    step.operation = table.choice(
        "operation",
        {"restart-agents", "restore-replication", "sabotage-replication", "switchover"}, required);
    if (step.heal_after) {
      table.problem("heal_after", "an operation is not healed");
    }
    return step;
  }
  const std::string text = table.string("fault", required);
  Result<Fault> fault = parse_fault(text);
  if (!fault) {
    table.problem("fault", fault.error().detail);
    return step;
  }
  if (fault->heals_itself() && step.heal_after) {
    table.problem("heal_after", "what is killed is not healed: the region has to do that");
  }
  step.fault = std::move(*fault);
  return step;
}

Expectations read_expectations(const ConfigReader& table) {
  Expectations expect;
  const auto duration = [&table](std::string_view key, std::optional<Duration>& into) {
    if (table.has(key)) {
      into = table.duration(key, any_time, required);
    }
  };
  const auto number = [&table](std::string_view key, std::optional<std::int64_t>& into) {
    if (table.has(key)) {
      into = table.integer(key, {0, 1'000'000}, required);
    }
  };
  duration("write_gap", expect.write_gap);
  duration("read_gap", expect.read_gap);
  duration("slowest_order", expect.slowest_order);
  number("failed_orders", expect.failed_orders);
  number("failed_reads", expect.failed_reads);
  expect.consistent = table.boolean("consistent", true);
  return expect;
}

}  // namespace

Result<GameDayPlan> parse_game_day(std::string_view file, std::string_view text) {
  Result<ConfigReader> config = ConfigReader::parse(file, text);
  if (!config) {
    return std::unexpected(std::move(config.error()));
  }
  GameDayPlan plan;
  plan.failure = config->string("failure", required);
  plan.kind = config->choice("kind", {"engine", "host", "planned", "process", "sabotage", "zone"},
                             "engine");
  plan.topology = config->string("topology", "topologies/one-region.toml");
  const ConfigReader load = config->table("load");
  plan.shoppers = load.integer("shoppers", any_rate, 10);
  plan.readers = load.integer("readers", any_rate, 20);
  plan.before = load.duration("before", any_time, 10s);
  plan.after = load.duration("after", any_time, 20s);
  for (const ConfigReader& table : config->tables("step")) {
    plan.steps.push_back(read_step(table));
    if (plan.steps.size() > limits::game_day_faults) {
      table.problem("fault", fmt::format("more than {} steps", limits::game_day_faults));
      break;
    }
  }
  plan.expect = read_expectations(config->table("expect"));
  if (Result<void> good = config->finish(); !good) {
    return std::unexpected(std::move(good.error()));
  }
  return plan;
}

Schedule schedule_of(const GameDayPlan& plan, Random& random) {
  Schedule schedule;
  Duration last = Duration::zero();
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const GameDayStep& step = plan.steps[i];
    const auto within = static_cast<std::uint64_t>(step.within.count());
    const Duration drawn(static_cast<std::int64_t>(within > 0 ? random.below(within + 1) : 0));
    const Duration at = plan.before + step.at + drawn;
    schedule.steps.push_back({i, at, false});
    last = std::max(last, at);
    if (step.heal_after) {
      schedule.steps.push_back({i, at + *step.heal_after, true});
      last = std::max(last, at + *step.heal_after);
    }
  }
  std::ranges::sort(schedule.steps, [](const ScheduledStep& a, const ScheduledStep& b) {
    return std::tie(a.at, a.step, a.heal) < std::tie(b.at, b.step, b.heal);
  });
  schedule.duration = std::max<Duration>(std::max(last, plan.before) + plan.after, shortest_load);
  return schedule;
}

}  // namespace securecart::lab
