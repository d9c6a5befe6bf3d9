#include "cluster/control/etcd_seat.hpp"

#include <algorithm>
#include <vector>

namespace securecart::cluster {

std::optional<std::string> better_etcd_leader(const Topology& topology, std::string_view primary,
                                              std::string_view leader,
                                              std::span<const std::string> members) {
  const Host* const database = topology.host(primary);
  const Host* const now = topology.host(leader);
  if (database == nullptr || now == nullptr || now->zone != database->zone) {
    return std::nullopt;
  }
  std::vector<std::string> elsewhere;
  for (const std::string& member : members) {
    const Host* const host = topology.host(member);
    if (host != nullptr && host->zone != database->zone) {
      elsewhere.push_back(member);
    }
  }
  if (elsewhere.empty()) {
    return std::nullopt;
  }
  std::ranges::sort(elsewhere);
  const auto next = std::ranges::upper_bound(elsewhere, leader);
  return next == elsewhere.end() ? elsewhere.front() : *next;
}

}  // namespace securecart::cluster
