#include "shop/accounts/cached_authenticator.hpp"

#include <memory>
#include <utility>

#include "base/crypto.hpp"
#include "base/json.hpp"
#include "shop/accounts/errc.hpp"
#include "shop/accounts/limits.hpp"
#include "shop/accounts/sessions.hpp"

namespace securecart::shop::accounts {

namespace {

std::unexpected<Error> unknown_shop() {
  return fail(errc::shop_unknown,
              "Send the shop's publishable key as X-Publishable-Key, or call one of its hosts.");
}
std::unexpected<Error> unknown_publishable_key() {
  return fail(errc::shop_unknown, "The publishable key is unknown or revoked.");
}
std::unexpected<Error> unknown_token() {
  return fail(errc::unauthorised, "The token is unknown, expired or revoked.");
}
std::unexpected<Error> token_of_another_shop() {
  return fail(errc::unauthorised, "The token belongs to another shop.");
}

// The space of sessions: a token says nothing about its shop.
constexpr std::string_view session_space = "sessions";
constexpr int session_form = 1;
constexpr storage::LoadingCache::Settings kept_sessions{.name = "session",
                                                        .version = session_form,
                                                        .fresh = limits::cached_session_fresh,
                                                        .keep = limits::cached_session_lifetime};

std::string session_tag(std::string_view token_hash) {
  return std::string("session:").append(token_hash);
}

std::string subject_tag(std::string_view shop_id, std::string_view subject_id) {
  return std::string("subject:").append(shop_id).append(":").append(subject_id);
}

std::string actor(std::string_view kind, std::string_view id) {
  return std::string(kind).append(":").append(id);
}

}  // namespace

CachedAuthenticator::CachedAuthenticator(storage::Database& database, storage::LoadingCache& cache,
                                         const Clock& clock)
    : database_(database),
      cache_(cache),
      kept_sessions_(cache.use(kept_sessions)),
      clock_(clock),
      hosts_(limits::cached_hosts),
      unknown_hosts_(limits::cached_unknown_hosts),
      keys_(limits::cached_keys),
      sessions_(limits::cached_sessions) {
  database_.on_commit([this](std::int64_t /*tail*/,
                             std::span<const storage::CommittedEvent> events) { observe(events); });
}

void CachedAuthenticator::observe(std::span<const storage::CommittedEvent> events) {
  for (const storage::CommittedEvent& event : events) {
    observe(event);
  }
}

void CachedAuthenticator::observe(const storage::CommittedEvent& event) {
  if (event.type == "session.ended" || event.type == "shop.host_added" ||
      event.type == "shop.host_removed") {
    const Result<json::value> payload = parse_json(event.payload);
    const json::object* object = payload ? payload->if_object() : nullptr;
    if (object == nullptr) {
      return;
    }
    if (event.type == "session.ended") {
      const std::string hash(get_string_or(*object, "session", ""));
      cache_.invalidate(session_space, session_tag(hash));
      sessions_.erase(hash);
    } else {
      hosts_.erase(get_string_or(*object, "host", ""));
      unknown_hosts_.erase(get_string_or(*object, "host", ""));
    }
  } else if (event.type == "sessions.ended") {
    cache_.invalidate(session_space, subject_tag(event.shop_id, event.subject));
    sessions_.erase_if([&event](const Session& session) {
      return session.shop_id == event.shop_id && session.subject_id == event.subject;
    });
  } else if (event.type == "api_key.revoked") {
    keys_.erase_if([&event](const Key& key) {
      return key.shop_id == event.shop_id && key.id == event.subject;
    });
  }
}

Task<CachedAuthenticator::HostPointer> CachedAuthenticator::load_host(std::string host) {
  if (unknown_hosts_.find(host)) {
    co_return nullptr;
  }
  const std::uint64_t generation = hosts_.generation();
  const std::uint64_t unknown_generation = unknown_hosts_.generation();
  storage::Query query{"SELECT shop_id FROM shop_hosts WHERE host = $1", {host}};
  Task<storage::Rows> reading = database_.read(std::move(query));
  const storage::Rows rows = co_await reading;
  HostPointer found;
  if (!rows.empty()) {
    found = std::make_shared<const std::string>(rows[0].text(0));
    hosts_.put(host, found, generation);
  } else {
    unknown_hosts_.put(host, std::make_shared<const bool>(true), unknown_generation);
  }
  co_return found;
}

Task<CachedAuthenticator::KeyPointer> CachedAuthenticator::load_key(std::string cache_key,
                                                                    std::string key_hash) {
  const std::uint64_t generation = keys_.generation();
  storage::Query query{
      "SELECT shop_id, id, kind, role FROM api_keys WHERE key_hash = $1 AND revoked_at IS NULL",
      {std::move(key_hash)}};
  Task<storage::Rows> reading = database_.read(std::move(query));
  const storage::Rows rows = co_await reading;
  KeyPointer found;
  if (!rows.empty()) {
    const storage::Row row = rows[0];
    Key key{row.text(0), row.text(1), KeyKind::publishable, std::nullopt};
    if (row.text(2) == to_string(KeyKind::secret)) {
      key.kind = KeyKind::secret;
      key.role = parse_role(row.text_or_null(3).value_or(""));
    }
    found = std::make_shared<const Key>(std::move(key));
    keys_.put(cache_key, found, generation);
  }
  co_return found;
}

Task<CachedAuthenticator::SessionPointer> CachedAuthenticator::load_session(
    std::string token_hash) {
  const std::uint64_t generation = sessions_.generation();
  storage::Loader load = [this, token_hash] { return read_session(token_hash); };
  storage::CacheKey key{std::string(session_space), token_hash};
  Task<Result<storage::Kept>> looking = cache_.get(kept_sessions_, std::move(key), std::move(load));
  const Result<storage::Kept> kept = co_await looking;
  SessionPointer found = kept ? read(*kept->bytes) : nullptr;
  if (kept && !found) {
    // Whatever lies in the cache under this name, it is no session: the database knows.
    Task<Result<storage::Loaded>> reading = read_session(token_hash);
    const Result<storage::Loaded> loaded = co_await reading;
    found = loaded ? read(loaded->bytes) : nullptr;
  }
  if (found) {
    sessions_.put(token_hash, found, generation);
  }
  co_return found;
}

// An unknown token is an error, which the cache does not keep.
Task<Result<storage::Loaded>> CachedAuthenticator::read_session(std::string token_hash) {
  storage::Query query{
      "SELECT s.shop_id, s.subject_kind, s.subject_id, s.expires_at, t.role FROM sessions s "
      "LEFT JOIN staff t ON s.subject_kind = 'staff' AND t.shop_id = s.shop_id "
      "AND t.id = s.subject_id AND t.disabled = 0 WHERE s.token_hash = $1",
      {token_hash}};
  Task<storage::Rows> reading = database_.read(std::move(query));
  const storage::Rows rows = co_await reading;
  if (rows.empty()) {
    co_return unknown_token();
  }
  const storage::Row row = rows[0];
  Session session{row.text(0), SubjectKind::customer, row.text(2), std::nullopt,
                  from_millis(row.integer(3))};
  if (row.text(1) == to_string(SubjectKind::staff)) {
    session.kind = SubjectKind::staff;
    session.role = parse_role(row.text_or_null(4).value_or(""));
  }
  storage::Loaded loaded;
  loaded.bytes = written(session);
  loaded.tags = {session_tag(token_hash), subject_tag(session.shop_id, session.subject_id)};
  co_return loaded;
}

std::string CachedAuthenticator::written(const Session& session) {
  json::object object{{"shop", session.shop_id},
                      {"kind", to_string(session.kind)},
                      {"subject", session.subject_id},
                      {"expires_at", to_millis(session.expires_at)}};
  if (session.role) {
    object["role"] = to_string(*session.role);
  }
  return securecart::to_string(json::value(std::move(object)));
}

CachedAuthenticator::SessionPointer CachedAuthenticator::read(const std::string& bytes) {
  const Result<json::value> value = parse_json(bytes);
  const json::object* object = value ? value->if_object() : nullptr;
  const json::value* expires = object != nullptr ? object->if_contains("expires_at") : nullptr;
  if (expires == nullptr || !expires->is_int64()) {
    return nullptr;
  }
  Session session{std::string(get_string_or(*object, "shop", "")), SubjectKind::customer,
                  std::string(get_string_or(*object, "subject", "")),
                  parse_role(get_string_or(*object, "role", "")),
                  from_millis(expires->get_int64())};
  const std::string_view kind = get_string_or(*object, "kind", "");
  if (kind == to_string(SubjectKind::staff)) {
    session.kind = SubjectKind::staff;
  } else if (kind != to_string(SubjectKind::customer) || session.role) {
    return nullptr;
  }
  if (session.shop_id.empty() || session.subject_id.empty()) {
    return nullptr;
  }
  return std::make_shared<const Session>(std::move(session));
}

Task<std::string> CachedAuthenticator::shop_of_host(std::string host) {
  HostPointer shop = hosts_.find(host);
  if (!shop) {
    Task<HostPointer> loading = load_host(std::move(host));
    shop = co_await loading;
  }
  co_return shop ? *shop : std::string();
}

Task<Result<std::string>> CachedAuthenticator::shop_of_key(const std::string& text) {
  if (!looks_like_token(text, "pk_")) {
    co_return unknown_publishable_key();
  }
  // Publishable keys are public: kept as they are, which saves the hash.
  KeyPointer key = keys_.find(text);
  if (!key) {
    Task<KeyPointer> loading = load_key(text, sha256_hex(text));
    key = co_await loading;
  }
  if (!key || key->kind != KeyKind::publishable) {
    co_return unknown_publishable_key();
  }
  co_return key->shop_id;
}

// The key decides alone when there is one: a host is what the client happened to connect to, and a
// common API host may be the host of one of the shops. Neither gives a right to anything but what
// every guest may see.
Task<Result<std::string>> CachedAuthenticator::shop_of_request(const Credentials& credentials) {
  if (!credentials.publishable_key.empty()) {
    co_return co_await shop_of_key(credentials.publishable_key);
  }
  if (credentials.host.empty()) {
    co_return std::string();
  }
  co_return co_await shop_of_host(credentials.host);
}

Task<Result<Caller>> CachedAuthenticator::with_secret_key(const Credentials& credentials) {
  if (!looks_like_token(credentials.bearer, "sk_")) {
    co_return unknown_token();
  }
  std::string hash = sha256_hex(credentials.bearer);
  KeyPointer key = keys_.find(hash);
  if (!key) {
    Task<KeyPointer> loading = load_key(hash, hash);
    key = co_await loading;
  }
  if (!key || key->kind != KeyKind::secret || !key->role) {
    co_return unknown_token();
  }
  Caller caller;
  caller.shop_id = key->shop_id;
  caller.actor = actor("key", key->id);
  caller.role = key->role;
  co_return caller;
}

Task<Result<Caller>> CachedAuthenticator::with_session(const Credentials& credentials,
                                                       SubjectKind kind) {
  const bool customer = kind == SubjectKind::customer;
  if (!looks_like_token(credentials.bearer, customer ? "cs_" : "ss_")) {
    co_return unknown_token();
  }
  const std::string hash = sha256_hex(credentials.bearer);
  SessionPointer session = sessions_.find(hash);
  if (!session) {
    Task<SessionPointer> loading = load_session(hash);
    session = co_await loading;
  }
  if (!session || session->kind != kind || session->expires_at <= clock_.now() ||
      (!customer && !session->role)) {
    co_return unknown_token();
  }
  Caller caller;
  caller.shop_id = session->shop_id;
  caller.actor = actor(to_string(kind), session->subject_id);
  (customer ? caller.customer_id : caller.staff_id) = session->subject_id;
  caller.role = session->role;
  co_return caller;
}

Task<Result<Caller>> CachedAuthenticator::authenticate(const Credentials& credentials) {
  const std::string_view bearer = credentials.bearer;
  const bool is_key = bearer.starts_with("sk_");
  const bool is_staff = bearer.starts_with("ss_");
  // A secret key or a staff session names its shop itself: tools and the admin console need no
  // host.
  std::string shop;
  if (!(is_key || is_staff) || !credentials.publishable_key.empty()) {
    Task<Result<std::string>> asking = shop_of_request(credentials);
    Result<std::string> asked = co_await asking;
    if (!asked) {
      co_return std::unexpected(std::move(asked.error()));
    }
    shop = std::move(*asked);
  }
  if (bearer.empty()) {
    if (shop.empty()) {
      co_return unknown_shop();
    }
    Caller guest;
    guest.shop_id = std::move(shop);
    guest.actor = "guest";
    co_return guest;
  }
  if (shop.empty() && !is_key && !is_staff) {
    co_return unknown_shop();
  }
  const SubjectKind kind = is_staff ? SubjectKind::staff : SubjectKind::customer;
  Task<Result<Caller>> looking =
      is_key ? with_secret_key(credentials) : with_session(credentials, kind);
  Result<Caller> caller = co_await looking;
  if (caller && !shop.empty() && caller->shop_id != shop) {
    co_return token_of_another_shop();
  }
  co_return caller;
}

}  // namespace securecart::shop::accounts
