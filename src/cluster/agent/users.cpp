#include "cluster/agent/users.hpp"

#include <pwd.h>
#include <vector>

namespace securecart::cluster::agent {

std::expected<User, std::string> find_user(const std::string& name) {
  constexpr std::size_t entry_bytes = 64 * 1024;
  std::vector<char> buffer(entry_bytes);
  passwd entry{};
  passwd* found = nullptr;
  if (getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr) {
    return std::unexpected("there is no user " + name);
  }
  return User{.id = entry.pw_uid, .group = entry.pw_gid, .home = entry.pw_dir};
}

}  // namespace securecart::cluster::agent
