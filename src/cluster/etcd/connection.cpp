#include "cluster/etcd/connection.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "cluster/etcd/limits.hpp"

namespace securecart::cluster {
namespace {

constexpr int grpc_deadline_exceeded = 4;
constexpr int grpc_unavailable = 14;

// Another member, or the same one later, may answer.
bool is_passing(int status, const etcd::Refusal& refusal) {
  return refusal.code == grpc_unavailable || refusal.code == grpc_deadline_exceeded ||
         (refusal.code == 0 && status >= 500);
}

// "10.77.1.11:2379" of "http://10.77.1.11:2379/base".
std::string authority_of(std::string_view url) {
  const std::string_view rest = url.substr(url.find("://") + 3);
  return std::string(rest.substr(0, rest.find('/')));
}

net::ClientRequest post(std::string target, std::string body, Duration timeout) {
  net::ClientRequest request;
  request.method = net::Method::post;
  request.target = std::move(target);
  request.headers.add("Content-Type", "application/json");
  request.body = std::move(body);
  request.timeout = timeout;
  return request;
}

}  // namespace

std::string etcd_endpoints_problem(const std::vector<std::string>& endpoints) {
  if (endpoints.empty() || endpoints.size() > limits::etcd_endpoints) {
    return fmt::format("etcd needs 1 to {} addresses", limits::etcd_endpoints);
  }
  for (const std::string& endpoint : endpoints) {
    if (const Result<net::Url> url = net::parse_url(endpoint); !url) {
      return fmt::format("\"{}\" is no address of etcd such as http://10.77.1.11:2379", endpoint);
    }
  }
  return {};
}

// Counts a call while it waits.
class EtcdStore::Connection::UnderWay {
 public:
  explicit UnderWay(Connection& connection) : connection_(connection) { ++connection_.under_way_; }
  ~UnderWay() { --connection_.under_way_; }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

 private:
  Connection& connection_;
};

EtcdStore::Connection::Connection(net::Runtime& runtime, Executor& home, const Clock& clock,
                                  Random& random, EtcdOptions options)
    : client_(runtime, {.tls_trust_pem = options.tls_trust_pem}),
      home_(home),
      clock_(clock),
      random_(random),
      options_(std::move(options)) {
  if (const std::string problem = etcd_endpoints_problem(options_.endpoints); !problem.empty()) {
    throw std::runtime_error(problem);
  }
  for (const std::string& text : options_.endpoints) {
    net::Url url = *net::parse_url(text);
    endpoints_.push_back({std::move(url.peer), authority_of(text), std::move(url.path)});
  }
  if (std::ranges::any_of(endpoints_, [](const Endpoint& one) { return one.peer.tls; })) {
    tls_ = net::tls_settings(options_.tls_trust_pem);
  }
}

Task<net::Response> EtcdStore::Connection::ask(std::string path, std::string body, bool repeat) {
  const std::shared_ptr<Connection> self = shared_from_this();
  const UnderWay counted(*this);
  const SteadyTime deadline = clock_.steady() + options_.patience;
  std::string problem = "there was no time to ask";
  for (std::size_t tries = 0;;) {
    const Duration left = std::min(options_.attempt_timeout, deadline - clock_.steady());
    if (left <= Duration::zero()) {
      throw Unavailable("etcd does not answer: " + problem);
    }
    const std::size_t at = preferred_;
    net::ClientRequest request = post(endpoints_[at].path + path, body, left);
    std::optional<net::Response> response;
    bool taken = true;
    try {
      response = co_await client_.send(endpoints_[at].peer, std::move(request));
    } catch (const net::HttpError& error) {
      problem = fmt::format("{}: {}", endpoints_[at].authority, error.what());
      taken = error.outcome_unknown;
    }
    if (response) {
      if (response->status == 200) {
        co_return std::move(*response);
      }
      const etcd::Refusal refusal = etcd::parse_refusal(response->bytes());
      if (!is_passing(response->status, refusal)) {
        co_return std::move(*response);
      }
      problem = fmt::format("{}: {}", endpoints_[at].authority, refusal.message);
    }
    // Others may have gone on from this member meanwhile.
    if (preferred_ == at) {
      preferred_ = (at + 1) % endpoints_.size();
    }
    if (taken && !repeat) {
      throw Unavailable("etcd did not say what became of it: " + problem, true);
    }
    if (++tries % endpoints_.size() == 0) {
      const auto round = static_cast<int>(tries / endpoints_.size()) - 1;
      const Duration wait = std::min(pause(round), deadline - clock_.steady());
      if (wait > Duration::zero()) {
        co_await sleep_for(wait);
      }
    }
  }
}

Task<void> EtcdStore::Connection::ask_at(std::string url, std::string path, std::string body) {
  const std::shared_ptr<Connection> self = shared_from_this();
  const UnderWay counted(*this);
  Result<net::Url> parsed = net::parse_url(url);
  if (!parsed) {
    throw Unavailable("etcd names itself " + url);
  }
  net::ClientRequest request = post(parsed->path + path, std::move(body), options_.patience);
  std::string problem;
  try {
    const net::Response response =
        co_await client_.send(std::move(parsed->peer), std::move(request));
    if (response.status == 200) {
      co_return;
    }
    problem = etcd::parse_refusal(response.bytes()).message;
  } catch (const net::HttpError& error) {
    problem = error.what();
  }
  throw Unavailable(fmt::format("{}: {}", authority_of(url), problem));
}

std::shared_ptr<net::Stream> EtcdStore::Connection::open(
    std::size_t index, std::weak_ptr<net::Stream::Listener> listener) {
  return net::open_stream(home_, endpoints_[index].peer, options_.attempt_timeout, tls_,
                          std::move(listener));
}

}  // namespace securecart::cluster
