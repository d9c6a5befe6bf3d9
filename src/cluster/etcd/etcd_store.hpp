// The store on etcd 3.4 through its JSON gateway. A call asks one member and goes on to the next
// when that one does not answer; a commit that may have been taken is never sent twice, it throws
// with `outcome_unknown`.
//
//   range, get, commit, grant … ──▶ net::Client ──▶ POST /v3/kv/range, /v3/kv/txn, /v3/lease/grant
//   … watch ──▶ range, then a stream of /v3/watch from there on; each second a look at two numbers
//             (etcd::Fingerprint), by quorum, says whether the stream still hears everything
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/prng.hpp"
#include "cluster/etcd/limits.hpp"
#include "cluster/store/store.hpp"
#include "net/runtime.hpp"

namespace securecart::cluster {

struct EtcdOptions {
  std::vector<std::string> endpoints;  // "http://10.77.1.11:2379", in the order they are preferred
  std::string tls_trust_pem = {};      // for https; empty: the system's
  Duration attempt_timeout = limits::etcd_attempt_timeout;
  Duration patience = limits::etcd_patience;
};
// What is wrong with a list of endpoints; empty: nothing.
std::string etcd_endpoints_problem(const std::vector<std::string>& endpoints);

class EtcdStore final : public Store {
 public:
  // `home` is an executor of `runtime`: every call is made there, and watches tell there. What is
  // passed by reference outlives it. Throws std::runtime_error when the options are wrong.
  EtcdStore(net::Runtime& runtime, Executor& home, const Clock& clock, Random& random,
            EtcdOptions options);
  // On the home executor, or with the runtime stopped. Watches may live on, and hear nothing more.
  ~EtcdStore() override;

  Task<Snapshot> range(std::string prefix) override;
  Task<std::optional<Entry>> get(std::string key) override;
  Task<Committed> commit(std::vector<Condition> conditions, std::vector<Write> writes) override;
  Task<Lease> grant(Duration ttl) override;
  Task<bool> keep_alive(LeaseId lease) override;
  Task<void> revoke(LeaseId lease) override;
  std::unique_ptr<Watch> watch(std::string prefix, Changed changed) override;

  // The member that leads etcd, empty for none, and all there are, by name. Throws Unavailable.
  struct Seat {
    std::string leader;
    std::vector<std::string> members;
  };
  Task<Seat> seat();
  // Has the leader hand over to the member `to`. Throws Unavailable, also when it does not.
  Task<void> hand_over(std::string to);

  // Whether no call is under way: then the runtime can be stopped without losing one. Home only.
  bool idle() const;

 private:
  class Connection;
  class Mirror;
  struct Members;
  Task<Members> members();

  std::shared_ptr<Connection> connection_;
};

}  // namespace securecart::cluster
