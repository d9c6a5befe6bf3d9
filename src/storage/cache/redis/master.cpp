#include "storage/cache/redis/master.hpp"

#include <utility>

namespace securecart::storage::redis {

bool same(const net::Peer& a, const net::Peer& b) {
  return a.host == b.host && a.port == b.port;
}

Master::Master(const Address& address)
    : sentinels_(!address.master.empty()), hosts_(address.hosts) {
  if (!sentinels_) {
    peer_ = hosts_.front();
  }
}

std::optional<net::Peer> Master::peer() const {
  const std::scoped_lock lock(mutex_);
  return peer_;
}

void Master::failed(const net::Peer& peer) {
  if (sentinels_) {
    doubted_();
    return;
  }
  const std::scoped_lock lock(mutex_);
  if (peer_ && same(*peer_, peer)) {
    host_ = (host_ + 1) % hosts_.size();
    peer_ = hosts_[host_];
  }
}

void Master::set(net::Peer peer) {
  {
    const std::scoped_lock lock(mutex_);
    if (peer_ && same(*peer_, peer)) {
      return;
    }
    peer_ = std::move(peer);
  }
  changed_();
}

void Master::on_change(std::function<void()> changed) {
  changed_ = std::move(changed);
}

void Master::on_doubt(std::function<void()> doubted) {
  doubted_ = std::move(doubted);
}

}  // namespace securecart::storage::redis
