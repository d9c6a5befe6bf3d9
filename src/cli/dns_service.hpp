// `securecart dns serve` at work: the server, its reloads, NOTIFY, and /metrics.
//
//   SIGHUP or reload() -> everything is read again -> good: threads answer from it from the next
//                         packet on; NOTIFY to the secondaries of zones with a newer serial
//                                                 -> wrong: told, and nothing changes
#pragma once

#include <memory>

#include "base/clock.hpp"
#include "base/prng.hpp"
#include "cli/dns_files.hpp"
#include "observe/metrics.hpp"
#include "traffic/dns/notify.hpp"
#include "traffic/dns/server.hpp"

namespace securecart::cli {

class DnsService {
 public:
  // Loads and binds. Throws with a message for the operator. References outlive the service.
  DnsService(DnsFiles& files, const Clock& clock, Random& random, observe::Metrics& metrics);
  ~DnsService();

  void start();
  void stop();
  const std::vector<traffic::dns::Endpoint>& endpoints() const { return server_->endpoints(); }
  // Where /metrics is; empty when nowhere.
  const std::string& metrics_url() const { return metrics_url_; }
  // The new configuration, or why the old one stays. Listening addresses, threads and rate limits
  // stay as they were at start.
  Result<void> reload();
  // What is served now. From any thread.
  std::shared_ptr<const traffic::dns::Snapshot> zones() const { return server_->current(); }
  // Sends NOTIFY that is due and frees what is no longer served; a few times a second.
  void step();

 private:
  struct MetricsPage;
  void notify(const traffic::dns::Snapshot* before, const DnsFiles::Loaded& loaded);
  void serve_metrics(const traffic::dns::Endpoint& endpoint);

  DnsFiles& files_;
  const Clock& clock_;
  Random& random_;
  observe::Metrics& metrics_;
  observe::Counter& reloads_;
  observe::Counter& refused_reloads_;
  observe::Gauge& zones_;
  observe::Gauge& records_;
  traffic::dns::Notifier notifier_;
  std::unique_ptr<traffic::dns::Server> server_;
  std::unique_ptr<MetricsPage> page_;
  std::string metrics_url_;
};

}  // namespace securecart::cli
