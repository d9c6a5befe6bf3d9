#include "traffic/health/probe.hpp"

#include <fmt/format.h>

#include "net/tcp_probe.hpp"
#include "traffic/health/expression.hpp"
#include "traffic/health/limits.hpp"

namespace securecart::traffic::health {
namespace {

net::Client::Options client_options(const std::string& trust_pem) {
  net::Client::Options options;
  options.tls_trust_pem = trust_pem;
  options.idle_connections_per_peer = 0;
  options.response_body_bytes = limits::check_body_bytes;
  return options;
}

ProbeResult wrong(std::string reason) {
  return {Answer::wrong, std::move(reason)};
}

ProbeResult judge_metric(const CheckConfig& check, std::string_view text) {
  const std::optional<double> value = metric_value(text, check.metric);
  if (!value) {
    return wrong(fmt::format("{} is not among the metrics", check.metric));
  }
  if (check.above && *value > *check.above) {
    return wrong(fmt::format("{} is {}, above {}", check.metric, *value, *check.above));
  }
  if (check.below && *value < *check.below) {
    return wrong(fmt::format("{} is {}, below {}", check.metric, *value, *check.below));
  }
  return {Answer::right, {}};
}

}  // namespace

ProbeResult judge_answer(const CheckConfig& check, const net::Response& response) {
  if (response.status < check.status_from || response.status > check.status_to) {
    return wrong(fmt::format("status {}", response.status));
  }
  if (check.kind == CheckKind::metric) {
    return judge_metric(check, response.bytes());
  }
  if (!check.body.empty() && response.bytes().find(check.body) == std::string_view::npos) {
    return wrong("the body does not hold the text it should");
  }
  return {Answer::right, {}};
}

NetworkProber::NetworkProber(net::Runtime& runtime, const std::string& trust_pem)
    : client_(runtime, client_options(trust_pem)) {}

Task<ProbeResult> NetworkProber::probe(std::shared_ptr<const CheckConfig> check, Duration timeout) {
  if (check->kind == CheckKind::tcp) {
    co_return co_await probe_port(check, timeout);
  }
  co_return co_await probe_http(check, timeout);
}

Task<ProbeResult> NetworkProber::probe_http(std::shared_ptr<const CheckConfig> check,
                                            Duration timeout) {
  const Result<net::Url> url = net::parse_url(check->url);
  if (!url) {
    co_return wrong(url.error().detail);
  }
  net::ClientRequest request;
  request.target = url->path.empty() ? "/" : url->path;
  request.headers.add("User-Agent", "securecart-health");
  if (!check->host.empty()) {
    request.headers.add("Host", check->host);
  }
  request.timeout = timeout;
  try {
    Task<net::Response> exchange = client_.send(url->peer, std::move(request));
    const net::Response response = co_await exchange;
    co_return judge_answer(*check, response);
  } catch (const net::HttpError& error) {
    co_return ProbeResult{error.peer_reacted ? Answer::wrong : Answer::silent, error.what()};
  }
}

Task<ProbeResult> NetworkProber::probe_port(std::shared_ptr<const CheckConfig> check,
                                            Duration timeout) {
  std::string url = check->url;
  url.replace(0, 3, "http");  // tcp://host:port
  const Result<net::Url> parsed = net::parse_url(url);
  if (!parsed) {
    co_return wrong(parsed.error().detail);
  }
  const net::TcpProbe result =
      co_await net::probe_tcp(parsed->peer.host, parsed->peer.port, timeout);
  const Answer answer = result.outcome == net::TcpProbe::Outcome::connected ? Answer::right
                        : result.outcome == net::TcpProbe::Outcome::refused ? Answer::wrong
                                                                            : Answer::silent;
  co_return ProbeResult{answer, result.reason};
}

}  // namespace securecart::traffic::health
