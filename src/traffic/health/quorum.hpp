// Several places look at the same thing; this joins what they see into one verdict.
//
// A target is down when `needed` places with fresh news say so, and up when as many say that. With
// fewer fresh votes nothing changes: a node cut off from its peers, or one whose checker died,
// keeps the verdict it had (static stability).
#pragma once

#include <cstddef>
#include <span>

#include "base/clock.hpp"
#include "traffic/health/status.hpp"

namespace securecart::traffic::health {

struct Vote {
  Status status = Status::unknown;
  SteadyTime seen{};  // when the place said so last; the epoch: never
};

struct QuorumSettings {
  std::size_t needed = 1;                    // most are a good choice: 2 of 3, 3 of 5
  Duration stale = std::chrono::seconds(3);  // a vote older than this does not count
};

Status judge(std::span<const Vote> votes, const QuorumSettings& settings, Status before,
             SteadyTime now);

}  // namespace securecart::traffic::health
