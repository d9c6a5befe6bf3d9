// Which member of etcd is asked, and again which one when it does not answer.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/prng.hpp"
#include "cluster/etcd/etcd_store.hpp"
#include "cluster/etcd/limits.hpp"
#include "cluster/etcd/message.hpp"
#include "net/client.hpp"
#include "net/stream.hpp"
#include "resilience/backoff.hpp"

namespace securecart::cluster {

// Home executor only. Kept alive by the calls and watches that use it.
class EtcdStore::Connection : public std::enable_shared_from_this<EtcdStore::Connection> {
 public:
  Connection(net::Runtime& runtime, Executor& home, const Clock& clock, Random& random,
             EtcdOptions options);

  // An answer with status 200, or one that says no for a reason of the request's own. `repeat`:
  // sending the request twice does no harm. Throws Unavailable.
  Task<net::Response> ask(std::string path, std::string body, bool repeat);
  // ask(), with the answer understood; one that cannot be is as good as none.
  template <class T>
  Task<T> ask(std::string path, std::string body, bool repeat,
              etcd::Parsed<T> (*parse)(std::string_view));

  // What only one member can do: asked of that one, once. Throws Unavailable unless it did.
  Task<void> ask_at(std::string url, std::string path, std::string body);

  struct Endpoint {
    net::Peer peer;
    std::string authority;  // for the Host field
    std::string path;       // before /v3
  };
  const Endpoint& endpoint(std::size_t index) const { return endpoints_[index]; }
  std::size_t endpoints() const { return endpoints_.size(); }
  std::size_t preferred() const { return preferred_; }

  std::shared_ptr<net::Stream> open(std::size_t index,
                                    std::weak_ptr<net::Stream::Listener> listener);
  // A pause before try number `retry`.
  Duration pause(int retry) { return backoff_.wait(retry, random_); }
  Executor& home() { return home_; }
  const Clock& clock() const { return clock_; }
  bool idle() const { return under_way_ == 0; }

 private:
  class UnderWay;

  net::Client client_;
  Executor& home_;
  const Clock& clock_;
  Random& random_;
  const EtcdOptions options_;
  std::vector<Endpoint> endpoints_;
  std::shared_ptr<const net::TlsSettings> tls_;
  const resilience::Backoff backoff_{.first = limits::etcd_retry_first,
                                     .most = limits::etcd_retry_most};
  std::size_t preferred_ = 0;
  std::size_t under_way_ = 0;
};

template <class T>
Task<T> EtcdStore::Connection::ask(std::string path, std::string body, bool repeat,
                                   etcd::Parsed<T> (*parse)(std::string_view)) {
  const net::Response response = co_await ask(std::move(path), std::move(body), repeat);
  etcd::Parsed<T> parsed =
      response.status == 200
          ? parse(response.bytes())
          : std::unexpected("etcd says: " + etcd::parse_refusal(response.bytes()).message);
  if (!parsed) {
    throw Unavailable(parsed.error(), response.status == 200);
  }
  co_return std::move(*parsed);
}

}  // namespace securecart::cluster
