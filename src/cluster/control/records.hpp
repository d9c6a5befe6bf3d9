// What controller, agents and operators write into etcd, as plain values with their JSON.
//
//   /securecart/<region>/hosts/<host>        HostReport, the agent's, under its lease
//   /securecart/<region>/desired/<host>      HostOrder, the controller's, fenced
//   /securecart/<region>/services/<service>  ServiceOrder, the operator's
//   /securecart/<region>/scaling/<service>   ScalingRecord, the controller's, fenced
//   /securecart/<region>/rollout             RolloutRecord, the controller's, fenced
//   /securecart/<region>/patch               PatchOrder, the operator's
//   /securecart/<region>/shift/<zone>        ShiftRecord, the operator's and the controller's
//   /securecart/<region>/instances/<id>      InstanceRecord, the agent's, under its lease:
//   discovery /securecart/<region>/alarms              AlarmList, the controller's, fenced
//   /securecart/<region>/controller          the seat: the leader's name, under its lease
//
// What an agent does with an InstanceOrder:
//   not there             stops the instance, as if drained
//   drain                 out of discovery, lets it finish, ends it, reports `stopped` (or nothing)
//   withdrawn             out of discovery, and kept running
//   else                  starts it when it is stopped, and keeps it running
// `version` and `restart` of an order that runs never change: the controller drains the slot, waits
// for a report that follows that order and shows it stopped, and only then orders it anew.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"

namespace securecart::cluster {

enum class InstanceState : std::uint8_t { starting, ready, sick, draining, stopped, crash_loop };
std::string_view to_text(InstanceState state);

// One instance as its agent sees it.
struct InstanceReport {
  std::string id;  // "orders-a-app-2": service, host, slot
  std::string service;
  int slot = 0;
  std::string version;
  InstanceState state = InstanceState::starting;
  Timestamp since{};  // in this state, by the host's clock
  double cpu = 0.0;   // cores used, over the last seconds
  std::int64_t memory_bytes = 0;
  double requests = 0.0;  // a second
  double errors = 0.0;    // of these, 0..1
  Duration latency_p99{};
  double queue = 0.0;  // events waiting for this service's consumers

  bool operator==(const InstanceReport&) const = default;
};

struct HostReport {
  std::string host;
  std::string zone;
  Timestamp at{};                   // by the host's clock
  std::int64_t order_revision = 0;  // mod revision of the HostOrder this host follows; 0: of none
  double load = 0.0;
  std::int64_t memory_free_bytes = 0;
  std::vector<InstanceReport> instances;
  std::vector<std::string> units_down;  // of the file's own, with what is wrong: "postgres: …"
  std::string patched;                  // HostOrder::patch that was done last, well
  std::string patch_failed;             // HostOrder::patch that was tried last and went wrong

  bool operator==(const HostReport&) const = default;
};

struct InstanceOrder {
  std::string service;
  int slot = 0;
  std::string version;
  std::int64_t restart = 0;  // of ServiceOrder: raised, instances are restarted
  bool drain = false;        // out of discovery, finish, end
  bool withdrawn = false;    // out of discovery, and kept running: its zone is shifted away

  bool operator==(const InstanceOrder&) const = default;
};

struct HostOrder {
  std::vector<InstanceOrder> instances;  // by slot, each slot once
  // Not empty, and not HostReport::patched: apply, restart, verify (the host's own script), once
  // every instance is stopped; its outcome goes into the report.
  std::string patch;

  bool operator==(const HostOrder&) const = default;
};

// What an operator wants of a service. Rolled out a zone at a time.
struct ServiceOrder {
  std::string service;
  std::string version;       // "": the installed program
  std::int64_t restart = 0;  // raise it to restart every instance, or to try a version again
  int pinned = 0;            // instances that must carry the load, whatever it is; 0: as it needs

  bool operator==(const ServiceOrder&) const = default;
};

// What an operator wants of every host: applied a zone at a time, a host at a time.
struct PatchOrder {
  std::string id;  // "2026-11-kernel"; another one starts another round

  bool operator==(const PatchOrder&) const = default;
};

// How much of a service there should be, and what its load was at this time of the week.
struct ScalingRecord {
  std::string service;
  int wanted = 0;  // instances that carry the load; more are placed, so that a zone may be lost
  Timestamp scaled_out{};
  Timestamp scaled_in{};
  double capacity = 0.0;        // requests a second one instance carries at its target; 0: unknown
  std::vector<double> of_week;  // requests a second by quarter of an hour; empty: nothing learned
  std::vector<double> of_day;   // the same, of any day
  std::vector<std::uint32_t> weeks;  // how often each quarter of the week was seen
  std::vector<std::uint32_t> days;
  double level = 1.0;   // of late, to what the time of week says
  double high = 1.0;    // factor over the forecast that is rarely exceeded
  Timestamp learned{};  // begin of the quarter that was learned last
  double error = 0.0;   // mean share by which forecasts were wrong of late

  bool operator==(const ScalingRecord&) const = default;
};

struct Build {
  std::string version;
  std::int64_t restart = 0;

  bool operator==(const Build&) const = default;
};

enum class RolloutPhase : std::uint8_t {
  idle,          // every zone runs `settled`
  rolling,       // zone `zones[current]` changes from `settled` to `target`
  baking,        // it has changed, and is watched
  rolling_back,  // zones up to `current` go back to `settled`, the last one first
};
std::string_view to_text(RolloutPhase phase);

// One change of the region on its way: of one service, of all, or of the hosts themselves.
struct RolloutRecord {
  RolloutPhase phase = RolloutPhase::idle;
  Timestamp since{};                     // of the phase in this zone
  std::map<std::string, Build> settled;  // by service
  std::map<std::string, Build> target;   // the services that change; empty when idle
  std::map<std::string, Build> refused;  // went wrong: not tried again until the order changes
  std::string patched;                   // what every host has
  std::string patch;                     // what hosts get now; empty when services change
  std::string patch_refused;
  std::vector<std::string> zones;   // in the order they are taken
  int current = 0;                  // index into zones
  std::vector<std::string> proven;  // services of the target that served while a zone was baked
  bool wrong = false;               // the target is rolled back because it does harm
  std::string reason;               // why the last one was rolled back, or waits

  bool operator==(const RolloutRecord&) const = default;
};

// A zone taken out of use until a time. Kept a while when it is over, to tell how often it was.
struct ShiftRecord {
  std::string zone;
  Timestamp until{};
  std::string by;  // "controller", or an operator
  std::string reason;
  int times = 1;  // in a row; each lasts longer

  bool operator==(const ShiftRecord&) const = default;
};

struct Alarm {
  std::string what;     // "host_gone", "blind": stable
  std::string subject;  // of which host, service, zone
  std::string text;     // for people
  Timestamp since{};

  bool operator==(const Alarm&) const = default;
};
struct AlarmList {
  std::vector<Alarm> alarms;

  bool operator==(const AlarmList&) const = default;
};

struct InstanceRecord {
  std::string id;
  std::string service;
  std::string zone;
  std::string address;
  std::uint16_t port = 0;
  std::uint16_t weight = 1;

  bool operator==(const InstanceRecord&) const = default;
};

// Keys of one region.
struct Keys {
  explicit Keys(std::string_view region);
  std::string root;  // "/securecart/eu/"
  std::string hosts() const { return root + "hosts/"; }
  std::string desired() const { return root + "desired/"; }
  std::string services() const { return root + "services/"; }
  std::string scaling() const { return root + "scaling/"; }
  std::string shifts() const { return root + "shift/"; }
  std::string instances() const { return root + "instances/"; }
  std::string rollout() const { return root + "rollout"; }
  std::string patch() const { return root + "patch"; }
  std::string alarms() const { return root + "alarms"; }
  std::string seat() const { return root + "controller"; }
};
std::string instance_id(std::string_view service, std::string_view host, int slot);

// Each as JSON, and back; the Error says what is wrong where. Unknown fields are left alone, so
// that two versions can speak to each other; what is missing has its default, but for names.
std::string to_json(const HostReport& report);
std::string to_json(const HostOrder& order);
std::string to_json(const ServiceOrder& order);
std::string to_json(const PatchOrder& order);
std::string to_json(const ScalingRecord& record);
std::string to_json(const RolloutRecord& record);
std::string to_json(const ShiftRecord& record);
std::string to_json(const AlarmList& list);
std::string to_json(const InstanceRecord& record);
Result<HostReport> parse_host_report(std::string_view json);
Result<HostOrder> parse_host_order(std::string_view json);
Result<ServiceOrder> parse_service_order(std::string_view json);
Result<PatchOrder> parse_patch_order(std::string_view json);
Result<ScalingRecord> parse_scaling_record(std::string_view json);
Result<RolloutRecord> parse_rollout_record(std::string_view json);
Result<ShiftRecord> parse_shift_record(std::string_view json);
Result<AlarmList> parse_alarm_list(std::string_view json);
Result<InstanceRecord> parse_instance_record(std::string_view json);

}  // namespace securecart::cluster
