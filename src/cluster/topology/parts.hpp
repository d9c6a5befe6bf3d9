// What each part of a host adds to its plan. One file an engine: plan_*.cpp.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cluster/topology/host_plan.hpp"

namespace securecart::cluster {

using TemplateValues = std::map<std::string, std::string, std::less<>>;

// A plan being made.
struct Planner {
  const Topology& topology;
  const Host& host;
  const HostPaths& paths;
  HostPlan& plan;

  void folder(std::string path, std::string owner = "root", int mode = 0755) const;
  // Of an embedded file, strictly: an unknown or missing value is a broken program.
  const RenderedFile& file(std::string path, std::string_view asset, const TemplateValues& values,
                           std::string owner = "root", int mode = 0644) const;
};

void plan_etcd(const Planner& planner);
void plan_postgres(const Planner& planner);
void plan_redis(const Planner& planner);
void plan_rabbitmq(const Planner& planner);
void plan_dns(const Planner& planner);
void plan_balancer(const Planner& planner);
void plan_controller(const Planner& planner);
// Files that instances read; the instances themselves are instance_unit's.
void plan_instances(const Planner& planner);

std::string render_asset(std::string_view asset, const TemplateValues& values);
// "10.77.1.11:2379,10.77.2.11:2379" of the hosts that carry `part`; without ":port" when it is 0.
std::string addresses_of(const Topology& topology, Part part, std::uint16_t port,
                         std::string_view between = ",");
std::string address_of(const Host& host, std::uint16_t port);
// Of these files, in this order.
std::string hash_of(const std::vector<const RenderedFile*>& files);
// One line an item.
std::string lines(const std::vector<std::string>& items);
std::int64_t milliseconds(Duration duration);
std::int64_t seconds(Duration duration);
// Of passwords, in texts of files.
std::string secret_reference(std::string_view name);

// Files of instances: their names below HostPaths.
std::string upstreams_path(const HostPaths& paths);
std::string database_path(const HostPaths& paths);
std::string cache_path(const HostPaths& paths);
std::string broker_path(const HostPaths& paths);

inline constexpr std::string_view program_user = "securecart";
inline constexpr int hang_up = 1;  // SIGHUP: to most, "read your files again"

}  // namespace securecart::cluster
