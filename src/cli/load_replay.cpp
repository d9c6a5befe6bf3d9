// securecart load replay: real invoices placed as checkouts, reconciled to the penny.
#include <cstdio>
#include <unistd.h>

#include <fmt/format.h>

#include "base/config.hpp"
#include "base/files.hpp"
#include "base/limits.hpp"
#include "cli/api_access.hpp"
#include "cli/command.hpp"
#include "cli/wait.hpp"
#include "lab/replay.hpp"

namespace securecart::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t problems_shown = 50;
constexpr Duration bar_pause = 100ms;  // between two drawings at a terminal
constexpr Duration line_pause = 5s;    // between two lines in a log

struct ReplayArguments {
  ApiAccess access;
  lab::ReplayOptions options;
  std::string file;
  std::string history = "replay-history.jsonl";
  std::size_t limit = 0;
};

// A bar at a terminal, a line now and then elsewhere; with rate and time to go.
class ProgressBar {
 public:
  void show(std::string_view step, std::size_t done, std::size_t all) {
    const SteadyTime now = clock_.steady();
    if (step != step_) {
      finish();
      step_ = step;
      began_ = now;
      shown_ = now - line_pause;
    }
    const bool last = all > 0 && done == all;
    if (!last && now - shown_ < (terminal_ ? bar_pause : line_pause)) {
      return;
    }
    shown_ = now;
    draw(done, all, std::chrono::duration<double>(now - began_).count());
  }
  void finish() {
    if (terminal_ && !step_.empty()) {
      std::fputc('\n', stderr);
    }
    step_.clear();
  }

 private:
  void draw(std::size_t done, std::size_t all, double seconds) {
    std::string line = step_;
    if (all > 0) {
      constexpr std::size_t width = 30;
      const std::size_t filled = done * width / all;
      const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
      const double left = rate > 0 ? static_cast<double>(all - done) / rate : 0;
      line = fmt::format("{:<10} [{}{}] {:>6}/{:<6} {:>7.1f}/s  {:>4.0f} s to go", step_,
                         std::string(filled, '#'), std::string(width - filled, '.'), done, all,
                         rate, left);
    }
    std::fprintf(stderr, terminal_ ? "\r%s\033[K" : "%s\n", line.c_str());
    std::fflush(stderr);
  }

  const SystemClock clock_;
  const bool terminal_ = ::isatty(STDERR_FILENO) == 1;
  std::string step_;
  SteadyTime began_{};
  SteadyTime shown_{};
};

void tell(const lab::RetailPlan& plan) {
  std::printf("%zu invoices as %zu orders, %zu stock codes, %zu customers, %zu countries\n",
              static_cast<std::size_t>(plan.sales.invoices), plan.checkouts.size(),
              plan.stock.size(), plan.customers.size(), plan.by_country.size());
  if (plan.sales.orders != plan.sales.invoices) {
    std::printf(
        "  invoices of more than %zu lines (or %ld of one thing) are several orders: no "
        "cart holds them\n",
        limits::cart_lines, limits::line_quantity);
  }
  for (const auto& [name, code] : plan.countries) {
    if (!lab::country_code(name)) {
      std::printf("  '%s' is no country: shipped to %s, counted under its name\n", name.c_str(),
                  code.c_str());
    }
  }
}

int tell(const lab::Reconciliation& result) {
  std::printf("\n%s\n", result.table.c_str());
  for (std::size_t i = 0; i < std::min(result.problems.size(), problems_shown); ++i) {
    std::printf("%s\n", result.problems[i].c_str());
  }
  if (result.problems.size() > problems_shown) {
    std::printf("… and %zu more\n", result.problems.size() - problems_shown);
  }
  std::printf("%s\n", result.equal ? "The shop and the file agree to the penny."
                                   : "The shop and the file DIFFER, see above.");
  return result.equal ? 0 : 1;
}

int replay(ReplayArguments arguments) {
  try {
    const ApiAccess access = resolved(std::move(arguments.access));
    const Result<std::vector<lab::RetailLine>> lines = lab::parse_retail(need_file(arguments.file));
    if (!lines) {
      throw std::runtime_error(arguments.file + ": " + lines.error().detail);
    }
    const lab::RetailPlan plan = lab::plan_retail(*lines, arguments.limit);
    tell(plan);
    lab::ReplayOptions& options = arguments.options;
    options.url = access.url;
    options.secret_key = access.secret_key;
    options.publishable_key = access.publishable_key;
    lab::HistoryWriter history(arguments.history);
    ApiConnection connection(access.url, access);
    ProgressBar bar;
    lab::Replay replay(connection.api(), history, plan, options,
                       [&bar](std::string_view step, std::size_t done, std::size_t all) {
                         bar.show(step, done, all);
                       });
    const lab::Reconciliation result = wait_on(connection.executor(), replay.run());
    bar.finish();
    return tell(result);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "\nsecurecart load replay: %s\n", error.what());
    return 2;
  }
}

}  // namespace

void add_load_replay(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand(
      "replay", "Place the invoices of the Online Retail file and reconcile to the penny");
  auto arguments = std::make_shared<ReplayArguments>();
  word.add_option("FILE", arguments->file, "CSV of the data set Online Retail (UCI)")
      ->required()
      ->check(CLI::ExistingFile);
  add_api_access(word, arguments->access);
  word.add_option("--speed", arguments->options.speed,
                  "Seconds of the file in one second; 0: as fast as it goes")
      ->check(CLI::Range(0.0, 1e9))
      ->capture_default_str();
  word.add_option("--limit", arguments->limit, "Only the first so many invoices; 0: all")
      ->capture_default_str();
  word.add_option("--history", arguments->history, "File the history is added to")
      ->capture_default_str();
  word.add_flag("--prepare,!--no-prepare", arguments->options.prepare,
                "Let the shop ship to the countries of the file, for nothing (default)");
  word.callback([arguments, &exit] { exit.status = replay(std::move(*arguments)); });
}

}  // namespace securecart::cli
