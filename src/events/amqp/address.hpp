// Where RabbitMQ is: an AMQP URI, with several hosts if the cluster has them.
//
//   amqp[s]://[user[:password]@]host[:port][,host[:port]…][/vhost][?name=value[&…]]
//
// User, password and vhost may be percent-encoded (a vhost called "/" is %2F, or left out).
// Options: cacertfile=FILE (amqps: who signed the broker's certificate; else the system's).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/errors.hpp"

namespace securecart::events::amqp {

struct Host {
  std::string name;
  std::uint16_t port;

  bool operator==(const Host&) const = default;
};

struct Address {
  bool tls = false;
  std::string user = "guest";
  std::string password = "guest";
  std::vector<Host> hosts;
  std::string vhost = "/";
  std::string ca_file = {};
};

// The Error (errc::invalid_request) says what is wrong, without the password.
Result<Address> parse_address(std::string_view text);

}  // namespace securecart::events::amqp
