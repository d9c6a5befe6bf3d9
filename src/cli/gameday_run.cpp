// securecart gameday run: a drill with real faults, and its report.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "base/files.hpp"
#include "cli/command.hpp"
#include "cli/gameday_drill.hpp"

namespace securecart::cli {
namespace {

namespace fs = std::filesystem;

struct GamedayRunArguments {
  std::string plan;
  std::string report;
  std::string state = "lab";
  std::string topology;
  std::string revision = "unknown";
  std::uint64_t seed = 1;
};

lab::GameDayPlan read_plan(const std::string& file) {
  Result<lab::GameDayPlan> plan = lab::parse_game_day(file, need_file(file));
  if (!plan) {
    throw std::runtime_error(plan.error().detail);
  }
  return std::move(*plan);
}

void write_file(const fs::path& file, const std::string& text) {
  std::ofstream stream(file);
  stream << text;
  stream.flush();
  if (!stream) {
    throw std::runtime_error("cannot write " + file.string());
  }
}

// A lab that stands is used and stays; otherwise one is made for the drill.
int run(const GamedayRunArguments& arguments) {
  const SystemClock clock;
  const SteadyTime began = clock.steady();
  const Tell tell = [&clock, began](const std::string& what) {
    std::fprintf(stderr, "%6.1f s  %s\n",
                 std::chrono::duration<double>(clock.steady() - began).count(), what.c_str());
  };
  try {
    const lab::GameDayPlan plan = read_plan(arguments.plan);
    fs::create_directories(arguments.report);
    fs::remove(fs::path(arguments.report) / "history.jsonl");
    const bool stands = fs::exists(arguments.state);
    const std::string topology =
        arguments.topology.empty()
            ? (fs::path(arguments.plan).parent_path().parent_path() / plan.topology).string()
            : arguments.topology;
    const lab::RegionLab region =
        stands ? lab::RegionLab::open(arguments.state) : bring_up(topology, arguments.state, tell);
    go_outside(region);
    const DrillOptions options{arguments.seed, arguments.report,
                               fs::path(arguments.plan).stem().string(), arguments.revision};
    const lab::GameDayRun done = drill(region, plan, options, tell);
    write_file(options.report / "report.json",
               to_string(json::value(lab::report_json(done))) + "\n");
    write_file(options.report / "report.html", lab::report_page(done));
    write_file(options.report / "timeline.svg",
               lab::timeline_picture(done.samples, done.marks, done.duration));
    std::printf("%sreport %s\n", lab::describe(done).c_str(),
                (options.report / "report.html").c_str());
    if (!stands) {
      lab::Lab::take_down(arguments.state);
    }
    return done.passed() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart gameday run: %s\n", error.what());
    return 2;
  }
}

}  // namespace

void add_gameday_run(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand(
      "run",
      "Load from outside, faults by plan, healing, the history check and a report; 0 when all "
      "that the plan expects was met (root)");
  auto arguments = std::make_shared<GamedayRunArguments>();
  word.add_option("PLAN", arguments->plan, "File of gamedays/")
      ->required()
      ->check(CLI::ExistingFile);
  word.add_option("--report", arguments->report, "Folder for report.html, report.json and history")
      ->required();
  add_lab_state(word, arguments->state);
  word.add_option("--topology", arguments->topology, "Another one than the plan names")
      ->check(CLI::ExistingFile);
  word.add_option("--seed", arguments->seed, "Of times, places and shoppers")
      ->capture_default_str();
  word.add_option("--revision", arguments->revision, "Of the program, for the report")
      ->capture_default_str();
  word.callback([arguments, &exit] { exit.status = run(*arguments); });
}

}  // namespace securecart::cli
