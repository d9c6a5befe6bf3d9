// A fault as people write it, in a game day or behind `lab fault`. Pure.
//
//   fault    = ( "kill" / "pause" ) UNIT "@" place
//            / ( "power-off" / "cut" / "disk-full" / "disk-slow" ) place
//            / "partition" place "from" place [ "one-way" ]
//            / "loss" place PERCENT
//            / "delay" place DURATION [ "jitter" DURATION ]
//            / "clock" place ( "+" / "-" ) DURATION
//   place    = "all" / "any-host" / "any-zone"
//            / "host:" NAME / "zone:" NAME       those of the topology
//            / "with:" PART / "any-with:" PART   hosts that carry a part, or one of them
//            / "holder:" SEAT / "zone-of:" SEAT  who holds a seat when the fault comes
//   SEAT     = "primary" / "etcd" / "balancer" / "controller" / "redis"
//
// UNIT is a process by its unit's name ("patroni", "agent"), a service's for all its instances on
// the place, or "any-instance" for one of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"

namespace securecart::lab {

enum class FaultKind : std::uint8_t {
  clock,      // the wall clock jumps
  cut,        // the place's cables to everything outside of it; within a zone they stay
  delay,      // every frame of its hosts, both ways
  disk_full,  // of its hosts' own file systems
  disk_slow,  // they hang most of the time
  kill,       // SIGKILL
  loss,       // a share of the frames of its hosts
  partition,  // two places no longer hear each other; one-way: the first does not reach the second
  pause,      // SIGSTOP
  power_off,  // all processes of its hosts at once, and nothing answers in their stead
};
std::string_view fault_word(FaultKind kind);

struct Place {
  enum class Scope : std::uint8_t {
    all,
    any_host,
    any_with,
    any_zone,
    holder,
    host,
    with,
    zone,
    zone_of,
  };
  Scope scope = Scope::all;
  std::string name;  // of the host, zone, part or seat
};

struct Fault {
  FaultKind kind = FaultKind::cut;
  std::string unit;  // kill, pause
  Place place;
  Place other;  // partition
  bool one_way = false;
  int percent = 0;    // loss
  Duration delay{};   // delay; clock: how far it jumps
  Duration jitter{};  // delay: as much more at most
  bool heals_itself() const { return kind == FaultKind::kill; }
};

// The Error says which word is not understood, and what could stand there.
Result<Fault> parse_fault(std::string_view text);
std::string to_text(const Fault& fault);
std::string to_text(const Place& place);

}  // namespace securecart::lab
