#include "net/client.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <deque>
#include <stdexcept>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/connect.hpp>

#include "base/log.hpp"
#include "base/prng.hpp"
#include "base/text.hpp"
#include "net/errc.hpp"
#include "net/limits.hpp"
#include "net/request_reader_impl.hpp"
#include "net/response_reader_impl.hpp"
#include "net/runtime_impl.hpp"
#include "net/text.hpp"
#include "net/transport_impl.hpp"

namespace securecart::net {

namespace {

using Resolver = asio::ip::basic_resolver<Tcp, asio::io_context::executor_type>;

struct Failure {
  std::string what;
  bool maybe_sent;
  bool peer_reacted;
};
using Outcome = std::variant<Response, Failure>;

std::string key_of(const Peer& peer) {
  return std::string(peer.tls ? "https://" : "http://")
      .append(peer.host)
      .append(":")
      .append(std::to_string(peer.port))
      .append(peer.identity.empty() ? "" : " as ")
      .append(peer.identity);
}

// Host, as the peer wants to hear it: without the scheme's own port.
std::string host_field(const Peer& peer) {
  const bool v6 = peer.host.find(':') != std::string::npos;
  std::string host = v6 ? "[" + peer.host + "]" : peer.host;
  if (peer.port != (peer.tls ? 443 : 80)) {
    host.append(":").append(std::to_string(peer.port));
  }
  return host;
}

// Whatever would let one request become two is a defect of the caller.
void check(const ClientRequest& request) {
  const bool target =
      request.target.starts_with('/') &&
      std::ranges::all_of(request.target, [](char c) { return c > ' ' && c < 0x7f; });
  if (!target || request.method == Method::other || request.timeout <= Duration::zero()) {
    throw std::invalid_argument("not a request that can be sent: " + request.target);
  }
  for (const auto& [name, value] : request.headers.all()) {
    if (!is_token(name) || !is_field_value(value)) {
      throw std::invalid_argument("not a field that can be sent: " + name);
    }
  }
}

bool is_owned_by_client(std::string_view name) {
  return equal_ignoring_case(name, "Content-Length") || equal_ignoring_case(name, "Connection") ||
         equal_ignoring_case(name, "Transfer-Encoding");
}

std::string head_of(const Peer& peer, const ClientRequest& request) {
  std::string head;
  head.reserve(256);
  head.append(to_string(request.method)).append(" ").append(request.target).append(" HTTP/1.1\r\n");
  if (!request.headers.find("Host")) {
    head.append("Host: ").append(host_field(peer)).append("\r\n");
  }
  for (const auto& [name, value] : request.headers.all()) {
    const bool replaced = request.trace && equal_ignoring_case(name, "traceparent");
    if (!is_owned_by_client(name) && !replaced) {
      head.append(name).append(": ").append(value).append("\r\n");
    }
  }
  if (request.trace) {
    head.append("traceparent: ").append(request.trace->traceparent()).append("\r\n");
  }
  const bool may_be_empty = request.method == Method::get || request.method == Method::head ||
                            request.method == Method::del || request.method == Method::options;
  if (!request.body.empty() || !may_be_empty) {
    head.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  }
  return head.append("\r\n");
}

class ClientExchange;

// A connection that is kept between requests.
struct Connection {
  explicit Connection(Core& core) : transport(core) {}
  Transport transport;
  SteadyTime idle_since{};
};

// The connections of one core to one peer.
struct PeerPool {
  std::vector<std::unique_ptr<Connection>> idle;  // the most recently used last
  std::size_t open = 0;                           // idle ones, and those in use or being made
  std::deque<std::shared_ptr<ClientExchange>> waiting;
};

// Everything a Client owns on one core; touched on that core's thread only.
class CorePool : public std::enable_shared_from_this<CorePool> {
 public:
  CorePool(Core& core, const Client::Options& options, std::shared_ptr<const TlsSettings> tls)
      : core_(core), options_(options), tls_(std::move(tls)) {}

  Core& core() { return core_; }
  const Client::Options& options() const { return options_; }
  const TlsSettings& tls() const { return *tls_; }

  // An idle connection that is still good, or null.
  std::unique_ptr<Connection> take_idle(const std::string& key);
  // Room for one more connection is taken when there is.
  bool reserve(const std::string& key);
  // One that was woken in vain goes back to the front.
  bool enqueue(const std::string& key, std::shared_ptr<ClientExchange> exchange, bool in_front);
  void forget(const std::string& key, const ClientExchange& exchange);
  void give_back(const std::string& key, std::unique_ptr<Connection> connection);
  void release(const std::string& key);  // a connection is gone
  void abandon();                        // the runtime has stopped

 private:
  void let_next_in(PeerPool& peer);
  void sweep_later();
  void sweep();

  Core& core_;
  const Client::Options options_;
  std::shared_ptr<const TlsSettings> tls_;
  std::unordered_map<std::string, PeerPool> peers_;
  bool sweeping_ = false;
};

// One request on its way:
//
//   waiting for a connection -> resolving -> connecting -> handshake -> writing and reading -> done
//
// Handlers of Asio own it, so that one that comes late finds it alive and done.
class ClientExchange : public std::enable_shared_from_this<ClientExchange> {
 public:
  using Resume = std::move_only_function<void(Outcome)>;

  ClientExchange(std::shared_ptr<CorePool> pool, Peer peer, ClientRequest request)
      : pool_(std::move(pool)),
        peer_(std::move(peer)),
        key_(key_of(peer_)),
        request_(std::move(request)),
        head_(head_of(peer_, request_)),
        timer_(pool_->core().context().get_executor()),
        connect_timer_(pool_->core().context().get_executor()),
        resolver_(pool_->core().context().get_executor()),
        reader_(request_.method == Method::head, pool_->options().response_body_bytes) {}

  void start(Resume resume);
  // A place for a connection is free, and taken for this exchange.
  void connect();

 private:
  void begin();
  void connect_to(std::vector<Tcp::endpoint> endpoints);
  void connected(const ErrorCode& error);
  void handshake();
  void step();
  bool write_some();  // false when the exchange is over
  bool read_some();
  void wait_read();
  void wait_write();
  bool try_another_connection();
  void finish(Outcome outcome);
  void fail_with(std::string what, bool reacted = true) {
    finish(Failure{std::move(what), written_ > 0, reacted});
  }
  template <class Work>
  auto guarded(Work work);

  const std::shared_ptr<CorePool> pool_;
  const Peer peer_;
  const std::string key_;
  const ClientRequest request_;
  const std::string head_;
  Timer timer_;
  Timer connect_timer_;
  Resolver resolver_;
  ResponseReader reader_;
  ReadBuffer buffer_;
  Resume resume_;
  std::unique_ptr<Connection> connection_;
  std::vector<Tcp::endpoint> endpoints_;
  bool has_place_ = false;
  bool has_waited_ = false;
  bool reused_ = false;
  bool connecting_ = false;
  bool waiting_to_read_ = false;
  bool waiting_to_write_ = false;
  std::size_t written_ = 0;
  std::string write_problem_;
};

std::unique_ptr<Connection> CorePool::take_idle(const std::string& key) {
  const auto found = peers_.find(key);
  if (found == peers_.end()) {
    return nullptr;
  }
  PeerPool& peer = found->second;
  const SteadyTime oldest = core_.clock().steady() - limits::client_idle_timeout;
  while (!peer.idle.empty()) {
    std::unique_ptr<Connection> connection = std::move(peer.idle.back());
    peer.idle.pop_back();
    if (connection->idle_since >= oldest && connection->transport.still_good()) {
      return connection;
    }
    --peer.open;
  }
  return nullptr;
}

bool CorePool::reserve(const std::string& key) {
  PeerPool& peer = peers_[key];
  if (peer.open >= options_.connections_per_peer) {
    return false;
  }
  ++peer.open;
  return true;
}

bool CorePool::enqueue(const std::string& key, std::shared_ptr<ClientExchange> exchange,
                       bool in_front) {
  PeerPool& peer = peers_[key];
  if (in_front) {
    peer.waiting.push_front(std::move(exchange));
    return true;
  }
  if (peer.waiting.size() >= options_.waiting_per_peer) {
    return false;
  }
  peer.waiting.push_back(std::move(exchange));
  return true;
}

void CorePool::forget(const std::string& key, const ClientExchange& exchange) {
  if (const auto found = peers_.find(key); found != peers_.end()) {
    std::erase_if(found->second.waiting,
                  [&exchange](const auto& other) { return other.get() == &exchange; });
  }
}

void CorePool::give_back(const std::string& key, std::unique_ptr<Connection> connection) {
  PeerPool& peer = peers_[key];
  if (peer.waiting.empty() && peer.idle.size() >= options_.idle_connections_per_peer) {
    connection.reset();
    release(key);
    return;
  }
  connection->idle_since = core_.clock().steady();
  peer.idle.push_back(std::move(connection));
  if (!peer.waiting.empty()) {
    let_next_in(peer);
  }
  sweep_later();
}

void CorePool::release(const std::string& key) {
  PeerPool& peer = peers_[key];
  --peer.open;
  if (!peer.waiting.empty()) {
    let_next_in(peer);
  } else if (peer.open == 0) {
    peers_.erase(key);
  }
}

void CorePool::abandon() {
  // Those that wait own this pool: a cycle.
  std::exchange(peers_, {}).clear();
}

// Posted, so that a long queue does not become a deep stack.
void CorePool::let_next_in(PeerPool& peer) {
  std::shared_ptr<ClientExchange> next = std::move(peer.waiting.front());
  peer.waiting.pop_front();
  core_.post([next = std::move(next)] { next->connect(); });
}

void CorePool::sweep_later() {
  if (!std::exchange(sweeping_, true)) {
    core_.post_after(limits::client_idle_timeout, [weak = weak_from_this()] {
      if (const std::shared_ptr<CorePool> pool = weak.lock()) {
        pool->sweep();
      }
    });
  }
}

void CorePool::sweep() {
  sweeping_ = false;
  const SteadyTime oldest = core_.clock().steady() - limits::client_idle_timeout;
  bool some_left = false;
  for (auto at = peers_.begin(); at != peers_.end();) {
    PeerPool& peer = at->second;
    peer.open -= std::erase_if(peer.idle, [oldest](const std::unique_ptr<Connection>& connection) {
      return connection->idle_since <= oldest;
    });
    some_left = some_left || !peer.idle.empty();
    at = peer.open == 0 && peer.waiting.empty() ? peers_.erase(at) : std::next(at);
  }
  if (some_left) {
    sweep_later();
  }
}

// A handler that keeps the exchange alive, enters its executor, and does nothing once it is over.
template <class Work>
auto ClientExchange::guarded(Work work) {
  return [self = shared_from_this(), work = std::move(work)](auto&&... arguments) {
    self->pool_->core().enter([&] {
      if (self->resume_) {
        work(*self, arguments...);
      }
    });
  };
}

void ClientExchange::start(Resume resume) {
  resume_ = std::move(resume);
  timer_.expires_after(request_.timeout);
  timer_.async_wait(guarded([](ClientExchange& self, const ErrorCode& error) {
    if (!error) {
      self.fail_with("no answer in time", false);
    }
  }));
  connect();
}

void ClientExchange::connect() {
  if (!resume_) {
    return;  // out of time while it waited; its place in the queue was gone already
  }
  connection_ = pool_->take_idle(key_);
  if (connection_) {
    has_place_ = true;
    reused_ = true;
    step();
    return;
  }
  if (!pool_->reserve(key_)) {
    if (!pool_->enqueue(key_, shared_from_this(), std::exchange(has_waited_, true))) {
      fail_with("too many requests wait for a connection", false);
    }
    return;
  }
  has_place_ = true;
  begin();
}

void ClientExchange::begin() {
  reused_ = false;
  connection_ = std::make_unique<Connection>(pool_->core());
  ErrorCode error;
  const auto address = asio::ip::make_address(peer_.host, error);
  if (!error) {
    connect_to({Tcp::endpoint(address, peer_.port)});
    return;
  }
  resolver_.async_resolve(
      peer_.host, std::to_string(peer_.port), Resolver::numeric_service,
      guarded([](ClientExchange& self, const ErrorCode& failed, Resolver::results_type results) {
        if (failed) {
          self.fail_with("cannot resolve: " + failed.message(), false);
          return;
        }
        self.connect_to({results.begin(), results.end()});
      }));
}

void ClientExchange::connect_to(std::vector<Tcp::endpoint> endpoints) {
  endpoints_ = std::move(endpoints);
  connect_timer_.expires_after(pool_->options().connect_timeout);
  connect_timer_.async_wait(guarded([](ClientExchange& self, const ErrorCode& error) {
    if (!error && self.connecting_) {
      self.fail_with("cannot connect in time", false);
    }
  }));
  connecting_ = true;
  asio::async_connect(connection_->transport.socket, endpoints_,
                      guarded([](ClientExchange& self, const ErrorCode& error,
                                 const Tcp::endpoint&) { self.connected(error); }));
}

void ClientExchange::connected(const ErrorCode& error) {
  connecting_ = false;
  connect_timer_.cancel();
  if (error) {
    fail_with("cannot connect: " + error.message(),
              error == asio::error::connection_refused || error == asio::error::connection_reset);
    return;
  }
  Transport& transport = connection_->transport;
  ErrorCode ignored;
  transport.socket.set_option(Tcp::no_delay(true), ignored);
  transport.socket.non_blocking(true, ignored);
  if (peer_.tls) {
    if (peer_.identity.empty()) {
      transport.start_tls(pool_->tls(), peer_.host);
    } else if (pool_->options().identity) {
      transport.start_mutual_tls(pool_->options().identity->contexts(), peer_.identity);
    } else {
      fail_with("this client has no certificate to show");
      return;
    }
    handshake();
  } else {
    step();
  }
}

void ClientExchange::handshake() {
  const Attempt attempt = connection_->transport.handshake();
  switch (attempt.kind) {
    case Attempt::Kind::moved:
      step();
      return;
    case Attempt::Kind::wait_read:
    case Attempt::Kind::wait_write:
      connection_->transport.socket.async_wait(
          attempt.kind == Attempt::Kind::wait_read ? Socket::wait_read : Socket::wait_write,
          guarded([](ClientExchange& self, const ErrorCode&) { self.handshake(); }));
      return;
    case Attempt::Kind::ended:
      fail_with("the peer closed the connection in the TLS handshake");
      return;
    case Attempt::Kind::failed:
      fail_with(attempt.what);
      return;
  }
}

// Writes what can be written and reads what has come. A peer may answer before it has read all.
void ClientExchange::step() {
  const bool all_written = written_ == head_.size() + request_.body.size();
  if (!all_written && write_problem_.empty() && !write_some()) {
    return;
  }
  if (!waiting_to_read_) {
    wait_read();
  }
}

bool ClientExchange::write_some() {
  const std::size_t total = head_.size() + request_.body.size();
  while (written_ < total && !waiting_to_write_) {
    const std::size_t in_head = std::min(written_, head_.size());
    const std::string_view body = std::string_view(request_.body).substr(written_ - in_head);
    const Attempt attempt =
        connection_->transport.write(std::string_view(head_).substr(in_head), body);
    switch (attempt.kind) {
      case Attempt::Kind::moved:
        written_ += attempt.bytes;
        break;
      case Attempt::Kind::wait_write:
        wait_write();
        return true;
      case Attempt::Kind::wait_read:
        return true;
      case Attempt::Kind::ended:
      case Attempt::Kind::failed:
        if (written_ == 0) {
          if (!try_another_connection()) {
            fail_with("cannot send: " + attempt.what);
          }
          return false;
        }
        // It may have answered before it closed: read on.
        write_problem_ = attempt.what.empty() ? "the peer closed the connection" : attempt.what;
        return true;
    }
  }
  return true;
}

// The peer closed an idle connection just as it was taken: nothing was sent, so once more.
bool ClientExchange::try_another_connection() {
  if (!reused_) {
    return false;
  }
  begin();
  return true;
}

void ClientExchange::wait_write() {
  waiting_to_write_ = true;
  connection_->transport.socket.async_wait(Socket::wait_write,
                                           guarded([](ClientExchange& self, const ErrorCode&) {
                                             self.waiting_to_write_ = false;
                                             self.step();
                                           }));
}

void ClientExchange::wait_read() {
  waiting_to_read_ = true;
  connection_->transport.socket.async_wait(Socket::wait_read,
                                           guarded([](ClientExchange& self, const ErrorCode&) {
                                             self.waiting_to_read_ = false;
                                             if (self.read_some()) {
                                               self.step();
                                             }
                                           }));
}

bool ClientExchange::read_some() {
  for (;;) {
    const auto [data, size] =
        buffer_.prepare(std::max(limits::read_buffer_bytes, limits::response_header_bytes) * 2);
    const Attempt attempt = connection_->transport.read({data, size});
    if (attempt.kind == Attempt::Kind::wait_read || attempt.kind == Attempt::Kind::wait_write) {
      return true;
    }
    if (attempt.kind == Attempt::Kind::failed) {
      fail_with(write_problem_.empty() ? "cannot read the answer: " + attempt.what
                                       : "cannot send: " + write_problem_);
      return false;
    }
    if (attempt.kind == Attempt::Kind::ended) {
      reader_.put_end();
    } else {
      buffer_.commit(attempt.bytes);
      buffer_.consume(reader_.put(buffer_.data()));
    }
    if (!reader_.problem().empty()) {
      fail_with(reader_.problem());
      return false;
    }
    if (reader_.done()) {
      finish(reader_.take());
      return false;
    }
    if (!connection_->transport.is_tls() && attempt.bytes < size) {
      return true;  // the socket is empty: save the call that says so
    }
  }
}

// Ends the exchange: its connection goes back or is closed, then the caller goes on. The last thing
// any handler does.
void ClientExchange::finish(Outcome outcome) {
  const std::shared_ptr<ClientExchange> self = shared_from_this();
  Resume resume = std::exchange(resume_, nullptr);
  timer_.cancel();
  connect_timer_.cancel();
  resolver_.cancel();
  const bool whole = written_ == head_.size() + request_.body.size();
  if (!has_place_) {
    pool_->forget(key_, *this);
  } else if (outcome.index() == 0 && whole && reader_.keep_alive() && buffer_.empty()) {
    pool_->give_back(key_, std::move(connection_));
  } else {
    // Closed, not destroyed: operations under way still look at the socket when they end.
    ErrorCode error;
    connection_->transport.socket.close(error);
    pool_->release(key_);
  }
  resume(std::move(outcome));
}

}  // namespace

struct Client::Impl {
  explicit Impl(Runtime::Impl& the_runtime) : runtime(the_runtime) {}

  Runtime::Impl& runtime;
  std::vector<std::shared_ptr<CorePool>> pools;

  const std::shared_ptr<CorePool>& here() const {
    const Executor& current = Executor::current();
    for (const std::shared_ptr<CorePool>& pool : pools) {
      if (&pool->core() == &current) {
        return pool;
      }
    }
    throw std::logic_error("Client::send is awaited on an executor of another runtime");
  }
};

Client::Client(Runtime& runtime, Options options) : impl_(std::make_unique<Impl>(runtime.impl())) {
  const auto tls = std::make_shared<const TlsSettings>(options.tls_trust_pem);
  for (const std::unique_ptr<Core>& core : runtime.impl().cores) {
    impl_->pools.push_back(std::make_shared<CorePool>(*core, options, tls));
  }
}

Client::~Client() {
  using State = Runtime::Impl::State;
  if (impl_->runtime.state() == State::stopped) {
    impl_->runtime.join();
    for (const std::shared_ptr<CorePool>& pool : impl_->pools) {
      pool->abandon();
    }
    return;
  }
  for (std::shared_ptr<CorePool>& pool : impl_->pools) {
    Core& core = pool->core();
    core.post([pool = std::move(pool)] {});  // its sockets are closed on their own thread
  }
}

Task<Response> Client::send(Peer peer, ClientRequest request) {
  check(request);
  if (!request.trace) {
    SecureRandom random;
    request.trace = observe::span_of(log::current_trace().view(), random);
  }
  const std::string name = key_of(peer);
  const auto exchange =
      std::make_shared<ClientExchange>(impl_->here(), std::move(peer), std::move(request));
  Callback<Outcome> waiting(
      [exchange](Callback<Outcome>::Resume resume) { exchange->start(std::move(resume)); });
  Outcome outcome = co_await waiting;
  if (const Failure* failure = std::get_if<Failure>(&outcome)) {
    throw HttpError(name + ": " + failure->what, failure->maybe_sent, failure->peer_reacted);
  }
  co_return std::get<Response>(std::move(outcome));
}

Result<Url> parse_url(std::string_view text) {
  Url url;
  std::string_view rest = text;
  if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
    url.peer.tls = true;
  } else {
    return fail(errc::invalid_url, "An URL begins with http:// or https://.");
  }
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, slash);
  std::string_view path = rest.substr(slash);
  if (rest.find_first_of("?#@ \\") != std::string_view::npos) {
    return fail(errc::invalid_url, "An URL here has no user, query or fragment.");
  }
  while (path.ends_with('/')) {
    path.remove_suffix(1);
  }
  if (!path.empty()) {
    if (const Result<Target> target = parse_target(path); !target) {
      return fail(errc::invalid_url, "The path of the URL: " + target.error().detail);
    }
  }
  url.path = path;
  url.peer.port = url.peer.tls ? 443 : 80;
  const std::size_t bracket = authority.starts_with('[') ? authority.find(']') : 0;
  if (bracket == std::string_view::npos) {
    return fail(errc::invalid_url, "The address of the URL has no closing bracket.");
  }
  const std::size_t colon = authority.find(':', bracket);
  if (colon != std::string_view::npos) {
    const std::string_view port = authority.substr(colon + 1);
    const auto [end, error] =
        std::from_chars(port.data(), port.data() + port.size(), url.peer.port);
    if (error != std::errc() || end != port.data() + port.size() || url.peer.port == 0) {
      return fail(errc::invalid_url, "The port of the URL is not a number from 1 to 65535.");
    }
    authority = authority.substr(0, colon);
  }
  const bool v6 = bracket > 0;
  url.peer.host = to_lower(v6 ? authority.substr(1, bracket - 1) : authority);
  const std::string_view known =
      v6 ? "0123456789abcdef:." : "0123456789abcdefghijklmnopqrstuvwxyz.-_";
  if (url.peer.host.empty() || url.peer.host.find_first_not_of(known) != std::string::npos) {
    return fail(errc::invalid_url, "The host of the URL is not a name or an address.");
  }
  return url;
}

}  // namespace securecart::net
