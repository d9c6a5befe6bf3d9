// Instances that agents wrote into etcd, as discovery knows them (traffic/routing/leases.hpp).
//
// etcd may be away: what was known last stays, over a restart too. When it comes back, leases may
// have ended in it only because nobody could renew them; so what is missing then is kept for a
// while longer, until its agent has had the time to say that it is there.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/prng.hpp"
#include "cluster/etcd/etcd_store.hpp"
#include "traffic/routing/leases.hpp"

namespace securecart::cli {

// Pure: what is found now, and what is kept though it is not. An etcd that comes back may have
// forgotten: what was known before it went away stays for a while. What it has said since then and
// takes back is gone at once.
class FoundInstances {
 public:
  using ById = std::map<std::string, traffic::routing::Lease>;

  explicit FoundInstances(ById last_known = {})
      : away_(!last_known.empty()), there_(std::move(last_known)) {}

  // All that etcd has.
  void update(ById there, SteadyTime now);
  // `confirmed`: when etcd was last known to say what it said. True when something was dropped.
  bool step(SteadyTime confirmed, SteadyTime now);
  std::vector<traffic::routing::Lease> all() const;
  bool is_away() const { return away_; }

 private:
  bool away_;
  bool may_have_forgotten_ = away_;  // nothing was heard since it was away
  SteadyTime hold_until_{};
  ById there_;
  ById held_;  // not there any more
};

// An entry of the store; nullopt when it is no instance that can be answered with.
std::optional<traffic::routing::Lease> lease_of(const cluster::Entry& entry);
json::value to_json(const std::vector<traffic::routing::Lease>& leases);
FoundInstances::ById parse_leases(const json::value& value);

struct DnsDiscoveryConfig {
  std::vector<std::string> etcd;  // empty: nobody is asked
  std::string prefix;
  bool operator==(const DnsDiscoveryConfig&) const = default;
};

// Control thread only, but for the constructor and the destructor.
class DnsDiscovery {
 public:
  using Changed = std::function<void(std::vector<traffic::routing::Lease>)>;

  // `memory`: file of what was known last; empty: none.
  DnsDiscovery(net::Runtime& runtime, const Clock& clock, Random& random,
               const DnsDiscoveryConfig& config, std::filesystem::path memory, Changed changed);
  void start();
  // Every 100 ms.
  void tick();
  void stop();
  bool idle() const { return store_.idle(); }

 private:
  void tell();

  const Clock& clock_;
  const std::string prefix_;
  const std::filesystem::path memory_;
  const Changed changed_;
  const SteadyTime started_;
  cluster::EtcdStore store_;
  FoundInstances found_;
  std::unique_ptr<cluster::Store::Watch> watch_;
};

}  // namespace securecart::cli
