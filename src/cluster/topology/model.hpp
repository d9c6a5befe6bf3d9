// What a topology file says: one region with its zones, hosts, engines and services. Plain values,
// checked by parse.hpp; whoever holds a Topology may rely on what is written here.
//
//   region ──┬── zone a ──┬── host a-data   etcd postgres redis rabbitmq
//            │            ├── host a-app    instances of services, controller
//            │            └── host a-edge   balancer dns
//            ├── zone b …
//            └── zone c …
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace securecart::cluster {

// What a host can carry. Everything but `instances` is started by the host's agent because the file
// says so; which instances run where is the controller's decision.
enum class Part : std::uint8_t {
  balancer,    // HAProxy and keepalived; two hosts, in different zones
  controller,  // a candidate for the controller's seat
  dns,         // securecart dns: health and discovery
  etcd,        // three or five hosts, no zone with a majority of them
  instances,   // of services
  postgres,    // PostgreSQL under Patroni
  rabbitmq,
  redis,  // Redis and a Sentinel
};
std::string_view part_name(Part part);

struct Zone {
  std::string name;  // a DNS label
};

struct Host {
  std::string name;  // a DNS label, unique in the region
  std::string zone;
  std::string address;      // IPv4, unique; everything of this host listens on it
  std::vector<Part> parts;  // sorted, no doubles
  int slots = 0;            // most instances at once; 0 unless it carries Part::instances
  std::string interface;    // of its address: where the reserved address is put
  bool carries(Part part) const;
};

// When to add instances and when to take some away (cluster/control/autoscaler.hpp).
struct ScalingTargets {
  Duration latency_p99{};  // of this service's answers; 0: not looked at
  double cpu = 0.0;        // cores an instance uses, of what it may use, 0..1; 0: not looked at
  double queue = 0.0;      // waiting events an instance; 0: not looked at
  Duration warm_up{};      // a new instance counts after this
  Duration scale_out_cooldown{};
  Duration scale_in_cooldown{};
};

// Interchangeable processes of `securecart serve --roles …`.
struct Service {
  std::string name;                // a DNS label; `_name._tcp.<domain>` finds its instances,
                                   // `_name._tcp.zone-<zone>.<domain>` those of a zone
  std::vector<std::string> roles;  // "accounts,catalog"
  int minimum = 1;                 // instances that must be left after the loss of any one zone
  int maximum = 1;
  std::uint16_t port = 0;         // the instance in slot k of a host listens on port + k
  std::int64_t memory_bytes = 0;  // most of one instance
  double cores = 0.0;             // most of one instance; 0: no limit
  std::vector<std::string>
      paths;                // prefixes the balancer sends here; the service with "/" gets the rest
  Duration drain_notice{};  // it says "not ready" so long before it closes
  ScalingTargets scaling;

  bool has_role(std::string_view role) const;
};

struct EtcdSettings {
  Duration heartbeat{};
  Duration election{};
  std::int64_t quota_bytes = 0;   // of its database
  std::int64_t memory_bytes = 0;  // most; 0: no limit. The same below.
};

// Patroni's and PostgreSQL's. loop_wait + 2 * retry_timeout <= ttl.
struct PostgresSettings {
  Duration ttl{};
  Duration loop_wait{};
  Duration retry_timeout{};
  Duration stop_timeout{};         // of a primary that has to go
  Duration network_timeout{};      // of the links between primary, standbys and clients
  bool strict = false;             // rather no commits than commits on one host only
  int connections = 0;             // max_connections
  std::int64_t buffers_bytes = 0;  // shared_buffers
  std::int64_t wal_bytes = 0;      // max_wal_size
  std::int64_t memory_bytes = 0;
};

struct RedisSettings {
  Duration down_after{};  // silence after which a Sentinel calls it down
  Duration failover_timeout{};
  std::int64_t cache_bytes = 0;  // maxmemory
  std::int64_t memory_bytes = 0;
};

struct RabbitmqSettings {
  std::int64_t disk_free_bytes = 0;  // below it nothing is published
  std::int64_t memory_bytes = 0;     // publishing stops at 60 % of it
};

struct BalancerSettings {
  Duration advert{};    // between two signs of life of the pair
  int router_id = 0;    // of the pair, unique in its network
  int connections = 0;  // most at once
  int local_share =
      0;  // percent: weight of an instance in the balancer's own zone, others have 100
  Duration slow_start{};  // an instance that came back gets its full share after this
  std::int64_t memory_bytes = 0;
};

struct DnsSettings {
  Duration ttl{};
  std::int64_t memory_bytes = 0;
};

// Outside of the region.
struct PaymentSettings {
  std::string test_provider_url;  // empty: there is none
  std::string stripe_url;         // empty: Stripe's own
};

struct Topology {
  std::string name;
  std::string region;            // "eu"
  std::string domain;            // of hosts and services: "eu.shop.internal"
  std::string trust_domain;      // of certificates between processes: "shop.internal"
  std::string public_url;        // what shoppers type
  std::string reserved_address;  // of the balancer pair
  std::vector<Zone> zones;       // sorted by name, as are the others
  std::vector<Host> hosts;
  std::vector<Service> services;
  EtcdSettings etcd;
  PostgresSettings postgres;
  RedisSettings redis;
  RabbitmqSettings rabbitmq;
  BalancerSettings balancer;
  DnsSettings dns;
  PaymentSettings payments;

  const Host* host(std::string_view name) const;
  const Service* service(std::string_view name) const;
  std::vector<const Host*> hosts_with(Part part) const;
};

}  // namespace securecart::cluster
