#include "shop/accounts/sessions.hpp"

#include <algorithm>
#include <utility>

#include "base/crypto.hpp"
#include "base/json.hpp"
#include "shop/accounts/limits.hpp"

namespace securecart::shop::accounts {

namespace {

// 32 bytes in base64url without padding.
constexpr std::size_t secret_characters = (limits::session_token_bytes * 4 + 2) / 3;

bool is_base64url(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

}  // namespace

bool looks_like_token(std::string_view text, std::string_view prefix) {
  return text.starts_with(prefix) && text.size() == prefix.size() + secret_characters &&
         std::ranges::all_of(text.substr(prefix.size()), is_base64url);
}

IssuedSession Sessions::issue(storage::Batch& batch, const std::string& shop_id, SubjectKind kind,
                              const std::string& subject_id) const {
  const bool customer = kind == SubjectKind::customer;
  const Timestamp now = clock_.now();
  IssuedSession session;
  session.token = (customer ? "cs_" : "ss_") + ids_.secret(limits::session_token_bytes);
  const std::chrono::milliseconds lifetime =
      customer ? limits::customer_session_lifetime : limits::staff_session_lifetime;
  session.expires_at = now + lifetime;
  batch.add(
      "DELETE FROM sessions WHERE shop_id = $1 AND subject_kind = $2 AND subject_id = $3 "
      "AND expires_at <= $4",
      {shop_id, std::string(to_string(kind)), subject_id, to_millis(now)});
  batch.add(
      "INSERT INTO sessions (token_hash, shop_id, subject_kind, subject_id, created_at, "
      "expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
      {sha256_hex(session.token), shop_id, std::string(to_string(kind)), subject_id, to_millis(now),
       to_millis(session.expires_at)});
  return session;
}

Task<void> Sessions::end(std::string shop_id, std::string subject_id, std::string token) {
  const std::string hash = sha256_hex(token);
  storage::Batch batch;
  batch.add("DELETE FROM sessions WHERE token_hash = $1 AND shop_id = $2", {hash, shop_id});
  const json::object payload = {{"session", hash}};
  batch.event("session.ended", std::move(shop_id), std::move(subject_id),
              securecart::to_string(payload));
  Task<storage::Commit> committing = database_.commit(std::move(batch));
  co_await committing;
}

void Sessions::end_all(storage::Batch& batch, const std::string& shop_id, SubjectKind kind,
                       const std::string& subject_id, std::string_view kept_token) {
  const std::string kept = kept_token.empty() ? std::string() : sha256_hex(kept_token);
  batch.add(
      "DELETE FROM sessions WHERE shop_id = $1 AND subject_kind = $2 AND subject_id = $3 "
      "AND token_hash <> $4",
      {shop_id, std::string(to_string(kind)), subject_id, kept});
  json::object payload;
  payload["except"] = kept.empty() ? json::value(nullptr) : json::value(kept);
  batch.event("sessions.ended", shop_id, subject_id, securecart::to_string(payload));
}

Task<void> Sessions::purge() {
  storage::Batch batch;
  batch.add(
      "DELETE FROM sessions WHERE token_hash IN "
      "(SELECT token_hash FROM sessions WHERE expires_at <= $1 LIMIT $2)",
      {to_millis(clock_.now()), static_cast<std::int64_t>(limits::purged_rows)});
  Task<storage::Commit> committing = database_.commit(std::move(batch));
  co_await committing;
}

}  // namespace securecart::shop::accounts
