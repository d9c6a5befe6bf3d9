// Which host to connect to next, when, and how long to wait for it.
//
// A server that is overwhelmed answers too late; whoever gives up and comes back at once leaves a
// dead connection in its queue each time, until it has nothing else to accept and stays overwhelmed
// after the cause is gone (Bronson and others, "Metastable Failures in Distributed Systems", HotOS
// 2021). So a host that did not answer is given more time next time and is left alone in between,
// while the others are asked; and rounds in which nobody was of use are followed by pauses that
// grow.
//
// Pure: time and chance are passed in.
#pragma once

#include <cstddef>
#include <vector>

#include "base/clock.hpp"
#include "base/prng.hpp"

namespace securecart::storage::postgres {

class Hosts {
 public:
  struct Settings {
    Duration patience{};       // for an answer, at first
    Duration patience_most{};  // it doubles up to this for a host that did not answer
    Duration pause{};          // after a round in which no host was of use, at first
    Duration pause_most{};
  };
  struct Attempt {
    std::size_t host;
    SteadyTime at;
    Duration patience;
  };

  Hosts(std::size_t count, const Settings& settings);

  Attempt next(SteadyTime now) const;
  // The host answered that it is of no use: refused, of the wrong role, no such password.
  void refused(std::size_t host, SteadyTime now, Random& random);
  // It did not answer within its patience.
  void silent(std::size_t host, SteadyTime now, Random& random);
  void connected(std::size_t host);
  // A connection that was of use broke: its host is as likely as any to be back.
  void lost(std::size_t host, SteadyTime now);

 private:
  struct Host {
    int silences = 0;  // in a row
    SteadyTime rest_until = SteadyTime::min();
  };
  Duration patience(const Host& host) const;
  void move_on(std::size_t host, SteadyTime now, Random& random);

  const Settings settings_;
  std::vector<Host> hosts_;
  std::size_t first_ = 0;  // to be tried next
  std::size_t tried_ = 0;  // in this round
  int rounds_ = 0;         // without use
  SteadyTime pause_until_ = SteadyTime::min();
};

}  // namespace securecart::storage::postgres
