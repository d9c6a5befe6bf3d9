// Which host to connect to next, and when.
//
//   free --began--> asked --refused, silent, slow--> free, perhaps after a rest
//                     \--connected--> all free
//
// A host that is slow rests twice as long each time. Pure: time and chance are passed in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock.hpp"
#include "base/prng.hpp"
#include "resilience/backoff.hpp"

namespace securecart::storage::postgres {

class Hosts {
 public:
  struct Settings {
    resilience::Backoff rest;   // of a host that did not answer; grows while it is slow
    resilience::Backoff pause;  // after a round in which no host was of use
  };
  struct Choice {
    std::size_t host;
    SteadyTime at;
    bool operator==(const Choice&) const = default;
  };

  Hosts(std::size_t count, const Settings& settings);

  // Nothing: all are being asked, or skipped.
  std::optional<Choice> next(SteadyTime now) const;
  void began(std::size_t host);
  // The host answered that it is of no use: refused, of the wrong role, no such password.
  void refused(std::size_t host, SteadyTime now, Random& random);
  // It cannot be reached.
  void silent(std::size_t host, SteadyTime now, Random& random);
  // It was reached and did not answer in time; it may yet.
  void slow(std::size_t host, SteadyTime now, Random& random);
  void connected(std::size_t host);
  // A connection that was of use broke: its host is as likely as any to be back.
  void lost(std::size_t host, SteadyTime now);
  // It is said to be of use: it is the next one, at once.
  void prefer(std::size_t host, SteadyTime now);
  // Those that are not to be asked, a bit for each.
  void skip(std::uint32_t hosts) { skipped_ = hosts; }

 private:
  struct Host {
    bool asked = false;
    int slow = 0;  // times in a row
    SteadyTime rest_until = SteadyTime::min();
  };
  bool may_ask(std::size_t host) const {
    return !hosts_[host].asked && (skipped_ >> host & 1U) == 0;
  }
  void move_on(SteadyTime now, Random& random);

  const Settings settings_;
  std::vector<Host> hosts_;
  std::uint32_t skipped_ = 0;
  std::size_t first_ = 0;  // to be tried next
  std::size_t tried_ = 0;  // in this round
  int rounds_ = 0;         // without use
  SteadyTime pause_until_ = SteadyTime::min();
};

}  // namespace securecart::storage::postgres
