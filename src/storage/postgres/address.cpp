#include "storage/postgres/address.hpp"

#include <algorithm>
#include <chrono>
#include <libpq-fe.h>
#include <memory>

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/duration.hpp"
#include "storage/limits.hpp"
#include "storage/migrations.hpp"

namespace securecart::storage::postgres {

namespace {

constexpr std::string_view default_port = "5432";

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> parts(1);
  for (const char c : list) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

std::string* find(Settings& settings, std::string_view name) {
  const auto found = std::ranges::find(
      settings, name, [](const auto& entry) { return std::string_view(entry.first); });
  return found == settings.end() ? nullptr : &found->second;
}

void set(Settings& settings, std::string_view name, std::string value) {
  if (std::string* known = find(settings, name)) {
    *known = std::move(value);
  } else {
    settings.emplace_back(name, std::move(value));
  }
}

void set_default(Settings& settings, std::string_view name, std::string value) {
  if (find(settings, name) == nullptr) {
    settings.emplace_back(name, std::move(value));
  }
}

std::string take(Settings& settings, std::string_view name) {
  std::string* known = find(settings, name);
  std::string value = known == nullptr ? std::string() : *known;
  std::erase_if(settings, [name](const auto& entry) { return entry.first == name; });
  return value;
}

// Entry `index` of a list that is empty, has one entry for all, or one for each.
std::string entry_of(const std::vector<std::string>& list, std::size_t index) {
  return list.size() == 1 ? list.front() : list[index];
}

Settings parse(const std::string& text) {
  char* problem = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(text.c_str(), &problem), &PQconninfoFree);
  const std::unique_ptr<char, decltype(&PQfreemem)> holder(problem, &PQfreemem);
  if (options == nullptr) {
    throw OpenError(fmt::format("the address of the database is wrong: {}",
                                problem == nullptr ? "out of memory" : problem));
  }
  Settings settings;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) {
      settings.emplace_back(option->keyword, option->val);
    }
  }
  return settings;
}

}  // namespace

bool is_postgres_url(std::string_view text) {
  return text.starts_with("postgres://") || text.starts_with("postgresql://");
}

std::vector<Endpoint> parse_address(const std::string& text) {
  Settings common = parse(text);
  const std::vector<std::string> hosts = split(take(common, "host"));
  const std::vector<std::string> addresses = split(take(common, "hostaddr"));
  const std::vector<std::string> ports = split(take(common, "port"));
  const std::size_t count = std::max(hosts.size(), addresses.size());
  const auto fits = [count](const std::vector<std::string>& list) {
    return list.size() == 1 || list.size() == count;
  };
  if (count > limits::postgres_hosts || !fits(hosts) || !fits(addresses) || !fits(ports)) {
    throw OpenError(fmt::format(
        "the address of the database is wrong: {} hosts and {} ports; give one port, or one for "
        "each of at most {} hosts",
        count, ports.size(), limits::postgres_hosts));
  }
  set_default(common, "application_name", "securecart");
  // A host that vanished is noticed in seconds, not in the quarter of an hour TCP grants it.
  set_default(common, "tcp_user_timeout",
              std::to_string(to_millis(limits::postgres_answer_timeout)));
  set_default(common, "keepalives_idle", "1");
  set_default(common, "keepalives_interval", "1");
  set_default(common, "keepalives_count", "3");
  std::vector<Endpoint> endpoints;
  for (std::size_t i = 0; i < count; ++i) {
    Endpoint endpoint{"", common};
    const std::string host = entry_of(hosts, i);
    const std::string address = entry_of(addresses, i);
    const std::string port = entry_of(ports, i);
    for (const auto& [name, value] :
         {std::pair("host", host), std::pair("hostaddr", address), std::pair("port", port)}) {
      if (!value.empty()) {
        endpoint.settings.emplace_back(name, value);
      }
    }
    endpoint.label =
        fmt::format("{}:{}", host.empty() ? (address.empty() ? "localhost" : address) : host,
                    port.empty() ? default_port : port);
    endpoints.push_back(std::move(endpoint));
  }
  return endpoints;
}

Settings session_settings(const Endpoint& endpoint, Purpose purpose,
                          const std::string& synchronous_commit) {
  Settings settings = endpoint.settings;
  // Settings given when the session starts outrank those of the role and of the database.
  std::string options = take(settings, "options");
  const auto option = [&options](std::string_view name, const std::string& value) {
    options += fmt::format(" -c {}={}", name, value);
  };
  option("client_encoding", "UTF8");
  if (purpose == Purpose::write) {
    option("synchronous_commit", synchronous_commit);
    option("lock_timeout", std::to_string(to_millis(limits::postgres_lock_timeout)));
    option("statement_timeout", std::to_string(to_millis(limits::commit_deadline)));
    option("idle_in_transaction_session_timeout",
           std::to_string(to_millis(limits::postgres_stalled_writer)));
    set(settings, "target_session_attrs", "read-write");
  } else {
    // What is sent between two Syncs is one transaction: with this level it is one snapshot.
    option("default_transaction_isolation", "repeatable\\ read");
    option("default_transaction_read_only", "on");
    option("statement_timeout", std::to_string(to_millis(limits::read_time_limit)));
    set(settings, "target_session_attrs", purpose == Purpose::standby ? "standby" : "primary");
  }
  settings.emplace_back("options", options);
  return settings;
}

}  // namespace securecart::storage::postgres
