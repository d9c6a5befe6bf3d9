#include "traffic/health/monitor.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace securecart::traffic::health {
namespace {

using namespace std::chrono_literals;

constexpr Duration beat_pause = 500ms;
constexpr Duration message_timeout = 1s;

}  // namespace

Task<void> HttpPeerLink::send(std::string peer_url, std::string message) {
  const Result<net::Url> url = net::parse_url(peer_url);
  if (!url) {
    throw Unavailable(url.error().detail);
  }
  net::ClientRequest request;
  request.method = net::Method::post;
  request.target = url->path + "/v1/dns/votes";
  request.headers.add("Content-Type", "application/octet-stream");
  request.body = std::move(message);
  request.timeout = message_timeout;
  Task<net::Response> exchange = client_.send(url->peer, std::move(request));
  const net::Response response = co_await exchange;
  if (response.status >= 300) {
    throw Unavailable("the peer answered " + std::to_string(response.status));
  }
}

Monitor::Monitor(Board board, std::vector<PeerConfig> peers, std::string secret, Deps deps,
                 std::function<void()> on_change)
    : board_(std::move(board)),
      peers_(std::move(peers)),
      secret_(std::move(secret)),
      deps_(deps),
      on_change_(std::move(on_change)),
      wake_(board_.size(), SteadyTime::max()),
      telling_(peers_.size()),
      news_(peers_.size()),
      probes_(deps.metrics.counter("securecart_dns_probes_total", "Health probes sent.")),
      cut_off_gauge_(deps.metrics.gauge("securecart_dns_cut_off",
                                        "1 while all silence is taken for this node's own.")),
      bad_messages_(deps.metrics.counter("securecart_dns_votes_refused_total",
                                         "Messages of votes that were not believed.")) {
  for (std::size_t check = 0; check < board_.size(); ++check) {
    configs_.push_back(std::make_shared<const CheckConfig>(board_.config(check)));
  }
}

void Monitor::start() {
  for (std::size_t check = 0; check < board_.size(); ++check) {
    if (board_.config(check).probes()) {
      tick(check);
    }
  }
  refresh();
  beat();
}

void Monitor::tick(std::size_t check) {
  if (!stopping_) {
    act(check, board_.step(check, Tick{}, deps_.clock.steady(), deps_.random));
  }
}

// The first of a round always leaves; what a doubt adds only as far as there is room, so that a
// place that falls silent as a whole cannot use up our sockets.
void Monitor::send_probes(std::size_t check, const CheckActions& actions) {
  const bool first = board_.state(check).sent == actions.probes;
  const std::size_t room =
      (deps_.probes_most > probes_under_way_ ? deps_.probes_most - probes_under_way_ : 0) +
      (first ? 1 : 0);
  const int sending =
      std::min(actions.probes, static_cast<int>(std::min<std::size_t>(room, 1'000)));
  board_.take_back(check, actions.probes - sending);
  for (int i = 0; i < sending; ++i) {
    probes_.add();
    ++under_way_;
    ++probes_under_way_;
    securecart::start(probe(check, board_.state(check).round, actions.probe_timeout),
                      [this](const std::exception_ptr&) {
                        --under_way_;
                        --probes_under_way_;
                      });
  }
}

void Monitor::act(std::size_t check, const CheckActions& actions) {
  send_probes(check, actions);
  if (actions.changed) {
    log::info("health check changed", {{"check", board_.config(check).name},
                                       {"status", to_text(board_.state(check).status)},
                                       {"reason", board_.state(check).reason}});
    refresh();
    tell_peers();
  }
  for (const std::size_t witness : board_.take_witnesses()) {
    tick(witness);
  }
  // One armed timer a check: a later one is enough when it fires and looks again.
  const SteadyTime now = deps_.clock.steady();
  if (actions.wake < wake_[check] || wake_[check] <= now) {
    wake_[check] = actions.wake;
    ++timers_;
    deps_.home.post_after(std::max(actions.wake - now, Duration::zero()),
                          [this, check, due = actions.wake] {
                            --timers_;
                            if (wake_[check] == due) {
                              wake_[check] = SteadyTime::max();
                              tick(check);
                            }
                          });
  }
}

Task<void> Monitor::probe(std::size_t check, std::uint32_t round, Duration timeout) {
  const std::shared_ptr<const CheckConfig> config = configs_[check];
  const SteadyTime began = deps_.clock.steady();
  ProbeResult result{Answer::silent, {}};
  try {
    Task<ProbeResult> asking = deps_.prober.probe(config, timeout);
    result = co_await asking;
  } catch (const std::exception& error) {
    result.reason = error.what();
  }
  const SteadyTime now = deps_.clock.steady();
  Probed probed{round, result.answer, now - began, std::move(result.reason)};
  if (probed.answer == Answer::right && config->slow > Duration::zero() &&
      probed.latency > config->slow) {
    probed.answer = Answer::wrong;
    probed.reason = "too slow";
  }
  if (!stopping_) {
    act(check, board_.step(check, probed, now, deps_.random));
  }
}

void Monitor::refresh() {
  if (board_.refresh(deps_.clock.steady())) {
    on_change_();
  }
}

// News leave at once; the beat keeps votes fresh and lets old ones lapse.
void Monitor::beat() {
  if (stopping_) {
    return;
  }
  refresh();
  tell_peers();
  const bool was_cut_off = std::exchange(cut_off_, board_.cut_off());
  if (was_cut_off != cut_off_) {
    log::warn(cut_off_ ? "everything fell silent at once: this node is cut off, its verdicts stay"
                       : "something answers again: silence is believed again",
              {});
  }
  cut_off_gauge_.set(cut_off_ ? 1 : 0);
  ++timers_;
  deps_.home.post_after(beat_pause, [this] {
    --timers_;
    beat();
  });
}

void Monitor::tell_peers() {
  if (peers_.empty() || stopping_) {
    return;
  }
  const std::string message = encode(board_.votes(deps_.clock.steady()), secret_);
  for (std::size_t i = 0; i < peers_.size(); ++i) {
    if (telling_[i]) {
      news_[i] = true;
      continue;
    }
    telling_[i] = true;
    ++under_way_;
    securecart::start(tell(i, message), [this, i](const std::exception_ptr&) {
      telling_[i] = false;
      --under_way_;
    });
  }
}

// What happens while a message is on its way follows it at once.
Task<void> Monitor::tell(std::size_t to, std::string message) {
  const PeerConfig peer = peers_[to];
  try {
    do {
      news_[to] = false;
      Task<void> sending = deps_.link.send(peer.url, std::move(message));
      co_await sending;
      message = encode(board_.votes(deps_.clock.steady()), secret_);
    } while (news_[to] && !stopping_);
  } catch (const std::exception& error) {
    log::debug("a peer does not take our votes", {{"peer", peer.name}, {"error", error.what()}});
  }
}

bool Monitor::take(std::string_view message) {
  const Result<VoteMessage> votes =
      secret_.empty() ? Result<VoteMessage>(fail(errc::invalid_request, "no secret"))
                      : decode(message, secret_);
  if (!votes || !board_.take(*votes, deps_.clock.steady())) {
    bad_messages_.add();
    return false;
  }
  refresh();
  return true;
}

bool Monitor::set_alarm(std::string_view name, Status status) {
  const bool known = board_.set_alarm(name, status);
  refresh();
  return known;
}

void Monitor::restore(const json::value& saved) {
  board_.restore(saved);
  board_.refresh(deps_.clock.steady());
  on_change_();
}

}  // namespace securecart::traffic::health
