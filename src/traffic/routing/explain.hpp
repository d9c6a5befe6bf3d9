// Why a client gets the answer it gets, for people: `securecart dns explain`.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "traffic/routing/evaluation.hpp"
#include "traffic/routing/leases.hpp"

namespace securecart::traffic::routing {

// The state of one target in few words: "up", "down, drained", "forced up".
std::string describe(const TargetState& state);

struct Explained {
  std::string text;
  std::vector<std::uint8_t> alias;  // the name of our zones whose records are answered; or empty
};
// The path through the policies, every target below the policy with its state, and the answer.
// Takes a turn of each weighted policy it passes, but counts no answer.
Explained explain(const Snapshot& snapshot, Live& live, const std::vector<TargetState>& states,
                  std::uint32_t node, const Question& question);
// The instances that a name (wire format, lower case) below a wildcard of discovery finds.
std::string explain_discovery(const LeaseRegistry& registry, std::span<const std::uint8_t> name,
                              SteadyTime now);

}  // namespace securecart::traffic::routing
