#include "traffic/routing/source.hpp"

#include <cassert>

namespace securecart::traffic::routing {
namespace {

constexpr std::array<std::uint16_t, 3> discovery_types{rr_type_a, rr_type_aaaa, rr_type_srv};

}  // namespace

RoutingSource::RoutingSource(std::shared_ptr<Live> live,
                             std::shared_ptr<Published<LeaseTable>> leases)
    : live_(std::move(live)), leases_(std::move(leases)) {}

std::optional<PolicyHandle> RoutingSource::find(std::string_view name) const {
  const Snapshot& snapshot = live_->snapshot();
  if (leases_ != nullptr && name == discovery_policy) {
    return static_cast<PolicyHandle>(snapshot.nodes.size());
  }
  const auto found = snapshot.nodes_by_name.find(std::string(name));
  return found == snapshot.nodes_by_name.end() ? std::nullopt : std::optional(found->second);
}

std::span<const std::uint16_t> RoutingSource::types(PolicyHandle policy) const {
  const Snapshot& snapshot = live_->snapshot();
  assert(policy <= snapshot.nodes.size());
  return policy == snapshot.nodes.size() ? std::span<const std::uint16_t>(discovery_types)
                                         : std::span(snapshot.nodes[policy].types);
}

void RoutingSource::resolve(const PolicyQuestion& question, PolicyAnswer& answer) const noexcept {
  const Snapshot& snapshot = live_->snapshot();
  if (question.policy == snapshot.nodes.size()) {
    leases_->read(question.thread).resolve(question, answer);
    return;
  }
  Question asked;
  asked.client = question.whereabouts();
  asked.wants_v4 = question.type != rr_type_aaaa;
  asked.wants_v6 = question.type != rr_type_a;
  asked.thread = question.thread;
  const Node& node = snapshot.nodes[question.policy];
  const Decision decision = decide(snapshot, *live_, question.policy, asked);
  live_->count_decision(question.policy, question.thread);
  answer.ttl_seconds = node.ttl_seconds;
  answer.scope_prefix = decision.scope;
  for (std::size_t i = 0; i < decision.count; ++i) {
    const Target& target = snapshot.targets[decision.targets[i]];
    if (i == 0 || target.alias.empty()) {
      add_target(target, question.type, answer);
    }
    if (i == 0 && !target.alias.empty()) {
      break;  // a name stands alone
    }
  }
  if (decision.count == 0) {
    const Bits bits = live_->node_bits(question.policy);
    const Bits open =
        static_cast<Bits>((asked.wants_v4 ? open_v4 : 0) | (asked.wants_v6 ? open_v6 : 0));
    const Bits usable =
        static_cast<Bits>((asked.wants_v4 ? usable_v4 : 0) | (asked.wants_v6 ? usable_v6 : 0));
    // Nothing to answer with is a failure; nothing for this client (no rule names it) is not.
    const bool left = (bits & (node.fail_open ? open : usable)) != 0;
    answer.outcome = left ? PolicyOutcome::answer : PolicyOutcome::failure;
  }
}

void RoutingSource::add_target(const Target& target, std::uint16_t type,
                               PolicyAnswer& answer) const noexcept {
  if (target.is_cname) {
    answer.add(rr_type_cname, target.alias);
    return;
  }
  if (!target.alias.empty()) {
    answer.set_alias(target.alias);
    return;
  }
  if (type == rr_type_a || type == rr_type_aaaa) {
    for (const Address& address : type == rr_type_a ? target.v4 : target.v6) {
      answer.add(type, address.view());
    }
  }
}

}  // namespace securecart::traffic::routing
