#include "storage/cache/redis/sentinel.hpp"

#include <charconv>
#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"
#include "resilience/backoff.hpp"
#include "storage/limits.hpp"

namespace securecart::storage::redis {

namespace {

constexpr resilience::Backoff backoff{limits::redis_retry_first, limits::redis_retry_most};
// A Sentinel that was asked so lately would say the same again.
constexpr auto ask_pause = std::chrono::milliseconds(300);

std::uint16_t port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() ? port : std::uint16_t{0};
}

}  // namespace

SentinelWatch::SentinelWatch(const Parts& parts)
    : parts_(parts),
      switches_(parts.metrics.counter("securecart_redis_master_switches_total",
                                      "New masters the Sentinels told of.")),
      failures_metric_(parts.metrics.counter("securecart_redis_sentinel_failures_total",
                                             "Sentinels that were of no use when asked.")),
      listening_(parts.metrics.gauge("securecart_redis_sentinel_listening",
                                     "1 while a Sentinel would tell of a switch.")) {}

SentinelWatch::~SentinelWatch() {
  if (stream_) {
    stream_->close();
  }
}

void SentinelWatch::start() {
  ask();
}

void SentinelWatch::stop() {
  stopped_ = true;
  ++attempt_;
  if (stream_) {
    stream_->close();
    stream_.reset();
  }
}

void SentinelWatch::doubt() {
  parts_.home.post([weak = weak_from_this()] {
    const auto self = weak.lock();
    // Without an answer yet it is being asked anyway.
    if (self && self->told_ && self->parts_.clock.steady() - self->asked_at_ >= ask_pause) {
      self->next("the master it named is of no use");
    }
  });
}

void SentinelWatch::ask() {
  if (stopped_) {
    return;
  }
  const std::uint64_t attempt = ++attempt_;
  asked_at_ = parts_.clock.steady();
  heard_at_ = asked_at_;
  told_ = false;
  answers_ = 0;
  reader_ = std::make_unique<ReplyReader>();
  stream_ = net::open_stream(parts_.home, parts_.address.hosts[sentinel_],
                             limits::redis_connect_timeout, parts_.tls, weak_from_this());
  keep_alive(attempt);
}

void SentinelWatch::opened() {
  std::string out;
  with_password_ = !parts_.address.sentinel_password.empty();
  if (with_password_) {
    out += command({"AUTH", parts_.address.sentinel_password});
  }
  // Subscribed before asking would be better still, but a subscriber may not ask: what happens in
  // between is heard by the next one who asks, and a wrong master is noticed by its ROLE.
  out += command({"SENTINEL", "get-master-addr-by-name", parts_.address.master});
  out += command({"SUBSCRIBE", "+switch-master"});
  stream_->write(out);
}

void SentinelWatch::received(std::string_view bytes) {
  const std::shared_ptr<SentinelWatch> alive = shared_from_this();
  const std::uint64_t attempt = attempt_;
  heard_at_ = parts_.clock.steady();
  reader_->feed(bytes);
  while (attempt == attempt_) {
    const std::optional<Reply> reply = reader_->next();
    if (!reply) {
      break;
    }
    if (!take(*reply)) {
      return;
    }
  }
  if (attempt == attempt_ && !reader_->problem().empty()) {
    next(reader_->problem());
  }
}

void SentinelWatch::closed(const std::string& why) {
  next(why);
}

bool SentinelWatch::take(const Reply& reply) {
  if (reply.is_error()) {
    next(reply.text);
    return false;
  }
  const std::size_t step = answers_++ + (with_password_ ? 0 : 1);
  constexpr std::size_t address_step = 1;
  if (step < address_step) {
    return true;
  }
  if (step == address_step) {
    return take_address(reply);
  }
  take_message(reply);
  return true;
}

bool SentinelWatch::take_address(const Reply& reply) {
  const std::uint16_t port = reply.has(2) ? port_of(reply.list[1].text) : std::uint16_t{0};
  if (port == 0) {
    next("it does not know the master " + parts_.address.master);
    return false;
  }
  told_ = true;
  failures_ = 0;
  listening_.set(1);
  parts_.master.set({reply.list[0].text, port, parts_.address.hosts.front().tls});
  return true;
}

// {"message", "+switch-master", "name old-ip old-port new-ip new-port"}
void SentinelWatch::take_message(const Reply& reply) {
  if (!reply.has(3) || reply.list[0].text != "message") {
    return;
  }
  const std::vector<std::string_view> words = split(reply.list[2].text, ' ');
  if (words.size() != 5 || words[0] != parts_.address.master || port_of(words[4]) == 0) {
    return;
  }
  switches_.add();
  log::warn("Redis has another master",
            {{"server", std::string(words[3]) + ":" + std::string(words[4])}});
  parts_.master.set({std::string(words[3]), port_of(words[4]), parts_.address.hosts.front().tls});
}

void SentinelWatch::next(const std::string& why) {
  if (stopped_) {
    return;
  }
  const std::uint64_t attempt = ++attempt_;
  stream_->close();
  failures_metric_.add(told_ ? 0 : 1);
  log::debug("asking another Sentinel",
             {{"server", label_of(parts_.address.hosts[sentinel_])}, {"why", why}});
  listening_.set(0);
  told_ = false;
  sentinel_ = (sentinel_ + 1) % parts_.address.hosts.size();
  parts_.home.post_after(backoff.wait(failures_++, parts_.random),
                         [weak = weak_from_this(), attempt] {
                           const auto self = weak.lock();
                           if (self && self->attempt_ == attempt) {
                             self->ask();
                           }
                         });
}

// A Sentinel that is silent for long is given up; PING makes a living one speak.
void SentinelWatch::keep_alive(std::uint64_t attempt) {
  parts_.home.post_after(limits::sentinel_ping, [weak = weak_from_this(), attempt] {
    const auto self = weak.lock();
    if (!self || self->attempt_ != attempt) {
      return;
    }
    if (self->parts_.clock.steady() - self->heard_at_ >= limits::sentinel_silence) {
      self->next("it is silent");
      return;
    }
    if (self->told_) {
      self->stream_->write(command({"PING"}));
    }
    self->keep_alive(attempt);
  });
}

}  // namespace securecart::storage::redis
