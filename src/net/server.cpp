#include "net/server.hpp"

#include <cassert>
#include <latch>
#include <system_error>
#include <thread>
#include <utility>

#include "base/limits.hpp"
#include "base/log.hpp"
#include "net/session_impl.hpp"

namespace securecart::net {

using namespace std::chrono_literals;

namespace {

// How often a core looks for connections that take too long; their timeouts are exact to this.
constexpr auto sweep_interval = 250ms;
// Connections past the limit that are told so at the same time; more are closed without a word.
constexpr std::size_t rejections_at_once = 256;
// After accept() failed for want of file descriptors or memory.
constexpr auto accept_pause = 100ms;

using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

// RFC 9110 section 5.6.7: Sun, 06 Nov 1994 08:49:37 GMT.
std::string format_http_date(Timestamp time) {
  static constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed",
                                                        "Thu", "Fri", "Sat"};
  static constexpr std::array<std::string_view, 12> months{
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  const auto two = [](auto number) {
    const auto value = static_cast<unsigned>(number);
    return std::string{static_cast<char>('0' + value / 10), static_cast<char>('0' + value % 10)};
  };
  return std::string(days[std::chrono::weekday(day).c_encoding()])
      .append(", ")
      .append(two(static_cast<unsigned>(date.day())))
      .append(" ")
      .append(months[static_cast<unsigned>(date.month()) - 1])
      .append(" ")
      .append(std::to_string(static_cast<int>(date.year())))
      .append(" ")
      .append(two(clock.hours().count()))
      .append(":")
      .append(two(clock.minutes().count()))
      .append(":")
      .append(two(clock.seconds().count()))
      .append(" GMT");
}

[[noreturn]] void cannot_listen(const ServerOptions& options, const ErrorCode& error) {
  throw std::system_error(
      error.value(), std::generic_category(),
      "cannot listen on " + options.address + ":" + std::to_string(options.port));
}

// A socket bound to `endpoint`, without listening.
Acceptor bind_socket(Core& core, const ServerOptions& options, const Tcp::endpoint& endpoint,
                     bool shared_port) {
  Acceptor acceptor(core.context().get_executor());
  ErrorCode error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) {
    acceptor.set_option(Acceptor::reuse_address(true), error);
  }
  if (!error && shared_port) {
    acceptor.set_option(reuse_port(true), error);
  }
  if (!error) {
    acceptor.bind(endpoint, error);
  }
  if (error) {
    cannot_listen(options, error);
  }
  return acceptor;
}

// One acceptor a core on the same port. SO_REUSEPORT would also share the port with another process
// of the same user; binding once without it finds out that there is one.
std::vector<Acceptor> listen_on_all_cores(Runtime& runtime, const ServerOptions& options) {
  ErrorCode error;
  const auto address = asio::ip::make_address(options.address, error);
  if (error) {
    cannot_listen(options, error);
  }
  Tcp::endpoint endpoint(address, options.port);
  auto& cores = runtime.impl().cores;
  if (options.port != 0) {
    bind_socket(*cores.front(), options, endpoint, false);
  }
  std::vector<Acceptor> acceptors;
  for (const std::unique_ptr<Core>& core : cores) {
    acceptors.push_back(bind_socket(*core, options, endpoint, true));
    endpoint.port(acceptors.back().local_endpoint().port());
  }
  for (Acceptor& acceptor : acceptors) {
    acceptor.listen(static_cast<int>(limits::listen_backlog), error);
    if (error) {
      cannot_listen(options, error);
    }
  }
  return acceptors;
}

std::uint64_t secure_seed() {
  SecureRandom random;
  return random.next();
}

}  // namespace

ServerMetrics::ServerMetrics(observe::Metrics& metrics, const std::string& listener)
    : seconds(metrics.histogram("securecart_http_request_seconds",
                                "From the whole header to the answer's first byte.",
                                {{"listener", listener}})),
      open(metrics.gauge("securecart_http_connections_open", "Open connections.",
                         {{"listener", listener}})),
      rejected(metrics.counter("securecart_http_connections_rejected_total",
                               "Connections refused because too many were open.",
                               {{"listener", listener}})),
      handshakes_failed(metrics.counter("securecart_tls_handshakes_failed_total",
                                        "Connections that did not prove who they are.",
                                        {{"listener", listener}})),
      accept_failures(metrics.counter("securecart_http_accept_failures_total",
                                      "Connections that could not be accepted yet.",
                                      {{"listener", listener}})),
      bytes_in(metrics.counter("securecart_http_received_bytes_total", "Bytes received.",
                               {{"listener", listener}})),
      bytes_out(metrics.counter("securecart_http_sent_bytes_total", "Bytes sent.",
                                {{"listener", listener}})) {
  for (std::size_t i = 0; i < by_class.size(); ++i) {
    by_class[i] =
        i < 2 ? by_class[0]
              : &metrics.counter("securecart_http_requests_total",
                                 "Requests answered, by class of status.",
                                 {{"listener", listener}, {"class", std::to_string(i) + "xx"}});
  }
}

CoreServer::CoreServer(ServerShared& shared, Core& core, Acceptor acceptor)
    : shared_(shared),
      core_(core),
      random_(secure_seed()),
      ids_(core.clock(), random_),
      acceptor_(std::move(acceptor)),
      tick_(core.context().get_executor()),
      date_(format_http_date(core.clock().now())) {}

CoreServer::~CoreServer() = default;

void CoreServer::start() {
  accepting_ = true;
  accept();
  tick();
}

void CoreServer::tick() {
  ++operations_;
  tick_.expires_after(sweep_interval);
  tick_.async_wait([this](ErrorCode error) {
    core_.enter([this, error] {
      --operations_;
      if (error || closing_) {
        check_done();
        return;
      }
      date_ = format_http_date(core_.clock().now());
      say_how_many_more();
      sweep();
      tick();
    });
  });
}

void CoreServer::sweep() {
  const SteadyTime now = core_.clock().steady();
  for (auto at = sessions_.begin(); at != sessions_.end();) {
    Session& session = **at++;  // it may leave the list
    session.sweep(now);
  }
}

bool CoreServer::may_say() {
  const bool may = said_ < limits::requests_said_per_sweep;
  ++(may ? said_ : unsaid_);
  return may;
}

void CoreServer::say_how_many_more() {
  if (unsaid_ > 0) {
    log::warn("more requests failed or were slow",
              {{"listener", shared_.options.name}, {"requests", unsaid_}});
  }
  said_ = 0;
  unsaid_ = 0;
}

void CoreServer::accept() {
  ++operations_;
  acceptor_.async_accept(core_.context(), [this](ErrorCode error, Socket socket) {
    core_.enter([this, error, &socket] {
      --operations_;
      if (!error) {
        accepted(std::move(socket));
      } else if (accepting_) {
        shared_.metrics.accept_failures.add();
        log::warn("cannot accept a connection",
                  {{"listener", shared_.options.name}, {"what", error.message()}});
      }
      if (!accepting_) {
        check_done();
      } else if (error) {
        accept_later();
      } else {
        accept();
      }
    });
  });
}

void CoreServer::accept_later() {
  ++operations_;
  core_.post_after(accept_pause, [this] {
    --operations_;
    if (accepting_) {
      accept();
    } else {
      check_done();
    }
  });
}

void CoreServer::accepted(Socket socket) {
  const std::size_t most = shared_.options.connections_per_core;
  const bool too_many = sessions_.size() >= most;
  if (too_many) {
    shared_.metrics.rejected.add();
    if (sessions_.size() >= most + rejections_at_once) {
      return;
    }
  }
  sessions_.push_back(std::make_unique<Session>(*this, std::move(socket)));
  Session& session = *sessions_.back();
  session.place = std::prev(sessions_.end());
  if (too_many) {
    session.begin_rejected();
  } else {
    session.begin();
  }
}

void CoreServer::remove(Session& session) {
  sessions_.erase(session.place);
  check_done();
}

// Connections the kernel has taken already would be reset by closing the acceptor.
void CoreServer::accept_rest() {
  ErrorCode error;
  acceptor_.non_blocking(true, error);
  while (!error) {
    Socket socket = acceptor_.accept(core_.context(), error);
    if (!error) {
      accepted(std::move(socket));
    }
  }
}

void CoreServer::stop_accepting() {
  if (!std::exchange(accepting_, false)) {
    return;
  }
  accept_rest();
  ErrorCode error;
  acceptor_.close(error);
  shared_.listening_cores.fetch_sub(1);
  for (auto at = sessions_.begin(); at != sessions_.end();) {
    Session& session = **at++;
    session.close_when_idle();
  }
}

void CoreServer::shut_down(std::move_only_function<void()> done) {
  done_ = std::move(done);
  stop_accepting();
  closing_ = true;
  tick_.cancel();
  for (auto at = sessions_.begin(); at != sessions_.end();) {
    Session& session = **at++;
    session.abandon();
  }
  check_done();
}

void CoreServer::check_done() {
  if (closing_ && done_ && operations_ == 0 && sessions_.empty()) {
    std::exchange(done_, nullptr)();
  }
}

struct Server::Impl {
  Impl(Runtime& runtime, ServerOptions options, Handler& handler, observe::Metrics& metrics)
      : shared{.runtime = runtime,
               .options = options,
               .handler = handler,
               .metrics = ServerMetrics(metrics, options.name),
               .proxies = TrustedProxies(options.trusted_proxies)} {}

  ServerShared shared;
  std::uint16_t port = 0;
  std::vector<std::unique_ptr<CoreServer>> cores;
};

Server::Server(Runtime& runtime, ServerOptions options, Handler& handler, observe::Metrics& metrics)
    : impl_(std::make_shared<Impl>(runtime, std::move(options), handler, metrics)) {
  std::vector<Acceptor> acceptors = listen_on_all_cores(runtime, impl_->shared.options);
  impl_->port = acceptors.front().local_endpoint().port();
  for (std::size_t i = 0; i < acceptors.size(); ++i) {
    impl_->cores.push_back(std::make_unique<CoreServer>(impl_->shared, *runtime.impl().cores[i],
                                                        std::move(acceptors[i])));
  }
}

// While the runtime runs, each core takes its part down on its own thread. Once it has stopped,
// nothing runs any more and this thread may.
Server::~Server() {
  Runtime::Impl& runtime = impl_->shared.runtime.impl();
  using State = Runtime::Impl::State;
  if (runtime.state() == State::running) {
    struct Pending {
      std::atomic<std::size_t> cores;
    };
    const auto pending = std::make_shared<Pending>(impl_->cores.size());
    for (const std::unique_ptr<CoreServer>& core : impl_->cores) {
      assert(!(Executor::has_current() && &Executor::current() == &core->core()) &&
             "a server is not destroyed by its own io threads");
      core->core().post([&core = *core, pending] {
        // Posted once more, so that nothing of the server is on the stack when it is destroyed.
        core.shut_down([&executor = core.core(), pending] {
          executor.post([pending] { pending->cores.fetch_sub(1); });
        });
      });
    }
    while (pending->cores.load() != 0 && runtime.state() == State::running) {
      std::this_thread::sleep_for(1ms);
    }
  }
  if (runtime.state() == State::stopped) {
    runtime.join();
  }
}

std::uint16_t Server::port() const {
  return impl_->port;
}

void Server::start() {
  impl_->shared.listening_cores = impl_->cores.size();
  for (const std::unique_ptr<CoreServer>& core : impl_->cores) {
    core->core().post([alive = std::weak_ptr<Impl>(impl_), &core = *core] {
      if (const std::shared_ptr<Impl> server = alive.lock()) {
        core.start();
      }
    });
  }
  log::info("listening", {{"listener", impl_->shared.options.name},
                          {"address", impl_->shared.options.address},
                          {"port", std::int64_t{impl_->port}}});
}

void Server::drain(Duration grace) {
  impl_->shared.draining = true;
  for (const std::unique_ptr<CoreServer>& core : impl_->cores) {
    const std::weak_ptr<Impl> alive = impl_;
    core->core().post([alive, grace, &executor = core->core(), &core = *core] {
      executor.post_after(grace, [alive, &core] {
        if (const std::shared_ptr<Impl> server = alive.lock()) {
          core.stop_accepting();
        }
      });
    });
  }
}

bool Server::drained() const {
  return impl_->shared.draining && impl_->shared.listening_cores.load() == 0 &&
         open_connections() == 0;
}

std::size_t Server::open_connections() const {
  return impl_->shared.connections.load();
}

}  // namespace securecart::net
