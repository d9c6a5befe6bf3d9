// securecart gameday results: many reports as one page and one file.
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/files.hpp"
#include "cli/command.hpp"
#include "lab/gameday/report.hpp"

namespace securecart::cli {
namespace {

namespace fs = std::filesystem;

struct GamedayResultsArguments {
  std::vector<std::string> reports;
  std::string out = "docs/drills";
};

int results(const GamedayResultsArguments& arguments) {
  try {
    std::vector<lab::DrillResult> all;
    for (const std::string& folder : arguments.reports) {
      for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.path().filename() != "report.json") {
          continue;
        }
        Result<lab::DrillResult> one = lab::parse_report(need_file(entry.path()));
        if (!one) {
          throw std::runtime_error(entry.path().string() + ": " + one.error().detail);
        }
        all.push_back(std::move(*one));
      }
    }
    const fs::path out = arguments.out;
    fs::create_directories(out);
    std::ofstream(out / "RESULTS.md") << lab::results_page(all);
    std::ofstream(out / "results.json") << lab::results_json(all);
    std::printf("%zu runs are in %s\n", all.size(), (out / "RESULTS.md").c_str());
    return all.empty() ? 1 : 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart gameday results: %s\n", error.what());
    return 2;
  }
}

}  // namespace

void add_gameday_results(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand("results", "Sum up reports of drills as one page");
  auto arguments = std::make_shared<GamedayResultsArguments>();
  word.add_option("FOLDER", arguments->reports, "With reports somewhere below")
      ->required()
      ->check(CLI::ExistingDirectory);
  word.add_option("--out", arguments->out, "Folder for RESULTS.md and results.json")
      ->capture_default_str();
  word.callback([arguments, &exit] { exit.status = results(*arguments); });
}

}  // namespace securecart::cli
