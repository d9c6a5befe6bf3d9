// A shop's accounts at payment providers: which it takes, and with which keys.
//
// Secrets come in through the admin API and never leave again: the database holds them sealed under
// the installation's key, bound to shop, provider and field; the API shows a hint.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/prng.hpp"
#include "storage/database.hpp"

namespace securecart::shop::payments {

// A provider as a shop has set it up. One that was never touched is the default of its name:
// "test" is taken, others are not.
struct ProviderAccount {
  std::string shop_id;
  std::string provider;
  bool enabled = false;
  std::string mode;  // test, live; empty without keys
  std::string publishable_key;
  std::string secret_key;  // sealed
  std::string secret_hint;
  std::string webhook_secret;  // sealed
  std::string webhook_hint;
  std::int64_t version = 1;
  bool stored = false;
};

// What a member of staff sets; nullopt leaves a field as it is.
struct ProviderAccountChange {
  std::optional<bool> enabled;
  std::optional<std::string> publishable_key;
  std::optional<std::string> secret_key;
  std::optional<std::string> webhook_secret;
};

// What a provider needs to act for a shop, in the clear.
struct ProviderKeys {
  bool enabled = false;
  std::string secret_key;
  std::string webhook_secret;
};

class ProviderAccounts {
 public:
  // `key`: 32 bytes, the same in every process on one database. All outlive this.
  ProviderAccounts(storage::Database& database, Random& random, std::string key);

  // Every provider there is, by name.
  Task<std::vector<ProviderAccount>> list(std::string shop_id) const;
  // nullopt: there is no such provider.
  Task<std::optional<ProviderAccount>> read(std::string shop_id, std::string provider) const;
  // nullopt: the shop never set this provider up, or its secrets cannot be opened with our key.
  Task<std::optional<ProviderKeys>> keys(std::string shop_id, std::string provider) const;

  // The account after a change: a decision, written by add_account().
  Result<ProviderAccount> decide(ProviderAccount account,
                                 const ProviderAccountChange& change) const;
  // Guarded by the version that was read.
  void add_account(storage::Batch& batch, const ProviderAccount& changed, Timestamp at) const;

 private:
  std::string sealed(const ProviderAccount& account, std::string_view field,
                     std::string_view secret) const;

  storage::Database& database_;
  Random& random_;
  const std::string key_;
};

// The providers a shop takes payments through: those enabled, but test payments never beside a live
// account.
std::vector<ProviderAccount> accepted(const std::vector<ProviderAccount>& accounts);
// For those who read accounts with other things: the rows of `accounts_sql` ($1: the shop).
extern const std::string_view accounts_sql;
std::vector<ProviderAccount> accounts_of(const storage::Rows& rows, const std::string& shop_id);

}  // namespace securecart::shop::payments
