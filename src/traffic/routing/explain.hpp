// Why a client gets the answer it gets, for people: `securecart dns explain`.
#pragma once

#include <string>

#include "traffic/routing/evaluation.hpp"

namespace securecart::traffic::routing {

// The state of one target in few words: "up", "down, drained", "forced up".
std::string describe(const TargetState& state);

// The path through the policies, every target below the policy with its state, and the answer.
// Takes a turn of each weighted policy it passes, but counts no answer.
std::string explain(const Snapshot& snapshot, Live& live, const std::vector<TargetState>& states,
                    std::uint32_t node, const Question& question);

}  // namespace securecart::traffic::routing
