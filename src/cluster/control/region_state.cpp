#include "cluster/control/region_state.hpp"

namespace securecart::cluster {
namespace {

// Keeps a record of `parse`, or the reason why it cannot be read.
template <class T>
void keep(Kept<T>& kept, const Entry& entry, Result<T> (*parse)(std::string_view),
          RegionState& state) {
  Result<T> value = parse(entry.value);
  if (value) {
    kept = {std::move(*value), entry.modified};
  } else {
    kept = {};
    state.broken.insert_or_assign(entry.key, value.error().detail);
  }
}

template <class T>
void keep_by_name(KeptByName<T>& all, std::string_view name, const Entry& entry,
                  Result<T> (*parse)(std::string_view), RegionState& state) {
  Kept<T>& kept = all[std::string(name)];
  keep(kept, entry, parse, state);
  if (kept.revision == 0) {
    all.erase(all.find(name));
  }
}

// What stands behind `folder` in `key`; empty when it is not below it.
std::string_view below(std::string_view key, std::string_view folder) {
  return key.starts_with(folder) ? key.substr(folder.size()) : std::string_view();
}

template <class T>
void drop_by_name(KeptByName<T>& all, std::string_view name) {
  if (const auto found = all.find(name); found != all.end()) {
    all.erase(found);
  }
}

}  // namespace

void RegionReader::take(const Entry& entry) {
  state_.broken.erase(entry.key);
  if (const auto host = below(entry.key, keys_.hosts()); !host.empty()) {
    keep_by_name(state_.reports, host, entry, parse_host_report, state_);
  } else if (const auto ordered = below(entry.key, keys_.desired()); !ordered.empty()) {
    keep_by_name(state_.orders, ordered, entry, parse_host_order, state_);
  } else if (const auto service = below(entry.key, keys_.services()); !service.empty()) {
    keep_by_name(state_.services, service, entry, parse_service_order, state_);
  } else if (const auto scaled = below(entry.key, keys_.scaling()); !scaled.empty()) {
    keep_by_name(state_.scaling, scaled, entry, parse_scaling_record, state_);
  } else if (const auto zone = below(entry.key, keys_.shifts()); !zone.empty()) {
    keep_by_name(state_.shifts, zone, entry, parse_shift_record, state_);
  } else if (entry.key == keys_.rollout()) {
    keep(state_.rollout, entry, parse_rollout_record, state_);
  } else if (entry.key == keys_.patch()) {
    keep(state_.patch, entry, parse_patch_order, state_);
  } else if (entry.key == keys_.alarms()) {
    keep(state_.alarms, entry, parse_alarm_list, state_);
  }
}

void RegionReader::drop(std::string_view key) {
  if (const auto broken = state_.broken.find(key); broken != state_.broken.end()) {
    state_.broken.erase(broken);
  }
  drop_by_name(state_.reports, below(key, keys_.hosts()));
  drop_by_name(state_.orders, below(key, keys_.desired()));
  drop_by_name(state_.services, below(key, keys_.services()));
  drop_by_name(state_.scaling, below(key, keys_.scaling()));
  drop_by_name(state_.shifts, below(key, keys_.shifts()));
  if (key == keys_.rollout()) {
    state_.rollout = {};
  } else if (key == keys_.patch()) {
    state_.patch = {};
  } else if (key == keys_.alarms()) {
    state_.alarms = {};
  }
}

const RegionState& RegionReader::read(const Snapshot& snapshot) {
  auto seen = seen_.begin();
  for (const Entry& entry : snapshot.entries) {  // both are sorted by key
    while (seen != seen_.end() && seen->first < entry.key) {
      drop(seen->first);
      seen = seen_.erase(seen);
    }
    if (seen == seen_.end() || seen->first != entry.key) {
      seen = seen_.emplace_hint(seen, entry.key, 0);
    }
    if (seen->second != entry.modified) {
      take(entry);
      seen->second = entry.modified;
    }
    ++seen;
  }
  while (seen != seen_.end()) {
    drop(seen->first);
    seen = seen_.erase(seen);
  }
  return state_;
}

}  // namespace securecart::cluster
