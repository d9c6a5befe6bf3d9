// The healthy member nearest to the client on the globe. A bias above 0 lets a member reach
// further, one below 0 less far: distance * (1 - bias/100), or distance / (1 + bias/100).
#include <fmt/format.h>

#include "traffic/routing/evaluation.hpp"

namespace securecart::traffic::routing {
namespace {

constexpr std::uint32_t unknown_distance = 1'000'000;  // beyond any on earth

std::uint32_t biased_metres_div_10(double km, int bias) {
  const double factor = bias >= 0 ? 1.0 - bias / 100.0 : 1.0 / (1.0 + bias / 100.0);
  return static_cast<std::uint32_t>(km * factor * 100);
}

}  // namespace

Ranking rank_by_distance(Evaluation& evaluation, const Node& node) {
  const Member* const members = evaluation.snapshot().members_of(node);
  const Place* const place = evaluation.place();
  Ranking ranking;
  for (std::size_t i = 0; i < node.count; ++i) {
    const bool known = place != nullptr && place->has_location && members[i].location;
    const double km = known ? distance_km(place->location, *members[i].location) : 0;
    const bool usable = evaluation.usable(members[i]);
    if (evaluation.traced()) {
      evaluation.note(fmt::format("{}: {}, bias {}{}", evaluation.snapshot().name_of(members[i]),
                                  known ? fmt::format("{:.0f} km", km) : "unknown distance",
                                  members[i].bias, usable ? "" : ", not usable"));
    }
    if (usable) {
      ranking.add(i, known ? biased_metres_div_10(km, members[i].bias) : unknown_distance * 100);
    }
  }
  return ranking;
}

bool choose_geoproximity(Evaluation& evaluation, const Node& node) {
  const Ranking ranking = rank_by_distance(evaluation, node);
  return evaluation.take_first(node, ranking.order(), ranking.count());
}

}  // namespace securecart::traffic::routing
