// The line to one payment provider: requests go out with a deadline each and a circuit breaker
// around them all. While the breaker is open nothing is sent, and there is no answer.
//
// The breaker counts what says that the provider is down: no answer, 5xx, answers that crawl. What
// concerns one shop alone (a wrong key, its own rate limit) leaves it as it is.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "net/client.hpp"
#include "observe/metrics.hpp"
#include "resilience/circuit_breaker.hpp"

namespace securecart::shop::payments {

struct ProviderLineOptions {
  std::string provider;  // label in metrics and logs
  std::string url;
  Duration timeout;  // of one exchange
};

class ProviderLine {
 public:
  // Throws std::invalid_argument when the address is none. All outlive this; the clock outlives the
  // metrics too.
  ProviderLine(net::Client& client, const Clock& clock, observe::Metrics& metrics,
               ProviderLineOptions options);

  // `request.target` is below the provider's address. nullopt: no answer.
  Task<std::optional<net::Response>> exchange(net::ClientRequest request);

 private:
  struct Guarded {  // also read when metrics are
    explicit Guarded(resilience::CircuitBreaker::Settings settings) : breaker(settings) {}
    std::mutex mutex;
    resilience::CircuitBreaker breaker;
  };

  std::optional<resilience::CircuitBreaker::Permit> permit();
  void record(resilience::CircuitBreaker::Permit permit,
              const std::optional<net::Response>& response, Duration latency);

  net::Client& client_;
  const Clock& clock_;
  const ProviderLineOptions options_;
  net::Url url_;
  std::shared_ptr<Guarded> guarded_;
  observe::Counter& unanswered_;
  observe::Counter& refused_;
};

}  // namespace securecart::shop::payments
