#include "shop/api/possible_errors.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "shop/api/elsewhere.hpp"
#include "shop/api/errc.hpp"

namespace securecart::shop::api {

namespace {

bool takes_body(const Operation& operation) {
  return !operation.request_schema.empty() || operation.request_type != "application/json";
}

void add_implied(const Operation& operation, std::vector<const ErrorKind*>& errors) {
  const auto add = [&errors](bool when, std::initializer_list<const ErrorKind*> kinds) {
    if (when) {
      errors.insert(errors.end(), kinds);
    }
  };
  const bool writes = operation.method != net::Method::get;
  const bool admitted = operation.access != Access::open;  // admission.hpp: the others always are
  add(true, {&errc::invalid_request});
  add(operation.needs_database, {&errc::internal, &errc::unavailable, &errc::deadline_exceeded});
  add(admitted, {&errc::shop_unknown, &errc::unauthorised, &errc::overloaded});
  add(operation.access == Access::shopper || operation.access == Access::admin, {&errc::forbidden});
  add(operation.path.find('{') != std::string_view::npos, {&errc::not_found});
  add(takes_body(operation), {&errc::body_too_large, &errc::unsupported_media_type});
  add(operation.idempotent, {&errc::idempotency_key_missing, &errc::idempotency_key_reused});
  add(operation.if_match, {&errc::precondition_required, &errc::version_conflict});
  add(writes && admitted, {&errc::rate_limited});
  add(writes && operation.writes, {&errc::outcome_unknown});
}

constexpr std::array before_any_operation{&net::errc::malformed_request,
                                          &net::errc::bad_encoding,
                                          &net::errc::request_timeout,
                                          &net::errc::target_too_long,
                                          &net::errc::expectation_failed,
                                          &net::errc::header_too_large,
                                          &net::errc::unsupported_transfer_encoding,
                                          &net::errc::too_many_connections,
                                          &net::errc::unsupported_version,
                                          &errc::not_found,
                                          &errc::method_not_allowed,
                                          &errc::misdirected_request};

std::vector<const ErrorKind*> in_order(std::vector<const ErrorKind*> errors) {
  std::ranges::sort(
      errors, {}, [](const ErrorKind* kind) { return std::tuple(kind->status, kind->code, kind); });
  const auto [begin, end] = std::ranges::unique(errors);
  errors.erase(begin, end);
  return errors;
}

}  // namespace

std::vector<const ErrorKind*> possible_errors(const Operation& operation) {
  std::vector<const ErrorKind*> errors = operation.errors;
  add_implied(operation, errors);
  return in_order(std::move(errors));
}

std::vector<const ErrorKind*> all_errors(const Operations& operations) {
  std::vector<const ErrorKind*> errors(before_any_operation.begin(), before_any_operation.end());
  for (const Operation& operation : operations.all()) {
    const std::vector<const ErrorKind*> some = possible_errors(operation);
    errors.insert(errors.end(), some.begin(), some.end());
  }
  return in_order(std::move(errors));
}

}  // namespace securecart::shop::api
