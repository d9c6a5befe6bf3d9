// A Stripe-shaped server: the part of api.stripe.com that a shop uses, with its habits. Intents,
// refunds and idempotency keys are remembered in memory; faults come when the test asks for them.
//
//   keys        the first answer is given again for a day, also when it was a 500; other fields
//               under a known key: 400 idempotency_error
//   lists       newest first, always current; search knows only what is a minute old
//   methods     pm_card_visa, pm_card_visa_chargeDeclined, pm_card_authenticationRequired
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "base/json.hpp"
#include "net/http.hpp"
#include "shop/payments/stripe_signature.hpp"

namespace securecart::test {

class StripeDouble final : public net::Handler {
 public:
  enum class Fault : std::uint8_t {
    error_before,  // 500, nothing done, remembered under the key
    error_after,   // done, then 500, remembered under the key
    slow,          // done, then silence for `silence`
    in_use,        // 409: the key is at work right now
    rate_limited,  // 429
    no_access      // 401
  };

  StripeDouble(const Clock& clock, std::string secret)
      : clock_(clock), secret_(std::move(secret)) {}

  Duration silence = std::chrono::seconds(1);

  // The next POSTs that create something meet these, in order.
  void fail_next(std::vector<Fault> faults) {
    const std::lock_guard lock(mutex_);
    faults_.insert(faults_.end(), faults.begin(), faults.end());
  }
  // Intents of somebody else, as a busy account has them.
  void add_noise(int count) {
    const std::lock_guard lock(mutex_);
    for (int i = 0; i < count; ++i) {
      json::object intent = new_intent({{"amount", "100"}, {"currency", "eur"}});
      intent["status"] = "succeeded";
      intents_.push_back(std::move(intent));
    }
  }
  // The shopper comes back from the bank.
  json::object authenticate(const std::string& payment_id, bool approved) {
    const std::lock_guard lock(mutex_);
    json::object& intent = *find(intents_, payment_id, "payment_id");
    if (approved) {
      succeed(intent);
    } else {
      decline(intent, "The provided PaymentMethod has failed authentication.");
    }
    return intent;
  }
  json::object intent_of(const std::string& payment_id) {
    const std::lock_guard lock(mutex_);
    const auto found = find(intents_, payment_id, "payment_id");
    return found != intents_.end() ? *found : json::object();
  }
  // A refund the bank keeps thinking about, decided.
  void decide_refund(const std::string& refund_id, std::string_view status) {
    const std::lock_guard lock(mutex_);
    (*find(refunds_, refund_id, "refund_id"))["status"] = status;
  }
  std::string refund_status = "succeeded";  // of refunds made next

  // How often money was taken for a payment; more than once is the sin.
  int times_charged(const std::string& payment_id) {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(std::ranges::count_if(intents_, [&](const json::object& intent) {
      return intent.at("status").as_string() == "succeeded" &&
             metadata(intent, "payment_id") == payment_id;
    }));
  }
  int intents_made(const std::string& payment_id) {
    const std::lock_guard lock(mutex_);
    return static_cast<int>(std::ranges::count_if(intents_, [&](const json::object& intent) {
      return metadata(intent, "payment_id") == payment_id;
    }));
  }
  std::int64_t refunded() {
    const std::lock_guard lock(mutex_);
    std::int64_t sum = 0;
    for (const json::object& refund : refunds_) {
      sum += refund.at("status").as_string() == "succeeded" ? refund.at("amount").as_int64() : 0;
    }
    return sum;
  }
  int requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::vector<std::string> complaints() {  // what a real Stripe would not have borne
    const std::lock_guard lock(mutex_);
    return complaints_;
  }

  static std::string event(std::string_view type, const json::object& object) {
    return to_string(json::value(json::object{{"id", "evt_1"},
                                              {"object", "event"},
                                              {"type", type},
                                              {"api_version", "2024-06-20"},
                                              {"data", {{"object", object}}}}));
  }

  Task<net::Response> handle(net::Request request) override {
    bool silent = false;
    net::Response response = answer(request, silent);
    if (silent) {
      co_await sleep_for(silence);
    }
    co_return response;
  }

 private:
  using Fields = std::map<std::string, std::string>;
  using Objects = std::vector<json::object>;
  struct Remembered {
    std::string asked;
    int status;
    std::string body;
    Timestamp at;
  };

  static std::string metadata(const json::object& object, std::string_view name) {
    const json::value* member = object.at("metadata").as_object().if_contains(name);
    return member != nullptr ? std::string(member->as_string()) : "";
  }
  static Objects::iterator find(Objects& objects, std::string_view value, std::string_view member) {
    return std::ranges::find_if(objects, [&](const json::object& object) {
      return member == "id" ? object.at("id").as_string() == value
                            : metadata(object, member) == value;
    });
  }
  static Fields fields_of(const std::string& form) {
    Fields fields;
    const Result<net::Target> parsed = net::parse_target("/?" + form);
    if (parsed) {
      for (const auto& [name, value] : parsed->query) {
        fields[name] = value;
      }
    }
    return fields;
  }
  static net::Response told(int status, const json::object& body) {
    return net::json_response(status, to_string(json::value(body)));
  }
  static net::Response error(int status, std::string_view type, std::string_view code,
                             std::string_view message, json::object more = {}) {
    more["type"] = type;
    more["code"] = code;
    more["message"] = message;
    return told(status, {{"error", more}});
  }

  json::object new_intent(const Fields& fields) {
    json::object meta;
    for (const auto& [name, value] : fields) {
      if (name.starts_with("metadata[")) {
        meta[name.substr(9, name.size() - 10)] = value;
      }
    }
    const std::string id = fmt::format("pi_{:06}", ++made_);
    return {{"id", id},
            {"object", "payment_intent"},
            {"amount", std::stoll(fields.at("amount"))},
            {"amount_received", 0},
            {"currency", fields.at("currency")},
            {"created", to_millis(clock_.now()) / 1'000},
            {"metadata", meta},
            {"status", "requires_payment_method"},
            {"next_action", nullptr},
            {"last_payment_error", nullptr}};
  }
  static void succeed(json::object& intent) {
    intent["status"] = "succeeded";
    intent["amount_received"] = intent["amount"];
    intent["next_action"] = nullptr;
  }
  static void decline(json::object& intent, std::string_view why) {
    intent["status"] = "requires_payment_method";
    intent["next_action"] = nullptr;
    intent["last_payment_error"] =
        json::object{{"type", "card_error"}, {"code", "card_declined"}, {"message", why}};
  }

  net::Response create_intent(const Fields& fields) {
    for (const char* name : {"amount", "currency", "payment_method", "confirm", "return_url"}) {
      if (!fields.contains(name)) {
        complaints_.push_back(std::string("an intent without ") + name);
      }
    }
    json::object intent = new_intent(fields);
    const std::string method = fields.at("payment_method");
    int status = 200;
    if (method == "pm_card_visa") {
      succeed(intent);
    } else if (method == "pm_card_visa_chargeDeclined") {
      decline(intent, "Your card was declined.");
      status = 402;
    } else if (method == "pm_card_authenticationRequired") {
      intent["status"] = "requires_action";
      intent["next_action"] = {{"type", "redirect_to_url"},
                               {"redirect_to_url",
                                {{"url", "https://hooks.stripe.test/3d_secure_2/" +
                                             std::string(intent["id"].as_string())},
                                 {"return_url", fields.at("return_url")}}}};
    } else {
      return error(400, "invalid_request_error", "resource_missing",
                   "No such PaymentMethod: '" + method + "'");
    }
    intents_.push_back(intent);
    if (status == 402) {
      return error(402, "card_error", "card_declined", "Your card was declined.",
                   {{"payment_intent", intent}});
    }
    return told(200, intent);
  }

  net::Response cancel_intent(json::object& intent) {
    const std::string status(intent.at("status").as_string());
    if (status == "succeeded" || status == "canceled") {
      return error(400, "invalid_request_error", "payment_intent_unexpected_state",
                   "You cannot cancel this PaymentIntent because it has a status of " + status,
                   {{"payment_intent", intent}});
    }
    intent["status"] = "canceled";
    return told(200, intent);
  }

  net::Response create_refund(const Fields& fields) {
    const auto intent = find(intents_, fields.at("payment_intent"), "id");
    if (intent == intents_.end()) {
      return error(404, "invalid_request_error", "resource_missing", "No such payment_intent");
    }
    std::int64_t given = 0;
    for (const json::object& refund : refunds_) {
      if (refund.at("payment_intent") == intent->at("id") &&
          refund.at("status").as_string() != "failed") {
        given += refund.at("amount").as_int64();
      }
    }
    const std::int64_t amount = std::stoll(fields.at("amount"));
    if (given + amount > intent->at("amount_received").as_int64()) {
      return error(400, "invalid_request_error", "charge_already_refunded",
                   "Refund amount is greater than unrefunded amount on charge");
    }
    json::object refund = new_intent({{"amount", fields.at("amount")},
                                      {"currency", "eur"},
                                      {"metadata[refund_id]", fields.at("metadata[refund_id]")},
                                      {"metadata[shop_id]", fields.at("metadata[shop_id]")}});
    refund["id"] = fmt::format("re_{:06}", made_);
    refund["object"] = "refund";
    refund["payment_intent"] = intent->at("id");
    refund["status"] = refund_status;
    refunds_.push_back(refund);
    return told(200, refund);
  }

  // A page of what `wanted` takes, newest first.
  template <class Wanted>
  net::Response page(Objects& objects, const Fields& query, Wanted wanted) {
    json::array data;
    bool more = false;
    bool begun = !query.contains("starting_after");
    const auto limit = query.contains("limit") ? std::stoul(query.at("limit")) : 10;
    for (auto object = objects.rbegin(); object != objects.rend(); ++object) {
      if (begun && wanted(*object)) {
        if (data.size() == limit) {
          more = true;
          break;
        }
        data.emplace_back(*object);
      }
      begun |= !begun && object->at("id").as_string() == query.at("starting_after");
    }
    return told(200, {{"object", "list"}, {"data", std::move(data)}, {"has_more", more}});
  }

  net::Response read(const net::Request& request) {
    Fields query;
    for (const auto& [name, value] : request.query) {
      query[name] = value;
    }
    const std::string_view path = request.path;
    if (path == "/v1/payment_intents/search") {
      const std::int64_t known = to_millis(clock_.now()) / 1'000 - 60;
      const std::string text = query.at("query");
      return page(intents_, query, [&](const json::object& intent) {
        return intent.at("created").as_int64() <= known &&
               text == "metadata['payment_id']:'" + metadata(intent, "payment_id") + "'";
      });
    }
    if (path == "/v1/payment_intents") {
      const std::int64_t since = std::stoll(query.at("created[gte]"));
      return page(intents_, query, [since](const json::object& intent) {
        return intent.at("created").as_int64() >= since;
      });
    }
    if (path == "/v1/refunds") {
      return page(refunds_, query, [&query](const json::object& refund) {
        return refund.at("payment_intent").as_string() == query.at("payment_intent");
      });
    }
    Objects& objects = path.starts_with("/v1/refunds/") ? refunds_ : intents_;
    const auto found = find(objects, path.substr(path.rfind('/') + 1), "id");
    return found != objects.end() ? told(200, *found)
                                  : error(404, "invalid_request_error", "resource_missing", "No");
  }

  net::Response write(const net::Request& request) {
    if (request.path.ends_with("/cancel")) {
      const std::string path = request.path.substr(0, request.path.rfind('/'));
      const auto intent = find(intents_, path.substr(path.rfind('/') + 1), "id");
      return intent != intents_.end() ? cancel_intent(*intent)
                                      : error(404, "invalid_request_error", "", "No");
    }
    const Fields fields = fields_of(request.body);
    return request.path == "/v1/refunds" ? create_refund(fields) : create_intent(fields);
  }

  net::Response answer(const net::Request& request, bool& silent) {
    const std::lock_guard lock(mutex_);
    ++requests_;
    if (request.header("Authorization") != "Bearer " + secret_) {
      return error(401, "invalid_request_error", "", "Invalid API Key provided");
    }
    if (request.header("Stripe-Version") != "2024-06-20") {
      complaints_.emplace_back("a request of no pinned version");
    }
    if (request.method == net::Method::get) {
      return read(request);
    }
    const std::string key(request.header("Idempotency-Key").value_or(""));
    if (key.empty()) {
      if (!request.path.ends_with("/cancel")) {
        complaints_.emplace_back("a POST without a key");
      }
      return write(request);
    }
    return write_once(request, key, silent);
  }

  net::Response write_once(const net::Request& request, const std::string& key, bool& silent) {
    std::erase_if(keys_, [this](const auto& entry) {
      return clock_.now() - entry.second.at > std::chrono::hours(24);
    });
    const std::string asked = request.path + "?" + request.body;
    if (const auto known = keys_.find(key); known != keys_.end()) {
      if (known->second.asked != asked) {
        return error(400, "idempotency_error", "",
                     "Keys can only be used with the same parameters");
      }
      net::Response again = net::json_response(known->second.status, known->second.body);
      again.headers.set("Idempotent-Replayed", "true");
      return again;
    }
    std::optional<Fault> fault;
    if (!faults_.empty()) {
      fault = faults_.front();
      faults_.pop_front();
    }
    if (fault == Fault::in_use) {
      return error(409, "idempotency_error", "idempotency_key_in_use", "at work");
    }
    if (fault == Fault::rate_limited) {
      return error(429, "invalid_request_error", "rate_limit", "Too many requests");
    }
    if (fault == Fault::no_access) {
      return error(401, "invalid_request_error", "", "Expired API Key provided");
    }
    const net::Response failed = error(500, "api_error", "", "Something went wrong");
    net::Response done = fault == Fault::error_before ? failed : write(request);
    if (fault == Fault::error_after) {
      done = failed;
    }
    silent = fault == Fault::slow;
    keys_[key] = {asked, done.status, done.body, clock_.now()};
    return done;
  }

  const Clock& clock_;
  const std::string secret_;
  std::mutex mutex_;
  Objects intents_;
  Objects refunds_;
  std::map<std::string, Remembered> keys_;
  std::deque<Fault> faults_;
  std::vector<std::string> complaints_;
  int made_ = 0;
  int requests_ = 0;
};

}  // namespace securecart::test
