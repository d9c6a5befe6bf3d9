#include "shop/payments/accounts.hpp"

#include <algorithm>
#include <array>
#include <cassert>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "shop/payments/errc.hpp"

namespace securecart::shop::payments {
namespace {

using storage::Row;
using storage::Rows;

constexpr std::array<std::string_view, 2> providers{"stripe", "test"};
constexpr std::size_t hint_tail = 4;
constexpr std::size_t key_tail_least = 8;

bool is_key_text(std::string_view text) {
  return text.size() >= key_tail_least && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_';
         });
}

// "test" or "live" of "sk_test_…"; nullopt when it is no key of these kinds.
std::optional<std::string> mode_of(std::string_view key,
                                   std::initializer_list<std::string_view> kinds) {
  for (const std::string_view kind : kinds) {
    for (const std::string_view mode : {"test", "live"}) {
      const std::string start = fmt::format("{}_{}_", kind, mode);
      if (key.starts_with(start) && is_key_text(key.substr(start.size()))) {
        return std::string(mode);
      }
    }
  }
  return std::nullopt;
}

// "sk_test_…9f2c"
std::string hint_of(std::string_view secret, std::size_t head) {
  return fmt::format("{}…{}", secret.substr(0, head), secret.substr(secret.size() - hint_tail));
}

std::string context_of(const std::string& shop_id, std::string_view provider,
                       std::string_view field) {
  return fmt::format("{} {} {}", shop_id, provider, field);
}

ProviderAccount account_of(const Row& row, const std::string& shop_id) {
  ProviderAccount account;
  account.shop_id = shop_id;
  account.provider = row.text(0);
  account.enabled = row.boolean(1);
  account.mode = row.text(2);
  account.publishable_key = row.text(3);
  account.secret_key = row.text(4);
  account.secret_hint = row.text(5);
  account.webhook_secret = row.text(6);
  account.webhook_hint = row.text(7);
  account.version = row.integer(8);
  account.stored = true;
  return account;
}

ProviderAccount untouched(const std::string& shop_id, std::string_view provider) {
  ProviderAccount account;
  account.shop_id = shop_id;
  account.provider = provider;
  account.enabled = provider == "test";
  return account;
}

std::vector<FieldError> wrong_keys(const ProviderAccountChange& change) {
  std::vector<FieldError> wrong;
  if (change.secret_key && !mode_of(*change.secret_key, {"sk", "rk"})) {
    wrong.push_back({"/secret_key", "must be a key such as sk_live_… or rk_test_…"});
  }
  if (change.publishable_key && !mode_of(*change.publishable_key, {"pk"})) {
    wrong.push_back({"/publishable_key", "must be a key such as pk_live_…"});
  }
  constexpr std::string_view start = "whsec_";
  if (change.webhook_secret && (!change.webhook_secret->starts_with(start) ||
                                !is_key_text(change.webhook_secret->substr(start.size())))) {
    wrong.push_back({"/webhook_secret", "must be a signing secret such as whsec_…"});
  }
  return wrong;
}

std::vector<FieldError> missing_keys(const ProviderAccount& account) {
  std::vector<FieldError> missing;
  if (account.secret_key.empty()) {
    missing.push_back({"/secret_key", "is needed before the provider can be enabled"});
  }
  if (account.webhook_secret.empty()) {
    missing.push_back({"/webhook_secret", "is needed before the provider can be enabled"});
  }
  if (!account.publishable_key.empty() && !account.mode.empty() &&
      mode_of(account.publishable_key, {"pk"}) != account.mode) {
    missing.push_back({"/publishable_key", "must be of the secret key's mode, " + account.mode});
  }
  return missing;
}

}  // namespace

constexpr std::string_view accounts_sql =
    "SELECT provider, enabled, mode, publishable_key, secret_key, secret_hint, webhook_secret, "
    "webhook_hint, version FROM payment_accounts WHERE shop_id = $1";

std::vector<ProviderAccount> accounts_of(const Rows& rows, const std::string& shop_id) {
  std::vector<ProviderAccount> accounts;
  for (const std::string_view provider : providers) {
    accounts.push_back(untouched(shop_id, provider));
    for (const Row row : rows) {
      if (row.text(0) == provider) {
        accounts.back() = account_of(row, shop_id);
      }
    }
  }
  return accounts;
}

std::vector<ProviderAccount> accepted(const std::vector<ProviderAccount>& accounts) {
  const bool live = std::ranges::any_of(accounts, [](const ProviderAccount& account) {
    return account.enabled && account.mode == "live";
  });
  std::vector<ProviderAccount> taken;
  for (const ProviderAccount& account : accounts) {
    if (account.enabled && !(live && account.provider == "test")) {
      taken.push_back(account);
    }
  }
  return taken;
}

ProviderAccounts::ProviderAccounts(storage::Database& database, Random& random, std::string key)
    : database_(database), random_(random), key_(std::move(key)) {
  assert(key_.size() == sealing_key_bytes);
}

Task<std::vector<ProviderAccount>> ProviderAccounts::list(std::string shop_id) const {
  storage::Query query{accounts_sql, {shop_id}};
  const Rows rows = co_await database_.read(std::move(query));
  co_return accounts_of(rows, shop_id);
}

Task<std::optional<ProviderAccount>> ProviderAccounts::read(std::string shop_id,
                                                            std::string provider) const {
  std::vector<ProviderAccount> accounts = co_await list(std::move(shop_id));
  const auto found = std::ranges::find(accounts, provider, &ProviderAccount::provider);
  co_return found != accounts.end() ? std::optional(std::move(*found)) : std::nullopt;
}

Task<std::optional<ProviderKeys>> ProviderAccounts::keys(std::string shop_id,
                                                         std::string provider) const {
  const std::optional<ProviderAccount> account = co_await read(shop_id, provider);
  if (!account || account->secret_key.empty()) {
    co_return std::nullopt;
  }
  const auto open = [&](std::string_view field, const std::string& text) {
    const std::optional<std::string> bytes = from_base64url(text);
    return bytes ? unseal(key_, context_of(shop_id, provider, field), *bytes) : std::nullopt;
  };
  const std::optional<std::string> secret = open("secret_key", account->secret_key);
  const std::optional<std::string> webhook = account->webhook_secret.empty()
                                                 ? std::optional(std::string())
                                                 : open("webhook_secret", account->webhook_secret);
  if (!secret || !webhook) {
    log::error(
        "a payment account was sealed with another key: start every process with the same "
        "secrets key, or set the account's secrets again",
        {{"shop", shop_id}, {"provider", provider}});
    co_return std::nullopt;
  }
  co_return ProviderKeys{account->enabled, *secret, *webhook};
}

std::string ProviderAccounts::sealed(const ProviderAccount& account, std::string_view field,
                                     std::string_view secret) const {
  return base64url(
      seal(key_, context_of(account.shop_id, account.provider, field), secret, random_));
}

Result<ProviderAccount> ProviderAccounts::decide(ProviderAccount account,
                                                 const ProviderAccountChange& change) const {
  std::vector<FieldError> wrong = wrong_keys(change);
  const bool keys = change.secret_key || change.publishable_key || change.webhook_secret;
  if (account.provider == "test" && keys) {
    wrong = {{"", "the test provider has no keys"}};
  }
  if (!wrong.empty()) {
    return fail(securecart::errc::invalid_request, "Correct what `errors` names.",
                std::move(wrong));
  }
  if (change.secret_key) {
    account.mode = *mode_of(*change.secret_key, {"sk", "rk"});
    account.secret_key = sealed(account, "secret_key", *change.secret_key);
    account.secret_hint = hint_of(*change.secret_key, std::string_view("sk_test_").size());
  }
  if (change.webhook_secret) {
    account.webhook_secret = sealed(account, "webhook_secret", *change.webhook_secret);
    account.webhook_hint = hint_of(*change.webhook_secret, std::string_view("whsec_").size());
  }
  account.publishable_key = change.publishable_key.value_or(account.publishable_key);
  account.enabled = change.enabled.value_or(account.enabled);
  if (account.enabled && account.provider != "test") {
    std::vector<FieldError> missing = missing_keys(account);
    if (!missing.empty()) {
      return fail(errc::payment_provider_incomplete, "Set what `errors` names, then enable it.",
                  std::move(missing));
    }
  }
  return account;
}

void ProviderAccounts::add_account(storage::Batch& batch, const ProviderAccount& changed,
                                   Timestamp at) const {
  const storage::Values values{changed.shop_id,
                               changed.provider,
                               std::int64_t{changed.enabled ? 1 : 0},
                               changed.mode,
                               changed.publishable_key,
                               changed.secret_key,
                               changed.secret_hint,
                               changed.webhook_secret,
                               changed.webhook_hint,
                               changed.version,
                               to_millis(at)};
  if (changed.stored) {
    batch
        .add(
            "UPDATE payment_accounts SET enabled = $3, mode = $4, publishable_key = $5, "
            "secret_key = $6, secret_hint = $7, webhook_secret = $8, webhook_hint = $9, "
            "version = version + 1, updated_at = $11 "
            "WHERE shop_id = $1 AND provider = $2 AND version = $10",
            values)
        .expect(1, securecart::errc::version_conflict);
    return;
  }
  batch
      .add(
          "INSERT INTO payment_accounts (shop_id, provider, enabled, mode, publishable_key, "
          "secret_key, secret_hint, webhook_secret, webhook_hint, version, updated_at) VALUES "
          "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10 + 1, $11)",
          values)
      .or_refuse(securecart::errc::version_conflict);
}

}  // namespace securecart::shop::payments
