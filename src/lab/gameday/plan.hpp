// What a game day is to do, from a TOML file of gamedays/:
//
//   failure = "A zone is cut off"            # what is tried, for people
//   topology = "topologies/one-region.toml"  # beside the folder of the file
//   kind = "zone"                            # process, host, zone, planned, engine: how it is
//   summed up
//
//   [load]
//   shoppers = 10      # a second, by schedule
//   readers = 20       # pages a second, by schedule
//   before = "10s"     # until the first fault may come
//   after = "20s"      # from the last healing to the end
//
//   [[step]]
//   fault = "cut any-zone"   # lab/faults/fault.hpp
//   at = "0s"                # after `before`
//   within = "5s"            # drawn from the seed: so much later at most
//   heal_after = "20s"
//
//   [[step]]
//   operation = "switchover" # or what else an operator does, cluster words
//   at = "10s"
//
//   [expect]                 # what is not said is not asked
//   write_gap = "10s"
//   read_gap = "1s"
//   slowest_order = "15s"
//   failed_orders = 0
//   failed_reads = 0
//   consistent = true        # the history check; false: the drill has to turn it red
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/prng.hpp"
#include "lab/faults/fault.hpp"

namespace securecart::lab {

struct GameDayStep {
  std::optional<Fault> fault;
  std::string operation;  // when it is no fault
  Duration at{};
  Duration within{};
  std::optional<Duration> heal_after;
  std::string label() const { return fault ? to_text(*fault) : operation; }
};

struct Expectations {
  std::optional<Duration> write_gap = {};
  std::optional<Duration> read_gap = {};
  std::optional<Duration> slowest_order = {};
  std::optional<std::int64_t> failed_orders = {};
  std::optional<std::int64_t> failed_reads = {};
  bool consistent = true;
};

struct GameDayPlan {
  std::string failure;
  std::string kind;
  std::string topology;
  std::int64_t shoppers = 0;
  std::int64_t readers = 0;
  Duration before{};
  Duration after{};
  std::vector<GameDayStep> steps;
  Expectations expect;
};

// The Error names everything that is wrong, with line and column.
Result<GameDayPlan> parse_game_day(std::string_view file, std::string_view text);

// The plan of one run: what was to be drawn is drawn, and steps are in the order of their time.
struct ScheduledStep {
  std::size_t step = 0;  // of the plan
  Duration at{};         // since the beginning of the load
  bool heal = false;     // ends the fault of that step
};
struct Schedule {
  std::vector<ScheduledStep> steps;
  Duration duration{};  // of the load
};
Schedule schedule_of(const GameDayPlan& plan, Random& random);

}  // namespace securecart::lab
