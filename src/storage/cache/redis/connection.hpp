// One connection to the master, of one core, which keeps itself up. Everything happens on the
// thread of that core.
//
//   waiting ──pause with jitter──▶ connecting ──▶ greeting ──master, scripts loaded──▶ up
//      ▲                               └──refused, late──┴──no master, wrong password──┐  │
//      └───────────────────────────────────────────────────────────────────────────────┴──┘
//                                                            an answer is late, connection lost
//
// Commands are sent at once and answered in order (pipelining). An answer that is late means that
// the server hangs or the network is cut: the connection is given up, and every command on it
// fails. A circuit breaker then keeps callers away until a few probes went well.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "base/prng.hpp"
#include "net/stream.hpp"
#include "observe/metrics.hpp"
#include "resilience/backoff.hpp"
#include "resilience/circuit_breaker.hpp"
#include "storage/cache/redis/address.hpp"
#include "storage/cache/redis/master.hpp"
#include "storage/cache/redis/reply.hpp"

namespace securecart::storage::redis {

// The scripts in lua/, by place.
enum class Script : std::uint8_t { get, put, invalidate };
inline constexpr std::size_t script_count = 3;

struct ConnectionMetrics {
  explicit ConnectionMetrics(observe::Metrics& metrics);
  observe::Gauge& connected;
  observe::Gauge& breakers_open;
  observe::Counter& connects;
  observe::Counter& lost;
  observe::Counter& not_master;
  observe::Counter& timeouts;
  observe::Counter& refused;  // by a breaker
  observe::Counter& down;     // asked while there was no connection
  observe::Counter& overflow;
  observe::Counter& full;  // OOM
  observe::Counter& errors;
  observe::Histogram& seconds;
};

class Connection : public net::Stream::Listener, public std::enable_shared_from_this<Connection> {
 public:
  struct Parts {
    Executor& home;
    const Address& address;
    Master& master;
    std::shared_ptr<const net::TlsSettings> tls;
    const Clock& clock;
    Random& random;
    ConnectionMetrics& metrics;
  };
  enum class Failure { down, refused, late, lost, busy };
  using Answer = std::expected<Reply, Failure>;
  using Then = std::move_only_function<void(Answer)>;

  explicit Connection(const Parts& parts);
  ~Connection() override;

  void start();
  // No command is answered afterwards.
  void stop();
  // Looks again where the master is.
  void master_changed();

  bool up() const { return state_ == State::up; }
  // Id of the server's run; two connections with the same id talk to the same server.
  const std::string& run() const { return run_; }
  // Called each time it has come up.
  void on_up(std::function<void()> came_up) { came_up_ = std::move(came_up); }

  // Runs a script. `then` is called exactly once, on this thread, maybe before this returns.
  // `urgent`: past the breaker.
  void run_script(Script script, std::span<const std::string_view> keys,
                  std::span<const std::string_view> arguments, bool urgent, Then then);
  // The same with any command.
  void run_command(std::span<const std::string_view> words, bool urgent, Then then);

 private:
  enum class State { waiting, connecting, greeting, up, stopped };
  struct Pending {
    Then then;
    SteadyTime sent_at;
    std::optional<resilience::CircuitBreaker::Permit> permit;
  };

  void opened() override;
  void received(std::string_view bytes) override;
  void closed(const std::string& why) override;

  void connect();
  void greet();
  bool take_greeting(Reply reply);
  void come_up();
  void give_up(const std::string& why, bool ask_again, Failure failure = Failure::lost);
  void take(Reply reply);
  void watch_answers();
  void check_answers();
  void record(Pending& pending, resilience::CircuitBreaker::Outcome outcome, SteadyTime now);
  void show_breaker(SteadyTime now);

  const Parts parts_;
  resilience::CircuitBreaker breaker_;
  bool breaker_shown_ = false;
  State state_ = State::waiting;
  std::uint64_t attempt_ = 0;  // counts connections: a late timer of an old one does nothing
  int failures_ = 0;
  std::shared_ptr<net::Stream> stream_;
  std::unique_ptr<ReplyReader> reader_;
  net::Peer peer_;
  std::size_t greetings_ = 0;  // taken
  bool with_password_ = false;
  std::string run_;
  std::array<std::string, script_count> scripts_;  // their SHA-1, as the server says
  std::deque<Pending> pending_;
  bool watching_ = false;
  std::function<void()> came_up_;
};

}  // namespace securecart::storage::redis
