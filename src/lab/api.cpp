#include "lab/api.hpp"

#include <charconv>

#include <fmt/format.h>

#include "base/executor.hpp"
#include "lab/fields.hpp"
#include "resilience/backoff.hpp"
#include "resilience/deadline.hpp"

namespace securecart::lab {
namespace {

using namespace std::chrono_literals;

constexpr resilience::Backoff pauses{.first = 50ms, .most = 2s};
constexpr Duration attempt_timeout = 10s;

Duration seconds_of(std::string_view text) {
  std::int64_t seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds, 0, 60));
}

// 504 and 500 may come after the commit; 502 is a proxy's word of a connection that broke.
bool leaves_open(int status) {
  return status == 500 || status == 502 || status == 504;
}

ApiAnswer read_answer(const net::Response& response) {
  ApiAnswer answer;
  answer.status = response.status;
  if (Result<json::value> parsed = parse_json(response.bytes()); parsed && parsed->is_object()) {
    answer.body = std::move(parsed->as_object());
  }
  if (answer.ok()) {
    return answer;
  }
  answer.code = text_of(answer.body, "code");
  answer.detail = text_of(answer.body, "detail");
  for (const json::value& error : array_of(answer.body, "errors")) {
    answer.detail += fmt::format(" [{}: {}]", text_of(as_object(error), "where"),
                                 text_of(as_object(error), "what"));
  }
  answer.retryable = bool_of(answer.body, "retryable") || response.status == 429 ||
                     response.status == 502 || response.status == 503 || response.status == 504;
  answer.maybe_done = leaves_open(response.status);
  if (const auto after = response.headers.find("Retry-After")) {
    answer.retry_after = seconds_of(*after);
  }
  return answer;
}

}  // namespace

std::string ApiAnswer::describe() const {
  return status == 0 ? "no answer: " + detail : fmt::format("{} {}: {}", status, code, detail);
}

bool is_loopback(const net::Peer& peer) {
  const bool is_number = peer.host.find_first_not_of("0123456789.") == std::string::npos;
  return (is_number && peer.host.starts_with("127.")) || peer.host == "localhost" ||
         peer.host == "::1";
}

Task<ApiAnswer> Api::once(ApiCall call, Duration timeout) {
  net::ClientRequest request;
  request.method = call.method;
  request.target = base_.path + call.target;
  for (auto& [name, value] : call.headers) {
    request.headers.add(name, value);
  }
  if (!call.body.empty() && !request.headers.find("Content-Type")) {
    request.headers.set("Content-Type", "application/json");
  }
  request.body = std::move(call.body);
  request.timeout = timeout;
  ApiAnswer answer;
  try {
    const net::Response response = co_await client_.send(base_.peer, std::move(request));
    answer = read_answer(response);
  } catch (const Unavailable& error) {
    answer.code = "no_answer";
    answer.detail = error.what();
    answer.retryable = true;
    answer.maybe_done = error.outcome_unknown;
  }
  co_return answer;
}

Task<std::optional<std::string>> Api::text(std::string target, Duration timeout) {
  net::ClientRequest request;
  request.target = base_.path + target;
  request.timeout = timeout;
  try {
    net::Response response = co_await client_.send(base_.peer, std::move(request));
    if (response.status == 200) {
      co_return std::move(response.body);
    }
  } catch (const Unavailable&) {
    // As a page that is not there.
  }
  co_return std::nullopt;
}

Task<ApiAnswer> Api::patiently(ApiCall call, SteadyTime until) {
  const resilience::Deadline deadline(until);
  bool maybe_done = false;
  for (int attempt = 1;; ++attempt) {
    const Duration left = deadline.remaining(clock_.steady());
    ApiAnswer answer = co_await once(call, std::clamp<Duration>(left, 1ms, attempt_timeout));
    maybe_done |= answer.maybe_done;
    const Duration pause = std::max(pauses.wait(attempt - 1, random_), answer.retry_after);
    if (!answer.retryable || pause >= deadline.remaining(clock_.steady())) {
      answer.maybe_done = maybe_done;
      answer.attempts = attempt;
      co_return answer;
    }
    co_await sleep_for(pause);
  }
}

Task<json::object> Api::must(ApiCall call, Duration patience) {
  const std::string what = fmt::format("{} {}", net::to_string(call.method), call.target);
  ApiAnswer answer = co_await patiently(std::move(call), clock_.steady() + patience);
  if (!answer.ok()) {
    throw ApiFailure(what + ": " + answer.describe());
  }
  co_return std::move(answer.body);
}

Task<std::vector<json::object>> Api::list(std::string target,
                                          std::vector<std::pair<std::string, std::string>> headers,
                                          Duration patience) {
  std::vector<json::object> items;
  std::string cursor;
  const std::string first = target + (target.contains('?') ? "&limit=100" : "?limit=100");
  do {
    ApiCall call{.target = first, .headers = headers};
    if (!cursor.empty()) {
      call.target += "&cursor=" + net::percent_encode(cursor);
    }
    const json::object page = co_await must(std::move(call), patience);
    for (const json::value& item : array_of(page, "items")) {
      items.push_back(as_object(item));
    }
    cursor = text_of(page, "next_cursor");
  } while (!cursor.empty());
  co_return items;
}

Task<StoreKey> borrow_store_key(Api& api, std::string secret_key, Duration patience) {
  ApiCall call{.method = net::Method::post,
               .target = "/v1/admin/api-keys",
               .headers = {{"Authorization", "Bearer " + secret_key}},
               .body = R"({"kind":"publishable","name":"lab"})"};
  const json::object made = co_await api.must(std::move(call), patience);
  co_return StoreKey{text_of(object_of(made, "key"), "id"), text_of(made, "secret")};
}

Task<void> return_store_key(Api& api, std::string secret_key, StoreKey key, Duration patience) {
  ApiCall call{.method = net::Method::del,
               .target = "/v1/admin/api-keys/" + key.id,
               .headers = {{"Authorization", "Bearer " + secret_key}}};
  co_await api.patiently(std::move(call), api.clock().steady() + patience);
}

}  // namespace securecart::lab
