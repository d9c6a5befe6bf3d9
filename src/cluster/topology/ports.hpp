// Ports that everything of a region but its services has. A host has one address and one of each.
#pragma once

#include <cstdint>

namespace securecart::cluster::ports {

inline constexpr std::uint16_t dns = 53;
inline constexpr std::uint16_t http = 80;    // of the reserved address: sends shoppers to https
inline constexpr std::uint16_t https = 443;  // likewise
inline constexpr std::uint16_t etcd_client = 2379;
inline constexpr std::uint16_t etcd_peer = 2380;
inline constexpr std::uint16_t epmd = 4369;              // Erlang's port mapper, for RabbitMQ
inline constexpr std::uint16_t postgres_primary = 5000;  // of balancers: whoever is the primary
inline constexpr std::uint16_t postgres = 5432;
inline constexpr std::uint16_t rabbitmq = 5672;
inline constexpr std::uint16_t redis = 6379;
inline constexpr std::uint16_t patroni = 8008;
inline constexpr std::uint16_t dns_admin = 8053;
inline constexpr std::uint16_t balancer_status = 8404;  // health and metrics of HAProxy
inline constexpr std::uint16_t dns_metrics = 9153;
inline constexpr std::uint16_t rabbitmq_distribution = 25'672;
inline constexpr std::uint16_t sentinel = 26'379;

}  // namespace securecart::cluster::ports
