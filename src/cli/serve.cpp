// securecart serve: the shop.
#include <csignal>
#include <cstdio>
#include <ctime>
#include <thread>

#include <fmt/format.h>

#include "base/log.hpp"
#include "cli/application.hpp"
#include "cli/command.hpp"
#include "cli/roles.hpp"

namespace securecart::cli {
namespace {

struct ServeArguments {
  ApplicationOptions options;
  std::vector<std::string> roles{"all"};
  std::string data = "data";
  std::string log_level = "info";
  bool log_json = false;
  bool no_sample = false;
  unsigned cores = 0;
  unsigned drain_notice_ms = 0;
  unsigned payment_timeout_ms = 10'000;
  std::vector<std::string> sabotage;
};

// The signals that end the process, taken by this thread alone (threads inherit the mask).
sigset_t ending_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

bool signal_waits(const sigset_t& signals) {
  const timespec now{};
  return sigtimedwait(&signals, nullptr, &now) > 0;
}

log::Level level_of(const std::string& name) {
  return name == "debug"   ? log::Level::debug
         : name == "warn"  ? log::Level::warn
         : name == "error" ? log::Level::error
                           : log::Level::info;
}

int serve(ServeArguments arguments) {
  Result<std::set<std::string, std::less<>>> roles = resolve_roles(arguments.roles);
  if (!roles) {
    std::fprintf(stderr, "securecart serve: %s\n", roles.error().detail.c_str());
    return 2;
  }
  ApplicationOptions& options = arguments.options;
  options.roles = std::move(*roles);
  options.data = arguments.data;
  options.sample_shop = !arguments.no_sample;
  options.cores =
      arguments.cores != 0 ? arguments.cores : std::max(1U, std::thread::hardware_concurrency());
  options.drain_notice = std::chrono::milliseconds(arguments.drain_notice_ms);
  options.payment_timeout = std::chrono::milliseconds(arguments.payment_timeout_ms);
  for (const std::string& fault : arguments.sabotage) {
    (fault == "skip-dedupe" ? options.sabotage.skip_dedupe
                            : options.sabotage.acknowledge_before_commit) = true;
  }
  log::configure(level_of(arguments.log_level),
                 arguments.log_json ? log::Format::json : log::Format::text);

  const sigset_t signals = ending_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  try {
    Application application(std::move(options));
    application.start();
    std::printf("SecureCart is open: %s\n", application.url().c_str());
    std::printf("  API reference     %s/reference\n", application.url().c_str());
    if (!application.sample_file().empty()) {
      std::printf("  keys, admin login %s\n", application.sample_file().c_str());
    }
    std::printf("Ctrl-C closes it.\n");
    std::fflush(stdout);
    int signal = 0;
    sigwait(&signals, &signal);
    log::info("closing", {{"signal", signal}});
    application.stop([&signals] { return signal_waits(signals); });
    std::printf("SecureCart is closed; every answer given is on disk.\n");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart serve: %s\n", error.what());
    return 2;
  }
  return 0;
}

}  // namespace

void add_serve(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand("serve", "Open the shop");
  auto arguments = std::make_shared<ServeArguments>();
  word.add_option("--data", arguments->data, "Folder of the database; made when it is not there")
      ->capture_default_str();
  word.add_option("--address", arguments->options.address, "Address to listen on")
      ->capture_default_str();
  word.add_option("--port", arguments->options.port, "Port to listen on; 0: any free one")
      ->capture_default_str();
  word.add_option("--public-url", arguments->options.public_url,
                  "How shoppers reach the shop, when a proxy stands before it");
  word.add_option("--roles", arguments->roles, "Parts to run, separated by commas")
      ->delimiter(',')
      ->capture_default_str();
  word.add_option("--cores", arguments->cores, "Threads that answer requests; 0: one a core")
      ->check(CLI::Range(0U, 256U))
      ->capture_default_str();
  word.add_option("--test-payments-port", arguments->options.test_payments_port,
                  "Port of the test payment provider; 0: any free one")
      ->capture_default_str();
  word.add_option("--drain-notice-ms", arguments->drain_notice_ms,
                  "How long /readyz says 503 before connections are closed")
      ->capture_default_str();
  word.add_option("--payment-timeout-ms", arguments->payment_timeout_ms,
                  "How long an answer of the payment provider is waited for")
      ->check(CLI::Range(100U, 60'000U))
      ->capture_default_str();
  word.add_option("--writes-per-second", arguments->options.writes_per_second,
                  "Writes one client may make; negative: any number")
      ->capture_default_str();
  word.add_flag("--no-sample", arguments->no_sample, "Do not open the sample shop");
  word.add_option("--log-level", arguments->log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  word.add_flag("--log-json", arguments->log_json, "One JSON object a line instead of text");
  word.add_option("--sabotage", arguments->sabotage,
                  "For the lab: switch a protection off, to see that the history check bites")
      ->check(CLI::IsMember({"ack-before-commit", "skip-dedupe"}));
  word.callback([arguments, &exit] { exit.status = serve(std::move(*arguments)); });
}

}  // namespace securecart::cli
