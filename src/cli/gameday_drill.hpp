// One run of a game day: load from outside, faults by the schedule, healing, and what became of it.
#pragma once

#include <filesystem>
#include <string>

#include "cli/lab_state.hpp"
#include "lab/gameday/plan.hpp"
#include "lab/gameday/report.hpp"

namespace securecart::cli {

struct DrillOptions {
  std::uint64_t seed = 1;
  std::filesystem::path report;  // folder of the history and the reports
  std::string name;              // of the drill
  std::string revision;
};

// Moves the calling thread, and all that it starts from now on, into the network outside of the
// region. Throws std::runtime_error.
void go_outside(const lab::RegionLab& region);

// Blocks until the history is checked; go_outside() came before. Throws std::runtime_error when the
// drill could not be carried out; all faults are healed then, too.
lab::GameDayRun drill(const lab::RegionLab& region, const lab::GameDayPlan& plan,
                      const DrillOptions& options, const Tell& tell);

}  // namespace securecart::cli
