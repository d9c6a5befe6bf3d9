// The admin API of a DNS node: what operators, peers, instances and shoppers' timings say to it.
// docs/dns-policies.md lists the calls. Everything needs the token of the node but votes, which are
// signed.
#pragma once

#include <memory>
#include <string>

#include "cli/dns_plan.hpp"
#include "net/http.hpp"
#include "observe/metrics.hpp"
#include "traffic/dns/snapshot.hpp"
#include "traffic/health/status.hpp"

namespace securecart::cli {

// What the API acts on; all of it on the thread that handles requests.
class DnsControl {
 public:
  virtual ~DnsControl() = default;
  virtual DnsPlan& current_plan() = 0;
  virtual const traffic::health::Board& board() const = 0;
  virtual traffic::routing::Steering& orders() = 0;
  virtual traffic::routing::LeaseRegistry& lease_registry() = 0;
  virtual Timestamp now() const = 0;
  virtual SteadyTime steady() const = 0;
  virtual void orders_changed() = 0;
  // Ends when the orders are on disk; false when they cannot be written and end with the process.
  virtual Task<bool> keep_orders() = 0;
  // After a lease came, went or was renewed; only the first two change the answers.
  virtual void leases_changed(bool answers_too) = 0;
  virtual bool take_votes(std::string_view message) = 0;
  virtual bool set_alarm(const std::string& name, traffic::health::Status status) = 0;
  virtual void report_load(const std::string& target, double load) = 0;
  virtual void observe_rtt(const traffic::Address& client, std::size_t region, Duration rtt) = 0;
  // Null before they are served.
  virtual std::shared_ptr<const traffic::dns::Snapshot> zones() = 0;
};

class DnsAdmin final : public net::Handler {
 public:
  DnsAdmin(DnsControl& control, observe::Metrics& metrics, std::string token)
      : control_(control), metrics_(metrics), token_(std::move(token)) {}

  Task<net::Response> handle(net::Request request) override;

 private:
  using Answer = Result<json::value>;
  bool may(const net::Request& request) const;
  net::Response answer(const net::Request& request);
  // After a call that may have changed the operators' orders.
  Task<net::Response> kept(net::Response response, std::string request_id);
  Answer act(std::string_view what, const json::object& body);
  json::value status() const;
  Result<std::string> explain(const net::Request& request);
  Result<std::string> explain_policy(const std::string& policy, const traffic::dns::Name& name,
                                     const traffic::Address& client, std::uint16_t wanted,
                                     std::vector<std::uint8_t>& alias);
  Answer steer(const json::object& body);
  Answer alarm(const json::object& body);
  Answer load(const json::object& body);
  Answer rtt(const json::object& body);
  Answer lease(const json::object& body);

  DnsControl& control_;
  observe::Metrics& metrics_;
  const std::string token_;
};

}  // namespace securecart::cli
