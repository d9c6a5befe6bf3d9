// One watch: what is below a prefix, followed.
//
//   reading ──range──▶ streaming ──▶ (event, tell)*
//      ▲  └─ pause ─┘      │ the stream ends, or the fingerprints say that it has gone deaf
//      └──────── pause ────┘
#pragma once

#include <map>
#include <memory>
#include <string>

#include "cluster/etcd/connection.hpp"
#include "cluster/etcd/watch_reader.hpp"

namespace securecart::cluster {

// Home executor only.
class EtcdStore::Mirror final : public net::Stream::Listener,
                                public std::enable_shared_from_this<EtcdStore::Mirror> {
 public:
  Mirror(std::shared_ptr<Connection> connection, std::string prefix, Changed changed);
  void begin();
  // Nothing is told any more.
  void end();
  SteadyTime confirmed() const { return confirmed_; }

  void opened() override;
  void received(std::string_view bytes) override;
  void closed(const std::string& why) override;

 private:
  void read();
  Task<Snapshot> ask_all();
  void adopt(Snapshot snapshot);
  void follow();
  bool apply(const etcd::WatchMessage& message);
  void tell();
  // The stream is of no use (any more): everything again, from another member.
  void lose(const std::string& why);
  void read_after_pause();

  void probe_after(Duration pause);
  void probe();
  Task<etcd::FingerprintAnswer> ask_fingerprint();
  void compare(const etcd::Fingerprint& now, SteadyTime asked);
  etcd::Fingerprint fingerprint() const;

  const std::shared_ptr<Connection> connection_;
  const std::string prefix_;
  Changed changed_;
  bool ended_ = false;
  bool told_ = false;
  std::map<std::string, Entry> entries_;
  std::int64_t revision_ = 0;  // entries_ are of it
  SteadyTime confirmed_{};
  std::size_t endpoint_;
  int failures_ = 0;
  std::shared_ptr<net::Stream> stream_;
  etcd::WatchReader reader_;
  std::int64_t deaf_at_ = 0;  // revision_ when a fingerprint was another one; 0: it was not
};

}  // namespace securecart::cluster
