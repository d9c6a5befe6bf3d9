// The region as its keys describe it, parsed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "cluster/control/records.hpp"
#include "cluster/store/store.hpp"

namespace securecart::cluster {

// A record with the revision that wrote it last; 0: it is not there.
template <class T>
struct Kept {
  T value;
  std::int64_t revision = 0;
};
template <class T>
using KeptByName = std::map<std::string, Kept<T>, std::less<>>;

struct RegionState {
  KeptByName<HostReport> reports;
  KeptByName<HostOrder> orders;
  KeptByName<ServiceOrder> services;
  KeptByName<ScalingRecord> scaling;
  KeptByName<ShiftRecord> shifts;
  Kept<RolloutRecord> rollout;
  Kept<PatchOrder> patch;
  Kept<AlarmList> alarms;
  // Keys whose value cannot be read, with what is wrong.
  std::map<std::string, std::string, std::less<>> broken;
};

// Parses what changed since the last snapshot, and only that.
class RegionReader {
 public:
  explicit RegionReader(std::string_view region) : keys_(region) {}
  // `snapshot` holds what is below keys.root, or more.
  const RegionState& read(const Snapshot& snapshot);
  const RegionState& state() const { return state_; }

 private:
  void take(const Entry& entry);
  void drop(std::string_view key);

  Keys keys_;
  RegionState state_;
  std::map<std::string, std::int64_t, std::less<>> seen_;
};

}  // namespace securecart::cluster
