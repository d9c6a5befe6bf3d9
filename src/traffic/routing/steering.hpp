// What operators do to traffic by hand: drain a target, change its weight, shift a zone away, force
// a target's health. Each has an end and a reason, is kept over a restart, and cannot switch off
// the last target of a policy unless forced to.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/json.hpp"
#include "traffic/routing/live.hpp"

namespace securecart::traffic::routing {

struct SteeringOrder {
  enum class Kind : std::uint8_t { drain, weight, shift, force };
  Kind kind = Kind::drain;
  std::string subject;              // a target; of shift: a zone or a region
  std::uint32_t weight = 0;         // of weight
  Health health = Health::unknown;  // of force: up or down
  Timestamp until;                  // when it ends by itself
  std::string reason;               // who and why, for the next one on call

  bool operator==(const SteeringOrder&) const = default;
};
std::string_view to_text(SteeringOrder::Kind kind);

// Pure: time and the states of targets are passed in. One thread's.
class Steering {
 public:
  // Takes the order, replacing the one of its kind and subject. Refuses (errc::not_found) what
  // names nothing, and (errc::invalid_request) what ends in the past, too far ahead, or would leave
  // a policy that can answer now without a target; `force` overrides the last. A policy counts when
  // zones name it (`named`) or no other uses it.
  Result<void> apply(SteeringOrder order, bool force, const Snapshot& snapshot,
                     const std::vector<TargetState>& states, const std::set<std::string>& named,
                     Timestamp now);
  // Takes an order back; false when there was none.
  bool cancel(SteeringOrder::Kind kind, const std::string& subject);
  // Drops orders that ended; true when there were some.
  bool expire(Timestamp now);
  // Writes the orders into the states of targets, over whatever was there of them.
  void impose(const Snapshot& snapshot, std::vector<TargetState>& states) const;

  std::vector<SteeringOrder> orders() const;
  json::value to_json() const;
  // What to_json() wrote; what does not fit is left out.
  static Steering from_json(const json::value& value);

 private:
  using Key = std::pair<SteeringOrder::Kind, std::string>;
  std::map<Key, SteeringOrder> orders_;
};

}  // namespace securecart::traffic::routing
