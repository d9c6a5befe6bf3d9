// securecart serve: the shop.
#include <csignal>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "base/errors.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "cli/application.hpp"
#include "cli/command.hpp"
#include "cli/roles.hpp"
#include "events/amqp/amqp_broker.hpp"
#include "storage/open.hpp"

namespace securecart::cli {
namespace {

struct ServeArguments {
  ApplicationOptions options;
  std::vector<std::string> roles{"all"};
  std::string data = "data";
  std::string secrets_key;
  std::string cache_file;
  std::string database_file;
  std::string broker_file;
  std::string log_level = "info";
  bool log_json = false;
  bool no_sample = false;
  unsigned cores = 0;
  unsigned drain_notice_ms = 0;
  unsigned payment_timeout_ms = 10'000;
  unsigned sweep_after_ms = 30'000;
  std::vector<std::string> sabotage;
  std::vector<std::string> upstreams;
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

std::string database_address(const std::string& text) {
  return storage::is_database_address(text) ? "" : "it must begin with postgres://";
}

// Puts the first line of `file` into `address`, which a flag may have said as well. Nothing to do
// without a file. `problem` says what is wrong with an address.
Result<void> read_address_file(const std::string& file, std::string& address,
                               std::string (*problem)(const std::string&)) {
  if (file.empty()) {
    return {};
  }
  std::ifstream stream(file);
  std::string text;
  std::getline(stream, text);
  text = trim(text);
  const std::string wrong = problem(text);
  if (!wrong.empty()) {
    return fail(errc::invalid_request, file + ": " + wrong);
  }
  address = std::move(text);
  return {};
}

std::string cache_problem(const std::string& text) {
  return storage::cache_address_problem(text);
}

Result<void> read_address_files(ServeArguments& arguments) {
  ApplicationOptions& options = arguments.options;
  Result<void> good =
      read_address_file(arguments.database_file, options.database, database_address);
  if (good) {
    good = read_address_file(arguments.cache_file, options.cache, cache_problem);
  }
  if (good) {
    good = read_address_file(arguments.broker_file, options.broker, events::broker_address_problem);
  }
  if (good && options.database.empty() && !options.standby_database.empty()) {
    return fail(errc::invalid_request, "--standby-database needs --database or --database-file");
  }
  return good;
}

int serve(ServeArguments arguments) {
  Result<std::set<std::string, std::less<>>> roles = resolve_roles(arguments.roles);
  if (!roles) {
    std::fprintf(stderr, "securecart serve: %s\n", roles.error().detail.c_str());
    return 2;
  }
  if (const Result<void> good = read_address_files(arguments); !good) {
    std::fprintf(stderr, "securecart serve: %s\n", good.error().detail.c_str());
    return 2;
  }
  ApplicationOptions& options = arguments.options;
  options.roles = std::move(*roles);
  options.data = arguments.data;
  options.secrets_key = arguments.secrets_key;
  options.sample_shop = !arguments.no_sample;
  options.cores =
      arguments.cores != 0 ? arguments.cores : std::max(1U, std::thread::hardware_concurrency());
  options.drain_notice = std::chrono::milliseconds(arguments.drain_notice_ms);
  options.payment_timeout = std::chrono::milliseconds(arguments.payment_timeout_ms);
  for (const std::string& upstream : arguments.upstreams) {
    if (Result<void> added = add_upstream(options.upstreams, upstream); !added) {
      std::fprintf(stderr, "securecart serve: %s\n", added.error().detail.c_str());
      return 2;
    }
  }
  options.sweep_after = std::chrono::milliseconds(arguments.sweep_after_ms);
  for (const std::string& fault : arguments.sabotage) {
    (fault == "skip-dedupe"    ? options.sabotage.skip_dedupe
     : fault == "confirms-off" ? options.sabotage.confirms_off
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
  word.add_option("--database", arguments->options.database,
                  "postgres://… instead of a file in the data folder; several hosts: their primary")
      ->check(database_address);
  word.add_option("--database-file", arguments->database_file,
                  "File with that address, where others cannot read its password")
      ->excludes("--database")
      ->check(CLI::ExistingFile);
  word.add_option("--standby-database", arguments->options.standby_database,
                  "postgres://… for reads that may be a little older")
      ->check(database_address);
  word.add_option("--synchronous-commit", arguments->options.synchronous_commit,
                  "What a commit on PostgreSQL waits for")
      ->check(CLI::IsMember({"on", "remote_apply", "remote_write", "local"}))
      ->capture_default_str();
  word.add_option("--broker", arguments->options.broker,
                  "amqp://… of RabbitMQ instead of queues in this process; several hosts: any of "
                  "them")
      ->check(events::broker_address_problem);
  word.add_option("--broker-file", arguments->broker_file,
                  "File with that address, where others cannot read its password")
      ->excludes("--broker")
      ->check(CLI::ExistingFile);
  word.add_option("--sweep-after-ms", arguments->sweep_after_ms,
                  "Age at which an event that no message brought is taken from the log")
      ->check(CLI::Range(100U, 3'600'000U))
      ->capture_default_str();
  word.add_option("--cache", arguments->options.cache,
                  "redis://… shared by all instances instead of each one's memory; several hosts: "
                  "their master, or with ?sentinel=NAME the Sentinels that know it")
      ->check(storage::cache_address_problem);
  word.add_option("--cache-file", arguments->cache_file,
                  "File with that address, where others cannot read its password")
      ->excludes("--cache")
      ->check(CLI::ExistingFile);
  word.add_option("--cache-tls-ca", arguments->options.cache_tls_ca,
                  "File of PEM certificates to trust for rediss://, instead of the system's")
      ->check(CLI::ExistingFile);
  word.add_option("--address", arguments->options.address, "Address to listen on")
      ->capture_default_str();
  word.add_option("--port", arguments->options.port, "Port to listen on; 0: any free one")
      ->capture_default_str();
  word.add_option("--public-url", arguments->options.public_url,
                  "How shoppers reach the shop, when a proxy stands before it");
  word.add_option("--roles", arguments->roles, "Parts to run, separated by commas")
      ->delimiter(',')
      ->capture_default_str();
  word.add_option("--upstream", arguments->upstreams,
                  "ROLE=URL,URL,… or ROLE=srv://NAME: where the role web finds another role");
  word.add_option("--upstreams", arguments->options.upstreams_file,
                  "The same as a TOML file, read again when it changes")
      ->check(CLI::ExistingFile);
  word.add_option("--identity", arguments->options.identity,
                  "Certificate of this process (securecart ca issue), read again when it changes")
      ->check(CLI::ExistingFile);
  word.add_option("--trusted-proxy", arguments->options.trusted_proxies,
                  "Address or network whose X-Forwarded-For counts");
  word.add_option("--cores", arguments->cores, "Threads that answer requests; 0: one a core")
      ->check(CLI::Range(0U, 256U))
      ->capture_default_str();
  word.add_option("--test-payments-address", arguments->options.test_payments_address,
                  "Address the test payment provider listens on")
      ->capture_default_str();
  word.add_option("--test-payments-port", arguments->options.test_payments_port,
                  "Port of the test payment provider; 0: any free one")
      ->capture_default_str();
  word.add_option("--test-payments-url", arguments->options.test_payments_url,
                  "Where the test payment provider is, when another process runs it");
  word.add_option("--test-payments-secret", arguments->options.test_payments_secret_file,
                  "File with the secret between the shop and the test payment provider")
      ->check(CLI::ExistingFile);
  word.add_option("--webhook-url", arguments->options.webhook_url,
                  "Where payment providers reach the shop, when not at this process");
  word.add_option("--drain-notice-ms", arguments->drain_notice_ms,
                  "How long /readyz says 503 before the port closes; 0 suits a shop that nothing "
                  "stands before, a balancer needs twice the interval of its checks")
      ->capture_default_str();
  word.add_option("--payment-timeout-ms", arguments->payment_timeout_ms,
                  "How long an answer of the payment provider is waited for")
      ->check(CLI::Range(100U, 60'000U))
      ->capture_default_str();
  word.add_option("--stripe-url", arguments->options.stripe_url, "Address of Stripe's API")
      ->capture_default_str();
  word.add_option("--secrets-key", arguments->secrets_key,
                  "File with the key that payment accounts are stored under; the same for every "
                  "process on one database. Default: secrets.key in the data folder")
      ->check(CLI::ExistingFile);
  word.add_option("--function-workers", arguments->options.function_workers,
                  "Processes that run merchants' functions")
      ->check(CLI::Range(1U, 64U))
      ->capture_default_str();
  word.add_option("--writes-per-second", arguments->options.writes_per_second,
                  "Writes one client may make; negative: any number")
      ->capture_default_str();
  word.add_option(
          "--requests-at-once", arguments->options.requests_at_once,
          "Requests answered at the same time, at most; looking around is refused before buying; "
          "0: the built-in limit")
      ->capture_default_str();
  word.add_flag("--no-sample", arguments->no_sample, "Do not open the sample shop");
  word.add_option("--log-level", arguments->log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  word.add_flag("--log-json", arguments->log_json, "One JSON object a line instead of text");
  word.add_option("--sabotage", arguments->sabotage,
                  "For the lab: switch a protection off, to see that the history check bites")
      ->check(CLI::IsMember({"ack-before-commit", "skip-dedupe", "confirms-off"}));
  word.callback([arguments, &exit] { exit.status = serve(std::move(*arguments)); });
}

}  // namespace securecart::cli
