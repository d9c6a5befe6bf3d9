#include "events/amqp/link.hpp"

#include <algorithm>
#include <amqp_framing.h>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

#include "base/log.hpp"
#include "events/limits.hpp"
#include "resilience/backoff.hpp"

namespace securecart::events::amqp {

namespace {

constexpr resilience::Backoff pauses{.first = limits::broker_retry_first,
                                     .most = limits::broker_retry_most};
constexpr auto tell_again = std::chrono::seconds(30);  // that no host answers
// Heartbeats are sent between waits.
constexpr auto longest_wait = std::chrono::milliseconds(1'000);
static_assert(longest_wait * 2 < limits::broker_heartbeat);

int make_event() {
  const int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event < 0) {
    throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  return event;
}

observe::Labels link_label(const std::string& purpose) {
  return {{"link", purpose}};
}

}  // namespace

Link::Link(Address address, std::string purpose, const Clock& clock, std::uint64_t seed,
           observe::Metrics& metrics)
    : address_(std::move(address)),
      purpose_(std::move(purpose)),
      clock_(clock),
      random_(seed),
      event_(make_event()),
      connected_gauge_(metrics.gauge("securecart_broker_connected",
                                     "1 while there is a connection to the broker.",
                                     link_label(purpose_))),
      blocked_gauge_(metrics.gauge("securecart_broker_blocked",
                                   "1 while the broker takes nothing: its memory or disk is full.",
                                   link_label(purpose_))),
      lost_counter_(metrics.counter("securecart_broker_lost_total",
                                    "Connections to the broker that broke.",
                                    link_label(purpose_))) {}

Link::~Link() {
  stop();
  close(event_);
}

void Link::start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), ("amqp " + purpose_).c_str());
    // OpenSSL writes to sockets whose peer may be gone.
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
    run();
  });
}

void Link::stop() {
  stopping_ = true;
  wake();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Link::wake() {
  if (!woken_.exchange(true)) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(event_, &one, sizeof one);
  }
}

void Link::set_blocked(bool blocked) {
  blocked_ = blocked;
  blocked_gauge_.set(blocked ? 1 : 0);
  if (blocked) {
    log::warn("broker_blocked", {{"link", purpose_}});
  }
}

void Link::run() {
  while (!stopping_) {
    if (connect()) {
      serve();
      continue;
    }
    // Each host has been tried: a pause, in which what is asked is answered.
    const SteadyTime again = clock_.steady() + pauses.wait(failures_++, random_);
    while (!stopping_ && clock_.steady() < again) {
      step_offline();
      wait(-1, again);
    }
  }
  connected_ = false;
  connected_gauge_.set(0);
  connection_.reset();
  lost("this process ends");
  step_offline();
}

// One round through the hosts.
bool Link::connect() {
  const bool tell = failures_ == 0 || clock_.steady() - told_ >= tell_again;
  told_ = tell ? clock_.steady() : told_;
  for (std::size_t tried = 0; tried < address_.hosts.size() && !stopping_; ++tried) {
    const Host& host = address_.hosts[next_host_ % address_.hosts.size()];
    try {
      step_offline();
      connection_ = std::make_unique<Connection>(address_, host, "securecart " + purpose_);
      connected_to(*connection_);
      connected_ = true;
      connected_gauge_.set(1);
      failures_ = 0;
      log::info("broker_connected", {{"link", purpose_}, {"host", host.name}});
      return true;
    } catch (const std::runtime_error& error) {  // ConnectionLost, Refused
      ++next_host_;
      connection_.reset();
      if (tell) {
        log::warn(
            "broker_away",
            {{"link", purpose_}, {"host", host.name}, {"error", std::string_view(error.what())}});
      }
      lost(error.what());
    }
  }
  return false;
}

void Link::serve() {
  std::string why;
  try {
    while (!stopping_) {
      const SteadyTime now = clock_.steady();
      const SteadyTime next = std::min(step(*connection_, now), now + Duration(longest_wait));
      if (!drain()) {
        wait(connection_->descriptor(), next);
      }
    }
    return;
  } catch (const std::runtime_error& error) {  // ConnectionLost, Refused
    why = error.what();
  }
  ++next_host_;
  connected_ = false;
  connected_gauge_.set(0);
  set_blocked(false);
  lost_counter_.add();
  log::warn("broker_lost", {{"link", purpose_}, {"error", why}});
  connection_.reset();
  lost(why);
}

// Takes what has arrived, up to a limit, so that commands have their turn. True: there may be more.
bool Link::drain() {
  constexpr int most_frames = 1'024;
  for (int frames = 0; frames < most_frames; ++frames) {
    const std::optional<amqp_frame_t> frame = connection_->next();
    if (!frame) {
      connection_->release();
      return false;
    }
    take(*frame);
    connection_->release();
  }
  return true;
}

void Link::take(const amqp_frame_t& frame) {
  if (frame.frame_type == AMQP_FRAME_METHOD && frame.channel == 0) {
    switch (frame.payload.method.id) {
      case AMQP_CONNECTION_BLOCKED_METHOD:
        set_blocked(true);
        return;
      case AMQP_CONNECTION_UNBLOCKED_METHOD:
        set_blocked(false);
        return;
      case AMQP_CONNECTION_CLOSE_METHOD: {
        const auto* close =
            static_cast<const amqp_connection_close_t*>(frame.payload.method.decoded);
        throw ConnectionLost(
            fmt::format("the broker closed the connection: {}", view(close->reply_text)));
      }
      default:
        return;
    }
  }
  received(*connection_, frame);
}

void Link::wait(int descriptor, SteadyTime until) {
  pollfd sockets[2]{{event_, POLLIN, 0}, {descriptor, POLLIN, 0}};
  const Duration left = std::max(until - clock_.steady(), Duration::zero());
  const auto millis = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  poll(sockets, descriptor < 0 ? 1 : 2, static_cast<int>(millis));
  if ((sockets[0].revents & POLLIN) != 0) {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = read(event_, &count, sizeof count);
    woken_ = false;
  }
}

}  // namespace securecart::events::amqp
