// The roles of the one binary: parts that can run alone. `all` is every one of them; naming a role
// brings the roles it depends on.
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/errors.hpp"

namespace securecart::cli {

struct Role {
  std::string_view name;
  std::string_view summary;
  std::vector<std::string_view> needs;
};

// Sorted by name.
std::span<const Role> all_roles();

// The roles named and those they need; the Error says which is unknown and which there are.
Result<std::set<std::string, std::less<>>> resolve_roles(const std::vector<std::string>& named);

}  // namespace securecart::cli
