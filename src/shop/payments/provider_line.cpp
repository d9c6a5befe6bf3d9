#include "shop/payments/provider_line.hpp"

#include <stdexcept>

#include "base/log.hpp"

namespace securecart::shop::payments {
namespace {

using net::Response;
using resilience::CircuitBreaker;

net::Url url_of(const ProviderLineOptions& options) {
  Result<net::Url> url = net::parse_url(options.url);
  if (!url) {
    throw std::invalid_argument("payment provider " + options.provider + ": " + url.error().detail);
  }
  return std::move(*url);
}

// A provider that asks a card's bank takes a second or two on a good day.
CircuitBreaker::Settings settings_for(Duration timeout) {
  CircuitBreaker::Settings settings;
  settings.slow = timeout * 4 / 5;
  return settings;
}

}  // namespace

ProviderLine::ProviderLine(net::Client& client, const Clock& clock, observe::Metrics& metrics,
                           ProviderLineOptions options)
    : client_(client),
      clock_(clock),
      options_(std::move(options)),
      url_(url_of(options_)),
      guarded_(std::make_shared<Guarded>(settings_for(options_.timeout))),
      unanswered_(metrics.counter("securecart_payment_unanswered_total",
                                  "Requests to a payment provider without a usable answer.",
                                  {{"provider", options_.provider}})),
      refused_(metrics.counter("securecart_payment_breaker_refused_total",
                               "Requests to a payment provider not sent: its breaker was open.",
                               {{"provider", options_.provider}})) {
  metrics.gauge_from("securecart_payment_breaker", "0 closed, 1 open, 2 half-open.",
                     {{"provider", options_.provider}}, [guarded = guarded_, &clock] {
                       const std::lock_guard lock(guarded->mutex);
                       return static_cast<double>(guarded->breaker.state(clock.steady()));
                     });
}

std::optional<CircuitBreaker::Permit> ProviderLine::permit() {
  const std::lock_guard lock(guarded_->mutex);
  return guarded_->breaker.allow(clock_.steady());
}

void ProviderLine::record(CircuitBreaker::Permit permit, const std::optional<Response>& response,
                          Duration latency) {
  auto outcome = CircuitBreaker::Outcome::success;
  if (!response || response->status >= 500) {
    unanswered_.add();
    outcome = CircuitBreaker::Outcome::failure;
  } else if (response->status == 401 || response->status == 403 || response->status == 429) {
    outcome = CircuitBreaker::Outcome::ignored;
  }
  const std::lock_guard lock(guarded_->mutex);
  const auto before = guarded_->breaker.times_opened();
  guarded_->breaker.record(permit, outcome, latency, clock_.steady());
  if (guarded_->breaker.times_opened() != before) {
    log::warn("the breaker of a payment provider opened", {{"provider", options_.provider}});
  }
}

Task<std::optional<Response>> ProviderLine::exchange(net::ClientRequest request) {
  const std::optional<CircuitBreaker::Permit> allowed = permit();
  if (!allowed) {
    refused_.add();
    unanswered_.add();
    co_return std::nullopt;
  }
  request.target = url_.path + request.target;
  request.timeout = options_.timeout;
  const SteadyTime begun = clock_.steady();
  std::optional<Response> response;
  try {
    response = co_await client_.send(url_.peer, std::move(request));
  } catch (const Unavailable& error) {
    log::warn("a payment provider gave no answer",
              {{"provider", options_.provider}, {"error", error.what()}});
  }
  record(*allowed, response, clock_.steady() - begun);
  co_return response;
}

}  // namespace securecart::shop::payments
