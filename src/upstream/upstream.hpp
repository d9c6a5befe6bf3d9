// Calls to one role in other processes: the one place where a request is tried again.
//
//   request -- bulkhead -- budget -- [ pick an instance -- send -- judge ] -- answer
//                                        ^------- again? -------'
//
// Again, on another instance, when
//   - no connection came about: it cannot have acted. Free of charge, until the deadline; when
//     every instance was tried, after a pause with full jitter.
//   - it answered 503, or was lost after the request went out, and the request may be repeated.
//     Within the attempts, the deadline and the retry budget: over time a role gets at most
//     1 + retry_percent / 100 times the requests its callers make, plus the burst.
//
// Safe from several threads.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "net/client.hpp"
#include "observe/metrics.hpp"
#include "resilience/retry.hpp"
#include "upstream/balancer.hpp"
#include "upstream/limits.hpp"

namespace securecart::upstream {

struct UpstreamOptions {
  std::string role;
  Balancer::Settings balancer;
  resilience::RetryBudget::Settings budget{.percent = 15, .burst = 32};
  resilience::RetryPolicy policy{
      .attempts = 3,
      .backoff = {.first = std::chrono::milliseconds(25), .most = std::chrono::milliseconds(500)}};
  // Of one attempt that may be made again; others get all that is left.
  Duration attempt_timeout = limits::upstream_attempt_timeout;
  // The role instances must prove by their certificate; empty: whatever the url says.
  std::string identity;
};

struct Outgoing {
  net::ClientRequest request;
  bool repeatable = false;
  SteadyTime deadline{};
};

class Upstream {
 public:
  // All outlive this, `metrics` excepted, which may be read later.
  Upstream(UpstreamOptions options, net::Client& client, const Clock& clock, std::uint64_t seed,
           observe::Metrics& metrics);
  ~Upstream();

  // "http://127.0.0.1:9001"; throws std::invalid_argument on what is no address.
  void set_instances(std::span<const std::string> urls);

  // Any answer of an instance is one; Errors: unavailable (nothing was done), outcome_unknown.
  Task<Result<net::Response>> send(Outgoing outgoing);
  // Asks every instance whether it is ready (/readyz), one after the other, and notes what it says;
  // nothing: it said nothing.
  struct Look {
    std::string url;
    std::optional<bool> ready;
  };
  Task<std::vector<Look>> look_around();
  // Takes over what another role's look came to, of instances that run both roles.
  void note(const Look& look);

  const std::string& role() const { return options_.role; }
  std::vector<Balancer::View> view() const;

 private:
  struct Shared;
  struct Attempt;
  Task<Attempt> attempt(Balancer::Lease lease, net::ClientRequest request);
  Attempt judge(net::Response answer) const;
  net::ClientRequest next_request(const Outgoing& outgoing, Duration left) const;
  Task<void> redirect(std::vector<std::uint64_t>& tried, std::uint64_t instance, int& round,
                      resilience::Deadline deadline);
  Result<net::Response> conclude(Attempt last, bool maybe_done, Duration retry_after) const;
  std::expected<Balancer::Lease, Balancer::Refusal> pick(std::span<const std::uint64_t> tried);
  resilience::RetryDecision decide(const Attempt& failed, const Outgoing& outgoing, int made,
                                   std::span<const std::uint64_t> tried);
  Duration pause(int round);
  net::Peer peer_of(const std::string& url) const;
  void export_instance(const std::string& url);

  const UpstreamOptions options_;
  net::Client& client_;
  const Clock& clock_;
  const std::shared_ptr<Shared> shared_;
  observe::Metrics& metrics_;
  observe::Counter& requests_;
  observe::Counter& attempts_;
  observe::Counter& retries_;
  observe::Counter& redirected_;
  observe::Counter& refused_;
};

}  // namespace securecart::upstream
