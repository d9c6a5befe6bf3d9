// Reads a shop whole over its API, for the checker.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lab/api.hpp"
#include "lab/world.hpp"

namespace securecart::lab {

// "securecart_consumer_lag_events{consumer="payments"} 3", line by line, of a page of metrics.
std::map<std::string, std::int64_t> unsettled_events(std::string_view metrics);

// Where the payment provider's own books are read.
struct ProviderAccess {
  Api* api = nullptr;
  std::string secret;
};

class WorldReader {
 public:
  // `api` outlives this. `patience` is with each request. `processes`: those that work on the log,
  // when `api` is not the only one.
  WorldReader(Api& api, std::string secret_key, Duration patience, std::vector<Api> processes = {})
      : api_(api),
        processes_(std::move(processes)),
        secret_key_(std::move(secret_key)),
        headers_{{"Authorization", "Bearer " + secret_key_}},
        patience_(patience) {}

  // Waits until no payment or refund is without outcome, every order is in the receipt chain and no
  // consumer is behind, at most `settle`. False when that did not come about; what is open is then
  // a finding.
  Task<bool> wait_until_settled(Duration settle);

  // `progress` is told what is being read. Throws ApiFailure when the shop cannot be read.
  Task<World> read(std::optional<ProviderAccess> provider,
                   std::function<void(std::string_view)> progress);

  // The orders alone, with all behind them.
  Task<std::vector<json::object>> read_orders(std::function<void(std::string_view)> progress);

 private:
  Task<void> read_order(std::string id, json::object& into);
  Task<void> read_movements(std::string item_id, World& world);
  Task<void> read_stock(World& world);
  Task<void> read_ledger(World& world);
  Task<void> read_receipts(World& world);
  Task<void> read_events(World& world);
  Task<void> read_charges(ProviderAccess provider, World& world);
  Task<bool> is_settled();
  Task<void> follow_events();
  Task<std::map<std::string, std::int64_t>> read_unsettled(Duration patience);
  Task<bool> none_with(std::string payment_status);

  Task<std::map<std::string, std::int64_t>> look_at_consumers();

  Api& api_;
  std::vector<Api> processes_;
  const std::string secret_key_;
  const std::vector<std::pair<std::string, std::string>> headers_;
  const Duration patience_;
  std::int64_t followed_ = 0;  // position in the log
  std::size_t placed_ = 0;
  std::int64_t open_refunds_ = 0;
};

// An order of the admin API as the checker sees it.
WorldOrder world_order(const json::object& order);
// The digests of the statements that an entry of the chain of receipts names. Entries of earlier
// versions name one.
std::vector<std::string> chained_statements(const json::object& entry);

}  // namespace securecart::lab
