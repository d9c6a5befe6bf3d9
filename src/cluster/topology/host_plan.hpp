// What one host has to have and to run: files and units, as plain values. The agent makes it so;
// `topology render` writes the files for people to read. Nothing here knows of namespaces.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "cluster/topology/model.hpp"

namespace securecart::cluster {

// Where things are on a host. The lab gives each host a folder of its own.
struct HostPaths {
  std::string configuration = "/etc/securecart";    // rendered files
  std::string state = "/var/lib/securecart";        // databases, queues, the agent's memory
  std::string runtime = "/run/securecart";          // sockets, pid files
  std::string secrets = "/etc/securecart/secrets";  // identities and passwords, put there by people
  std::string program = "/usr/bin/securecart";
  std::string topology =
      "/etc/securecart/topology.toml";  // the file itself, for agent and controller
};

// Secrets are no part of a plan. Where a file needs one, its text has `${secret:NAME}`; who writes
// the file puts the first line of `<secrets>/NAME` there (fill_secrets below).
struct RenderedFile {
  std::string path;  // absolute, below one of HostPaths
  std::string text;
  int mode = 0644;
  std::string owner = "root";  // a user; the file's group is that user's
  bool seed =
      false;  // written only when it is not there: its program rewrites it (Redis, Sentinel)
};

// How to know that a unit does its work.
struct Readiness {
  enum class Kind : std::uint8_t { none, http, tcp, command };
  Kind kind = Kind::none;
  std::string target = {};  // "http://10.77.1.11:8008/liveness", "10.77.1.11:6379"
  // With http: asked instead once it was ready. What waits for another part of the region is not
  // ready, but it is alive, and restarting it would only make that part's return harder.
  std::string alive = {};
  std::string identity = {};              // for https: the PEM file to show (`securecart ca issue`)
  std::string role = {};                  // likewise: what the other's certificate must name
  std::vector<std::string> command = {};  // exits with 0
  Duration interval{};
  int failures = 3;       // in a row, once it was ready: then it is sick and restarted
  Duration start_time{};  // how long it may take at first
};

// A process the agent keeps running.
struct Unit {
  std::string name;  // "etcd", "postgres", "orders-2"
  std::vector<std::string> command;
  std::map<std::string, std::string> environment;
  std::string user = "root";
  bool low_ports = false;  // may listen below 1024 (CAP_NET_BIND_SERVICE) though it is not root
  std::string folder;      // working directory, made if it is not there, of `user`
  std::vector<std::string> after;  // units that must be ready first
  Readiness readiness;
  int stop_signal = 15;
  Duration stop_time{};           // then SIGKILL
  std::int64_t memory_bytes = 0;  // 0: no limit
  double cores = 0.0;
  std::string configuration_hash;  // of the files it reads: another one means a restart
  int reload_signal = 0;           // not 0: this signal makes it read them again instead
};

struct PlannedFolder {
  std::string path;
  std::string owner = "root";
  int mode = 0755;
};

struct HostPlan {
  std::vector<PlannedFolder> folders;  // to be made first, in this order
  std::vector<RenderedFile> files;
  std::vector<Unit> units;
};

// A file in `<secrets>` that people put there.
struct Secret {
  enum class Kind : std::uint8_t {
    password,     // one line of a-z, A-Z, 0-9, '-', '_': 16 to 128 of them
    identity,     // a PEM file of `securecart ca issue`, for `roles`
    certificate,  // what shoppers see: PEM of certificate chain and key
    secrets_key,  // secrets.key of the installation (docs/payments.md)
  };
  std::string name;  // of the file: "postgres-shop", "orders.pem"
  Kind kind = Kind::password;
  std::vector<std::string> roles;  // of an identity, for the host's address
  std::vector<std::string> names;  // likewise: of the instances, as DNS has them
  std::string owner = "root";      // who must be able to read it; mode 0600
};
// All that `host` needs, sorted by name. Passwords are the same on every host of a region.
std::vector<Secret> host_secrets(const Topology& topology, const Host& host);

// `text` with each ${secret:NAME} replaced by what `secret` says. The Error names the file that is
// missing, or holds what a password may not have.
Result<std::string> fill_secrets(
    std::string_view text, const std::function<Result<std::string>(std::string_view)>& secret);

// What the file alone decides for `host`: engines, balancer, DNS, controller; and the files that
// its instances read. Units named here: etcd, postgres, redis, sentinel, epmd, rabbitmq, dns,
// haproxy, keepalived, controller. A unit's configuration_hash is of the files' texts before
// secrets are filled in.
HostPlan host_plan(const Topology& topology, const Host& host, const HostPaths& paths);

// One instance of a service in a slot of a host. `version` names the program to run: a file
// `<paths.program>-<version>`, or paths.program itself when empty.
Unit instance_unit(const Topology& topology, const Host& host, const HostPaths& paths,
                   const Service& service, int slot, std::string_view version);

}  // namespace securecart::cluster
