// How many instances each zone gets. Pure arithmetic.
//
//   wanted 4, three zones   a ██  b ██  c ██    any zone may go: 4 are left
//   wanted 4, zone b gone   a ████      c ████  any of the two may go: 4 are left
#pragma once

#include <span>
#include <vector>

namespace securecart::cluster {

// Instances by zone, at most `room[zone]` each and `most` in all, so that `wanted` are left after
// the loss of any one zone. When room or `most` do not allow that: as many as can be left, and
// `wanted` in all at least, if they fit. Of several ways to do so, the one that has most in common
// with `current`.
std::vector<int> spread(int wanted, int most, std::span<const int> room,
                        std::span<const int> current);

// What is left of `counts` after the loss of the zone that has most.
int left_after_loss(std::span<const int> counts);

// The greatest `wanted` that spread() can leave after a loss; when there is one zone only: that it
// can place at all.
int most_wanted(int most, std::span<const int> room);

}  // namespace securecart::cluster
