#include "traffic/routing/steering.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/limits.hpp"
#include "traffic/model/fields.hpp"
#include "traffic/routing/limits.hpp"

namespace securecart::traffic::routing {
namespace {

using Kind = SteeringOrder::Kind;
constexpr std::array<std::string_view, 4> kind_names{"drain", "weight", "shift", "force"};

std::optional<Kind> parse_kind(std::string_view text) {
  const auto found = std::ranges::find(kind_names, text);
  return found == kind_names.end() ? std::nullopt
                                   : std::optional(static_cast<Kind>(found - kind_names.begin()));
}

bool is_in(const Snapshot& snapshot, const Target& target, const std::string& area) {
  return target.zone == area ||
         (target.region != no_region && snapshot.regions[target.region] == area);
}

bool names_something(const SteeringOrder& order, const Snapshot& snapshot) {
  if (order.kind != Kind::shift) {
    return snapshot.targets_by_name.contains(order.subject);
  }
  return std::ranges::any_of(snapshot.targets, [&](const Target& target) {
    return is_in(snapshot, target, order.subject);
  });
}

void impose_one(const SteeringOrder& order, const Snapshot& snapshot,
                std::vector<TargetState>& states) {
  if (order.kind == Kind::shift) {
    for (std::size_t i = 0; i < states.size(); ++i) {
      states[i].shifted |= is_in(snapshot, snapshot.targets[i], order.subject);
    }
    return;
  }
  const auto target = snapshot.targets_by_name.find(order.subject);
  if (target == snapshot.targets_by_name.end()) {
    return;  // the target is not configured any more
  }
  TargetState& state = states[target->second];
  switch (order.kind) {
    case Kind::drain:
      state.drained = true;
      break;
    case Kind::weight:
      state.weight = order.weight;
      break;
    case Kind::force:
      state.forced = order.health;
      break;
    case Kind::shift:
      break;
  }
}

// Clients without IPv6 need IPv4; those with IPv6 can do with either.
bool strands(Bits before, Bits after) {
  const Bits needed = (before & usable_v4) != 0 ? usable_v4 : usable_v6;
  return (before & needed) != 0 && (after & needed) == 0;
}

// The first policy that could answer before and cannot after. One that is only part of others may
// lose all it has: the others go elsewhere. One that a zone names has nowhere to go.
const Node* loses_its_last(const Snapshot& snapshot, const std::vector<TargetState>& before,
                           const std::vector<TargetState>& after,
                           const std::set<std::string>& named) {
  std::vector<bool> inner(snapshot.nodes.size());
  for (const Member& member : snapshot.members) {
    if (!member.is_target) {
      inner[member.child] = true;
    }
  }
  const AllBits then = bits_of(snapshot, before);
  const AllBits now = bits_of(snapshot, after);
  for (std::size_t i = 0; i < snapshot.nodes.size(); ++i) {
    const bool counts = !inner[i] || named.contains(snapshot.nodes[i].name);
    if (counts && strands(then.nodes[i], now.nodes[i])) {
      return &snapshot.nodes[i];
    }
  }
  return nullptr;
}

}  // namespace

std::string_view to_text(Kind kind) {
  return kind_names[static_cast<std::size_t>(kind)];
}

Result<void> Steering::apply(SteeringOrder order, bool force, const Snapshot& snapshot,
                             const std::vector<TargetState>& states,
                             const std::set<std::string>& named, Timestamp now) {
  if (!names_something(order, snapshot)) {
    return fail(
        errc::not_found,
        fmt::format("There is no {} \"{}\" in the policies.",
                    order.kind == Kind::shift ? "zone or region" : "target", order.subject));
  }
  if (order.until <= now || order.until > now + limits::steering_most) {
    return fail(errc::invalid_request, "It must end later than now and within 30 days.");
  }
  if (order.reason.size() > limits::text_bytes || order.weight > limits::policy_weight) {
    return fail(errc::invalid_request, "The reason is too long or the weight too large.");
  }
  std::vector<TargetState> after = states;
  impose_one(order, snapshot, after);
  const Node* const stranded = loses_its_last(snapshot, states, after, named);
  if (stranded != nullptr && !force) {
    return fail(errc::invalid_request,
                fmt::format("This would switch off the last healthy target of policy \"{}\". "
                            "Say --force when that is what you want.",
                            stranded->name));
  }
  const Key key{order.kind, order.subject};
  orders_.insert_or_assign(key, std::move(order));
  return {};
}

bool Steering::cancel(Kind kind, const std::string& subject) {
  return orders_.erase({kind, subject}) > 0;
}

bool Steering::expire(Timestamp now) {
  return std::erase_if(orders_, [now](const auto& entry) { return entry.second.until <= now; }) > 0;
}

void Steering::impose(const Snapshot& snapshot, std::vector<TargetState>& states) const {
  for (TargetState& state : states) {
    state.drained = state.shifted = false;
    state.forced.reset();
    state.weight.reset();
  }
  for (const auto& [key, order] : orders_) {
    impose_one(order, snapshot, states);
  }
}

std::vector<SteeringOrder> Steering::orders() const {
  std::vector<SteeringOrder> all;
  for (const auto& [key, order] : orders_) {
    all.push_back(order);
  }
  return all;
}

json::value Steering::to_json() const {
  json::array all;
  for (const auto& [key, order] : orders_) {
    json::object one{{"kind", to_text(order.kind)},
                     {"subject", order.subject},
                     {"until", format_rfc3339(order.until)},
                     {"reason", order.reason}};
    if (order.kind == Kind::weight) {
      one["weight"] = std::int64_t{order.weight};
    }
    if (order.kind == Kind::force) {
      one["health"] = to_text(order.health);
    }
    all.push_back(std::move(one));
  }
  return all;
}

Steering Steering::from_json(const json::value& value) {
  Steering steering;
  if (!value.is_array()) {
    return steering;
  }
  for (const json::value& item : value.as_array()) {
    if (!item.is_object()) {
      continue;
    }
    const json::object& object = item.as_object();
    const std::optional<Kind> kind = parse_kind(text_or(object, "kind"));
    const std::optional<Timestamp> until = parse_rfc3339(text_or(object, "until"));
    if (!kind || !until) {
      continue;
    }
    SteeringOrder order{*kind,  text_or(object, "subject"), 0, Health::unknown,
                        *until, text_or(object, "reason")};
    const json::value* const weight = object.if_contains("weight");
    if (weight != nullptr && weight->is_int64() && weight->as_int64() >= 0 &&
        weight->as_int64() <= limits::policy_weight) {
      order.weight = static_cast<std::uint32_t>(weight->as_int64());
    }
    order.health = text_or(object, "health") == "up"     ? Health::up
                   : text_or(object, "health") == "down" ? Health::down
                                                         : Health::unknown;
    const Key key{order.kind, order.subject};
    steering.orders_.insert_or_assign(key, std::move(order));
  }
  return steering;
}

}  // namespace securecart::traffic::routing
