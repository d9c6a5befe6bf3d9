#include "shop/accounts/api_keys.hpp"

#include <utility>

#include "base/crypto.hpp"
#include "base/json.hpp"
#include "shop/accounts/errc.hpp"
#include "shop/accounts/limits.hpp"
#include "shop/accounts/listing.hpp"

namespace securecart::shop::accounts {

namespace {

using storage::Batch;
using storage::Commit;
using storage::Row;
using storage::Rows;

// "pk_" and seven characters: enough to recognise a key by, nothing to guess the rest from.
constexpr std::size_t shown_characters = 10;

ApiKey key_of(const Row& row) {
  ApiKey key;
  key.id = row.text(0);
  key.kind = row.text(1) == "secret" ? KeyKind::secret : KeyKind::publishable;
  key.name = row.text(2);
  key.prefix = row.text(3);
  if (const std::optional<std::string> role = row.text_or_null(4)) {
    key.role = parse_role(*role);
  }
  key.created_at = from_millis(row.integer(5));
  if (const std::optional<std::int64_t> revoked_at = row.integer_or_null(6)) {
    key.revoked_at = from_millis(*revoked_at);
  }
  return key;
}

std::string key_event(const std::string& key_id) {
  const json::object payload = {{"key_id", key_id}};
  return securecart::to_string(payload);
}

std::unexpected<Error> wrong_role(std::string_view what) {
  std::vector<FieldError> fields;
  fields.push_back({"/role", std::string(what)});
  return fail(errc::invalid_request, std::string("/role ").append(what), std::move(fields));
}

}  // namespace

Result<IssuedKey> ApiKeys::issue(Batch& batch, const std::string& shop_id, NewKey wanted) const {
  Result<std::string> name = normalise_name(wanted.name);
  if (!name) {
    return std::unexpected(std::move(name.error()));
  }
  const bool secret = wanted.kind == KeyKind::secret;
  if (secret != wanted.role.has_value()) {
    return wrong_role(secret ? "is required for a secret key."
                             : "has no meaning for a publishable key.");
  }
  IssuedKey issued;
  issued.secret = (secret ? "sk_" : "pk_") + ids_.secret(limits::session_token_bytes);
  issued.key = {.id = ids_.make("key"),
                .kind = wanted.kind,
                .name = std::move(*name),
                .prefix = issued.secret.substr(0, shown_characters),
                .role = wanted.role,
                .created_at = clock_.now(),
                .revoked_at = std::nullopt};
  const ApiKey& key = issued.key;
  storage::Value role;
  if (key.role) {
    role = std::string(to_string(*key.role));
  }
  batch.add(
      "INSERT INTO api_keys (shop_id, id, kind, name, prefix, key_hash, role, created_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      {shop_id, key.id, std::string(to_string(key.kind)), key.name, key.prefix,
       sha256_hex(issued.secret), std::move(role), to_millis(key.created_at)});
  batch.event("api_key.created", shop_id, key.id, key_event(key.id));
  return issued;
}

Task<Result<IssuedKey>> ApiKeys::add(std::string shop_id, NewKey key) {
  Batch batch;
  batch
      .add(
          "UPDATE shops SET id = id WHERE id = $1 AND (SELECT COUNT(*) FROM api_keys "
          "WHERE shop_id = $1 AND revoked_at IS NULL) < $2",
          {shop_id, static_cast<std::int64_t>(limits::api_keys)})
      .expect(1, errc::too_many_keys);
  Result<IssuedKey> issued = issue(batch, shop_id, std::move(key));
  if (!issued) {
    co_return issued;
  }
  Task<Commit> committing = database_.commit(std::move(batch));
  const Commit outcome = co_await committing;
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    co_return fail(*refused->kind, "Revoke keys that are not used any more.");
  }
  co_return issued;
}

Task<Result<void>> ApiKeys::revoke(std::string shop_id, std::string key_id) {
  Batch batch;
  batch
      .add(
          "UPDATE api_keys SET revoked_at = COALESCE(revoked_at, $3) "
          "WHERE shop_id = $1 AND id = $2",
          {shop_id, key_id, to_millis(clock_.now())})
      .expect(1, errc::not_found);
  batch.event("api_key.revoked", shop_id, key_id, key_event(key_id));
  Task<Commit> committing = database_.commit(std::move(batch));
  const Commit outcome = co_await committing;
  if (std::holds_alternative<storage::Refused>(outcome)) {
    co_return fail(errc::not_found, "There is no such key.");
  }
  co_return Result<void>();
}

Task<Page<ApiKey>> ApiKeys::list(std::string shop_id, std::size_t limit,
                                 std::optional<Position> after) {
  storage::Query query{
      "SELECT id, kind, name, prefix, role, created_at, revoked_at FROM api_keys "
      "WHERE shop_id = $1 AND (created_at, id) < ($2, $3) "
      "ORDER BY created_at DESC, id DESC LIMIT $4",
      page_parameters(std::move(shop_id), limit, std::move(after))};
  Task<Rows> reading = database_.read(std::move(query));
  const Rows rows = co_await reading;
  co_return page_of_rows(rows, limit, key_of);
}

}  // namespace securecart::shop::accounts
