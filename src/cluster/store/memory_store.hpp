// The store in memory: for tests, and for simulations that move the clock by hand. Everything is
// answered at once, so that run_ready() drives it. One thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cluster/store/store.hpp"

namespace securecart::cluster {

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(const Clock& clock) : clock_(clock) {}

  Task<Snapshot> range(std::string prefix) override;
  Task<std::optional<Entry>> get(std::string key) override;
  Task<Committed> commit(std::vector<Condition> conditions, std::vector<Write> writes) override;
  Task<Lease> grant(Duration ttl) override;
  Task<bool> keep_alive(LeaseId lease) override;
  Task<void> revoke(LeaseId lease) override;
  // Told from inside the call that changed something. The store outlives the watch.
  std::unique_ptr<Watch> watch(std::string prefix, Changed changed) override;

  // While it is away every call throws Unavailable, leases still end, and nobody is told anything.
  void set_away(bool away);
  // Removes what is under leases that ended. Every call does so first; watches need it to hear of
  // time that passed.
  void expire();

 private:
  class MemoryWatch;
  struct Granted {
    Duration ttl{};
    SteadyTime end{};
  };

  void arrive();
  bool holds(const Condition& condition) const;
  void apply(const Write& write);
  Snapshot snapshot(const std::string& prefix) const;
  void tell_watches();

  const Clock& clock_;
  bool away_ = false;
  std::int64_t revision_ = 1;
  LeaseId last_lease_ = 0;
  std::map<std::string, Entry, std::less<>> entries_;
  std::map<LeaseId, Granted> leases_;
  std::vector<MemoryWatch*> watches_;
};

}  // namespace securecart::cluster
