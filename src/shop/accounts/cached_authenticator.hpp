// The Authenticator over the database, with hosts, keys and sessions kept in memory: a known caller
// costs a hash and two look-ups, no query and no wait.
//
//   host --> shop            key / token --SHA-256--> row            commit observer
//     \______________________________/\________________ read caches <-- drops what an event
//     outdates
//
// Sessions are also kept in the shared cache, where another instance, or this one after a restart,
// finds them without a query. The database remains the truth: a session lives in its row.
//
// What is dropped was dropped before the commit is answered, so a revoked key or an ended session
// is refused by the very next request. Only found rows are kept: an unknown token is asked for each
// time.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/clock.hpp"
#include "shop/accounts/authenticator.hpp"
#include "shop/accounts/model.hpp"
#include "storage/cache/loading_cache.hpp"
#include "storage/cache/read_cache.hpp"
#include "storage/database.hpp"

namespace securecart::shop::accounts {

class CachedAuthenticator final : public Authenticator {
 public:
  // Registers itself as an observer of `database`: both live as long as the process, or this
  // longer. `cache` outlives both.
  CachedAuthenticator(storage::Database& database, storage::LoadingCache& cache,
                      const Clock& clock);

  Task<Result<Caller>> authenticate(const Credentials& credentials) override;

  // Drops what these events outdate. For events that another process committed.
  void observe(std::span<const storage::CommittedEvent> events);

 private:
  struct Key {
    std::string shop_id;
    std::string id;
    KeyKind kind;
    std::optional<Role> role;
  };
  struct Session {
    std::string shop_id;
    SubjectKind kind;
    std::string subject_id;
    std::optional<Role> role;  // of staff
    Timestamp expires_at;
  };
  using KeyPointer = storage::ReadCache<Key>::Pointer;
  using SessionPointer = storage::ReadCache<Session>::Pointer;
  using HostPointer = storage::ReadCache<std::string>::Pointer;

  // Null when there is none. `cache_key` is what the row is kept under.
  Task<KeyPointer> load_key(std::string cache_key, std::string key_hash);
  Task<SessionPointer> load_session(std::string token_hash);
  Task<Result<storage::Loaded>> read_session(std::string token_hash);
  static std::string written(const Session& session);
  // Null when the bytes are not what written() makes.
  static SessionPointer read(const std::string& bytes);
  Task<HostPointer> load_host(std::string host);

  // Empty when no shop answers to the host.
  Task<std::string> shop_of_host(std::string host);
  Task<Result<std::string>> shop_of_key(const std::string& text);
  Task<Result<std::string>> shop_of_request(const Credentials& credentials);
  Task<Result<Caller>> with_secret_key(const Credentials& credentials);
  Task<Result<Caller>> with_session(const Credentials& credentials, SubjectKind kind);
  void observe(const storage::CommittedEvent& event);

  storage::Database& database_;
  storage::LoadingCache& cache_;
  const storage::LoadingCache::Use kept_sessions_;
  const Clock& clock_;
  storage::ReadCache<std::string> hosts_;
  // Requests to a host of no shop would ask for it each time. Apart, so that a flood of made-up
  // names drives out nothing but itself.
  storage::ReadCache<bool> unknown_hosts_;
  storage::ReadCache<Key> keys_;
  storage::ReadCache<Session> sessions_;
};

}  // namespace securecart::shop::accounts
