#include "cluster/topology/model.hpp"

#include <algorithm>

namespace securecart::cluster {

std::string_view part_name(Part part) {
  switch (part) {
    case Part::balancer:
      return "balancer";
    case Part::controller:
      return "controller";
    case Part::dns:
      return "dns";
    case Part::etcd:
      return "etcd";
    case Part::instances:
      return "instances";
    case Part::postgres:
      return "postgres";
    case Part::rabbitmq:
      return "rabbitmq";
    case Part::redis:
      return "redis";
  }
  return "";
}

bool Host::carries(Part part) const {
  return std::ranges::find(parts, part) != parts.end();
}

bool Service::has_role(std::string_view role) const {
  return std::ranges::find(roles, role) != roles.end();
}

const Host* Topology::host(std::string_view host_name) const {
  const auto found = std::ranges::find(hosts, host_name, &Host::name);
  return found == hosts.end() ? nullptr : &*found;
}

const Service* Topology::service(std::string_view service_name) const {
  const auto found = std::ranges::find(services, service_name, &Service::name);
  return found == services.end() ? nullptr : &*found;
}

std::vector<const Host*> Topology::hosts_with(Part part) const {
  std::vector<const Host*> found;
  for (const Host& host : hosts) {
    if (host.carries(part)) {
      found.push_back(&host);
    }
  }
  return found;
}

}  // namespace securecart::cluster
