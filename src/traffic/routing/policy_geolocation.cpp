// The member that the client's country names; else its continent's; else the default. One that is
// not usable gives way to the next less telling rule.
#include <fmt/format.h>

#include "traffic/routing/evaluation.hpp"

namespace securecart::traffic::routing {
namespace {

std::string describe(const Place* place) {
  if (place == nullptr || !place->has_continent) {
    return "nobody knows where";
  }
  return place->country == no_country
             ? std::string(to_text(place->continent))
             : fmt::format("{} in {}", all_countries()[place->country].view(),
                           to_text(place->continent));
}

}  // namespace

bool choose_geolocation(Evaluation& evaluation, const Node& node) {
  const GeoRule& rule = evaluation.snapshot().geo_rules[node.rule];
  const Place* const place = evaluation.place();
  if (evaluation.traced()) {
    evaluation.note(fmt::format("the client is in {}", describe(place)));
  }
  std::array<std::uint8_t, 3> order{no_member, no_member, rule.otherwise};
  if (place != nullptr && place->country != no_country) {
    order[0] = rule.by_country[place->country];
  }
  if (place != nullptr && place->has_continent) {
    order[1] = rule.by_continent[static_cast<std::size_t>(place->continent)];
  }
  for (const std::uint8_t member : order) {
    if (member != no_member && evaluation.take(node, member)) {
      return true;
    }
  }
  return false;
}

}  // namespace securecart::traffic::routing
