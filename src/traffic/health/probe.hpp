// Sends one probe and says what the answer is worth.
#pragma once

#include <memory>
#include <string>

#include "net/client.hpp"
#include "traffic/health/config.hpp"

namespace securecart::traffic::health {

struct ProbeResult {
  Answer answer;
  std::string reason;
};

class Prober {
 public:
  virtual ~Prober() = default;
  // One look at what `check` (of a kind that probes) looks at; ends within `timeout`.
  virtual Task<ProbeResult> probe(std::shared_ptr<const CheckConfig> check, Duration timeout) = 0;
};

// Over the network, a fresh connection each time: a server that only keeps old ones alive is not
// healthy.
class NetworkProber final : public Prober {
 public:
  // `trust_pem`: the certificates to trust over TLS; empty: the system's. Throws
  // std::runtime_error when it is not PEM.
  explicit NetworkProber(net::Runtime& runtime, const std::string& trust_pem = {});
  Task<ProbeResult> probe(std::shared_ptr<const CheckConfig> check, Duration timeout) override;

 private:
  Task<ProbeResult> probe_http(std::shared_ptr<const CheckConfig> check, Duration timeout);
  Task<ProbeResult> probe_port(std::shared_ptr<const CheckConfig> check, Duration timeout);

  net::Client client_;
};

// What an HTTP answer is worth to a check of kind http or metric.
ProbeResult judge_answer(const CheckConfig& check, const net::Response& response);

}  // namespace securecart::traffic::health
