// Members by weight, exact over time and smooth: turn n goes where n times the golden ratio falls
// on the line of weights laid end to end, so that any stretch of turns has its fair shares.
//
// Weight 0 drains a member. It comes back only when every member with a weight is unusable: slow
// draining is better than no answer.
#include <fmt/format.h>

#include "traffic/routing/evaluation.hpp"
#include "traffic/routing/limits.hpp"

namespace securecart::traffic::routing {
namespace {

std::uint32_t weight_of(Evaluation& evaluation, const Member& member) {
  return member.is_target ? evaluation.live().weight(member.child, member.weight) : member.weight;
}

// One draw among members not yet tried; false when none of them is usable.
bool draw(Evaluation& evaluation, const Node& node, std::uint64_t turn, std::uint64_t& tried,
          bool equal) {
  const Member* const members = evaluation.snapshot().members_of(node);
  std::array<std::uint32_t, limits::policy_members> weights;
  std::uint32_t total = 0;
  for (std::size_t i = 0; i < node.count; ++i) {
    const bool out = (tried >> i & 1U) != 0 || !evaluation.usable(members[i]);
    weights[i] = out ? 0 : equal ? 1 : weight_of(evaluation, members[i]);
    total += weights[i];
  }
  if (total == 0) {
    return false;
  }
  std::uint32_t point = evaluation.spread(turn, total);
  std::size_t chosen = 0;
  while (point >= weights[chosen]) {
    point -= weights[chosen++];
  }
  tried |= std::uint64_t{1} << chosen;
  if (evaluation.traced()) {
    evaluation.note(fmt::format("draws {} with {} of {}",
                                evaluation.snapshot().name_of(members[chosen]), weights[chosen],
                                total));
  }
  return true;
}

}  // namespace

bool choose_weighted(Evaluation& evaluation, const Node& node) {
  const std::uint64_t turn = evaluation.next_turn(node);
  for (const bool equal : {false, true}) {
    std::uint64_t tried = 0;
    std::uint64_t before = 0;
    while (draw(evaluation, node, turn, tried, equal)) {
      // The bit that is new is the member that was drawn.
      const auto member = static_cast<std::size_t>(__builtin_ctzll(tried & ~before));
      before = tried;
      if (evaluation.take(node, member)) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace securecart::traffic::routing
