// Where the instances of each role are.
//
//   --upstream orders=https://10.0.1.5:9001,https://10.0.1.6:9001
//   --upstreams FILE, a TOML file that is read again when it changes:
//     [upstream.orders]
//     instances = ["https://10.0.1.5:9001", "https://10.0.1.6:9001"]
//     [upstream.catalog]
//     srv = "_catalog._tcp.shop.internal"   # asked again every few seconds
//     tls = true
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/errors.hpp"

namespace securecart::cli {

struct RoleInstances {
  std::vector<std::string> urls;
  std::string srv;  // a name to ask for; empty: `urls` is all
  bool srv_tls = true;
  bool operator==(const RoleInstances&) const = default;
};

// By role.
using UpstreamLists = std::map<std::string, RoleInstances, std::less<>>;

// Adds one --upstream. The Error says what is wrong.
Result<void> add_upstream(UpstreamLists& lists, std::string_view text);
// What `text`, the content of `file`, says. Errors name line and column.
Result<UpstreamLists> parse_upstream_lists(std::string_view file, std::string_view text);
// Throws std::runtime_error with a message for the operator.
UpstreamLists read_upstream_lists(const std::filesystem::path& file);

}  // namespace securecart::cli
