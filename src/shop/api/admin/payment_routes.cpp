#include "shop/api/admin/payment_routes.hpp"

#include <algorithm>

#include "shop/api/errc.hpp"
#include "shop/api/render_accounts.hpp"
#include "shop/payments/errc.hpp"
#include "shop/payments/stripe_provider.hpp"

namespace securecart::shop::api {
namespace {

using payments::ProviderAccount;

json::value text_or_null(std::string_view text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

json::object render_secret(const std::string& sealed, const std::string& hint) {
  return {{"set", !sealed.empty()}, {"hint", text_or_null(hint)}};
}

bool takes(const std::vector<ProviderAccount>& accounts, const std::string& provider) {
  const auto taken = payments::accepted(accounts);
  return std::ranges::find(taken, provider, &ProviderAccount::provider) != taken.end();
}

json::object render_account(const ProviderAccount& account, bool accepted) {
  const bool stripe = account.provider == "stripe";
  return {{"provider", account.provider},
          {"enabled", account.enabled},
          {"accepted", accepted},
          {"mode", text_or_null(account.mode)},
          {"publishable_key", text_or_null(account.publishable_key)},
          {"secret_key", render_secret(account.secret_key, account.secret_hint)},
          {"webhook_secret", render_secret(account.webhook_secret, account.webhook_hint)},
          {"webhook_path", "/v1/webhooks/payments/" + account.provider +
                               (stripe ? "/" + account.shop_id : std::string())},
          {"api_version", stripe ? json::value(payments::stripe_version) : json::value(nullptr)},
          {"version", account.version}};
}

payments::ProviderAccountChange change_of(const json::object& body) {
  payments::ProviderAccountChange change;
  if (has(body, "enabled")) {
    change.enabled = get_bool(body, "enabled");
  }
  change.publishable_key = text_member(body, "publishable_key");
  change.secret_key = text_member(body, "secret_key");
  change.webhook_secret = text_member(body, "webhook_secret");
  return change;
}

}  // namespace

void PaymentProviderRoutes::mount(Operations& operations) {
  using net::Method;
  operations.add({.id = "listPaymentProviders",
                  .method = Method::get,
                  .path = "/v1/admin/payment-providers",
                  .tag = "Admin: settings",
                  .summary = "Who the shop takes payments through",
                  .access = Access::admin,
                  .permission = Permission::settings_read,
                  .response_schema = "PaymentProvider[]"},
                 *this, &PaymentProviderRoutes::list);
  operations.add({.id = "getPaymentProvider",
                  .method = Method::get,
                  .path = "/v1/admin/payment-providers/{provider}",
                  .tag = "Admin: settings",
                  .summary = "Read how the shop uses a payment provider",
                  .access = Access::admin,
                  .permission = Permission::settings_read,
                  .response_schema = "PaymentProvider",
                  .errors = {&errc::not_found}},
                 *this, &PaymentProviderRoutes::get);
  operations.add(
      {.id = "updatePaymentProvider",
       .method = Method::patch,
       .path = "/v1/admin/payment-providers/{provider}",
       .tag = "Admin: settings",
       .summary = "Set a payment provider up, switch it on or off",
       .description =
           "Keys are stored encrypted and never shown again; send one anew to replace it. A "
           "provider that is switched off settles what was begun and takes nothing new. Once a "
           "live account is enabled, test payments are refused.",
       .access = Access::admin,
       .permission = Permission::settings_write,
       .request_schema = "PaymentProviderUpdate",
       .response_schema = "PaymentProvider",
       .if_match = true,
       .errors = {&errc::not_found, &payments::errc::payment_provider_incomplete}},
      *this, &PaymentProviderRoutes::change);
}

Task<Result<Reply>> PaymentProviderRoutes::list(Call& call) {
  const std::vector<ProviderAccount> accounts = co_await accounts_.list(call.shop());
  json::array items;
  for (const ProviderAccount& account : accounts) {
    items.push_back(render_account(account, takes(accounts, account.provider)));
  }
  co_return reply(200, render_whole_list(std::move(items)));
}

Task<Result<Reply>> PaymentProviderRoutes::get(Call& call) {
  const std::vector<ProviderAccount> accounts = co_await accounts_.list(call.shop());
  const auto found = std::ranges::find(accounts, call.path("provider"), &ProviderAccount::provider);
  if (found == accounts.end()) {
    co_return fail(errc::not_found, "There is no payment provider of this name.");
  }
  co_return reply(200, render_account(*found, takes(accounts, found->provider)), found->version);
}

Task<Result<Reply>> PaymentProviderRoutes::change(Call& call) {
  std::optional<ProviderAccount> account =
      co_await accounts_.read(call.shop(), call.path("provider"));
  if (!account) {
    co_return fail(errc::not_found, "There is no payment provider of this name.");
  }
  account->version = call.if_match();
  const Result<ProviderAccount> changed = accounts_.decide(*account, change_of(call.body()));
  if (!changed) {
    co_return std::unexpected(changed.error());
  }
  if (!account->stored && call.if_match() != 1) {
    co_return fail(errc::version_conflict, "Read the provider again, then change it.");
  }
  storage::Batch batch;
  accounts_.add_account(batch, *changed, deps_.clock.now());
  flows::change_terms(batch, call.shop());
  const storage::Commit outcome = co_await deps_.database.commit(std::move(batch));
  if (std::holds_alternative<storage::Refused>(outcome)) {
    co_return fail(errc::version_conflict, "Read the provider again, then change it.");
  }
  co_return co_await get(call);
}

}  // namespace securecart::shop::api
