// Where PostgreSQL is: a connection string of libpq, taken apart by host.
//
//   postgres://shop:secret@db-a:5432,db-b:5432/shop?sslmode=verify-full&sslrootcert=/etc/ca.pem
//
// libpq's own search through several hosts blocks on the first one that does not answer when it is
// used asynchronously, so each host is tried by itself with a time limit.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace securecart::storage::postgres {

using Settings = std::vector<std::pair<std::string, std::string>>;

// One host, with all settings of the string for it.
struct Endpoint {
  std::string label;  // host:port, for messages: no user, no password
  Settings settings;
};

// What a connection is for. It decides which server is good enough and how its session is set up.
enum class Purpose {
  write,    // the primary, and it must take writes
  notices,  // the primary: LISTEN and reading what others committed
  read,     // the primary, read only
  standby,  // a server in recovery, read only
};

// True when `text` looks like an address of PostgreSQL rather than of a folder.
bool is_postgres_url(std::string_view text);

// The endpoints in the order they are written. Throws OpenError when the string is wrong.
std::vector<Endpoint> parse_address(const std::string& text);

// The settings to hand to libpq. `synchronous_commit` is what the session must run with.
Settings session_settings(const Endpoint& endpoint, Purpose purpose,
                          const std::string& synchronous_commit);

}  // namespace securecart::storage::postgres
