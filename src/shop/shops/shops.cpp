#include "shop/shops/shops.hpp"

#include <span>
#include <utility>

#include "base/json.hpp"
#include "base/text_list.hpp"
#include "shop/shops/errc.hpp"
#include "shop/shops/limits.hpp"

namespace securecart::shop::shops {

namespace {

using storage::Batch;
using storage::Commit;
using storage::Row;
using storage::Rows;

constexpr std::string_view select_sql =
    "SELECT id, name, tagline, default_currency, currencies, countries, home_country, "
    "default_tax_class_id, prices_include_tax, contact_email, presentation, version, created_at, "
    "tax_included_in FROM shops WHERE id = $1";

Shop shop_of(const Row& row) {
  Shop shop;
  shop.id = row.text(0);
  shop.settings.name = row.text(1);
  shop.settings.tagline = row.text(2);
  shop.settings.default_currency = row.text(3);
  shop.settings.currencies = stored_text_list(row.text(4));
  shop.settings.countries = stored_text_list(row.text(5));
  shop.settings.home_country = row.text(6);
  shop.settings.default_tax_class_id = row.text_or_null(7).value_or("");
  shop.settings.prices_include_tax = row.boolean(8);
  shop.settings.contact_email = row.text(9);
  shop.settings.presentation = parse_json(row.text(10)).value().as_object();
  shop.version = row.integer(11);
  shop.created_at = from_millis(row.integer(12));
  const json::value exceptions = parse_json(row.text(13)).value();
  for (const auto& [country, included] : exceptions.as_object()) {
    shop.settings.tax_included_in.emplace(country, included.as_bool());
  }
  return shop;
}

storage::Value tax_class_value(const ShopSettings& settings) {
  if (settings.default_tax_class_id.empty()) {
    return std::monostate();
  }
  return settings.default_tax_class_id;
}

std::string event_payload(const std::string& shop_id) {
  const json::object payload = {{"shop_id", shop_id}};
  return to_string(payload);
}

std::string host_payload(const std::string& host) {
  const json::object payload = {{"host", host}};
  return to_string(payload);
}

std::unexpected<Error> no_such_shop() {
  return fail(errc::not_found, "There is no such shop.");
}

std::unexpected<Error> refusal(const storage::Refused& refused) {
  return fail(*refused.kind, std::string(refused.kind->title));
}

}  // namespace

Shops::Shops(storage::Database& database, const Clock& clock, const Ids& ids)
    : database_(database), clock_(clock), ids_(ids), known_(limits::cached_shops) {
  database_.on_commit(
      [this](std::int64_t /*tail*/, std::span<const storage::CommittedEvent> events) {
        for (const storage::CommittedEvent& event : events) {
          if (event.type == "shop.updated") {
            known_.erase(event.shop_id);
          }
        }
      });
}

Result<Shop> Shops::make(ShopSettings settings) const {
  Result<ShopSettings> checked = normalise(std::move(settings));
  if (!checked) {
    return std::unexpected(std::move(checked.error()));
  }
  Shop shop;
  shop.id = ids_.make("shop");
  shop.settings = std::move(*checked);
  shop.created_at = clock_.now();
  return shop;
}

void Shops::add_to(Batch& batch, const Shop& shop, const SigningKey& receipt_key) const {
  const ShopSettings& settings = shop.settings;
  batch.add(
      "INSERT INTO shops (id, name, tagline, default_currency, currencies, countries, "
      "home_country, default_tax_class_id, prices_include_tax, contact_email, presentation, "
      "version, created_at, tax_included_in) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
      "$12, $13, $14)",
      {shop.id, settings.name, settings.tagline, settings.default_currency,
       store_text_list(settings.currencies), store_text_list(settings.countries),
       settings.home_country, tax_class_value(settings),
       std::int64_t{settings.prices_include_tax ? 1 : 0}, settings.contact_email,
       to_string(settings.presentation), shop.version, to_millis(shop.created_at),
       to_string(tax_exceptions(settings))});
  batch.add(
      "INSERT INTO signing_keys (shop_id, id, public_key, secret_seed, created_at) "
      "VALUES ($1, $2, $3, $4, $5)",
      {shop.id, ids_.make("rkey"), base64url(receipt_key.public_key), base64url(receipt_key.seed),
       to_millis(shop.created_at)});
  batch.event("shop.created", shop.id, shop.id, event_payload(shop.id));
}

void Shops::add_host_to(Batch& batch, const std::string& shop_id, const std::string& host) {
  batch.add("INSERT INTO shop_hosts (host, shop_id) VALUES ($1, $2)", {host, shop_id})
      .or_refuse(errc::host_taken);
  batch.event("shop.host_added", shop_id, shop_id, host_payload(host));
}

Task<Result<Shop>> Shops::read(std::string shop_id) {
  storage::Query query{select_sql, {std::move(shop_id)}};
  Task<Rows> reading = database_.read(std::move(query));
  const Rows rows = co_await reading;
  if (rows.empty()) {
    co_return no_such_shop();
  }
  co_return shop_of(rows[0]);
}

Task<Result<std::shared_ptr<const Shop>>> Shops::find(std::string shop_id) {
  if (std::shared_ptr<const Shop> known = known_.find(shop_id)) {
    co_return known;
  }
  const std::uint64_t generation = known_.generation();
  Task<Result<Shop>> reading = read(shop_id);
  Result<Shop> found = co_await reading;
  if (!found) {
    co_return std::unexpected(std::move(found.error()));
  }
  auto shop = std::make_shared<const Shop>(std::move(*found));
  known_.put(shop_id, shop, generation);
  co_return shop;
}

Task<Result<Shop>> Shops::change(std::string shop_id, std::int64_t version, ShopChange change) {
  const bool names_tax_class = change.default_tax_class_id && !change.default_tax_class_id->empty();
  Task<Result<Shop>> reading = read(shop_id);
  Result<Shop> shop = co_await reading;
  if (!shop) {
    co_return shop;
  }
  Result<ShopSettings> checked = normalise(changed(std::move(shop->settings), std::move(change)));
  if (!checked) {
    co_return std::unexpected(std::move(checked.error()));
  }
  shop->settings = std::move(*checked);
  shop->version = version + 1;
  const ShopSettings& settings = shop->settings;
  Batch batch;
  batch
      .add(
          "UPDATE shops SET name = $3, tagline = $4, default_currency = $5, currencies = $6, "
          "countries = $7, home_country = $8, default_tax_class_id = $9, "
          "prices_include_tax = $10, contact_email = $11, presentation = $12, "
          "tax_included_in = $13, "
          "version = version + 1, terms_version = terms_version + 1 WHERE id = $1 AND version = $2",
          {shop_id, version, settings.name, settings.tagline, settings.default_currency,
           store_text_list(settings.currencies), store_text_list(settings.countries),
           settings.home_country, tax_class_value(settings),
           std::int64_t{settings.prices_include_tax ? 1 : 0}, settings.contact_email,
           to_string(settings.presentation), to_string(tax_exceptions(settings))})
      .expect(1, errc::version_conflict);
  if (names_tax_class) {
    batch
        .add(
            "UPDATE shops SET id = id WHERE id = $1 AND EXISTS "
            "(SELECT 1 FROM tax_classes WHERE shop_id = $1 AND id = $2)",
            {shop_id, settings.default_tax_class_id})
        .expect(1, errc::tax_class_unknown);
  }
  batch.event("shop.updated", shop_id, shop_id, event_payload(shop_id));
  Task<Commit> committing = database_.commit(std::move(batch));
  const Commit outcome = co_await committing;
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    co_return refusal(*refused);
  }
  co_return shop;
}

Task<std::vector<std::string>> Shops::hosts(std::string shop_id) {
  storage::Query query{"SELECT host FROM shop_hosts WHERE shop_id = $1 ORDER BY host",
                       {std::move(shop_id)}};
  Task<Rows> reading = database_.read(std::move(query));
  const Rows rows = co_await reading;
  std::vector<std::string> found;
  for (const Row row : rows) {
    found.push_back(row.text(0));
  }
  co_return found;
}

Task<Result<std::string>> Shops::add_host(std::string shop_id, std::string host) {
  Result<std::string> name = normalise_host(host);
  if (!name) {
    co_return name;
  }
  Batch batch;
  batch
      .add(
          "UPDATE shops SET id = id WHERE id = $1 AND "
          "(SELECT COUNT(*) FROM shop_hosts WHERE shop_id = $1) < $2",
          {shop_id, static_cast<std::int64_t>(limits::shop_hosts)})
      .expect(1, errc::too_many_hosts);
  add_host_to(batch, shop_id, *name);
  Task<Commit> committing = database_.commit(std::move(batch));
  const Commit outcome = co_await committing;
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    co_return refusal(*refused);
  }
  co_return name;
}

Task<Result<void>> Shops::remove_host(std::string shop_id, std::string host) {
  Batch batch;
  batch.add("DELETE FROM shop_hosts WHERE shop_id = $1 AND host = $2", {shop_id, host})
      .expect(1, errc::not_found);
  batch.event("shop.host_removed", shop_id, shop_id, host_payload(host));
  Task<Commit> committing = database_.commit(std::move(batch));
  const Commit outcome = co_await committing;
  if (std::holds_alternative<storage::Refused>(outcome)) {
    co_return fail(errc::not_found, "The shop does not answer under this host name.");
  }
  co_return Result<void>();
}

Task<Result<std::string>> Shops::shop_of_host(std::string host) {
  storage::Query query{"SELECT shop_id FROM shop_hosts WHERE host = $1", {std::move(host)}};
  Task<Rows> reading = database_.read(std::move(query));
  const Rows rows = co_await reading;
  if (rows.empty()) {
    co_return fail(errc::not_found, "No shop answers under this host name.");
  }
  co_return rows[0].text(0);
}

Task<std::vector<PublicReceiptKey>> Shops::receipt_keys(std::string shop_id) {
  storage::Query query{
      "SELECT id, public_key, created_at FROM signing_keys WHERE shop_id = $1 "
      "ORDER BY created_at DESC, id DESC",
      {std::move(shop_id)}};
  Task<Rows> reading = database_.read(std::move(query));
  const Rows rows = co_await reading;
  std::vector<PublicReceiptKey> found;
  for (const Row row : rows) {
    found.push_back({row.text(0), row.text(1), from_millis(row.integer(2))});
  }
  co_return found;
}

}  // namespace securecart::shop::shops
