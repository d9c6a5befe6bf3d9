// Finds a server of use among hosts, and leaves hardly a dead connection behind.
//
// A server that is overwhelmed answers late. Whoever gives up and comes back leaves a dead
// connection in its queue each time, which costs it a process to find that out, until there is
// nothing else in the queue and it stays overwhelmed after the cause is gone (Bronson and others,
// "Metastable Failures in Distributed Systems", HotOS 2021).
//
// So what has reached a server waits there for its turn, while the other hosts are asked beside it.
// It may wait in vain (a server or a balancer that died with it): so the same host is asked again
// as well, after twice the time each time. Only what reached nobody is given up soon, and does not
// hold the others up until then.
#pragma once

#include <memory>
#include <optional>
#include <poll.h>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/prng.hpp"
#include "storage/postgres/address.hpp"
#include "storage/postgres/hosts.hpp"

struct pg_conn;

namespace securecart::storage::postgres {

// libpq's own connection, whose header stays inside of storage/postgres.
struct FreeConnection {
  void operator()(pg_conn* connection) const;
};
using Raw = std::unique_ptr<pg_conn, FreeConnection>;

class Seeker {
 public:
  struct Found {
    Raw connection;
    std::size_t host;
  };

  // `endpoints` outlives this and is not empty.
  Seeker(const std::vector<Endpoint>& endpoints, Purpose purpose, std::string synchronous_commit,
         const Clock& clock);

  // Moves on as far as it goes without waiting; begins something new only with `may_begin`, or when
  // it has begun before. A connection that is ready, once: what else was under way is given up.
  std::optional<Found> step(bool may_begin);
  // What step() found broke, or is of no use after all.
  void lost(std::size_t host, std::string why);
  void useless(std::size_t host, std::string why);
  // Somebody else knows that the host is of use: it is asked next, at once.
  void prefer(std::size_t host);
  void skip(std::uint32_t hosts) { hosts_.skip(hosts); }

  bool seeking() const { return !attempts_.empty(); }
  // When step() is due although nothing happens.
  SteadyTime due() const;
  // Why nothing is found, of each host that was tried; for people.
  std::string problem() const;

  // For poll(), and what came of it.
  void watch(std::vector<pollfd>& sockets);
  void hear(std::span<const pollfd> sockets);

 private:
  struct Attempt {
    std::size_t host = 0;
    Raw connection;
    short wanted = POLLOUT;
    int stage = 0;  // as libpq counts
    SteadyTime began{};
    SteadyTime due{};   // the next step it has to take
    bool slow = false;  // is beside others
    std::size_t place = 0;
    bool heard = false;
  };
  enum class State { waiting, ready, refused, silent };

  void begin(std::size_t host);
  State move_on(Attempt& attempt);
  bool fresh() const;

  const std::vector<Endpoint>& endpoints_;
  const Purpose purpose_;
  const std::string synchronous_commit_;
  const Clock& clock_;
  Prng random_;
  Hosts hosts_;
  std::vector<Attempt> attempts_;
  std::vector<std::string> problems_;  // by host, what was wrong last
};

}  // namespace securecart::storage::postgres
