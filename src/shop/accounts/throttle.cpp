#include "shop/accounts/throttle.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <utility>

#include "base/crypto.hpp"
#include "shop/accounts/errc.hpp"
#include "shop/accounts/limits.hpp"

namespace securecart::shop::accounts {

namespace {

using std::chrono::milliseconds;

constexpr std::int64_t first_wait = milliseconds(limits::login_wait_first).count();
constexpr std::int64_t most_wait = milliseconds(limits::login_wait_most).count();
constexpr std::int64_t forget_after = milliseconds(limits::login_failures_forgotten).count();

// After so many doublings the wait is the longest one.
constexpr std::int64_t doublings() {
  std::int64_t count = 0;
  while ((first_wait << count) < most_wait) {
    ++count;
  }
  return count;
}

// $1 shop, $2 bucket, $3 now, $4 what is older is forgotten, $5 free failures, $6 first wait,
// $7 longest wait, $8 doublings until then.
constexpr std::string_view count_sql = R"(
INSERT INTO login_attempts (shop_id, bucket, failures, window_start) VALUES ($1, $2, 1, $3)
ON CONFLICT (shop_id, bucket) DO UPDATE SET
  failures = CASE WHEN login_attempts.window_start <= $4 THEN 1
                  ELSE login_attempts.failures + 1 END,
  window_start = $3
WHERE login_attempts.failures < $5
   OR login_attempts.window_start <= $4
   OR login_attempts.window_start
      + CASE WHEN login_attempts.failures - $5 >= $8 THEN $7
             ELSE $6 * (1 << CAST(login_attempts.failures - $5 AS INTEGER)) END <= $3)";

// The e-mail is hashed: people type passwords into the wrong field.
std::string email_bucket(const LoginAttempt& attempt) {
  return std::string(to_string(attempt.kind)).append("/email/").append(sha256_hex(attempt.email));
}

std::string peer_bucket(const LoginAttempt& attempt) {
  return std::string(to_string(attempt.kind)).append("/peer/").append(network_of(attempt.peer));
}

std::string code_bucket(const std::string& peer) {
  return "code/peer/" + network_of(peer);
}

void add_count(storage::Batch& batch, const std::string& shop, const std::string& bucket,
               std::int64_t free, std::int64_t now, const ErrorKind& refusal) {
  batch
      .add(count_sql,
           {shop, bucket, now, now - forget_after, free, first_wait, most_wait, doublings()})
      .expect(1, refusal);
}

// One attempt less.
void take_back(storage::Batch& batch, const std::string& shop, const std::string& bucket) {
  batch.add(
      "UPDATE login_attempts SET failures = failures - 1 "
      "WHERE shop_id = $1 AND bucket = $2 AND failures > 0",
      {shop, bucket});
}

std::int64_t heard_at(const storage::Rows& rows, std::int64_t free) {
  if (rows.empty()) {
    return 0;
  }
  return rows[0].integer(1) + login_wait(rows[0].integer(0), free).count();
}

}  // namespace

milliseconds login_wait(std::int64_t failures, std::int64_t free) {
  if (failures < free) {
    return milliseconds(0);
  }
  const std::int64_t doubled = std::min(failures - free, doublings());
  return milliseconds(std::min(first_wait << doubled, most_wait));
}

std::string network_of(const std::string& peer) {
  constexpr std::string_view mapped_ipv4("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  std::array<char, 16> bytes{};
  if (inet_pton(AF_INET6, peer.c_str(), bytes.data()) != 1) {
    return peer;
  }
  const std::string_view address(bytes.data(), bytes.size());
  return to_hex(address.starts_with(mapped_ipv4) ? address : address.substr(0, 8));
}

Task<Result<void>> LoginThrottle::count(LoginAttempt attempt) {
  const std::int64_t now = to_millis(clock_.now());
  std::vector<std::pair<std::string, std::int64_t>> buckets{
      {email_bucket(attempt), limits::login_failures_by_email}};
  if (!attempt.peer.empty()) {
    buckets.emplace_back(peer_bucket(attempt), limits::login_failures_by_peer);
  }
  storage::Batch batch;
  for (const auto& [bucket, free] : buckets) {
    add_count(batch, attempt.shop_id, bucket, free, now, errc::login_throttled);
  }
  Task<storage::Commit> committing = database_.commit(std::move(batch));
  const storage::Commit outcome = co_await committing;
  if (!std::holds_alternative<storage::Refused>(outcome)) {
    co_return Result<void>();
  }
  Task<Error> refusing = refused(attempt.shop_id, std::move(buckets), errc::login_throttled);
  co_return std::unexpected(co_await refusing);
}

Task<Result<void>> LoginThrottle::count_code(std::string shop_id, std::string peer,
                                             const ErrorKind& refusal) {
  if (peer.empty()) {
    co_return Result<void>();
  }
  storage::Batch batch;
  add_count(batch, shop_id, code_bucket(peer), limits::wrong_codes_by_peer, to_millis(clock_.now()),
            refusal);
  Task<storage::Commit> committing = database_.commit(std::move(batch));
  const storage::Commit outcome = co_await committing;
  if (!std::holds_alternative<storage::Refused>(outcome)) {
    co_return Result<void>();
  }
  std::vector<std::pair<std::string, std::int64_t>> buckets{
      {code_bucket(peer), limits::wrong_codes_by_peer}};
  Task<Error> refusing = refused(shop_id, std::move(buckets), refusal);
  co_return std::unexpected(co_await refusing);
}

Task<Error> LoginThrottle::refused(std::string shop_id,
                                   std::vector<std::pair<std::string, std::int64_t>> buckets,
                                   const ErrorKind& refusal) {
  constexpr std::string_view sql =
      "SELECT failures, window_start FROM login_attempts WHERE shop_id = $1 AND bucket = $2";
  std::vector<storage::Query> queries;
  for (const auto& [bucket, free] : buckets) {
    queries.push_back({sql, {shop_id, bucket}});
  }
  Task<std::vector<storage::Rows>> reading = database_.read_all(std::move(queries));
  const std::vector<storage::Rows> rows = co_await reading;
  std::int64_t at = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    at = std::max(at, heard_at(rows[i], buckets[i].second));
  }
  const std::int64_t wait = at - to_millis(clock_.now());
  const std::int64_t seconds = std::max<std::int64_t>(1, (wait + 999) / 1000);
  Error error(refusal, "Try again in " + std::to_string(seconds) + " seconds.");
  error.retry_after_seconds = seconds;
  co_return error;
}

void LoginThrottle::forgive(storage::Batch& batch, const LoginAttempt& attempt) {
  batch.add("DELETE FROM login_attempts WHERE shop_id = $1 AND bucket = $2",
            {attempt.shop_id, email_bucket(attempt)});
  if (!attempt.peer.empty()) {
    take_back(batch, attempt.shop_id, peer_bucket(attempt));
  }
}

void LoginThrottle::forgive_code(storage::Batch& batch, const std::string& shop_id,
                                 const std::string& peer) {
  if (!peer.empty()) {
    take_back(batch, shop_id, code_bucket(peer));
  }
}

Task<void> LoginThrottle::purge() {
  storage::Batch batch;
  batch.add(
      "DELETE FROM login_attempts WHERE (shop_id, bucket) IN "
      "(SELECT shop_id, bucket FROM login_attempts WHERE window_start <= $1 LIMIT $2)",
      {to_millis(clock_.now()) - forget_after, static_cast<std::int64_t>(limits::purged_rows)});
  Task<storage::Commit> committing = database_.commit(std::move(batch));
  co_await committing;
}

}  // namespace securecart::shop::accounts
