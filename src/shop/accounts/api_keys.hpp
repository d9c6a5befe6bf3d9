// Keys of programs: publishable ones (pk_…) name a shop in a browser, secret ones (sk_…) act with a
// role. A key is shown once, when it is made; only its SHA-256 is stored. A revoked one is refused
// from the moment the revocation is answered.
//
// Events: api_key.created, api_key.revoked.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "base/ids.hpp"
#include "base/task.hpp"
#include "shop/accounts/model.hpp"
#include "storage/database.hpp"

namespace securecart::shop::accounts {

struct NewKey {
  KeyKind kind = KeyKind::publishable;
  std::string name;
  std::optional<Role> role;  // of a secret key; required there, refused on a publishable one
};

struct IssuedKey {
  ApiKey key;
  std::string secret;  // the whole key: pk_… or sk_…
};

class ApiKeys {
 public:
  ApiKeys(storage::Database& database, const Clock& clock, const Ids& ids)
      : database_(database), clock_(clock), ids_(ids) {}

  // Adds a new key to `batch`; it exists once that is committed. Error: invalid_request.
  Result<IssuedKey> issue(storage::Batch& batch, const std::string& shop_id, NewKey key) const;

  // Errors: invalid_request, too_many_keys.
  Task<Result<IssuedKey>> add(std::string shop_id, NewKey key);
  // Revoking twice is no error. Error: not_found.
  Task<Result<void>> revoke(std::string shop_id, std::string key_id);
  // The newest first, revoked ones too.
  Task<Page<ApiKey>> list(std::string shop_id, std::size_t limit, std::optional<Position> after);

 private:
  storage::Database& database_;
  const Clock& clock_;
  const Ids& ids_;
};

}  // namespace securecart::shop::accounts
