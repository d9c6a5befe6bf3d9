// What a game day tells: one run as HTML and JSON, and many runs as the table of docs/drills. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/errors.hpp"
#include "base/json.hpp"
#include "lab/gameday/plan.hpp"
#include "lab/gameday/timeline.hpp"

namespace securecart::lab {

struct Expectation {
  std::string name;    // "write gap"
  std::string wanted;  // "at most 10 s"
  std::string found;
  bool met = false;
};

// What the history check said.
struct Verdict {
  bool checked = false;
  std::string problem = {};  // why it could not be checked
  std::int64_t orders = 0;
  std::int64_t broken = 0;                 // findings
  std::vector<std::string> findings = {};  // some of them
  bool consistent() const { return checked && broken == 0; }
};

struct GameDayRun {
  std::string name;  // of the file, without its ending
  std::string failure;
  std::string kind;
  std::string revision;
  std::uint64_t seed = 0;
  std::string at;  // RFC 3339
  std::int64_t shoppers_a_second = 0;
  std::int64_t readers_a_second = 0;
  Duration duration{};
  std::vector<Mark> marks;
  std::vector<Sample> samples;
  std::int64_t gave_up = 0;  // shoppers who never came to their last step, within their patience
  Duration slowest_visit{};  // of a shopper with an order, from the moment they were due
  std::map<std::string, std::int64_t> reasons;  // why some got no order
  std::vector<std::string> notes;               // what an operator would have seen
  Verdict verdict;
  std::vector<Expectation> expectations;
  bool passed() const;
};

// Holds `run` against what the plan expects and fills run.expectations.
void hold_against(const Expectations& expect, GameDayRun& run);

json::object report_json(const GameDayRun& run);
// A page that needs nothing else.
std::string report_page(const GameDayRun& run);
// A few lines for the terminal.
std::string describe(const GameDayRun& run);

// One line of results.json: what report_json says, without samples.
struct DrillResult {
  std::string name;
  std::string failure;
  std::string kind;
  std::string revision;
  std::string at;
  std::uint64_t seed = 0;
  bool passed = false;
  std::int64_t orders = 0;
  std::int64_t failed_orders = 0;
  std::int64_t failed_reads = 0;
  std::optional<Duration> write_gap;
  std::optional<Duration> read_gap;
  Duration slowest_order{};
  std::string unmet;  // the expectations that were not
};
Result<DrillResult> parse_report(std::string_view json);
// docs/drills/RESULTS.md: a row a drill with the distribution over its runs.
std::string results_page(std::vector<DrillResult> results);
std::string results_json(const std::vector<DrillResult>& results);

// "1.24 s", "86 ms".
std::string format_time(Duration duration);

}  // namespace securecart::lab
