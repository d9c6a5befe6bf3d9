#include "storage/cache/redis/connection.hpp"

#include <algorithm>
#include <utility>

#include "base/assets.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "storage/limits.hpp"

namespace securecart::storage::redis {

namespace {

using Breaker = resilience::CircuitBreaker;

constexpr std::array<std::string_view, script_count> script_files = {
    "lua/cache_get.lua", "lua/cache_put.lua", "lua/cache_invalidate.lua"};
constexpr resilience::Backoff backoff{limits::redis_retry_first, limits::redis_retry_most};

Breaker::Settings breaker_settings() {
  Breaker::Settings settings;
  settings.window = std::chrono::seconds(5);
  settings.least_calls = 10;
  settings.slow = limits::redis_slow_command;
  settings.open_for = limits::redis_breaker_open;
  settings.open_most = limits::redis_breaker_open_most;
  return settings;
}

observe::Counter& failures(observe::Metrics& metrics, const char* reason) {
  return metrics.counter("securecart_redis_failures_total", "Commands without a useful answer.",
                         {{"reason", reason}});
}

// "run_id:8a…" of INFO server.
std::string run_of(std::string_view info) {
  constexpr std::string_view name = "run_id:";
  const std::size_t at = info.find(name);
  if (at == std::string_view::npos) {
    return {};
  }
  info.remove_prefix(at + name.size());
  return std::string(trim(info.substr(0, info.find('\n'))));
}

}  // namespace

ConnectionMetrics::ConnectionMetrics(observe::Metrics& metrics)
    : connected(metrics.gauge("securecart_redis_connections",
                              "Connections to the master; one a core when all is well.")),
      breakers_open(metrics.gauge("securecart_redis_breakers_open",
                                  "Cores that do not ask Redis now, because it fails or crawls.")),
      connects(metrics.counter("securecart_redis_connects_total", "Connections that came up.")),
      lost(failures(metrics, "lost")),
      not_master(metrics.counter("securecart_redis_not_master_total",
                                 "Connections given up because the server is no master.")),
      timeouts(failures(metrics, "late")),
      refused(failures(metrics, "breaker")),
      down(failures(metrics, "down")),
      overflow(failures(metrics, "busy")),
      full(failures(metrics, "full")),
      errors(failures(metrics, "error")),
      seconds(metrics.histogram("securecart_redis_command_seconds",
                                "From sending a command to its answer.")) {}

Connection::Connection(const Parts& parts) : parts_(parts), breaker_(breaker_settings()) {}

Connection::~Connection() {
  if (stream_) {
    stream_->close();
  }
}

void Connection::start() {
  connect();
}

void Connection::stop() {
  give_up("the process ends", false);
  state_ = State::stopped;
}

void Connection::master_changed() {
  const std::optional<net::Peer> master = parts_.master.peer();
  const bool right = stream_ && master && same(*master, peer_);
  if (state_ == State::stopped || right) {
    return;
  }
  if (state_ != State::waiting) {
    give_up("another server is the master now", false);
  }
  failures_ = 0;
  connect();
}

void Connection::connect() {
  const std::optional<net::Peer> master = parts_.master.peer();
  ++attempt_;
  if (!master) {
    state_ = State::waiting;  // master_changed() will come
    return;
  }
  peer_ = *master;
  state_ = State::connecting;
  reader_ = std::make_unique<ReplyReader>();
  stream_ = net::open_stream(parts_.home, peer_, limits::redis_connect_timeout, parts_.tls,
                             weak_from_this());
}

void Connection::opened() {
  state_ = State::greeting;
  greet();
}

// Everything that must be known before the first command, in one round trip.
void Connection::greet() {
  const Address& address = parts_.address;
  std::string out;
  with_password_ = !address.password.empty();
  if (with_password_) {
    out += address.user.empty() ? command({"AUTH", address.password})
                                : command({"AUTH", address.user, address.password});
  }
  out += command({"SELECT", std::to_string(address.database)});
  out += command({"ROLE"});
  out += command({"INFO", "server"});
  for (const std::string_view file : script_files) {
    out += command({"SCRIPT", "LOAD", embedded_asset(file)});
  }
  greetings_ = 0;
  stream_->write(out);
  parts_.home.post_after(
      limits::redis_connect_timeout, [weak = weak_from_this(), attempt = attempt_] {
        const auto self = weak.lock();
        if (self && self->attempt_ == attempt && self->state_ == State::greeting) {
          self->give_up("no answer to the greeting", true);
        }
      });
}

// False when the connection is of no use.
bool Connection::take_greeting(Reply reply) {
  if (reply.is_error()) {
    give_up(reply.text, true);
    return false;
  }
  // Without a password there is no answer to AUTH.
  const std::size_t step = greetings_++ + (with_password_ ? 0 : 1);
  constexpr std::size_t role_step = 2;
  constexpr std::size_t info_step = 3;
  constexpr std::size_t first_script = 4;
  if (step == role_step && (!reply.has(1) || reply.list[0].text != "master")) {
    parts_.metrics.not_master.add();
    give_up("it is no master", true);
    return false;
  }
  if (step == info_step) {
    run_ = run_of(reply.text);
  }
  if (step >= first_script) {
    scripts_[step - first_script] = reply.text;
  }
  if (step + 1 == first_script + script_count) {
    come_up();
  }
  return true;
}

void Connection::come_up() {
  state_ = State::up;
  failures_ = 0;
  parts_.metrics.connected.add(1);
  parts_.metrics.connects.add();
  if (came_up_) {
    came_up_();
  }
}

void Connection::received(std::string_view bytes) {
  const std::shared_ptr<Connection> alive = shared_from_this();
  const std::uint64_t attempt = attempt_;
  const std::shared_ptr<net::Stream> stream = stream_;
  reader_->feed(bytes);
  while (attempt == attempt_ && stream == stream_) {
    std::optional<Reply> reply = reader_->next();
    if (!reply) {
      break;
    }
    if (state_ == State::greeting) {
      if (!take_greeting(std::move(*reply))) {
        return;
      }
    } else {
      take(std::move(*reply));
    }
  }
  if (attempt == attempt_ && stream == stream_ && !reader_->problem().empty()) {
    give_up(reader_->problem(), false);
  }
}

void Connection::closed(const std::string& why) {
  give_up(why, true);
}

void Connection::give_up(const std::string& why, bool ask_again, Failure failure) {
  if (state_ == State::waiting || state_ == State::stopped) {
    return;
  }
  const bool was_up = state_ == State::up;
  state_ = State::waiting;
  const std::uint64_t attempt = ++attempt_;
  if (stream_) {
    stream_->close();
    stream_.reset();
  }
  run_.clear();
  if (was_up) {
    parts_.metrics.connected.add(-1);
    log::warn("the connection to Redis is lost", {{"server", label_of(peer_)}, {"why", why}});
  } else {
    log::debug("cannot connect to Redis", {{"server", label_of(peer_)}, {"why", why}});
  }
  std::deque<Pending> lost;
  lost.swap(pending_);
  const SteadyTime now = parts_.clock.steady();
  for (Pending& pending : lost) {
    (failure == Failure::late ? parts_.metrics.timeouts : parts_.metrics.lost).add();
    record(pending, Breaker::Outcome::failure, now);
    pending.then(std::unexpected(failure));
  }
  if (ask_again) {
    parts_.master.failed(peer_);
  }
  parts_.home.post_after(
      backoff.wait(failures_++, parts_.random), [weak = weak_from_this(), attempt] {
        const auto self = weak.lock();
        if (self && self->attempt_ == attempt && self->state_ == State::waiting) {
          self->connect();
        }
      });
}

void Connection::run_script(Script script, std::span<const std::string_view> keys,
                            std::span<const std::string_view> arguments, bool urgent, Then then) {
  const std::string count = std::to_string(keys.size());
  std::vector<std::string_view> words{"EVALSHA", scripts_[static_cast<std::size_t>(script)], count};
  words.insert(words.end(), keys.begin(), keys.end());
  words.insert(words.end(), arguments.begin(), arguments.end());
  run_command(words, urgent, std::move(then));
}

void Connection::run_command(std::span<const std::string_view> words, bool urgent, Then then) {
  const SteadyTime now = parts_.clock.steady();
  if (state_ != State::up) {
    parts_.metrics.down.add();
    then(std::unexpected(Failure::down));
    return;
  }
  if (pending_.size() >= limits::redis_commands_in_flight ||
      stream_->unsent() > limits::redis_unsent_bytes) {
    parts_.metrics.overflow.add();
    then(std::unexpected(Failure::busy));
    return;
  }
  Pending pending{std::move(then), now, std::nullopt};
  if (!urgent) {
    pending.permit = breaker_.allow(now);
    show_breaker(now);
    if (!pending.permit) {
      parts_.metrics.refused.add();
      pending.then(std::unexpected(Failure::refused));
      return;
    }
  }
  std::string out;
  append_command(out, words);
  stream_->write(out);
  pending_.push_back(std::move(pending));
  watch_answers();
}

void Connection::take(Reply reply) {
  if (pending_.empty()) {
    give_up("an answer nobody asked for", false);
    return;
  }
  Pending pending = std::move(pending_.front());
  pending_.pop_front();
  const SteadyTime now = parts_.clock.steady();
  parts_.metrics.seconds.observe(std::chrono::duration<double>(now - pending.sent_at).count());
  if (reply.is_error()) {
    (reply.text.starts_with("OOM") ? parts_.metrics.full : parts_.metrics.errors).add();
  }
  record(pending, Breaker::Outcome::success, now);
  // Scripts are gone after SCRIPT FLUSH, and a master that became a replica takes no writes: a new
  // connection finds out what is right.
  const bool useless = reply.is_error() &&
                       (reply.text.starts_with("NOSCRIPT") || reply.text.starts_with("READONLY"));
  const std::string why = useless ? reply.text : std::string();
  pending.then(std::move(reply));
  if (useless) {
    give_up(why, true);
  }
}

void Connection::watch_answers() {
  if (pending_.empty() || std::exchange(watching_, true)) {
    return;
  }
  const Duration left =
      pending_.front().sent_at + limits::redis_command_timeout - parts_.clock.steady();
  parts_.home.post_after(left, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) {
      self->check_answers();
    }
  });
}

void Connection::check_answers() {
  watching_ = false;
  if (!pending_.empty() &&
      pending_.front().sent_at + limits::redis_command_timeout <= parts_.clock.steady()) {
    give_up("an answer is late", true, Failure::late);
    return;
  }
  watch_answers();
}

void Connection::record(Pending& pending, Breaker::Outcome outcome, SteadyTime now) {
  if (pending.permit) {
    breaker_.record(*pending.permit, outcome, now - pending.sent_at, now);
    show_breaker(now);
  }
}

void Connection::show_breaker(SteadyTime now) {
  const bool open = breaker_.state(now) == Breaker::State::open;
  if (open != breaker_shown_) {
    breaker_shown_ = open;
    parts_.metrics.breakers_open.add(open ? 1 : -1);
  }
}

}  // namespace securecart::storage::redis
