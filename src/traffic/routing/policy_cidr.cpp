// The member whose network holds the client, the longest prefix first; else the default.
#include <fmt/format.h>

#include "traffic/routing/evaluation.hpp"

namespace securecart::traffic::routing {

bool choose_cidr(Evaluation& evaluation, const Node& node) {
  const CidrRule& rule = evaluation.snapshot().cidr_rules[node.rule];
  const NetworkMap::Match match = rule.networks.find(evaluation.client());
  evaluation.depends_on(match.scope);
  if (evaluation.traced()) {
    evaluation.note(match.value == NetworkMap::none ? "no network holds the client"
                                                    : "a network holds the client");
  }
  if (match.value != NetworkMap::none && evaluation.take(node, match.value)) {
    return true;
  }
  return rule.otherwise != no_member && evaluation.take(node, rule.otherwise);
}

}  // namespace securecart::traffic::routing
