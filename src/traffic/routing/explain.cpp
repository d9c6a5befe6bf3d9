#include "traffic/routing/explain.hpp"

#include <set>

#include <fmt/format.h>

namespace securecart::traffic::routing {
namespace {

void collect(const Snapshot& snapshot, const Node& node, std::set<std::uint32_t>& targets) {
  for (std::size_t i = 0; i < node.count; ++i) {
    const Member& member = snapshot.members_of(node)[i];
    if (member.is_target) {
      targets.insert(member.child);
    } else {
      collect(snapshot, snapshot.nodes[member.child], targets);
    }
  }
}

std::string where_of(const Target& target) {
  if (!target.alias.empty()) {
    return target.is_cname ? "a name (CNAME)" : "a name of our zones";
  }
  std::string text;
  for (const std::vector<Address>* const list : {&target.v4, &target.v6}) {
    for (const Address& address : *list) {
      text.append(text.empty() ? "" : " ").append(to_text(address));
    }
  }
  return text;
}

std::string answer_line(const Snapshot& snapshot, const Decision& decision) {
  std::string names;
  for (std::size_t i = 0; i < decision.count; ++i) {
    const Target& target = snapshot.targets[decision.targets[i]];
    names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", target.name, where_of(target));
  }
  return fmt::format("answer: {}{}\n", names.empty() ? "nothing" : names,
                     decision.failed_open ? ", because everything is down" : "");
}

}  // namespace

std::string describe(const TargetState& state) {
  std::string text(state.forced ? fmt::format("forced {}", to_text(*state.forced))
                                : std::string(to_text(state.health)));
  text += state.drained ? ", drained" : "";
  text += state.shifted ? ", its zone is shifted away" : "";
  text += state.weight ? fmt::format(", weight {}", *state.weight) : "";
  text += state.shed > 0 ? fmt::format(", hands on {:.1f} %", state.shed * 100.0 / shed_all) : "";
  return text;
}

Explained explain(const Snapshot& snapshot, Live& live, const std::vector<TargetState>& states,
                  std::uint32_t node, const Question& question) {
  Trace trace;
  const Decision decision = decide(snapshot, live, node, question, &trace);
  std::string text = fmt::format("client {}\n", to_text(question.client));
  for (const Trace::Step& step : trace.steps) {
    text += fmt::format("{:{}}{}\n", "", 2 * (step.depth + 1), step.text);
  }
  text += "targets\n";
  std::set<std::uint32_t> targets;
  collect(snapshot, snapshot.nodes[node], targets);
  for (const std::uint32_t target : targets) {
    text += fmt::format("  {:<20} {:<24} {}\n", snapshot.targets[target].name,
                        describe(states[target]), where_of(snapshot.targets[target]));
  }
  text += answer_line(snapshot, decision);
  text += fmt::format("ttl {} s; the answer is the same for the client's /{}\n",
                      snapshot.nodes[node].ttl_seconds, decision.scope);
  Explained explained{std::move(text), {}};
  if (decision.count > 0 && !snapshot.targets[decision.targets[0]].is_cname) {
    explained.alias = snapshot.targets[decision.targets[0]].alias;
  }
  return explained;
}

std::string explain_discovery(const LeaseRegistry& registry, std::span<const std::uint8_t> name,
                              SteadyTime now) {
  const std::shared_ptr<const LeaseTable> table = registry.compile();
  std::string text;
  for (const Lease& lease : table->named(name)) {
    const std::optional<Duration> left = registry.left(lease.instance, now);
    const std::string until =
        left ? fmt::format("for {} s more", *left / std::chrono::seconds(1)) : "found in etcd";
    text += fmt::format("  {:<20} {}/{} {} port {}, priority {}, weight {}{}{}, {}\n",
                        lease.instance, lease.service, lease.protocol, to_text(lease.address),
                        lease.port, lease.priority, lease.weight,
                        lease.zone.empty() ? "" : ", zone ", lease.zone, until);
  }
  if (text.empty()) {
    return fmt::format("no instance of that name has a lease, of {} that have one: no such name\n",
                       table->size());
  }
  return "instances with a lease\n" + text;
}

}  // namespace securecart::traffic::routing
