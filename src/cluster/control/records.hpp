// What controller and agents write into etcd, as plain values with their JSON.
//
//   /securecart/<region>/hosts/<host>        HostReport, the agent's, under its lease
//   /securecart/<region>/desired/<host>      HostOrder, the controller's, fenced
//   /securecart/<region>/services/<service>  ServiceOrder, the operator's and controller's
//   /securecart/<region>/instances/<id>      InstanceRecord, the agent's, under its lease: discovery
//   /securecart/<region>/controller          the seat: the leader's name, under its lease
//   /securecart/<region>/shift/<zone>        a zone taken out of use, until a time
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"

namespace securecart::cluster {

enum class InstanceState : std::uint8_t { starting, ready, sick, draining, stopped, crash_loop };

// One instance as its agent sees it.
struct InstanceReport {
  std::string id;       // "orders-a-app-2": service, host, slot
  std::string service;
  int slot = 0;
  std::string version;
  InstanceState state = InstanceState::starting;
  Timestamp since{};        // in this state
  double cpu = 0.0;         // cores used, over the last seconds
  std::int64_t memory_bytes = 0;
  double requests = 0.0;    // a second
  double errors = 0.0;      // of these, 0..1
  Duration latency_p99{};
  double queue = 0.0;       // events waiting for this service's consumers
};

struct HostReport {
  std::string host;
  std::string zone;
  Timestamp at{};
  std::int64_t order_revision = 0;  // of the HostOrder this host follows
  double load = 0.0;
  std::int64_t memory_free_bytes = 0;
  std::vector<InstanceReport> instances;
  std::vector<std::string> units_down;  // of the file's own, with what is wrong: "postgres: crash loop"
};

struct InstanceOrder {
  std::string service;
  int slot = 0;
  std::string version;
  bool drain = false;  // out of discovery, finish, end
};
struct HostOrder {
  std::vector<InstanceOrder> instances;
};

struct InstanceRecord {
  std::string id;
  std::string service;
  std::string zone;
  std::string address;
  std::uint16_t port = 0;
  std::uint16_t weight = 1;
};

// Each as JSON, and back; the Error says what is wrong where. Unknown fields are left alone, so that
// two versions can speak to each other.
std::string to_json(const HostReport& report);
std::string to_json(const HostOrder& order);
std::string to_json(const InstanceRecord& record);
Result<HostReport> parse_host_report(std::string_view json);
Result<HostOrder> parse_host_order(std::string_view json);
Result<InstanceRecord> parse_instance_record(std::string_view json);

}  // namespace securecart::cluster
