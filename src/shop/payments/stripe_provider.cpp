#include "shop/payments/stripe_provider.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/log.hpp"
#include "base/text.hpp"
#include "shop/payments/limits.hpp"
#include "shop/payments/stripe_amount.hpp"

namespace securecart::shop::payments {
namespace {

using namespace std::chrono_literals;
using net::Method;
using net::Response;

constexpr auto key_lifetime = 20h;        // Stripe promises a day
constexpr auto search_is_current = 2h;    // an hour behind at the worst, by its documents
constexpr auto spoiled_key_rest = 10min;  // before a second key is tried
constexpr auto clock_difference = 5min;   // between Stripe's clock and ours, at the most
constexpr std::string_view intents = "/v1/payment_intents";
constexpr std::string_view refunds = "/v1/refunds";
constexpr std::string_view not_taken = "The shop does not take this way to pay any more.";
constexpr std::string_view not_accepted = "The payment provider does not accept this payment.";

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  return member != nullptr && member->is_string() ? std::string(member->get_string())
                                                  : std::string();
}

const json::object* object_of(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  return member != nullptr ? member->if_object() : nullptr;
}

std::int64_t number_of(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  return member != nullptr && member->is_int64() ? member->get_int64() : -1;
}

std::string metadata_of(const json::object& object, std::string_view name) {
  const json::object* metadata = object_of(object, "metadata");
  return metadata != nullptr ? text_of(*metadata, name) : std::string();
}

std::string encoded(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    text += fmt::format("{}{}={}", text.empty() ? "" : "&", net::percent_encode(name),
                        net::percent_encode(value));
  }
  return text;
}

std::string id_path(std::string_view collection, std::string_view id, std::string_view verb = "") {
  return fmt::format("{}/{}{}", collection, net::percent_encode(id), verb);
}

// Why an intent took no money, in words for the shopper.
std::string reason_of(const json::object& intent) {
  const json::object* error = object_of(intent, "last_payment_error");
  const std::string message = error != nullptr ? text_of(*error, "message") : "";
  return message.empty() ? "The payment was not completed." : message;
}

std::string action_url_of(const json::object& intent) {
  const json::object* action = object_of(intent, "next_action");
  const json::object* redirect =
      action != nullptr ? object_of(*action, "redirect_to_url") : nullptr;
  return redirect != nullptr ? text_of(*redirect, "url") : "";
}

RefundResult refund_result(const json::object& refund) {
  RefundResult result;
  result.reference = text_of(refund, "id");
  const std::string status = text_of(refund, "status");
  if (status == "succeeded") {
    result.outcome = RefundResult::Outcome::succeeded;
  } else if (status == "failed" || status == "canceled") {
    result.outcome = RefundResult::Outcome::failed;
    result.reason = "The bank did not take the refund: " + text_of(refund, "failure_reason");
  }
  return result;  // pending, requires_action: asked about again
}

}  // namespace

// What an answer says about the request it answers.
struct StripeProvider::Answer {
  enum class Kind : std::uint8_t {
    none,     // nothing can be told from it: lost, 5xx, in use, no access, too many
    object,   // done: `body` is the object
    refused,  // not done, and never will be as it was asked: `error` says why
    spoiled   // not done, and the key is used up: it answers like this until it is forgotten
  };
  Kind kind = Kind::none;
  bool replayed = false;
  bool not_found = false;
  json::object body;
  json::object error;
};

struct StripeProvider::Search {
  std::optional<json::object> found;
  bool certain = false;  // with nothing found: there is none
};

StripeProvider::StripeProvider(net::Client& client, const Clock& clock, observe::Metrics& metrics,
                               const ProviderAccounts& accounts, StripeOptions options)
    : clock_(clock),
      accounts_(accounts),
      line_(client, clock, metrics, {"stripe", options.url, options.timeout}) {}

bool StripeProvider::may_be_forgotten(Timestamp created_at) const {
  return clock_.now() - created_at > key_lifetime;
}

namespace {

net::ClientRequest request_to(Method method, std::string target, const std::string& secret) {
  net::ClientRequest request;
  request.method = method;
  request.target = std::move(target);
  request.headers.set("Authorization", "Bearer " + secret);
  request.headers.set("Stripe-Version", std::string(stripe_version));
  return request;
}

}  // namespace

Task<StripeProvider::Answer> StripeProvider::post(std::string secret, std::string target, Form form,
                                                  std::string key) {
  net::ClientRequest request = request_to(Method::post, std::move(target), secret);
  request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  if (!key.empty()) {
    request.headers.set("Idempotency-Key", std::move(key));
  }
  request.body = encoded(form);
  const std::optional<Response> response = co_await line_.exchange(std::move(request));
  Answer answer;
  if (!response) {
    co_return answer;
  }
  answer.replayed = response->headers.find("Idempotent-Replayed") == "true";
  Result<json::value> body = parse_json(response->bytes());
  if (body && body->is_object()) {
    answer.body = std::move(body->as_object());
  }
  if (const json::object* error = object_of(answer.body, "error")) {
    answer.error = *error;
  }
  const std::string type = text_of(answer.error, "type");
  const int status = response->status;
  answer.not_found = status == 404;
  if (status < 300 && !text_of(answer.body, "id").empty()) {
    answer.kind = Answer::Kind::object;
  } else if (type == "idempotency_error" && status == 400) {
    answer.kind = Answer::Kind::spoiled;  // the same key with other fields
  } else if (status >= 500 && answer.replayed) {
    answer.kind = Answer::Kind::spoiled;
  } else if ((status == 400 || status == 402 || status == 404) && !type.empty()) {
    answer.kind = Answer::Kind::refused;
  }
  if (status >= 400) {
    log::warn("Stripe refused a request", {{"status", status},
                                           {"type", type},
                                           {"code", text_of(answer.error, "code")},
                                           {"detail", text_of(answer.error, "message")}});
  }
  co_return answer;
}

Task<StripeProvider::Answer> StripeProvider::get(std::string secret, std::string target) {
  net::ClientRequest request = request_to(Method::get, std::move(target), secret);
  const std::optional<Response> response = co_await line_.exchange(std::move(request));
  Answer answer;
  if (!response) {
    co_return answer;
  }
  Result<json::value> body = parse_json(response->bytes());
  if (!body || !body->is_object()) {
    co_return answer;
  }
  answer.not_found = response->status == 404;
  if (response->status < 300) {
    answer.kind = Answer::Kind::object;
    answer.body = std::move(body->as_object());
  }
  co_return answer;
}

Task<StripeProvider::Answer> StripeProvider::create(std::string secret, ChargeRequest request,
                                                    std::string key) {
  const std::optional<std::int64_t> amount = stripe_amount(request.amount, request.currency);
  Form form{{"amount", std::to_string(*amount)},
            {"currency", to_lower(request.currency)},
            {"payment_method", request.method},
            {"payment_method_types[]", "card"},
            {"capture_method", "automatic"},
            {"confirm", "true"},
            {"return_url", request.return_url},
            {"metadata[shop_id]", request.shop_id},
            {"metadata[payment_id]", request.payment_id}};
  co_return co_await post(std::move(secret), std::string(intents), std::move(form), std::move(key));
}

Task<ChargeResult> StripeProvider::charge(ChargeRequest request) {
  const std::optional<ProviderKeys> keys = co_await accounts_.keys(request.shop_id, "stripe");
  if (!keys || !keys->enabled || !stripe_amount(request.amount, request.currency)) {
    const bool known = keys && keys->enabled;
    co_return ChargeResult{.outcome = Outcome::declined,
                           .reason = std::string(known ? not_accepted : not_taken)};
  }
  if (may_be_forgotten(request.created_at)) {
    Search search = co_await find_intent(keys->secret_key, request);
    if (search.found) {
      co_return co_await concluded(keys->secret_key, request, std::move(*search.found));
    }
    if (!search.certain) {
      co_return ChargeResult{};
    }
  }
  Answer answer = co_await create(keys->secret_key, request, request.key);
  if (answer.kind == Answer::Kind::spoiled &&
      clock_.now() - request.created_at > spoiled_key_rest) {
    Search search = co_await find_intent(keys->secret_key, request);
    if (search.found) {
      co_return co_await concluded(keys->secret_key, request, std::move(*search.found));
    }
    if (search.certain) {
      answer = co_await create(keys->secret_key, request, request.key + ":again");
    }
  }
  co_return co_await result_of(keys->secret_key, std::move(request), std::move(answer));
}

Task<ChargeResult> StripeProvider::result_of(std::string secret, ChargeRequest request,
                                             Answer answer) {
  if (answer.kind == Answer::Kind::refused) {
    if (const json::object* intent = object_of(answer.error, "payment_intent")) {
      json::object copy = *intent;
      co_return co_await concluded(std::move(secret), std::move(request), std::move(copy));
    }
    const bool card = text_of(answer.error, "type") == "card_error";
    co_return ChargeResult{
        .outcome = Outcome::declined,
        .reason = card ? text_of(answer.error, "message") : std::string(not_accepted)};
  }
  if (answer.kind != Answer::Kind::object) {
    co_return ChargeResult{};
  }
  if (answer.replayed) {  // what it was then; ask what it is now
    answer = co_await get(secret, id_path(intents, text_of(answer.body, "id")));
    if (answer.kind != Answer::Kind::object) {
      co_return ChargeResult{};
    }
  }
  co_return co_await concluded(std::move(secret), std::move(request), std::move(answer.body));
}

// What an intent's state means for the payment.
Task<ChargeResult> StripeProvider::concluded(std::string secret, ChargeRequest request,
                                             json::object intent) {
  ChargeResult result;
  result.reference = text_of(intent, "id");
  const std::string status = text_of(intent, "status");
  if (status == "succeeded") {
    result.outcome = Outcome::captured;
    if (number_of(intent, "amount_received") != stripe_amount(request.amount, request.currency)) {
      log::error("Stripe took another amount than the payment's",
                 {{"payment", request.payment_id}, {"intent", result.reference}});
    }
  } else if (status == "requires_action") {
    result.outcome = Outcome::requires_action;
    result.action_url = action_url_of(intent);
  } else if (status == "canceled") {
    result.outcome = Outcome::declined;
    result.reason = reason_of(intent);
  } else if (status == "requires_payment_method" || status == "requires_confirmation") {
    std::string reason = reason_of(intent);
    co_return co_await closed(std::move(secret), std::move(request), result.reference,
                              std::move(reason));
  } else if (status == "processing" || status == "requires_capture") {
    result.outcome = Outcome::pending;
  }
  co_return result;
}

// Cancels the intent, so that nothing can be charged on it any more.
Task<ChargeResult> StripeProvider::closed(std::string secret, ChargeRequest request,
                                          std::string intent_id, std::string reason) {
  ChargeResult result;
  result.reference = intent_id;
  Answer answer = co_await post(secret, id_path(intents, intent_id, "/cancel"), {}, "");
  const json::object* told = answer.kind == Answer::Kind::object
                                 ? &answer.body
                                 : object_of(answer.error, "payment_intent");
  const std::string status = told != nullptr ? text_of(*told, "status") : "";
  if (status == "canceled") {
    result.outcome = Outcome::declined;
    result.reason = std::move(reason);
  } else if (status == "succeeded") {  // it was faster
    json::object copy = *told;
    co_return co_await concluded(std::move(secret), std::move(request), std::move(copy));
  }
  co_return result;
}

// Every object of a list whose metadata has `member` = `value`, until one is found.
Task<StripeProvider::Search> StripeProvider::walk(std::string secret, std::string path, Form query,
                                                  std::string_view member, std::string value) {
  Search search;
  std::string after;
  for (std::size_t page = 0; page < limits::stripe_pages; ++page) {
    Form parameters = query;
    if (!after.empty()) {
      parameters.emplace_back("starting_after", after);
    }
    Answer answer = co_await get(secret, path + "?" + encoded(parameters));
    const json::value* data = answer.body.if_contains("data");
    if (answer.kind != Answer::Kind::object || data == nullptr || !data->is_array()) {
      co_return search;
    }
    after.clear();
    for (const json::value& entry : data->get_array()) {
      const json::object* object = entry.if_object();
      if (object != nullptr && metadata_of(*object, member) == value) {
        search.found = *object;
        co_return search;
      }
      after = object != nullptr ? text_of(*object, "id") : "";
    }
    const json::value* more = answer.body.if_contains("has_more");
    if (more == nullptr || !more->is_bool()) {
      co_return search;
    }
    if (!more->get_bool()) {
      search.certain = true;
      co_return search;
    }
    if (after.empty()) {
      co_return search;
    }
  }
  co_return search;
}

Task<StripeProvider::Search> StripeProvider::find_intent(std::string secret,
                                                         ChargeRequest request) {
  if (!request.reference.empty()) {
    Answer answer = co_await get(secret, id_path(intents, request.reference));
    Search search;
    if (answer.kind == Answer::Kind::object) {
      search.found = std::move(answer.body);
    }
    co_return search;
  }
  Timestamp since = request.created_at - clock_difference;
  const Timestamp searchable = clock_.now() - search_is_current;
  if (since < searchable) {
    const std::string wanted = fmt::format("metadata['payment_id']:'{}'", request.payment_id);
    Form query{{"query", wanted}, {"limit", "1"}};
    Search search = co_await walk(secret, std::string(intents) + "/search", std::move(query),
                                  "payment_id", request.payment_id);
    if (search.found) {
      co_return search;
    }
    // However old the payment is, its intent may have been made a moment ago.
    since = search.certain ? searchable - clock_difference : since;
  }
  const std::int64_t seconds = to_millis(since) / 1'000;
  Form query{{"created[gte]", std::to_string(seconds)}, {"limit", "100"}};
  co_return co_await walk(std::move(secret), std::string(intents), std::move(query), "payment_id",
                          request.payment_id);
}

Task<std::optional<ChargeResult>> StripeProvider::find_charge(ChargeRequest request) {
  const std::optional<ProviderKeys> keys = co_await accounts_.keys(request.shop_id, "stripe");
  if (!keys) {
    co_return ChargeResult{};
  }
  Search search = co_await find_intent(keys->secret_key, request);
  if (search.found) {
    co_return co_await concluded(keys->secret_key, std::move(request), std::move(*search.found));
  }
  co_return search.certain ? std::nullopt : std::optional(ChargeResult{});
}

Task<ChargeResult> StripeProvider::cancel_charge(ChargeRequest request) {
  const std::optional<ProviderKeys> keys = co_await accounts_.keys(request.shop_id, "stripe");
  if (!keys) {
    co_return ChargeResult{};
  }
  Search search = co_await find_intent(keys->secret_key, request);
  if (!search.found) {
    co_return ChargeResult{};
  }
  std::string intent_id = text_of(*search.found, "id");
  co_return co_await closed(keys->secret_key, std::move(request), std::move(intent_id),
                            "The order was cancelled.");
}

Task<RefundResult> StripeProvider::refund(RefundRequest request) {
  const std::optional<ProviderKeys> keys = co_await accounts_.keys(request.shop_id, "stripe");
  const std::optional<std::int64_t> amount = stripe_amount(request.amount, request.currency);
  RefundResult result;
  if (!keys) {
    co_return result;
  }
  if (!amount) {
    result.outcome = RefundResult::Outcome::failed;
    result.reason = "Stripe cannot pay back exactly this amount.";
    co_return result;
  }
  if (may_be_forgotten(request.created_at)) {
    std::optional<RefundResult> found = co_await find_refund(request);
    if (found) {
      co_return std::move(*found);
    }
  }
  Form form{{"payment_intent", request.charge_reference},
            {"amount", std::to_string(*amount)},
            {"metadata[shop_id]", request.shop_id},
            {"metadata[refund_id]", request.key}};
  Answer answer =
      co_await post(keys->secret_key, std::string(refunds), std::move(form), request.key);
  if (answer.kind == Answer::Kind::object && answer.replayed) {
    answer = co_await get(keys->secret_key, id_path(refunds, text_of(answer.body, "id")));
  }
  if (answer.kind == Answer::Kind::object) {
    co_return refund_result(answer.body);
  }
  if (answer.kind == Answer::Kind::refused) {
    result.outcome = RefundResult::Outcome::failed;
    result.reason = text_of(answer.error, "message");
  }
  co_return result;
}

Task<std::optional<RefundResult>> StripeProvider::find_refund(RefundRequest request) {
  const std::optional<ProviderKeys> keys = co_await accounts_.keys(request.shop_id, "stripe");
  if (!keys) {
    co_return RefundResult{};
  }
  Form query{{"payment_intent", request.charge_reference}, {"limit", "100"}};
  const Search search = co_await walk(keys->secret_key, std::string(refunds), std::move(query),
                                      "refund_id", request.key);
  if (search.found) {
    co_return refund_result(*search.found);
  }
  co_return search.certain ? std::nullopt : std::optional(RefundResult{});
}

StripeEvent stripe_event(const json::object& event) {
  StripeEvent told;
  const std::string type = text_of(event, "type");
  const json::object* data = object_of(event, "data");
  const json::object* object = data != nullptr ? object_of(*data, "object") : nullptr;
  if (object == nullptr) {
    return told;
  }
  told.shop_id = metadata_of(*object, "shop_id");
  told.reference = text_of(*object, "id");
  if (type.starts_with("payment_intent.")) {
    told.about = StripeEvent::About::payment;
    told.id = metadata_of(*object, "payment_id");
    told.captured = type == "payment_intent.succeeded" && text_of(*object, "status") == "succeeded";
    told.amount = number_of(*object, "amount_received");
    told.currency = text_of(*object, "currency");
  } else if (type.starts_with("refund.") || type == "charge.refund.updated") {
    told.about = StripeEvent::About::refund;
    told.id = metadata_of(*object, "refund_id");
  }
  if (told.id.empty() || told.shop_id.empty()) {
    told.about = StripeEvent::About::other;
  }
  return told;
}

}  // namespace securecart::shop::payments
