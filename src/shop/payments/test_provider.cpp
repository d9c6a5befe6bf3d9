#include "shop/payments/test_provider.hpp"

namespace securecart::shop::payments {
namespace {

using net::Method;
using net::Response;

// An answer of the provider; nullopt when it is none of its documents.
std::optional<json::object> document_of(const Response& response) {
  Result<json::value> parsed = parse_json(response.bytes());
  if (!parsed || !parsed->is_object()) {
    return std::nullopt;
  }
  return std::move(parsed->as_object());
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* member = object.if_contains(name);
  return member != nullptr && member->is_string() ? std::string(member->get_string())
                                                  : std::string();
}

ChargeResult result_of(const Response& response) {
  const std::optional<json::object> charge = document_of(response);
  if (response.status >= 500 || !charge) {
    return {};
  }
  if (response.status >= 400) {
    return {.outcome = Outcome::declined, .reason = text_of(*charge, "detail")};
  }
  return charge_result(*charge);
}

}  // namespace

ChargeResult charge_result(const json::object& charge) {
  ChargeResult result;
  result.reference = text_of(charge, "id");
  result.action_url = text_of(charge, "action_url");
  result.reason = text_of(charge, "reason");
  const std::string status = text_of(charge, "status");
  if (status == "captured") {
    result.outcome = Outcome::captured;
  } else if (status == "declined") {
    result.outcome = Outcome::declined;
  } else if (status == "requires_action") {
    result.outcome = Outcome::requires_action;
  }
  return result;
}

TestProvider::TestProvider(net::Client& client, const Clock& clock, observe::Metrics& metrics,
                           TestProviderClientOptions options)
    : options_(std::move(options)),
      line_(client, clock, metrics, {"test", options_.url, options_.timeout}) {}

Task<std::optional<Response>> TestProvider::exchange(Method method, std::string target,
                                                     std::string body) {
  net::ClientRequest request;
  request.method = method;
  request.target = std::move(target);
  request.headers.set("Authorization", "Bearer " + options_.secret);
  if (method == Method::post) {
    request.headers.set("Content-Type", "application/json");
  }
  request.body = std::move(body);
  co_return co_await line_.exchange(std::move(request));
}

Task<ChargeResult> TestProvider::charge(ChargeRequest request) {
  const json::object body{{"key", request.key},
                          {"amount", request.amount},
                          {"currency", request.currency},
                          {"method", request.method},
                          {"shop_id", request.shop_id},
                          {"payment_id", request.payment_id},
                          {"webhook_url", options_.webhook_url},
                          {"return_url", request.return_url}};
  const std::optional<Response> response =
      co_await exchange(Method::post, "/charges", to_string(json::value(body)));
  co_return response ? result_of(*response) : ChargeResult{};
}

Task<std::optional<ChargeResult>> TestProvider::find_charge(ChargeRequest request) {
  const std::optional<Response> response =
      co_await exchange(Method::get, "/charges?key=" + net::percent_encode(request.key), "");
  if (!response) {
    co_return ChargeResult{};
  }
  if (response->status == 404) {
    co_return std::nullopt;
  }
  co_return result_of(*response);
}

namespace {

RefundResult refund_result(const std::optional<Response>& response) {
  RefundResult result;
  const std::optional<json::object> refund = response ? document_of(*response) : std::nullopt;
  if (!refund || response->status >= 500) {
    return result;
  }
  if (response->status >= 400) {
    result.outcome = RefundResult::Outcome::failed;
    result.reason = text_of(*refund, "detail");
    return result;
  }
  result.outcome = RefundResult::Outcome::succeeded;
  result.reference = text_of(*refund, "id");
  return result;
}

}  // namespace

Task<RefundResult> TestProvider::refund(RefundRequest request) {
  const json::object body{{"key", request.key},
                          {"charge", request.charge_reference},
                          {"amount", request.amount},
                          {"currency", request.currency}};
  const std::optional<Response> response =
      co_await exchange(Method::post, "/refunds", to_string(json::value(body)));
  co_return refund_result(response);
}

Task<std::optional<RefundResult>> TestProvider::find_refund(RefundRequest request) {
  const std::optional<Response> response =
      co_await exchange(Method::get, "/refunds?key=" + net::percent_encode(request.key), "");
  if (response && response->status == 404) {
    co_return std::nullopt;
  }
  co_return refund_result(response);
}

}  // namespace securecart::shop::payments
