// Where Redis is:
//
//   redis://[[user]:password@]host[:port][,host[:port]...][/database][?option=value&...]
//   rediss://…            TLS; the hosts' certificates are checked by name
//
//   redis://127.0.0.1                                 one server
//   redis://cache-a,cache-b/2                         the first of them that is a master
//   redis://:secret@s1:26379,s2,s3/0?sentinel=shop    the hosts are Sentinels, which name the
//   master
//
// Options: sentinel (name of the master), sentinel_password, prefix (of every key; "securecart").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/errors.hpp"
#include "net/client.hpp"

namespace securecart::storage::redis {

struct Address {
  std::vector<net::Peer> hosts;  // not empty
  std::string user;
  std::string password;
  std::int64_t database = 0;
  std::string master;  // its name at the Sentinels; empty: the hosts are Redis itself
  std::string sentinel_password;
  std::string prefix = "securecart";
};

// True when `text` looks like an address of Redis.
bool is_redis_url(std::string_view text);

// errc::invalid_request says what is wrong, without telling the password.
Result<Address> parse_address(std::string_view text);

// host:port, for messages.
std::string label_of(const net::Peer& peer);

}  // namespace securecart::storage::redis
