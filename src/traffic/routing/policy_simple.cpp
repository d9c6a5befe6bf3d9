// One member, whatever the client.
#include "traffic/routing/evaluation.hpp"

namespace securecart::traffic::routing {

bool choose_simple(Evaluation& evaluation, const Node& node) {
  return evaluation.take(node, 0);
}

}  // namespace securecart::traffic::routing
