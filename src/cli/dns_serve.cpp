// securecart dns serve: the authoritative DNS server.
#include <csignal>
#include <cstdio>
#include <ctime>

#include "base/log.hpp"
#include "cli/command.hpp"
#include "cli/dns_service.hpp"
#include "cli/dns_traffic.hpp"

namespace securecart::cli {
namespace {

struct ServeArguments {
  std::string config = "dns.toml";
  std::string log_level = "info";
  bool log_json = false;
};

constexpr long step_ns = 100'000'000;

// The policies of the file the configuration names: made at the first load, read again at later
// ones.
class Policies {
 public:
  Policies(const Clock& clock, Random& random, observe::Metrics& metrics)
      : clock_(clock), random_(random), metrics_(metrics) {}

  Result<LoadedPolicies> load(const std::string& path) {
    if (traffic_) {
      return traffic_->reload();
    }
    traffic_ = std::make_unique<DnsTraffic>(path, clock_, random_, metrics_);
    return LoadedPolicies{traffic_->source()};
  }

  // Once there is someone to answer from them; nothing to do when there are none.
  void start(const DnsService& service) {
    if (!traffic_) {
      return;
    }
    traffic_->set_zones([&service] { return service.zones(); });
    traffic_->start();
    std::printf("admin at %s\n", to_text(traffic_->admin()).c_str());
  }
  // While the service it asks is still there.
  void stop() {
    if (traffic_) {
      traffic_->stop();
    }
  }

 private:
  const Clock& clock_;
  Random& random_;
  observe::Metrics& metrics_;
  std::unique_ptr<DnsTraffic> traffic_;
};

sigset_t awaited_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&signals, signal);
  }
  return signals;
}

// SIGHUP reads everything again; the others end.
void run(DnsService& service, const sigset_t& signals) {
  const timespec patience{0, step_ns};
  while (true) {
    const int signal = sigtimedwait(&signals, nullptr, &patience);
    if (signal == SIGTERM || signal == SIGINT) {
      return;
    }
    if (signal == SIGHUP) {
      static_cast<void>(service.reload());  // told in the log
    }
    service.step();
  }
}

log::Level level_of(const std::string& name) {
  return name == "debug"   ? log::Level::debug
         : name == "warn"  ? log::Level::warn
         : name == "error" ? log::Level::error
                           : log::Level::info;
}

int serve(const ServeArguments& arguments) {
  log::configure(level_of(arguments.log_level),
                 arguments.log_json ? log::Format::json : log::Format::text);
  const sigset_t signals = awaited_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  try {
    SystemClock clock;
    SecureRandom random;
    observe::Metrics metrics;
    Policies policies(clock, random, metrics);
    DnsFiles files(
        arguments.config, [&policies](const std::string& path) { return policies.load(path); },
        metrics, random);
    DnsService service(files, clock, random, metrics);
    service.start();
    policies.start(service);
    for (const traffic::dns::Endpoint& endpoint : service.endpoints()) {
      std::printf("answering on %s\n", to_text(endpoint).c_str());
    }
    if (!service.metrics_url().empty()) {
      std::printf("metrics at %s\n", service.metrics_url().c_str());
    }
    std::printf("SIGHUP reads the configuration again, Ctrl-C ends.\n");
    std::fflush(stdout);
    run(service, signals);
    service.stop();
    policies.stop();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart dns serve:\n%s\n", error.what());
    return 2;
  }
  return 0;
}

}  // namespace

void add_dns_serve(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand("serve", "Answer from zones and policies");
  auto arguments = std::make_shared<ServeArguments>();
  word.add_option("--config", arguments->config, "Configuration (docs/dns.md)")
      ->capture_default_str();
  word.add_option("--log-level", arguments->log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  word.add_flag("--log-json", arguments->log_json, "One JSON object a line instead of text");
  word.callback([arguments, &exit] { exit.status = serve(*arguments); });
}

}  // namespace securecart::cli
