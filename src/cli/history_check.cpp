// securecart history check: reconciles a history with the shop, the provider and the log.
#include <cstdio>

#include "base/config.hpp"
#include "base/files.hpp"
#include "cli/api_access.hpp"
#include "cli/command.hpp"
#include "cli/upstream_lists.hpp"
#include "cli/wait.hpp"
#include "lab/checker.hpp"
#include "lab/world_reader.hpp"

namespace securecart::cli {
namespace {

constexpr std::size_t findings_shown = 200;

struct CheckArguments {
  ApiAccess access;
  lab::CheckOptions options;
  std::vector<std::string> histories;
  std::vector<std::string> upstreams;
  std::string settle = "30s";
};

lab::History read_histories(const std::vector<std::string>& files) {
  lab::History all;
  for (const std::string& file : files) {
    Result<lab::History> one = lab::parse_history(need_file(file));
    if (!one) {
      throw std::runtime_error(file + ": " + one.error().detail);
    }
    if (one->torn) {
      std::printf("%s: the last line is cut short and left out: nothing was sent upon it\n",
                  file.c_str());
    }
    if (one->ended < one->runs.size()) {
      std::printf("%s: %zu of %zu runs did not end by themselves\n", file.c_str(),
                  one->runs.size() - one->ended, one->runs.size());
    }
    const auto move_to = [](auto& from, auto& to) {
      to.insert(to.end(), std::make_move_iterator(from.begin()),
                std::make_move_iterator(from.end()));
    };
    move_to(one->runs, all.runs);
    move_to(one->stock, all.stock);
    move_to(one->intents, all.intents);
    move_to(one->acks, all.acks);
    move_to(one->fails, all.fails);
  }
  return all;
}

void check_shop(const lab::History& history, const lab::World& world) {
  for (const lab::RunStarted& run : history.runs) {
    if (run.shop_id != world.shop_id) {
      throw std::runtime_error("the history is of " + run.shop_id + ", the key of " +
                               world.shop_id);
    }
  }
}

// The processes that work on the log, when the shop is one of separate roles: the gateway knows
// nothing of that.
std::vector<lab::Api> role_processes(ApiConnection& connection, const ApiAccess& access,
                                     const std::vector<std::string>& upstreams) {
  UpstreamLists lists;
  for (const std::string& text : upstreams) {
    if (const Result<void> added = add_upstream(lists, text); !added) {
      throw std::runtime_error("--upstream: " + added.error().detail);
    }
  }
  std::vector<lab::Api> processes;
  for (const auto& [role, instances] : lists) {
    if (!instances.srv.empty()) {
      throw std::runtime_error("--upstream " + role + ": the check needs addresses, not a name");
    }
    for (const std::string& url : instances.urls) {
      check_is_allowed(url, access);
      processes.push_back(connection.second_api(url, role));
    }
  }
  return processes;
}

lab::World read_world(const ApiAccess& access, const std::vector<std::string>& upstreams,
                      Duration settle) {
  ApiConnection connection(access.url, access);
  lab::Api provider_api = connection.second_api(
      access.test_payments_url.empty() ? access.url : access.test_payments_url);
  std::optional<lab::ProviderAccess> provider;
  if (!access.test_payments_url.empty()) {
    provider = lab::ProviderAccess{&provider_api, access.test_payments_secret};
  } else {
    std::printf(
        "the provider's charges are not checked: give --test-payments-url and "
        "--test-payments-secret\n");
  }
  lab::WorldReader reader(connection.api(), access.secret_key, settle,
                          role_processes(connection, access, upstreams));
  std::fprintf(stderr, "waiting until the shop has settled\n");
  if (!wait_on(connection.executor(), reader.wait_until_settled(settle))) {
    std::printf("the shop has not settled in time: what is open counts as a finding\n");
  }
  return wait_on(connection.executor(), reader.read(provider, [](std::string_view what) {
    std::fprintf(stderr, "reading %.*s\n", static_cast<int>(what.size()), what.data());
  }));
}

void tell(const lab::Findings& findings) {
  for (std::size_t i = 0; i < std::min(findings.findings.size(), findings_shown); ++i) {
    std::printf("%s\n", lab::describe(findings.findings[i]).c_str());
  }
  if (findings.findings.size() > findings_shown) {
    std::printf("… and %zu more\n", findings.findings.size() - findings_shown);
  }
  std::printf("\n%s\n", lab::summary_table(findings).c_str());
  std::printf("%lld checkouts had no answer; %lld of them became orders, each once\n",
              static_cast<long long>(findings.unknown_outcomes),
              static_cast<long long>(findings.unknown_that_became_orders));
}

int check(CheckArguments arguments) {
  try {
    const ApiAccess access = resolved(std::move(arguments.access));
    const std::optional<Duration> settle = parse_duration(arguments.settle);
    if (!settle || *settle <= Duration::zero()) {
      throw std::runtime_error("--settle is written like 30s or 2m");
    }
    const lab::History history = read_histories(arguments.histories);
    const lab::World world = read_world(access, arguments.upstreams, *settle);
    check_shop(history, world);
    const lab::Findings findings = lab::check(history, world, arguments.options);
    tell(findings);
    std::printf("%zu intents, %zu acknowledgements, %zu orders: %s\n", history.intents.size(),
                history.acks.size(), world.orders.size(),
                findings.good() ? "nothing is lost, doubled, oversold or inconsistent"
                                : "NOT CONSISTENT, see above");
    return findings.good() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart history check: %s\n", error.what());
    return 2;
  }
}

}  // namespace

void add_history_check(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand(
      "check", "Reconcile histories with the shop: names whatever is lost, doubled or oversold");
  auto arguments = std::make_shared<CheckArguments>();
  word.add_option("HISTORY", arguments->histories, "Files of `load run` and `load replay`")
      ->required()
      ->check(CLI::ExistingFile);
  add_api_access(word, arguments->access);
  word.add_option("--test-payments-url", arguments->access.test_payments_url,
                  "Address of the test payment provider, to check its charges too");
  word.add_option("--test-payments-secret", arguments->access.test_payments_secret, "Its secret");
  word.add_option("--upstream", arguments->upstreams,
                  "ROLE=URL,URL: where the processes of a role are, to see that no consumer of the "
                  "log is behind; for each role that runs apart");
  word.add_option("--identity", arguments->access.identity,
                  "A certificate to ask them with (securecart ca issue --roles operator)")
      ->check(CLI::ExistingFile);
  word.add_option("--settle", arguments->settle, "How long to wait for open payments")
      ->capture_default_str();
  word.add_flag("--exclusive", arguments->options.exclusive,
                "Every order of the shop is in these histories");
  word.add_flag("--only-shop", arguments->options.only_shop,
                "The installation has no other shop: the log has no gaps, and the provider no "
                "other charges");
  word.callback([arguments, &exit] { exit.status = check(std::move(*arguments)); });
}

}  // namespace securecart::cli
