// What one host has to have and to run: files and units, as plain values. The agent makes it so;
// `topology render` writes the files for people to read. Nothing here knows of namespaces.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "cluster/topology/model.hpp"

namespace securecart::cluster {

// Where things are on a host. The lab gives each host a folder of its own.
struct HostPaths {
  std::string configuration = "/etc/securecart";  // rendered files
  std::string state = "/var/lib/securecart";      // databases, queues, the agent's memory
  std::string runtime = "/run/securecart";        // sockets, pid files
  std::string secrets = "/etc/securecart/secrets";  // identities and passwords, put there by people
  std::string program = "/usr/bin/securecart";
};

struct RenderedFile {
  std::string path;  // absolute, below one of HostPaths
  std::string text;
  int mode = 0644;
  std::string owner = "root";
};

// How to know that a unit does its work.
struct Readiness {
  enum class Kind : std::uint8_t { none, http, tcp, command };
  Kind kind = Kind::none;
  std::string target;                // "http://10.77.1.11:8008/health", "10.77.1.11:6379"
  std::vector<std::string> command;  // exits with 0
  Duration interval{};
  int failures = 3;      // in a row, once it was ready: then it is sick and restarted
  Duration start_time{};  // how long it may take at first
};

// A process the agent keeps running.
struct Unit {
  std::string name;  // "etcd", "postgres", "orders-2"
  std::vector<std::string> command;
  std::map<std::string, std::string> environment;
  std::string user = "root";
  std::string folder;              // working directory, made if it is not there, of `user`
  std::vector<std::string> after;  // units that must be ready first
  Readiness readiness;
  int stop_signal = 15;
  Duration stop_time{};           // then SIGKILL
  std::int64_t memory_bytes = 0;  // 0: no limit
  double cores = 0.0;
  std::string configuration_hash;  // of the files it reads: another one means a restart
};

struct HostPlan {
  std::vector<std::string> folders;  // to be made first, "path owner mode"
  std::vector<RenderedFile> files;
  std::vector<Unit> units;
};

// What the file alone decides for `host`: engines, balancer, DNS, controller.
HostPlan host_plan(const Topology& topology, const Host& host, const HostPaths& paths);

// One instance of a service in a slot of a host. `version` names the program to run: a file
// `<paths.program>-<version>`, or paths.program itself when empty.
Unit instance_unit(const Topology& topology, const Host& host, const HostPaths& paths,
                   const Service& service, int slot, std::string_view version);

}  // namespace securecart::cluster
