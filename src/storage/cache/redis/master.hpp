// Which server is the master, as far as this process knows. Shared by all its connections.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "net/client.hpp"
#include "storage/cache/redis/address.hpp"

namespace securecart::storage::redis {

class Master {
 public:
  // Without Sentinels: the hosts are tried in turn.
  explicit Master(const Address& address);

  // nullopt: nobody said yet.
  std::optional<net::Peer> peer() const;
  // It could not be reached, or is no master: the next host, or the Sentinels are asked again.
  void failed(const net::Peer& peer);
  // The Sentinels say who it is.
  void set(net::Peer peer);

  // Called with every new peer, on the thread that found it. Before any of the above.
  void on_change(std::function<void()> changed);
  // Called when the Sentinels should be asked again.
  void on_doubt(std::function<void()> doubted);

 private:
  const bool sentinels_;
  const std::vector<net::Peer> hosts_;
  std::function<void()> changed_;
  std::function<void()> doubted_;

  mutable std::mutex mutex_;  // of what follows
  std::optional<net::Peer> peer_;
  std::size_t host_ = 0;
};

bool same(const net::Peer& a, const net::Peer& b);

}  // namespace securecart::storage::redis
