// Keeps this host's word in the store: its report and its instances, all under one lease, so that
// they go together when the host does. The lease is remembered in a file: a new agent goes on with
// it, and nobody notices that there was another one.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "cluster/store/store.hpp"

namespace securecart::cluster::agent {

// The store's executor only.
class Registrar {
 public:
  Registrar(Store& store, const Clock& clock, std::filesystem::path memory, Duration ttl);

  // All that shall be in the store, by key, from now on.
  void want(std::map<std::string, std::string> entries);
  // Whether a step would do something now.
  bool has_work() const;
  // Renews the lease when it is time and writes what differs. One call at a time. Throws
  // Unavailable.
  Task<void> step();

  // Nobody can find this key: it was never written, or it is removed again.
  bool is_gone(const std::string& key) const { return !present_.contains(key); }
  // When the store was last known to have all that was wanted; {} before that.
  SteadyTime in_step() const { return in_step_; }

 private:
  Task<void> renew();
  Task<bool> write();
  std::vector<Write> difference() const;
  void remember();
  void recall();

  Store& store_;
  const Clock& clock_;
  const std::filesystem::path memory_;
  const Duration ttl_;
  Lease lease_;
  SteadyTime renewed_{};
  SteadyTime in_step_{};
  std::map<std::string, std::string> wanted_;
  // What may be in the store; without a value when it is not known which.
  std::map<std::string, std::optional<std::string>> present_;
};

}  // namespace securecart::cluster::agent
