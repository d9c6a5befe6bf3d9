#include "cli/dns_service.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>

#include "base/log.hpp"
#include "net/http.hpp"
#include "net/runtime.hpp"
#include "net/server.hpp"
#include "traffic/dns/transfer.hpp"

namespace securecart::cli {
namespace {

using traffic::dns::ServedZone;
using traffic::dns::Snapshot;
using traffic::dns::ZoneConfig;

std::size_t records_of(const Snapshot& snapshot) {
  std::size_t records = 0;
  for (const ServedZone& served : snapshot.zones()) {
    records += served.zone->records();
  }
  return records;
}

const ServedZone* zone_of(const Snapshot& snapshot, const traffic::dns::Name& name) {
  traffic::dns::NameKey key;
  key.set(name.wire());
  const Snapshot::Found found = snapshot.find(key);
  return found.served != nullptr && found.served->zone->name() == name ? found.served : nullptr;
}

class MetricsHandler final : public net::Handler {
 public:
  explicit MetricsHandler(const observe::Metrics& metrics) : metrics_(metrics) {}
  Task<net::Response> handle(net::Request request) override {
    net::Response response;
    if (request.target != "/metrics") {
      response.status = 404;
      co_return response;
    }
    response.headers.set("Content-Type", "text/plain; version=0.0.4");
    response.body = metrics_.prometheus_text();
    co_return response;
  }

 private:
  const observe::Metrics& metrics_;
};

}  // namespace

struct DnsService::MetricsPage {
  MetricsPage(const Clock& clock, observe::Metrics& metrics, const traffic::dns::Endpoint& endpoint)
      : runtime(1, 1, clock),
        handler(metrics),
        server(runtime, options(endpoint), handler, metrics) {
    server.start();
    runtime.run();
  }
  ~MetricsPage() {
    runtime.stop();
    runtime.join();
  }
  static net::ServerOptions options(const traffic::dns::Endpoint& endpoint) {
    net::ServerOptions made;
    made.address = to_text(endpoint.address);
    made.port = endpoint.port;
    made.name = "dns-metrics";
    return made;
  }
  net::Runtime runtime;
  MetricsHandler handler;
  net::Server server;
};

DnsService::DnsService(DnsFiles& files, const Clock& clock, Random& random,
                       observe::Metrics& metrics)
    : files_(files),
      clock_(clock),
      random_(random),
      metrics_(metrics),
      reloads_(metrics.counter("securecart_dns_reloads_total", "Configurations taken.",
                               {{"result", "taken"}})),
      refused_reloads_(metrics.counter("securecart_dns_reloads_total", "Configurations taken.",
                                       {{"result", "refused"}})),
      zones_(metrics.gauge("securecart_dns_zones", "Zones served.")),
      records_(metrics.gauge("securecart_dns_records", "Records of all zones.")) {
  Result<DnsFiles::Loaded> loaded = files.load(nullptr);
  if (!loaded) {
    throw std::runtime_error(loaded.error().detail);
  }
  traffic::dns::ServerOptions options = loaded->config.server;
  if (options.threads == 0) {
    options.threads = std::max(1U, std::thread::hardware_concurrency());
  }
  server_ = std::make_unique<traffic::dns::Server>(std::move(options), loaded->snapshot, clock,
                                                   random, metrics);
  notify(nullptr, *loaded);
  if (loaded->config.metrics) {
    serve_metrics(*loaded->config.metrics);
  }
}

DnsService::~DnsService() {
  stop();
}

void DnsService::start() {
  server_->start();
}

void DnsService::stop() {
  server_->stop();
  page_.reset();
}

void DnsService::serve_metrics(const traffic::dns::Endpoint& endpoint) {
  page_ = std::make_unique<MetricsPage>(clock_, metrics_, endpoint);
  traffic::dns::Endpoint bound = endpoint;
  bound.port = page_->server.port();
  metrics_url_ = "http://" + to_text(bound) + "/metrics";
}

Result<void> DnsService::reload() {
  const std::shared_ptr<const Snapshot> before = server_->current();
  Result<DnsFiles::Loaded> loaded = files_.load(before.get());
  if (!loaded) {
    refused_reloads_.add();
    log::error("the new configuration is wrong; the old one stays",
               {{"problems", loaded.error().detail}});
    return std::unexpected(std::move(loaded.error()));
  }
  if (loaded->take_policies) {
    loaded->take_policies();
  }
  server_->publish(loaded->snapshot);
  reloads_.add();
  notify(before.get(), *loaded);
  log::info("reloaded", {{"zones", loaded->snapshot->zones().size()},
                         {"records", records_of(*loaded->snapshot)}});
  return {};
}

// Secondaries hear of every zone at start, and later of those that changed.
void DnsService::notify(const Snapshot* before, const DnsFiles::Loaded& loaded) {
  zones_.set(static_cast<std::int64_t>(loaded.snapshot->zones().size()));
  records_.set(static_cast<std::int64_t>(records_of(*loaded.snapshot)));
  for (const ZoneConfig& zone : loaded.config.zones) {
    const ServedZone* const now = zone_of(*loaded.snapshot, zone.name);
    const ServedZone* const then = before != nullptr ? zone_of(*before, zone.name) : nullptr;
    if (then != nullptr &&
        !traffic::dns::serial_is_newer(now->zone->serial(), then->zone->serial())) {
      continue;
    }
    const auto key = std::ranges::find_if(
        loaded.config.settings.keys, [&zone](const traffic::dns::TsigKey& one) {
          return !zone.transfer_key.empty() && one.name.to_text() == zone.transfer_key;
        });
    for (const traffic::dns::Endpoint& to : zone.notify) {
      notifier_.queue().changed(zone.name, to,
                                key == loaded.config.settings.keys.end() ? nullptr : &*key,
                                clock_.steady(), random_);
    }
  }
}

void DnsService::step() {
  notifier_.step(clock_);
  server_->collect();
}

}  // namespace securecart::cli
