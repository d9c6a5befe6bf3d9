#include "shop/payments/test_provider_service.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>

#include <fmt/format.h>

#include "base/assets.hpp"
#include "base/crypto.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/money.hpp"
#include "shop/payments/webhook.hpp"

namespace securecart::shop::payments {

struct TestProviderService::Charge {
  std::string key;
  std::string id;
  std::int64_t amount = 0;
  std::string currency;
  std::string method;
  std::string status;
  std::string reason;
  std::string shop_id;
  std::string payment_id;
  std::string webhook_url;
  std::string return_url;
};

namespace {

using namespace std::chrono_literals;
using net::Method;
using net::Request;
using net::Response;

inline constexpr ErrorKind wrong_secret{"wrong_secret", 401, "The secret is not the provider's."};
inline constexpr ErrorKind not_decided{"not_decided", 409, "This payment is decided already."};
inline constexpr ErrorKind too_much{"too_much", 409, "More than is left of the charge."};

constexpr std::int64_t page_rows = 1'000;
constexpr int webhook_attempts = 8;
constexpr std::size_t most_key_bytes = 255;

struct Card {
  std::string_view token;
  std::string_view status;
  std::string_view reason;
};
constexpr std::array cards{
    Card{"tok_approved", "captured", ""},
    Card{"tok_declined", "declined", "The card was declined."},
    Card{"tok_needs_action", "requires_action", ""},
    Card{"tok_slow", "captured", ""},
    Card{"tok_unknown", "captured", ""},
    Card{"tok_duplicate_webhook", "captured", ""},
};

#define SECURECART_CHARGE_COLUMNS                                                                \
  "SELECT key, id, amount, currency, method, status, reason, shop_id, payment_id, webhook_url, " \
  "return_url FROM charges "

Response html(int status, std::string body) {
  Response response;
  response.status = status;
  response.headers.set("Content-Type", "text/html; charset=utf-8");
  response.headers.set("Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' "
                       "http://127.0.0.1:* http://localhost:*");
  response.body = std::move(body);
  return response;
}

std::string escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '&':
        escaped += "&amp;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

// Fills {{name}} of an embedded page. Asserts that every name is there.
std::string fill(std::string_view page,
                 std::initializer_list<std::pair<std::string_view, std::string>> values) {
  std::string filled(page);
  for (const auto& [name, value] : values) {
    const std::string mark = fmt::format("{{{{{}}}}}", name);
    const std::size_t at = filled.find(mark);
    assert(at != std::string::npos);
    filled.replace(at, mark.size(), escape(value));
  }
  return filled;
}

Result<json::object> object_of(const std::string& body) {
  Result<json::value> parsed = parse_json(body);
  if (!parsed) {
    return std::unexpected(std::move(parsed.error()));
  }
  if (!parsed->is_object()) {
    return fail(errc::invalid_request, "The body must be a JSON object.");
  }
  return std::move(parsed->as_object());
}

std::string body_text(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  return member != nullptr && member->is_string() ? std::string(member->get_string())
                                                  : std::string();
}

std::int64_t amount_of(const json::object& object) {
  const json::value* member = object.if_contains("amount");
  return member != nullptr && member->is_int64() ? member->get_int64() : -1;
}

Response refuse(const ErrorKind& kind, std::string detail, const Request& request) {
  return net::problem(Error(kind, std::move(detail)), request.request_id);
}

std::int64_t number_or(std::optional<std::string_view> text, std::int64_t fallback) {
  std::int64_t number = 0;
  if (!text ||
      std::from_chars(text->data(), text->data() + text->size(), number).ec != std::errc()) {
    return fallback;
  }
  return number;
}

}  // namespace

TestProviderService::TestProviderService(storage::Database& database, net::Client& client,
                                         const Clock& clock, const Ids& ids,
                                         TestProviderOptions options)
    : database_(database),
      client_(client),
      clock_(clock),
      ids_(ids),
      options_(std::move(options)) {}

Task<Response> TestProviderService::handle(Request request) {
  constexpr std::string_view challenge = "/challenge/";
  if (request.path.starts_with(challenge)) {
    std::string id = request.path.substr(challenge.size());
    if (request.method == Method::post) {
      co_return co_await decide_challenge(std::move(id), std::move(request.body));
    }
    co_return co_await show_challenge(std::move(id));
  }
  if (request.header("Authorization").value_or("") != "Bearer " + options_.secret) {
    co_return refuse(wrong_secret, "Send Authorization: Bearer SECRET.", request);
  }
  const bool post = request.method == Method::post;
  if (request.path == "/charges") {
    co_return post ? co_await create_charge(std::move(request))
                   : co_await find_charges(std::move(request));
  }
  if (request.path == "/refunds") {
    co_return post ? co_await create_refund(std::move(request))
                   : co_await find_refund(std::move(request));
  }
  co_return refuse(errc::not_found, "The test provider knows /charges and /refunds.", request);
}

Task<std::optional<TestProviderService::Charge>> TestProviderService::read_charge(
    std::string_view by, std::string value) {
  storage::Query query{by == "key" ? SECURECART_CHARGE_COLUMNS "WHERE key = $1"
                                   : SECURECART_CHARGE_COLUMNS "WHERE id = $1",
                       {std::move(value)}};
  const storage::Rows rows = co_await database_.read(std::move(query));
  if (rows.empty()) {
    co_return std::nullopt;
  }
  const storage::Row row = rows[0];
  co_return Charge{row.text(0), row.text(1), row.integer(2), row.text(3), row.text(4), row.text(5),
                   row.text(6), row.text(7), row.text(8),    row.text(9), row.text(10)};
}

Response TestProviderService::render(const Charge& charge, int status) const {
  const json::object body{{"id", charge.id},
                          {"key", charge.key},
                          {"amount", charge.amount},
                          {"currency", charge.currency},
                          {"status", charge.status},
                          {"reason", charge.reason},
                          {"payment_id", charge.payment_id},
                          {"action_url", charge.status == "requires_action"
                                             ? options_.public_url + "/challenge/" + charge.id
                                             : std::string()}};
  return net::json_response(status, to_string(json::value(body)));
}

Task<Response> TestProviderService::create_charge(Request request) {
  const Result<json::object> body = object_of(request.body);
  if (!body) {
    co_return net::problem(body.error(), request.request_id);
  }
  Charge charge;
  charge.key = body_text(*body, "key");
  charge.id = ids_.make("ch");
  charge.amount = amount_of(*body);
  charge.currency = body_text(*body, "currency");
  charge.method = body_text(*body, "method");
  charge.shop_id = body_text(*body, "shop_id");
  charge.payment_id = body_text(*body, "payment_id");
  charge.webhook_url = body_text(*body, "webhook_url");
  charge.return_url = body_text(*body, "return_url");
  const auto currency = Currency::parse(charge.currency);
  if (charge.key.empty() || charge.key.size() > most_key_bytes || charge.amount < 1 ||
      charge.amount > max_amount || !currency) {
    co_return refuse(errc::invalid_request, "A charge needs key, amount and currency.", request);
  }
  const auto card = std::ranges::find(cards, charge.method, &Card::token);
  charge.status = card != cards.end() ? card->status : "declined";
  charge.reason = card != cards.end() ? card->reason : "There is no such test card.";

  storage::Batch batch;
  batch.add(
      "INSERT INTO charges (key, id, amount, currency, method, status, reason, shop_id, "
      "payment_id, webhook_url, return_url, created_at) VALUES "
      "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (key) DO NOTHING",
      {charge.key, charge.id, charge.amount, charge.currency, charge.method, charge.status,
       charge.reason, charge.shop_id, charge.payment_id, charge.webhook_url, charge.return_url,
       to_millis(clock_.now())});
  co_await database_.commit(std::move(batch));
  // Whatever is stored under the key is the answer: ours, or that of an earlier request.
  const std::optional<Charge> stored = co_await read_charge("key", charge.key);
  const bool first = stored->id == charge.id;
  if (first && stored->status != "requires_action") {
    send_webhook(*stored, stored->id + ":decided");
  }
  if (stored->method == "tok_duplicate_webhook") {
    send_webhook(*stored, stored->id + ":decided");
    co_await sleep_for(30ms);
  } else if (stored->method == "tok_slow" && first) {
    co_await sleep_for(options_.slow);
  } else if (stored->method == "tok_unknown" && first) {
    co_return net::problem(Error(errc::unavailable, "The answer was lost on the way."),
                           request.request_id);
  }
  co_return render(*stored, first ? 201 : 200);
}

Task<Response> TestProviderService::find_charges(Request request) {
  if (const auto key = request.query_value("key")) {
    const std::optional<Charge> charge = co_await read_charge("key", std::string(*key));
    co_return charge ? render(*charge, 200)
                     : refuse(errc::not_found, "No charge has this key.", request);
  }
  const std::string after(request.query_value("after").value_or(""));
  storage::Query query{
      "SELECT c.id, c.key, c.amount, c.currency, c.status, c.payment_id, "
      "(SELECT COALESCE(SUM(r.amount), 0) FROM provider_refunds r WHERE r.charge_id = c.id) "
      "FROM charges c WHERE c.id > $1 ORDER BY c.id LIMIT $2",
      {after, std::min(number_or(request.query_value("limit"), page_rows), page_rows)}};
  const storage::Rows rows = co_await database_.read(std::move(query));
  json::array items;
  for (const storage::Row row : rows) {
    items.push_back(json::object{{"id", row.text(0)},
                                 {"key", row.text(1)},
                                 {"amount", row.integer(2)},
                                 {"currency", row.text(3)},
                                 {"status", row.text(4)},
                                 {"payment_id", row.text(5)},
                                 {"refunded", row.integer(6)}});
  }
  co_return net::json_response(200,
                               to_string(json::value(json::object{{"items", std::move(items)}})));
}

Task<Response> TestProviderService::create_refund(Request request) {
  const Result<json::object> body = object_of(request.body);
  if (!body) {
    co_return net::problem(body.error(), request.request_id);
  }
  const std::string key = body_text(*body, "key");
  const std::int64_t amount = amount_of(*body);
  if (key.empty() || key.size() > most_key_bytes || amount < 1) {
    co_return refuse(errc::invalid_request, "A refund needs key, charge and amount.", request);
  }
  storage::Batch batch;
  batch.add(
      "INSERT INTO provider_refunds (key, id, charge_id, amount, created_at) "
      "SELECT $1, $2, c.id, $4, $5 FROM charges c WHERE c.id = $3 AND c.status = 'captured' "
      "AND (EXISTS (SELECT 1 FROM provider_refunds p WHERE p.key = $1) OR c.amount >= $4 + "
      "(SELECT COALESCE(SUM(r.amount), 0) FROM provider_refunds r WHERE r.charge_id = c.id)) "
      "ON CONFLICT (key) DO NOTHING",
      {key, ids_.make("rf"), body_text(*body, "charge"), amount, to_millis(clock_.now())});
  co_await database_.commit(std::move(batch));
  Request lookup = std::move(request);
  lookup.query = {{"key", key}};
  Response found = co_await find_refund(lookup);
  co_return found.status == 200
      ? std::move(found)
      : refuse(too_much, "Nothing of the charge can be refunded.", lookup);
}

Task<Response> TestProviderService::find_refund(Request request) {
  const std::string key(request.query_value("key").value_or(""));
  storage::Query query{"SELECT id, amount FROM provider_refunds WHERE key = $1", {key}};
  const storage::Rows rows = co_await database_.read(std::move(query));
  if (rows.empty()) {
    co_return refuse(errc::not_found, "No refund has this key.", request);
  }
  const json::object body{{"id", rows[0].text(0)}, {"key", key}, {"amount", rows[0].integer(1)}};
  co_return net::json_response(200, to_string(json::value(body)));
}

Task<Response> TestProviderService::show_challenge(std::string id) {
  const std::optional<Charge> charge = co_await read_charge("id", id);
  if (!charge) {
    co_return html(404, "<!doctype html><title>Unknown payment</title><p>Unknown payment.");
  }
  const auto currency = Currency::parse(charge->currency);
  const bool open = charge->status == "requires_action";
  const std::string_view page = embedded_asset(open ? "templates/payments/challenge.html"
                                                    : "templates/payments/decided.html");
  const std::string amount = format_amount(charge->amount, *currency) + " " + charge->currency;
  co_return html(200, open ? fill(page, {{"amount", amount}})
                           : fill(page, {{"amount", amount},
                                         {"status", charge->status},
                                         {"return_url", charge->return_url}}));
}

Task<Response> TestProviderService::decide_challenge(std::string id, std::string body) {
  const bool approved = body == "decision=approve";
  storage::Batch batch;
  batch
      .add(
          "UPDATE charges SET status = $2, reason = $3 WHERE id = $1 AND "
          "status = 'requires_action'",
          {id, approved ? "captured" : "declined",
           approved ? "" : "The payment was not confirmed."})
      .expect(1, not_decided);
  const storage::Commit outcome = co_await database_.commit(std::move(batch));
  const std::optional<Charge> charge = co_await read_charge("id", id);
  if (!charge) {
    co_return html(404, "<!doctype html><title>Unknown payment</title><p>Unknown payment.");
  }
  if (std::holds_alternative<storage::Committed>(outcome)) {
    send_webhook(*charge, charge->id + ":decided");
  }
  Response response;
  response.status = 303;
  response.headers.set("Location", charge->return_url.empty()
                                       ? options_.public_url + "/challenge/" + charge->id
                                       : charge->return_url);
  co_return response;
}

void TestProviderService::send_webhook(const Charge& charge, std::string event_id) {
  if (charge.webhook_url.empty()) {
    return;
  }
  const json::object body{
      {"type", "charge.decided"}, {"shop_id", charge.shop_id}, {"payment_id", charge.payment_id},
      {"key", charge.key},        {"id", charge.id},           {"status", charge.status},
      {"reason", charge.reason}};
  securecart::start(deliver(charge.webhook_url, std::move(event_id), to_string(json::value(body))),
                    [](const std::exception_ptr&) {});
}

// As webhooks are: sent until somebody takes them, or it is given up.
Task<void> TestProviderService::deliver(std::string url, std::string event_id, std::string body) {
  const Result<net::Url> target = net::parse_url(url);
  if (!target) {
    co_return;
  }
  for (int attempt = 0; attempt < webhook_attempts; ++attempt) {
    const WebhookHeaders signature = sign_webhook(options_.secret, event_id, clock_.now(), body);
    net::ClientRequest request;
    request.method = Method::post;
    request.target = target->path;
    request.headers.set("Content-Type", "application/json");
    request.headers.set("webhook-id", signature.id);
    request.headers.set("webhook-timestamp", signature.timestamp);
    request.headers.set("webhook-signature", signature.signature);
    request.body = body;
    request.timeout = 5s;
    try {
      const Response response = co_await client_.send(target->peer, std::move(request));
      if (response.status / 100 == 2) {
        co_return;
      }
    } catch (const Unavailable&) {
      // The shop is away: the next attempt, or its reaper, brings it the news.
    }
    co_await sleep_for(100ms * (1 << attempt));
  }
  log::warn("the test provider gave a webhook up", {{"url", url}, {"event", event_id}});
}

}  // namespace securecart::shop::payments
