// The first healthy member in the order of the file: primary, secondary, and so on.
#include <fmt/format.h>

#include "traffic/routing/evaluation.hpp"

namespace securecart::traffic::routing {

bool choose_failover(Evaluation& evaluation, const Node& node) {
  for (std::size_t i = 0; i < node.count; ++i) {
    if (evaluation.take(node, i)) {
      return true;
    }
    if (evaluation.traced()) {
      evaluation.note(
          fmt::format("{} is not usable: next",
                      evaluation.snapshot().name_of(evaluation.snapshot().members_of(node)[i])));
    }
  }
  return false;
}

}  // namespace securecart::traffic::routing
