// Asks the Sentinels who the master is, and hears of a switch as soon as one of them does. Lives on
// one executor.
//
//   ask sentinel i ──"get-master-addr-by-name"──▶ told ──SUBSCRIBE +switch-master──▶ listening
//        ▲                                                                              │
//        └── the next one: refused, late, silent, does not know it, or somebody doubts ─┘
//
// What a Sentinel says is only where to look: a connection checks by itself that it found a master.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "base/prng.hpp"
#include "net/stream.hpp"
#include "observe/metrics.hpp"
#include "storage/cache/redis/address.hpp"
#include "storage/cache/redis/master.hpp"
#include "storage/cache/redis/reply.hpp"

namespace securecart::storage::redis {

class SentinelWatch : public net::Stream::Listener,
                      public std::enable_shared_from_this<SentinelWatch> {
 public:
  struct Parts {
    Executor& home;
    const Address& address;
    Master& master;
    std::shared_ptr<const net::TlsSettings> tls;
    const Clock& clock;
    Random& random;
    observe::Metrics& metrics;
  };
  explicit SentinelWatch(const Parts& parts);
  ~SentinelWatch() override;

  void start();  // on `home`
  void stop();   // on `home`
  // The master does not answer, or is none: asks another Sentinel soon. Any thread.
  void doubt();

 private:
  void opened() override;
  void received(std::string_view bytes) override;
  void closed(const std::string& why) override;

  void ask();
  void next(const std::string& why);
  // False when this Sentinel is of no use.
  bool take(const Reply& reply);
  bool take_address(const Reply& reply);
  void take_message(const Reply& reply);
  void keep_alive(std::uint64_t attempt);

  const Parts parts_;
  observe::Counter& switches_;
  observe::Counter& failures_metric_;
  observe::Gauge& listening_;
  bool stopped_ = false;
  std::size_t sentinel_ = 0;
  int failures_ = 0;
  std::uint64_t attempt_ = 0;
  std::shared_ptr<net::Stream> stream_;
  std::unique_ptr<ReplyReader> reader_;
  bool with_password_ = false;
  std::size_t answers_ = 0;  // of this Sentinel
  bool told_ = false;        // it said who the master is
  SteadyTime asked_at_;
  SteadyTime heard_at_;
};

}  // namespace securecart::storage::redis
