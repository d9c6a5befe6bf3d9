// The policy half of `securecart dns serve`: policies, health checks, steering, discovery, and the
// admin API that the other words of `securecart dns` speak to. The DNS server asks source().
//
//   policy file ─▶ Plan (snapshot, live, board) ─▶ RoutingSource ─▶ DNS server
//                        ▲ verdicts                     ▲ leases
//   Monitor ─────────────┘      admin API ──▶ Steering ─┘
//
// Everything but source() and policies() lives on one control thread; queries never meet it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/prng.hpp"
#include "cli/dns_discovery.hpp"
#include "cli/dns_files.hpp"
#include "observe/metrics.hpp"
#include "traffic/health/config.hpp"
#include "traffic/model/policy_source.hpp"
#include "traffic/routing/config.hpp"

namespace securecart::cli {

// A policy file as a whole; docs/dns-policies.md is its reference.
struct DnsPolicyFile {
  traffic::health::HealthConfig health;
  traffic::routing::RoutingConfig routing;
  std::string geo_database;  // path; empty: none
  std::string state_folder;  // path; empty: nothing is kept over a restart
  std::string admin_address = "127.0.0.1";
  std::uint16_t admin_port = 0;  // 0: any free one
  bool discovery = false;
  DnsDiscoveryConfig etcd;  // whom discovery follows besides the admin API
};

// Paths in the file are meant from the file's folder. The Error has every problem with its place.
Result<DnsPolicyFile> read_dns_policy_file(const std::filesystem::path& path);

class DnsTraffic {
 public:
  // The zones that are served now; asked by `explain` and by steering.
  using Zones = std::function<std::shared_ptr<const traffic::dns::Snapshot>()>;

  // Throws std::runtime_error with a message for the operator. What is passed by reference outlives
  // it.
  DnsTraffic(const std::filesystem::path& policies, const Clock& clock, Random& random,
             observe::Metrics& metrics);
  ~DnsTraffic();  // stop()

  std::shared_ptr<const traffic::PolicySource> source() const;
  traffic::dns::Endpoint admin() const;
  void set_zones(Zones zones);
  // Begins to check and to serve the admin API.
  void start();
  void stop();

  // Reads the file again. Good: a new source; once taken it has the verdicts, orders and leases,
  // and the old one follows health for as long as somebody asks it. Wrong: an Error. Until a new
  // one is taken all stays as it is.
  Result<LoadedPolicies> reload();

 private:
  struct Parts;
  struct Next;
  void take(Next& next);
  std::unique_ptr<Parts> parts_;
};

// Reads a policy file and its geo database without running anything: for `securecart dns check`.
Result<LoadedPolicies> check_dns_policies(const std::string& path);

}  // namespace securecart::cli
