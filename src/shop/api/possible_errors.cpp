#include "shop/api/possible_errors.hpp"

#include <algorithm>
#include <tuple>

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

}  // namespace

std::vector<const ErrorKind*> possible_errors(const Operation& operation) {
  std::vector<const ErrorKind*> errors = operation.errors;
  add_implied(operation, errors);
  std::ranges::sort(
      errors, {}, [](const ErrorKind* kind) { return std::tuple(kind->status, kind->code, kind); });
  const auto [begin, end] = std::ranges::unique(errors);
  errors.erase(begin, end);
  return errors;
}

}  // namespace securecart::shop::api
