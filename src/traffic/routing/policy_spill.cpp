// Members in order, each up to its capacity: one that is full hands on just the overflow, instead
// of collapsing. How much that is, the control thread works out from load (spill.hpp) and sets as
// the member's `shed`, be it a target or a policy; here the share is drawn, exact over time.
//
// When all are over their capacity, nobody sheds: the first takes its share.
#include <fmt/format.h>

#include "traffic/routing/evaluation.hpp"

namespace securecart::traffic::routing {
namespace {

Ranking listed(Evaluation& evaluation, const Node& node) {
  Ranking ranking;
  for (std::size_t i = 0; i < node.count; ++i) {
    if (evaluation.usable(evaluation.snapshot().members_of(node)[i])) {
      ranking.add(i, 0);
    }
  }
  return ranking;
}

}  // namespace

bool choose_spill(Evaluation& evaluation, const Node& node) {
  const Ranking ranking = node.order == SpillOrder::latency    ? rank_by_rtt(evaluation, node)
                          : node.order == SpillOrder::distance ? rank_by_distance(evaluation, node)
                                                               : listed(evaluation, node);
  const Member* const members = evaluation.snapshot().members_of(node);
  std::uint32_t point = evaluation.spread(evaluation.next_turn(node), shed_all);
  for (std::size_t i = 0; i < ranking.count(); ++i) {
    const Member& member = members[ranking.order()[i]];
    const std::uint32_t shed = member.is_target ? evaluation.live().shed(member.child)
                                                : evaluation.live().node_shed(member.child);
    const bool keeps = point >= shed;
    if (evaluation.traced() && shed > 0) {
      evaluation.note(fmt::format("{} hands on {:.1f} % of its share: {}",
                                  evaluation.snapshot().name_of(member), shed * 100.0 / shed_all,
                                  keeps ? "stays" : "goes on"));
    }
    if (keeps && evaluation.take(node, ranking.order()[i])) {
      return true;
    }
    // What falls below `shed` is spread evenly again over the members behind.
    if (!keeps) {
      point = static_cast<std::uint32_t>(std::uint64_t{point} * shed_all / shed);
    }
  }
  return evaluation.take_first(node, ranking.order(), ranking.count());
}

}  // namespace securecart::traffic::routing
