#include "cli/upstream_lists.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/config.hpp"
#include "base/files.hpp"
#include "base/text.hpp"
#include "cli/limits.hpp"
#include "cli/roles.hpp"
#include "net/client.hpp"

namespace securecart::cli {
namespace {

constexpr std::string_view srv_scheme = "srv://";

Result<void> check_role(std::string_view role) {
  const auto known = std::ranges::find(all_roles(), role, &Role::name);
  if (known == all_roles().end() || role == "all" || role == "web") {
    return fail(securecart::errc::invalid_request,
                "'" + std::string(role) + "' is no role that others are asked for");
  }
  return {};
}

Result<void> check_url(const std::string& url) {
  const Result<net::Url> parsed = net::parse_url(url);
  if (!parsed || !parsed->path.empty()) {
    return fail(securecart::errc::invalid_request,
                "'" + url + "' is no address of an instance, like https://10.0.1.5:9001");
  }
  const bool is_loopback = parsed->peer.host.starts_with("127.") || parsed->peer.host == "::1" ||
                           parsed->peer.host == "localhost";
  if (!parsed->peer.tls && !is_loopback) {
    return fail(securecart::errc::invalid_request,
                "'" + url + "' is another machine: instances are reached over https there");
  }
  return {};
}

}  // namespace

Result<void> add_upstream(UpstreamLists& lists, std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) {
    return fail(securecart::errc::invalid_request, "--upstream is written ROLE=ADDRESS,ADDRESS");
  }
  const std::string_view role = trim(text.substr(0, equals));
  if (Result<void> good = check_role(role); !good) {
    return good;
  }
  RoleInstances& instances = lists[std::string(role)];
  for (const std::string_view part : split(text.substr(equals + 1), ',')) {
    std::string url(trim(part));
    if (url.starts_with(srv_scheme)) {
      instances.srv = url.substr(srv_scheme.size());
      continue;
    }
    if (Result<void> good = check_url(url); !good) {
      return good;
    }
    instances.urls.push_back(std::move(url));
  }
  if (instances.urls.size() > limits::upstream_instances) {
    return fail(securecart::errc::invalid_request,
                "more instances of one role than can be kept in view");
  }
  return {};
}

Result<UpstreamLists> parse_upstream_lists(std::string_view file, std::string_view text) {
  Result<ConfigReader> config = ConfigReader::parse(file, text);
  if (!config) {
    return std::unexpected(std::move(config.error()));
  }
  UpstreamLists lists;
  const ConfigReader upstreams = config->table("upstream");
  for (const std::string& role : upstreams.keys()) {
    const ConfigReader table = upstreams.table(role);
    RoleInstances instances;
    instances.urls =
        table.list("instances", std::vector<std::string>(), limits::upstream_instances);
    instances.srv = table.string("srv", "");
    instances.srv_tls = table.boolean("tls", true);
    if (const Result<void> good = check_role(role); !good) {
      upstreams.problem(role, good.error().detail);
    }
    for (const std::string& url : instances.urls) {
      if (const Result<void> good = check_url(url); !good) {
        table.problem("instances", good.error().detail);
      }
    }
    if (instances.urls.empty() && instances.srv.empty()) {
      table.problem("instances", "names nobody; give instances, or srv");
    }
    lists.emplace(role, std::move(instances));
  }
  if (Result<void> good = config->finish(); !good) {
    return std::unexpected(std::move(good.error()));
  }
  return lists;
}

UpstreamLists read_upstream_lists(const std::filesystem::path& file) {
  Result<UpstreamLists> lists = parse_upstream_lists(file.string(), need_file(file));
  if (!lists) {
    throw std::runtime_error(lists.error().detail);
  }
  return std::move(*lists);
}

}  // namespace securecart::cli
