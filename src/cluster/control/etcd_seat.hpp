// Where etcd's leader should be: in another zone than PostgreSQL's primary. Patroni gives the
// primary's place away when its lease in etcd ends, and an etcd whose leader is new lets every
// lease begin anew: a zone that takes both costs one ttl more than one that takes the primary
// alone.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "cluster/topology/model.hpp"

namespace securecart::cluster {

// The member that should lead instead of `leader`: the next one, by name, outside of the primary's
// zone. Members and primary are hosts. Nothing: it is well as it is, or cannot be better. Pure.
std::optional<std::string> better_etcd_leader(const Topology& topology, std::string_view primary,
                                              std::string_view leader,
                                              std::span<const std::string> members);

}  // namespace securecart::cluster
