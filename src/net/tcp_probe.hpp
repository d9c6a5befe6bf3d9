// Whether a TCP port takes connections: for health checks.
#pragma once

#include <cstdint>
#include <string>

#include "base/task.hpp"
#include "net/runtime.hpp"

namespace securecart::net {

struct TcpProbe {
  enum class Outcome { connected, refused, silent };
  Outcome outcome;
  std::string reason;  // when not connected
};

// Connects to `address` (an IP address; a name is silent) and closes at once. Takes at most
// `timeout`. Await it on an executor of a Runtime.
Task<TcpProbe> probe_tcp(std::string address, std::uint16_t port, Duration timeout);

}  // namespace securecart::net
