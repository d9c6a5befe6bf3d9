#include "upstream/upstream.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "base/executor.hpp"
#include "base/log.hpp"
#include "net/errc.hpp"
#include "net/hop.hpp"
#include "upstream/forward.hpp"

namespace securecart::upstream {

using namespace std::chrono_literals;
using resilience::Deadline;
using resilience::Fault;

namespace {

// What is kept of the deadline, so that there is time to say that it passed.
constexpr Duration answering_time = 20ms;
constexpr Duration readiness_timeout = 2s;
// An instance that is only busy must not be given up at once: the others would be next.
constexpr int silent_rounds = 2;
constexpr int last_round = 6;  // from here on pauses stay as long as they are

Error unavailable(const std::string& role, Duration retry_after) {
  Error error(errc::unavailable, "Nothing was done: no instance of the role " + role +
                                     " takes requests right now. Try again in a moment.");
  error.retry_after_seconds =
      std::max<std::int64_t>(1, std::chrono::ceil<std::chrono::seconds>(retry_after).count());
  return error;
}

}  // namespace

// Behind one lock; metrics keep it alive.
struct Upstream::Shared {
  Shared(const UpstreamOptions& options, std::uint64_t seed)
      : balancer(options.balancer), budget(options.budget), random(seed) {}
  mutable std::mutex mutex;
  Balancer balancer;
  resilience::RetryBudget budget;
  Prng random;
  std::set<std::string> exported;
  std::map<std::string, int, std::less<>> silent;  // rounds of look_around() without an answer
};

// What became of one attempt.
struct Upstream::Attempt {
  std::optional<net::Response> answer;
  Verdict verdict = Verdict::success;
  std::optional<Fault> fault;  // nothing: the answer stands
  std::string what;
};

Upstream::Upstream(UpstreamOptions options, net::Client& client, const Clock& clock,
                   std::uint64_t seed, observe::Metrics& metrics)
    : options_(std::move(options)),
      client_(client),
      clock_(clock),
      shared_(std::make_shared<Shared>(options_, seed)),
      metrics_(metrics),
      requests_(metrics.counter("securecart_upstream_requests_total", "Requests for another role.",
                                {{"role", options_.role}})),
      attempts_(metrics.counter("securecart_upstream_attempts_total",
                                "Requests sent to instances, those sent again included.",
                                {{"role", options_.role}})),
      retries_(metrics.counter("securecart_upstream_retries_total",
                               "Requests sent again to an instance that may have seen the load.",
                               {{"role", options_.role}})),
      redirected_(metrics.counter("securecart_upstream_redirected_total",
                                  "Requests that went elsewhere because no connection came about.",
                                  {{"role", options_.role}})),
      refused_(metrics.counter("securecart_upstream_refused_total",
                               "Requests no instance was asked for: circuits open, no room.",
                               {{"role", options_.role}})) {
  metrics.gauge_from("securecart_upstream_retry_tokens", "Retries the budget has left.",
                     {{"role", options_.role}}, [shared = shared_] {
                       const std::lock_guard lock(shared->mutex);
                       return static_cast<double>(shared->budget.tokens());
                     });
}

Upstream::~Upstream() = default;

net::Peer Upstream::peer_of(const std::string& url) const {
  Result<net::Url> parsed = net::parse_url(url);
  if (!parsed) {
    throw std::invalid_argument("'" + url +
                                "' is no address of an instance: " + parsed.error().detail);
  }
  net::Peer peer = std::move(parsed->peer);
  peer.identity = peer.tls ? options_.identity : "";
  return peer;
}

void Upstream::set_instances(std::span<const std::string> urls) {
  for (const std::string& url : urls) {
    (void)peer_of(url);
  }
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->balancer.set_instances(urls);
  }
  std::ranges::for_each(urls, [this](const std::string& url) { export_instance(url); });
}

void Upstream::export_instance(const std::string& url) {
  {
    const std::lock_guard lock(shared_->mutex);
    if (!shared_->exported.insert(url).second) {
      return;
    }
  }
  const auto gauge = [&](const char* name, const char* help, auto read) {
    metrics_.gauge_from(name, help, {{"role", options_.role}, {"instance", url}},
                        [shared = shared_, url, read, &clock = clock_] {
                          const std::lock_guard lock(shared->mutex);
                          for (const Balancer::View& one : shared->balancer.view(clock.steady())) {
                            if (one.url == url) {
                              return static_cast<double>(read(one));
                            }
                          }
                          return -1.0;
                        });
  };
  gauge("securecart_upstream_circuit", "0 closed, 1 open, 2 half-open; -1: not listed any more.",
        [](const Balancer::View& one) { return static_cast<int>(one.state); });
  gauge("securecart_upstream_up", "Whether the instance takes connections and says it is ready.",
        [](const Balancer::View& one) { return one.up ? 1 : 0; });
  gauge("securecart_upstream_in_flight", "Requests at the instance.",
        [](const Balancer::View& one) { return one.in_flight; });
  gauge("securecart_upstream_circuit_opened", "How often its circuit opened.",
        [](const Balancer::View& one) { return one.times_opened; });
}

std::vector<Balancer::View> Upstream::view() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->balancer.view(clock_.steady());
}

std::expected<Balancer::Lease, Balancer::Refusal> Upstream::pick(
    std::span<const std::uint64_t> tried) {
  const std::lock_guard lock(shared_->mutex);
  return shared_->balancer.pick(clock_.steady(), shared_->random, tried);
}

Duration Upstream::pause(int round) {
  const std::lock_guard lock(shared_->mutex);
  return options_.policy.backoff.wait(std::min(round, last_round), shared_->random);
}

Upstream::Attempt Upstream::judge(net::Response answer) const {
  Attempt attempt;
  const int status = answer.status;
  if (is_overload(answer)) {
    attempt.verdict = Verdict::ignored;  // it is well, and knows what it can do
    attempt.fault = Fault::transient;
  } else if (status == 503) {
    attempt.verdict = Verdict::failure;
    attempt.fault = Fault::transient;
  } else if (status == 502 || status == 504) {
    attempt.verdict = Verdict::failure;
    attempt.fault = Fault::outcome_unknown;
  } else if (status >= 500) {
    attempt.verdict = Verdict::failure;
  }
  attempt.answer = std::move(answer);
  return attempt;
}

Task<Upstream::Attempt> Upstream::attempt(Balancer::Lease lease, net::ClientRequest request) {
  std::string url;
  {
    const std::lock_guard lock(shared_->mutex);
    url = shared_->balancer.url_of(lease.instance);
  }
  attempts_.add();
  Attempt attempt;
  try {
    if (url.empty()) {
      throw net::HttpError("the instance was taken off the list", false);
    }
    net::Peer peer = peer_of(url);
    Task<net::Response> sending = client_.send(std::move(peer), std::move(request));
    net::Response answer = co_await sending;
    attempt = judge(std::move(answer));
  } catch (const net::HttpError& lost) {
    attempt.what = lost.what();
    attempt.verdict = lost.outcome_unknown ? Verdict::failure : Verdict::unreachable;
    attempt.fault = lost.outcome_unknown ? Fault::outcome_unknown : Fault::transient;
  }
  const std::lock_guard lock(shared_->mutex);
  shared_->balancer.record(lease, attempt.verdict, clock_.steady());
  co_return attempt;
}

resilience::RetryDecision Upstream::decide(const Attempt& failed, const Outgoing& outgoing,
                                           int made, std::span<const std::uint64_t> tried) {
  const SteadyTime now = clock_.steady();
  const std::lock_guard lock(shared_->mutex);
  resilience::RetryDecision decision;
  // An instance that has no room is not asked again: only another one may have some.
  if (failed.verdict == Verdict::ignored && !shared_->balancer.has_other(now, tried)) {
    return decision;
  }
  const resilience::FailedAttempt attempt{
      .made = made, .fault = *failed.fault, .idempotent = outgoing.repeatable};
  return options_.policy.step(attempt, Deadline(outgoing.deadline), now, shared_->budget,
                              shared_->random);
}

// One more attempt of it, with the time that is left.
net::ClientRequest Upstream::next_request(const Outgoing& outgoing, Duration left) const {
  net::ClientRequest request = outgoing.request;
  request.timeout = std::max<Duration>(
      1ms, outgoing.repeatable ? std::min(left, options_.attempt_timeout) : left);
  request.headers.set(
      net::deadline_field,
      std::to_string(std::chrono::ceil<std::chrono::milliseconds>(request.timeout).count()));
  return request;
}

// No connection came about: another instance, or, when everybody was asked, a pause.
Task<void> Upstream::redirect(std::vector<std::uint64_t>& tried, std::uint64_t instance, int& round,
                              Deadline deadline) {
  redirected_.add();
  const bool again = std::ranges::find(tried, instance) != tried.end();
  tried.push_back(instance);
  if (again || view().size() <= 1) {
    tried.clear();
    Task<void> waiting = sleep_for(std::min(pause(round++), deadline.remaining(clock_.steady())));
    co_await waiting;
  }
}

// What the caller is told when it is not tried again. "Nothing was done" of the last attempt says
// nothing of one before it that was lost half way.
Result<net::Response> Upstream::conclude(Attempt last, bool maybe_done,
                                         Duration retry_after) const {
  const bool hides_it = maybe_done && last.fault == Fault::transient;
  if (last.answer && !hides_it) {
    return back(std::move(*last.answer));
  }
  log::warn("no instance answered", {{"role", options_.role}, {"what", last.what}});
  if (maybe_done) {
    return fail(net::errc::outcome_unknown, "An instance was lost while it worked on the request.");
  }
  return std::unexpected(unavailable(options_.role, retry_after));
}

Task<Result<net::Response>> Upstream::send(Outgoing outgoing) {
  requests_.add();
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->budget.request();
  }
  const Deadline deadline(outgoing.deadline - answering_time);
  std::vector<std::uint64_t> tried;
  Attempt last;
  bool maybe_done = false;
  int made = 0;
  int round = 0;
  while (!deadline.expired(clock_.steady())) {
    const std::expected<Balancer::Lease, Balancer::Refusal> lease = pick(tried);
    if (!lease) {
      refused_.add();
      co_return conclude(std::move(last), maybe_done, lease.error().retry_after);
    }
    net::ClientRequest request = next_request(outgoing, deadline.remaining(clock_.steady()));
    Task<Attempt> attempting = attempt(*lease, std::move(request));
    Attempt now = co_await attempting;
    if (!now.fault) {
      co_return back(std::move(*now.answer));
    }
    maybe_done = maybe_done || now.fault == Fault::outcome_unknown;
    if (now.verdict == Verdict::unreachable) {
      last = std::move(now);
      Task<void> redirecting = redirect(tried, lease->instance, round, deadline);
      co_await redirecting;
      continue;
    }
    tried.push_back(lease->instance);
    const resilience::RetryDecision decision = decide(now, outgoing, ++made, tried);
    last = std::move(now);
    if (!decision.retry()) {
      break;
    }
    retries_.add();
    Task<void> waiting = sleep_for(*decision.wait);
    co_await waiting;
  }
  co_return conclude(std::move(last), maybe_done, 1s);
}

Task<std::vector<Upstream::Look>> Upstream::look_around() {
  std::vector<Look> looks;
  const std::vector<Balancer::View> all = view();
  for (const Balancer::View& one : all) {
    net::ClientRequest request;
    request.target = "/readyz";
    request.timeout = readiness_timeout;
    std::optional<bool> ready;
    try {
      net::Peer peer = peer_of(one.url);
      Task<net::Response> asking = client_.send(std::move(peer), std::move(request));
      const net::Response answer = co_await asking;
      ready = answer.status == 200;
    } catch (const net::HttpError& lost) {
      if (!lost.outcome_unknown) {
        ready = false;
      }
    }
    note(looks.emplace_back(one.url, ready));
  }
  co_return looks;
}

void Upstream::note(const Look& look) {
  const std::lock_guard lock(shared_->mutex);
  int& silent = shared_->silent[look.url];
  silent = look.ready ? 0 : silent + 1;
  if (look.ready || silent >= silent_rounds) {
    shared_->balancer.set_ready(look.url, look.ready.value_or(false));
  }
}

}  // namespace securecart::upstream
