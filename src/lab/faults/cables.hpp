// What the switch drops: faults between machines as rules of nftables. Pure.
#pragma once

#include <string>
#include <vector>

namespace securecart::lab {

// Frames that enter at one of `from` and would leave at one of `to`. Ports by the names of their
// machines' cables ("p3").
struct Drop {
  std::vector<std::string> from;
  std::vector<std::string> to;
  int percent = 100;
};

// All frames between `inside` and the other ports, both ways; those within stay.
std::vector<Drop> drops_of_cut(const std::vector<std::string>& inside,
                               const std::vector<std::string>& all, int percent = 100);
// All frames of `ports`, among themselves too: what one of them sends or receives is drawn once.
std::vector<Drop> drops_of_loss(const std::vector<std::string>& ports,
                                const std::vector<std::string>& all, int percent);

// Replaces every rule of the switch at once (nft -f). A port's name stands for the device that
// delays it, too (faults/wire.hpp).
std::string switch_rules(const std::vector<Drop>& drops);

// The device that stands in for a port while its frames are delayed.
std::string delaying_device(const std::string& port);

}  // namespace securecart::lab
