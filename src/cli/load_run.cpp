// securecart load run: shoppers by schedule, with a history for the check afterwards.
#include <cstdio>

#include <fmt/format.h>

#include "base/config.hpp"
#include "cli/api_access.hpp"
#include "cli/command.hpp"
#include "cli/wait.hpp"
#include "lab/load.hpp"

namespace securecart::cli {
namespace {

struct LoadArguments {
  ApiAccess access;
  lab::LoadOptions options;
  std::string history;
  std::string duration = "10s";
  std::string patience = "15s";
  std::string methods =
      "tok_approved=90,tok_declined=4,tok_slow=2,tok_unknown=2,"
      "tok_duplicate_webhook=2";
};

int load(LoadArguments arguments) {
  try {
    const ApiAccess access = resolved(std::move(arguments.access));
    lab::LoadOptions& options = arguments.options;
    options.url = access.url;
    options.secret_key = access.secret_key;
    options.publishable_key = access.publishable_key;
    options.duration = parse_duration(arguments.duration).value_or(Duration::zero());
    options.patience = parse_duration(arguments.patience).value_or(Duration::zero());
    if (options.duration <= Duration::zero() || options.patience <= Duration::zero()) {
      throw std::runtime_error("--duration and --patience are written like 30s or 2m");
    }
    Result<lab::MethodMix> methods = lab::MethodMix::parse(arguments.methods);
    if (!methods) {
      throw std::runtime_error("--methods: " + methods.error().detail);
    }
    options.methods = std::move(*methods);
    lab::HistoryWriter history(arguments.history);
    ApiConnection connection(access.url, access);
    lab::Load load(connection.api(), history, options);
    lab::LoadCounts before;
    const lab::LoadSummary summary =
        wait_on(connection.executor(), load.run([&before](const lab::LoadTick& tick) {
          std::fprintf(stderr, "%s\n", lab::describe(tick, before).c_str());
          before = tick.counts;
        }));
    std::printf("%shistory     %s\n", lab::describe(summary).c_str(), arguments.history.c_str());
    return summary.counts.placed > 0 && summary.counts.shed == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart load run: %s\n", error.what());
    return 2;
  }
}

}  // namespace

void add_load_run(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand(
      "run", "Shoppers by schedule, whatever the shop does, with a history for `history check`");
  auto arguments = std::make_shared<LoadArguments>();
  lab::LoadOptions& options = arguments->options;
  add_api_access(word, arguments->access);
  word.add_option("--rate", options.rate, "Shoppers a second")
      ->check(CLI::Range(0.01, 100'000.0))
      ->capture_default_str();
  word.add_option("--duration", arguments->duration, "How long shoppers come")
      ->capture_default_str();
  word.add_option("--history", arguments->history, "File the history is added to")->required();
  word.add_option("--seed", options.seed, "Of arrivals and choices")->capture_default_str();
  word.add_option("--methods", arguments->methods, "Payment methods and their weights")
      ->capture_default_str();
  word.add_option("--patience", arguments->patience, "How long a shopper keeps trying")
      ->capture_default_str();
  word.add_option("--create-products", options.create_products,
                  "Make so many products with limited stock and buy only those")
      ->check(CLI::Range(0, 1'000))
      ->capture_default_str();
  word.add_option("--stock", options.stock, "Units of each product that is made")
      ->check(CLI::Range(1, 1'000'000'000))
      ->capture_default_str();
  word.add_option("--promotion-uses", options.promotion_uses,
                  "Make a promotion that can be used so often and have every other shopper enter "
                  "its code")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  word.add_option("--double-clicks", options.double_click_percent,
                  "Of a hundred shoppers, how many send their checkout twice at once")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  word.callback([arguments, &exit] { exit.status = load(std::move(*arguments)); });
}

}  // namespace securecart::cli
