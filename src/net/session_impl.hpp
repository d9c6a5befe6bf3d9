// One connection of a Server, and the part of a Server that lives on one core. For net/*.cpp only.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <coroutine>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/buffer.hpp>

#include "base/ids.hpp"
#include "base/prng.hpp"
#include "net/request_reader_impl.hpp"
#include "net/runtime_impl.hpp"
#include "net/server.hpp"
#include "net/transport_impl.hpp"
#include "net/trusted_proxies_impl.hpp"
#include "observe/metrics.hpp"

namespace securecart::net {

class CoreServer;

// The answer to one request, laid out for the wire.
struct Answer {
  std::string head;
  std::string body;
  std::shared_ptr<const std::string> shared_body;
  bool without_body = false;  // HEAD, 204, 304
  bool close = false;
  bool refusal = false;  // the client may still be sending
  std::size_t written = 0;

  std::string_view body_bytes() const {
    return without_body ? std::string_view() : shared_body ? std::string_view(*shared_body) : body;
  }
};

// Runs one handler for one session. It ends by telling the session, and can be destroyed where it
// waits when the process stops.
class Exchange {
 public:
  struct promise_type {
    Exchange get_return_object() noexcept {
      return Exchange(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
  explicit Exchange(std::coroutine_handle<promise_type> handle) noexcept : handle_(handle) {}
  std::coroutine_handle<> handle() const { return handle_; }

 private:
  std::coroutine_handle<promise_type> handle_;
};

// A connection as a state machine, driven by its socket, its handler and the core's sweep:
//
//   (handshake ->) idle -> head -> body -> handling -> writing -> idle, or
//                                                      writing -> lingering -> closed
//
// It owns itself through CoreServer's list and leaves it when it is closed, no operation on the
// socket is under way and no handler runs: a handler whose client went away ends in peace.
class Session {
 public:
  Session(CoreServer& server, Socket socket);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void begin();           // waits for the first request
  void begin_rejected();  // there are too many: says so and closes
  // Called a few times a second: ends what takes too long.
  void sweep(SteadyTime now);
  void close_when_idle();
  void abandon();  // closes at once; a running handler ends first, its answer is dropped
  void close();
  // From the Exchange, once: on this core.
  void handled(Response response);

  std::list<std::unique_ptr<Session>>::iterator place;  // in CoreServer's list

 private:
  enum class State { handshake, idle, head, body, handling, writing, lingering, closed };

  void advance();
  bool step();
  bool finished() const { return state_ == State::closed && operations_ == 0 && !exchange_; }

  bool shake_hands();
  bool take_head();
  bool accept_head();
  bool take_body();
  bool start_handler();
  bool write_more();
  bool after_answer();
  bool linger();
  bool read_more();
  bool read_more_tls();
  void wait_for(Socket::wait_type what);
  Attempt write(std::string_view first, std::string_view second);
  void apply_forwarded(Request& request);
  void refuse(const Error& error);
  void answer(Response response, bool close_after);
  void apply_proxy_fields(Request& request);
  void identify(Request& request);
  Duration deadline_of(const Request& request) const;
  void log_answer(int status, SteadyTime at);
  SteadyTime now() const;

  CoreServer& server_;
  Transport transport_;
  Socket& socket_ = transport_.socket;
  std::string peer_;
  std::vector<std::string> peer_roles_;
  bool trusted_peer_ = false;
  bool may_forward_ = false;  // its certificate says so
  RequestReader reader_;
  State state_ = State::idle;
  SteadyTime due_{};
  int operations_ = 0;
  bool advancing_ = false;

  // Of the request being answered.
  std::coroutine_handle<> exchange_;
  SteadyTime began_{};
  SteadyTime taken_{};  // to the handler, with its whole body
  bool keep_alive_ = true;
  bool is_http_11_ = true;
  Method method_ = Method::get;
  std::string target_;
  std::string request_id_;
  observe::TraceContext trace_;
  Answer answer_;
  std::size_t lingered_bytes_ = 0;
};

// Metrics of one listener, registered once.
struct ServerMetrics {
  ServerMetrics(observe::Metrics& metrics, const std::string& listener);
  observe::Counter& requests(int status) {
    return *by_class[static_cast<std::size_t>(status / 100)];
  }

  std::array<observe::Counter*, 6> by_class;
  observe::Histogram& seconds;
  observe::Gauge& open;
  observe::Counter& rejected;
  observe::Counter& handshakes_failed;
  observe::Counter& accept_failures;
  observe::Counter& bytes_in;
  observe::Counter& bytes_out;
};

// What the cores of one Server share.
struct ServerShared {
  Runtime& runtime;
  ServerOptions options;
  Handler& handler;
  ServerMetrics metrics;
  TrustedProxies proxies;
  std::atomic<std::size_t> connections = 0;
  std::atomic<std::size_t> listening_cores = 0;
  std::atomic<bool> draining = false;
};

class CoreServer {
 public:
  CoreServer(ServerShared& shared, Core& core, Acceptor acceptor);
  ~CoreServer();

  // On the core's thread:
  void start();
  void stop_accepting();                                 // and lets idle connections go
  void shut_down(std::move_only_function<void()> done);  // `done` once nothing is left

  ServerShared& shared() { return shared_; }
  Core& core() { return core_; }
  Random& random() { return random_; }
  std::string make_request_id() { return ids_.make("req"); }
  std::string_view date() const { return date_; }
  // Whether a request that failed or was slow is to be told of: not all of a flood is.
  bool may_say();
  void remove(Session& session);

 private:
  void accept();
  void accept_later();
  void accepted(Socket socket);
  void accept_rest();
  void tick();
  void sweep();
  void say_how_many_more();
  void check_done();

  ServerShared& shared_;
  Core& core_;
  Prng random_;
  Ids ids_;
  Acceptor acceptor_;
  Timer tick_;
  std::string date_;
  std::list<std::unique_ptr<Session>> sessions_;
  int said_ = 0;    // since the last sweep
  int unsaid_ = 0;  // beyond what is said
  int operations_ = 0;
  bool accepting_ = false;
  bool closing_ = false;
  std::move_only_function<void()> done_;
};

}  // namespace securecart::net
