// The one place where the parts of a serving process are made and joined.
//
//   storage -> events -> shop services -> routes -> ApiHandler -> Server
//                  \-> workers (payments, refunds, erasures)
//                  \-> loops (receipts, reaper, imports, housekeeping)
//
// Start: storage and migrations, sample shop, consumers, then the port. Stop (SIGTERM, SIGINT):
// /readyz turns 503, the port drains, consumers finish what they hold, storage closes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "storage/sqlite/sqlite_database.hpp"

namespace securecart::cli {

struct ApplicationOptions {
  std::filesystem::path data = "data";
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;
  std::uint16_t test_payments_port = 0;  // 0: any free one
  std::size_t cores = 2;
  std::set<std::string, std::less<>> roles;
  bool sample_shop = true;
  std::string public_url;  // how shoppers reach the storefront; empty: address and port
  Duration drain_notice = std::chrono::milliseconds(0);  // readyz is 503 this long before draining
  std::int64_t writes_per_second = 0;  // of one client; 0: the built-in limit, negative: none
  Duration payment_timeout = std::chrono::seconds(10);
  Duration unpaid_lifetime = std::chrono::hours(24);
  storage::sqlite::Sabotage sabotage;  // only for the lab
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
