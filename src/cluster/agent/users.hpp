// The machine's users, whoever keeps them (/etc/passwd, a directory).
#pragma once

#include <expected>
#include <string>
#include <sys/types.h>

namespace securecart::cluster::agent {

struct User {
  uid_t id = 0;
  gid_t group = 0;  // the first of its groups
  std::string home;
};

// Or why not, for the operator.
std::expected<User, std::string> find_user(const std::string& name);

}  // namespace securecart::cluster::agent
