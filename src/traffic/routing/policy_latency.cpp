// The healthy member with the shortest round trip from the client's network (rtt.hpp).
#include <fmt/format.h>

#include "traffic/routing/evaluation.hpp"

namespace securecart::traffic::routing {

Ranking rank_by_rtt(Evaluation& evaluation, const Node& node) {
  const Member* const members = evaluation.snapshot().members_of(node);
  Ranking ranking;
  for (std::size_t i = 0; i < node.count; ++i) {
    const Rtt rtt = evaluation.rtt(members[i].region);
    const bool usable = evaluation.usable(members[i]);
    if (evaluation.traced()) {
      evaluation.note(fmt::format("{}: {}{}", evaluation.snapshot().name_of(members[i]),
                                  rtt == unknown_rtt ? std::string("unknown round trip")
                                                     : fmt::format("{}.{} ms", rtt / 10, rtt % 10),
                                  usable ? "" : ", not usable"));
    }
    if (usable) {
      ranking.add(i, rtt);
    }
  }
  return ranking;
}

bool choose_latency(Evaluation& evaluation, const Node& node) {
  const Ranking ranking = rank_by_rtt(evaluation, node);
  return evaluation.take_first(node, ranking.order(), ranking.count());
}

}  // namespace securecart::traffic::routing
