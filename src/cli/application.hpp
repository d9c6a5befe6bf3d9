// The one place where the parts of a serving process are made and joined.
//
//   storage, cache -> events -> shop services -> routes -> ApiHandler (-> PeerGuard) -> Server
//                                                       \-> Forwarder -> other processes
//                  \-> workers (payments, refunds, erasures)
//                  \-> loops (receipts, reaper, imports, housekeeping)
//
// Start: storage, migrations and cache, sample shop, consumers, then the port. Stop (SIGTERM,
// SIGINT): /readyz turns 503, the port drains, consumers finish what they hold, storage closes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "cli/upstream_lists.hpp"
#include "events/limits.hpp"
#include "net/limits.hpp"
#include "storage/database.hpp"
#include "storage/pending.hpp"

namespace securecart::cli {

struct ApplicationOptions {
  std::filesystem::path data = "data";
  std::string database;  // postgres://…; empty: a file in `data`
  std::string
      standby_database;  // postgres://…, for reads that may be older; empty: none of its own
  std::string synchronous_commit = "on";
  std::string broker;                          // amqp://…; empty: queues in this process
  Duration sweep_after = limits::sweep_after;  // until an event is taken from the log itself
  std::string cache;                           // redis://…; empty: the process's own memory
  std::filesystem::path cache_tls_ca;          // PEM of rediss://; empty: the system's certificates
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;
  std::string test_payments_address = "127.0.0.1";
  std::uint16_t test_payments_port = 0;  // 0: any free one
  std::size_t cores = 2;
  std::set<std::string, std::less<>> roles;
  bool sample_shop = true;  // in a process that runs every role
  UpstreamLists upstreams;  // where the roles that do not run here do
  std::filesystem::path upstreams_file;
  std::filesystem::path identity;            // certificate, key and trust; empty: no mutual TLS
  std::vector<std::string> trusted_proxies;  // whose X-Forwarded-For counts
  std::string test_payments_url;             // of a provider in another process
  std::filesystem::path test_payments_secret_file;
  std::string webhook_url;  // where providers reach the shop; empty: address and port
  std::string public_url;   // how shoppers reach the storefront; empty: address and port
  Duration drain_notice = std::chrono::milliseconds(0);  // readyz is 503 this long before draining
  std::int64_t writes_per_second = 0;  // of one client; 0: the built-in limit, negative: none
  std::size_t requests_at_once = 0;    // 0: the built-in limit
  Duration request_deadline = limits::request_deadline;
  Duration payment_timeout = std::chrono::seconds(10);
  std::string stripe_url = "https://api.stripe.com";
  std::filesystem::path secrets_key;  // the key payment accounts are sealed with; empty: in `data`
  Duration unpaid_lifetime = std::chrono::hours(24);
  std::size_t function_workers = 2;
  // securecart itself, for workers: this very file, also after another took its name.
  std::filesystem::path program = "/proc/self/exe";
  storage::Sabotage sabotage;  // only for the lab
  // Tests put a database of their own around the real one: one that fails, or is slow, on purpose.
  std::function<std::unique_ptr<storage::Database>(std::unique_ptr<storage::Database>)>
      around_database;
};

class Application {
 public:
  // Makes everything and listens. Throws with a message for the operator.
  explicit Application(ApplicationOptions options);
  ~Application();

  std::uint16_t port() const;
  std::string url() const;
  // Where the sample shop's keys are, when this process has one.
  std::filesystem::path sample_file() const;

  void start();
  // Drains and ends; returns when it is done. `hurry` asked during the drain (a second signal) cuts
  // it short.
  void stop(const std::function<bool()>& hurry);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace securecart::cli
