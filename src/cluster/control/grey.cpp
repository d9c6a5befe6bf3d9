#include "cluster/control/grey.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cluster/control/answers.hpp"

namespace securecart::cluster {
namespace {

// Ready instances of each service outside of the zones that are out.
std::vector<int> ready_elsewhere(const Fleet& fleet, const std::vector<bool>& out) {
  std::vector<int> ready(Fleet::to_size(fleet.services()));
  for (const Placed& placed : fleet.placed) {
    if (placed.service != no_service && is_live(placed) && placed.standing == Standing::ready &&
        !out[Fleet::to_size(placed.zone)]) {
      ++ready[Fleet::to_size(placed.service)];
    }
  }
  return ready;
}

bool leaves(const Fleet& fleet, std::vector<bool> out, int zone, const std::vector<int>& least) {
  out[Fleet::to_size(zone)] = true;
  const std::vector<int> ready = ready_elsewhere(fleet, out);
  for (std::size_t service = 0; service < ready.size(); ++service) {
    if (ready[service] < least[service]) {
      return false;
    }
  }
  return true;
}

// One ready instance of each service that has one at all.
std::vector<int> one_each(const Fleet& fleet) {
  std::vector<int> least = ready_elsewhere(fleet, std::vector<bool>(Fleet::to_size(fleet.zones())));
  std::ranges::transform(least, least.begin(), [](int ready) { return std::min(ready, 1); });
  return least;
}

void obey_shifts(const GreyInput& input, const ControlSettings& settings, Timestamp now,
                 GreyDecision& decision) {
  const std::vector<int> least = one_each(input.fleet);
  for (const auto& [name, kept] : input.shifts) {
    const int zone = input.fleet.find_zone(name);
    if (zone < 0 || kept.value.until <= now) {
      if (kept.value.until + settings.grey_memory <= now) {
        decision.forget.push_back(name);
      }
      continue;
    }
    if (leaves(input.fleet, decision.shifted, zone, least)) {
      decision.shifted[Fleet::to_size(zone)] = true;
      decision.alarms.push_back(
          {"zone_shifted",
           name,
           fmt::format("Out of use until {} by {}: {}", format_rfc3339(kept.value.until),
                       kept.value.by, kept.value.reason),
           {}});
    } else {
      decision.alarms.push_back(
          {"shift_refused", name, "Its instances are the last ones of a service.", {}});
    }
  }
}

// Follows who answers badly; the zones that have for long enough.
std::vector<int> suspects(const GreyInput& input, const ControlSettings& settings,
                          const std::vector<bool>& shifted, GreyMemory& memory, Timestamp now) {
  const std::size_t zones = Fleet::to_size(input.fleet.zones());
  memory.bad_since.resize(zones);
  memory.bad_last.resize(zones);
  const std::vector<bool> worse = worse_zones(input.fleet, settings);
  std::vector<int> found;
  for (std::size_t zone = 0; zone < zones; ++zone) {
    Timestamp& since = memory.bad_since[zone];
    if (shifted[zone] || static_cast<int>(zone) == input.changing_zone) {
      since = {};
    } else if (worse[zone]) {
      memory.bad_last[zone] = now;
      since = since == Timestamp() ? now : since;
      found.push_back(static_cast<int>(zone));
    } else if (now - memory.bad_last[zone] > settings.grey_pause) {
      since = {};
    }
  }
  return found;
}

ShiftRecord next_shift(const GreyInput& input, const ControlSettings& settings, int zone,
                       Timestamp now) {
  ShiftRecord record;
  record.zone = input.fleet.zone_name(zone);
  const auto before = input.shifts.find(record.zone);
  record.times = before == input.shifts.end() ? 1 : std::min(before->second.value.times + 1, 20);
  const Duration length =
      std::min(settings.grey_shift_most,
               settings.grey_shift * (std::int64_t{1} << std::min(record.times - 1, 10)));
  record.until = now + std::chrono::duration_cast<std::chrono::milliseconds>(length);
  record.by = "controller";
  record.reason = "Its instances answer worse than those of the other zones.";
  return record;
}

}  // namespace

std::vector<bool> worse_zones(const Fleet& fleet, const ControlSettings& settings) {
  const int zones = fleet.zones();
  std::vector<Answers> all(Fleet::to_size(fleet.services()));
  std::vector<Answers> here(Fleet::to_size(fleet.services() * zones));
  for (const Placed& placed : fleet.placed) {
    if (placed.service != no_service && is_live(placed) && placed.report != nullptr &&
        !placed.withdrawn) {
      all[Fleet::to_size(placed.service)].add(*placed.report);
      here[Fleet::to_size(placed.service * zones + placed.zone)].add(*placed.report);
    }
  }
  const AnswerMargins margins{settings.grey_requests, settings.grey_errors,
                              settings.grey_errors_factor, settings.grey_latency_factor,
                              settings.grey_latency_least};
  std::vector<bool> worse(Fleet::to_size(zones));
  for (std::size_t i = 0; i < here.size(); ++i) {
    const std::size_t zone = i % worse.size();
    const Answers others = all[i / worse.size()].without(here[i]);
    worse[zone] = worse[zone] || answer_worse(here[i], others, margins);
  }
  return worse;
}

GreyDecision decide_shifts(const GreyInput& input, const ControlSettings& settings,
                           GreyMemory& memory, Timestamp now) {
  GreyDecision decision;
  decision.shifted.assign(Fleet::to_size(input.fleet.zones()), false);
  obey_shifts(input, settings, now, decision);
  const std::vector<int> bad = suspects(input, settings, decision.shifted, memory, now);
  for (const int zone : bad) {
    const std::string& name = input.fleet.zone_name(zone);
    if (now - memory.bad_since[Fleet::to_size(zone)] < settings.grey_patience) {
      continue;
    }
    decision.alarms.push_back(
        {"grey_zone", name, "Its instances answer worse than those of the other zones.", {}});
    const bool alone = bad.size() == 1 && !input.incident &&
                       std::ranges::none_of(decision.shifted, [](bool out) { return out; });
    if (settings.grey_shifts && alone &&
        leaves(input.fleet, decision.shifted, zone, input.wanted)) {
      decision.write.push_back(next_shift(input, settings, zone, now));
      decision.shifted[Fleet::to_size(zone)] = true;
    }
  }
  return decision;
}

}  // namespace securecart::cluster
