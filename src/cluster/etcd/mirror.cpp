#include "cluster/etcd/mirror.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/log.hpp"
#include "cluster/etcd/limits.hpp"

namespace securecart::cluster {

EtcdStore::Mirror::Mirror(std::shared_ptr<Connection> connection, std::string prefix,
                          Changed changed)
    : connection_(std::move(connection)),
      prefix_(std::move(prefix)),
      changed_(std::move(changed)),
      endpoint_(connection_->preferred()) {}

void EtcdStore::Mirror::begin() {
  read();
  probe_after(limits::etcd_probe_pause);
}

void EtcdStore::Mirror::end() {
  ended_ = true;
  if (stream_) {
    std::exchange(stream_, nullptr)->close();
  }
}

Task<Snapshot> EtcdStore::Mirror::ask_all() {
  const std::shared_ptr<Mirror> self = shared_from_this();
  co_return co_await connection_->ask<Snapshot>("/v3/kv/range", etcd::range_request(prefix_), true,
                                                etcd::parse_range);
}

void EtcdStore::Mirror::read() {
  if (ended_) {
    return;
  }
  const SteadyTime asked = connection_->clock().steady();
  start(ask_all(),
        [self = shared_from_this(), asked](std::variant<Snapshot, std::exception_ptr> outcome) {
          if (self->ended_) {
            return;
          }
          if (outcome.index() == 1) {
            self->read_after_pause();
            return;
          }
          self->confirmed_ = asked;
          self->adopt(std::move(std::get<0>(outcome)));
          self->follow();
        });
}

void EtcdStore::Mirror::adopt(Snapshot snapshot) {
  std::map<std::string, Entry> entries;
  for (Entry& entry : snapshot.entries) {
    std::string key = entry.key;
    entries.emplace(std::move(key), std::move(entry));
  }
  revision_ = snapshot.revision;
  deaf_at_ = 0;
  if (!told_ || entries != entries_) {
    entries_ = std::move(entries);
    tell();
  }
}

void EtcdStore::Mirror::follow() {
  if (ended_) {
    return;
  }
  reader_ = {};
  stream_ = connection_->open(endpoint_, weak_from_this());
}

void EtcdStore::Mirror::opened() {
  const Connection::Endpoint& endpoint = connection_->endpoint(endpoint_);
  const std::string body = etcd::watch_request(prefix_, revision_ + 1);
  stream_->write(
      fmt::format("POST {}/v3/watch HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n"
                  "Content-Length: {}\r\n\r\n{}",
                  endpoint.path, endpoint.authority, body.size(), body));
}

void EtcdStore::Mirror::received(std::string_view bytes) {
  reader_.feed(bytes);
  while (!ended_ && stream_) {
    const std::expected<std::optional<std::string>, std::string> line = reader_.next();
    if (!line) {
      lose(line.error());
      return;
    }
    if (!*line) {
      return;
    }
    const etcd::Parsed<etcd::WatchMessage> message = etcd::parse_watch(**line);
    if (!message || message->ended) {
      lose(message ? message->why : message.error());
      return;
    }
    failures_ = 0;
    if (apply(*message)) {
      tell();
    }
  }
}

bool EtcdStore::Mirror::apply(const etcd::WatchMessage& message) {
  const std::int64_t before = revision_;
  for (const etcd::WatchMessage::Event& event : message.events) {
    if (event.entry.modified <= before) {
      continue;
    }
    revision_ = std::max(revision_, event.entry.modified);
    if (event.removed) {
      entries_.erase(event.entry.key);
    } else {
      entries_[event.entry.key] = event.entry;
    }
  }
  return revision_ != before;
}

void EtcdStore::Mirror::tell() {
  Snapshot snapshot{.revision = revision_, .entries = {}};
  for (const auto& [key, entry] : entries_) {
    snapshot.entries.push_back(entry);
  }
  told_ = true;
  changed_(snapshot);
}

void EtcdStore::Mirror::closed(const std::string& why) {
  lose(why);
}

void EtcdStore::Mirror::lose(const std::string& why) {
  if (ended_ || !stream_) {
    return;
  }
  log::debug("a watch of etcd begins anew",
             {{"member", connection_->endpoint(endpoint_).authority}, {"why", why}});
  std::exchange(stream_, nullptr)->close();
  endpoint_ = (endpoint_ + 1) % connection_->endpoints();
  read_after_pause();
}

void EtcdStore::Mirror::read_after_pause() {
  const Duration pause = connection_->pause(failures_++);
  connection_->home().post_after(pause, [weak = weak_from_this()] {
    if (const std::shared_ptr<Mirror> self = weak.lock()) {
      self->read();
    }
  });
}

void EtcdStore::Mirror::probe_after(Duration pause) {
  connection_->home().post_after(pause, [weak = weak_from_this()] {
    const std::shared_ptr<Mirror> self = weak.lock();
    if (self && !self->ended_) {
      self->probe();
    }
  });
}

Task<etcd::FingerprintAnswer> EtcdStore::Mirror::ask_fingerprint() {
  const std::shared_ptr<Mirror> self = shared_from_this();
  co_return co_await connection_->ask<etcd::FingerprintAnswer>(
      "/v3/kv/range", etcd::fingerprint_request(prefix_), true, etcd::parse_fingerprint);
}

void EtcdStore::Mirror::probe() {
  if (!stream_) {
    probe_after(limits::etcd_probe_pause);  // it is being read anew anyway
    return;
  }
  const SteadyTime asked = connection_->clock().steady();
  start(ask_fingerprint(), [self = shared_from_this(), asked](
                               std::variant<etcd::FingerprintAnswer, std::exception_ptr> outcome) {
    if (self->ended_) {
      return;
    }
    if (outcome.index() == 0 && self->stream_) {
      self->compare(std::get<0>(outcome).fingerprint, asked);
    }
    self->probe_after(self->deaf_at_ != 0 ? limits::etcd_probe_again : limits::etcd_probe_pause);
  });
}

void EtcdStore::Mirror::compare(const etcd::Fingerprint& now, SteadyTime asked) {
  if (now == fingerprint()) {
    confirmed_ = asked;
    deaf_at_ = 0;
  } else if (deaf_at_ != revision_) {
    deaf_at_ = revision_;  // the news may be on its way
  } else {
    lose("it does not hear what is written");
  }
}

etcd::Fingerprint EtcdStore::Mirror::fingerprint() const {
  etcd::Fingerprint result{.count = static_cast<std::int64_t>(entries_.size()), .newest = 0};
  for (const auto& [key, entry] : entries_) {
    result.newest = std::max(result.newest, entry.modified);
  }
  return result;
}

}  // namespace securecart::cluster
