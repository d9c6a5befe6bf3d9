// One seat, many candidates: who wrote the seat's key under its lease holds it as long as the lease
// lives. Holding it is only a belief (a process that slept may still have it), so each write of the
// leader carries fence(): it happens only while the seat is still the one that was taken.
//
//   free ──▶ stand: commit {absent(key)} {put(key, name, lease)} ──▶ leading ──▶ keep_alive …
//    ▲                                                                  │
//    └──── the lease ended, by the store's word or by our own clock ◀───┘
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "cluster/store/store.hpp"

namespace securecart::cluster {

class Election {
 public:
  struct Options {
    std::string key;   // of the seat: "/securecart/eu/controller"
    std::string name;  // of this candidate; written into the seat
    Duration ttl{};    // of the lease; the longest time without a leader after one died
  };
  Election(Store& store, const Clock& clock, Options options);

  // Stands for the seat, or keeps it: call it every ttl / 3 or oftener, one call at a time. Throws
  // Unavailable; leading() stays true as long as the lease surely lives.
  Task<void> step();
  // Gives the seat up, so that another can take it at once. Throws Unavailable.
  Task<void> resign();

  // By this process's own clock, counted from before the lease was last asked for.
  bool leading() const;
  // Of the seat that was taken: later seats have greater ones. 0 when not leading.
  std::int64_t token() const { return leading() ? token_ : 0; }
  // To be put on each write. Asserts that this candidate has held the seat.
  Condition fence() const;
  // Who has the seat, as far as this candidate knows; empty when nobody has.
  const std::string& leader() const { return leader_; }

 private:
  Task<void> stand();
  void lose();

  Store& store_;
  const Clock& clock_;
  const Options options_;
  Lease lease_;
  SteadyTime lease_end_{};
  std::int64_t token_ = 0;  // 0: the seat is not ours
  std::string leader_;
};

}  // namespace securecart::cluster
