#include "cli/roles.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace securecart::cli {

std::span<const Role> all_roles() {
  static const std::vector<Role> roles{
      {"accounts", "customers, staff, keys, sessions, the shop's settings", {}},
      {"all",
       "every role",
       {"accounts", "catalog", "events", "functions", "imports", "inventory", "orders", "payments",
        "test-payments", "web"}},
      {"catalog", "products, collections, search", {}},
      {"events", "GET /v1/events", {}},
      {"functions", "merchants' own checks of orders, in processes that can do nothing else", {}},
      {"imports", "product files in and out", {"catalog"}},
      {"inventory", "stock, locations and their ledger", {}},
      {"orders", "carts, orders, receipts", {}},
      {"payments", "charges, refunds, webhooks and the reaper", {}},
      {"test-payments", "the deterministic payment provider, on a port of its own", {}},
      {"web", "the storefront and the API reference", {}},
  };
  return roles;
}

Result<std::set<std::string, std::less<>>> resolve_roles(const std::vector<std::string>& named) {
  std::set<std::string, std::less<>> resolved;
  std::vector<std::string> waiting = named;
  while (!waiting.empty()) {
    const std::string name = std::move(waiting.back());
    waiting.pop_back();
    const auto role = std::ranges::find(all_roles(), name, &Role::name);
    if (role == all_roles().end()) {
      std::vector<std::string_view> known;
      for (const Role& candidate : all_roles()) {
        known.push_back(candidate.name);
      }
      return fail(errc::invalid_request, fmt::format("there is no role '{}'; the roles are {}",
                                                     name, fmt::join(known, ", ")));
    }
    if (resolved.insert(name).second) {
      waiting.insert(waiting.end(), role->needs.begin(), role->needs.end());
    }
  }
  return resolved;
}

}  // namespace securecart::cli
