#include "shop/flows/create_shop.hpp"

#include <utility>

#include "base/crypto.hpp"

namespace securecart::shop::flows {

namespace {

Result<std::vector<std::string>> normalise_hosts(const std::vector<std::string>& hosts) {
  std::vector<std::string> normalised;
  for (const std::string& host : hosts) {
    Result<std::string> name = shops::normalise_host(host);
    if (!name) {
      return std::unexpected(std::move(name.error()));
    }
    normalised.push_back(std::move(*name));
  }
  return normalised;
}

// Both keys, added to the batch.
Result<void> issue_keys(const accounts::ApiKeys& api_keys, storage::Batch& batch,
                        CreatedShop& created) {
  Result<accounts::IssuedKey> publishable = api_keys.issue(
      batch, created.shop_id, {accounts::KeyKind::publishable, "Storefront", std::nullopt});
  Result<accounts::IssuedKey> secret = api_keys.issue(
      batch, created.shop_id, {accounts::KeyKind::secret, "First key", accounts::Role::owner});
  if (!publishable || !secret) {
    return std::unexpected(publishable ? secret.error() : publishable.error());
  }
  created.publishable_key = std::move(publishable->secret);
  created.secret_key = std::move(secret->secret);
  return {};
}

}  // namespace

Task<Result<CreatedShop>> create_shop(const Deps& deps, shops::Shops& shops,
                                      accounts::Accounts& accounts, Random& random,
                                      NewShop wanted) {
  CreatedShop created;
  created.tax_class_id = deps.ids.make("tax");
  created.location_id = deps.ids.make("loc");
  wanted.settings.default_tax_class_id = created.tax_class_id;
  Result<std::vector<std::string>> hosts = normalise_hosts(wanted.hosts);
  if (!hosts) {
    co_return std::unexpected(std::move(hosts.error()));
  }
  Result<shops::Shop> shop = shops.make(std::move(wanted.settings));
  if (!shop) {
    co_return std::unexpected(std::move(shop.error()));
  }
  created.shop_id = shop->id;
  accounts::NewStaff owner{std::move(wanted.owner_email), std::move(wanted.owner_name),
                           accounts::Role::owner, std::move(wanted.owner_password)};
  Task<Result<accounts::Staff::Prepared>> preparing = accounts.staff.prepare(std::move(owner));
  Result<accounts::Staff::Prepared> prepared = co_await preparing;
  if (!prepared) {
    co_return std::unexpected(std::move(prepared.error()));
  }
  created.owner_id = prepared->member.id;

  storage::Batch batch;
  shops.add_to(batch, *shop, make_signing_key(random));
  for (const std::string& host : *hosts) {
    shops::Shops::add_host_to(batch, shop->id, host);
  }
  batch.add("INSERT INTO tax_classes (shop_id, id, name) VALUES ($1, $2, $3)",
            {shop->id, created.tax_class_id, std::move(wanted.tax_class_name)});
  batch.add("INSERT INTO locations (shop_id, id, name, priority) VALUES ($1, $2, $3, 0)",
            {shop->id, created.location_id, std::move(wanted.location_name)});
  accounts::Staff::add_to(batch, shop->id, *prepared);
  if (Result<void> issued = issue_keys(accounts.api_keys, batch, created); !issued) {
    co_return std::unexpected(std::move(issued.error()));
  }
  Task<storage::Commit> committing = deps.database.commit(std::move(batch));
  const storage::Commit outcome = co_await committing;
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    co_return fail(*refused->kind, std::string(refused->kind->title));
  }
  co_return created;
}

}  // namespace securecart::shop::flows
