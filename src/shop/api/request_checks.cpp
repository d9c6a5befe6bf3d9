#include "shop/api/request_checks.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "shop/api/errc.hpp"
#include "shop/api/limits.hpp"
#include "shop/api/path.hpp"

namespace securecart::shop::api {

namespace {

std::string list_names(const std::vector<Parameter>& parameters) {
  if (parameters.empty()) {
    return "this operation takes none";
  }
  std::string text = "known are: ";
  for (const Parameter& parameter : parameters) {
    text.append(text.ends_with(": ") ? "" : ", ").append(parameter.name);
  }
  return text;
}

std::optional<std::string> problem_of_integer(const Parameter& parameter, std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= parameter.minimum &&
      number <= parameter.maximum) {
    return std::nullopt;
  }
  return "must be an integer from " + std::to_string(parameter.minimum) + " to " +
         std::to_string(parameter.maximum);
}

std::optional<std::string> problem_of_text(const Parameter& parameter, std::string_view text) {
  if (!parameter.choices.empty()) {
    if (std::ranges::find(parameter.choices, text) != parameter.choices.end()) {
      return std::nullopt;
    }
    std::string what = "must be one of ";
    for (const std::string_view choice : parameter.choices) {
      what.append(what.ends_with("of ") ? "" : ", ").append(choice);
    }
    return what;
  }
  const std::size_t most = parameter.maximum > 0 ? static_cast<std::size_t>(parameter.maximum)
                                                 : limits::query_parameter_bytes;
  if (text.size() > most) {
    return "must have at most " + std::to_string(most) + " bytes";
  }
  return std::nullopt;
}

std::optional<std::string> problem_of(const Parameter& parameter, std::string_view text) {
  switch (parameter.type) {
    case Parameter::Type::integer:
      return problem_of_integer(parameter, text);
    case Parameter::Type::boolean:
      return text == "true" || text == "false"
                 ? std::nullopt
                 : std::optional<std::string>("must be true or false");
    case Parameter::Type::text:
      return problem_of_text(parameter, text);
  }
  return std::nullopt;
}

Error invalid(std::string detail, std::vector<FieldError> fields) {
  return {errc::invalid_request, std::move(detail), std::move(fields)};
}

// "application/json; charset=utf-8" -> "application/json", when the charset is UTF-8 or not said.
std::optional<std::string> media_type(std::string_view content_type) {
  std::string type;
  for (const std::string_view piece : split(content_type, ';')) {
    const std::string part = to_lower(trim(piece));
    if (type.empty()) {
      type = part;
    } else if (part.starts_with("charset=") && part != "charset=utf-8" &&
               part != "charset=\"utf-8\"") {
      return std::nullopt;
    }
  }
  return type;
}

std::optional<Error> check_media_type(const Operation& operation, const net::Request& request) {
  const std::optional<std::string_view> given = request.header("Content-Type");
  if (given && media_type(*given) == operation.request_type) {
    return std::nullopt;
  }
  return Error(errc::unsupported_media_type, "Send the body as " +
                                                 std::string(operation.request_type) +
                                                 " in UTF-8 and say so in Content-Type.");
}

bool is_visible_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

std::optional<Error> check_idempotency_key(const net::Request& request) {
  const std::optional<std::string_view> key = request.header("Idempotency-Key");
  if (!key) {
    return Error(errc::idempotency_key_missing,
                 "Send a new unique key, such as a UUID, with each new request, and the same key "
                 "when you repeat one.");
  }
  if (key->empty() || key->size() > limits::idempotency_key_bytes || !is_visible_ascii(*key)) {
    return invalid("The Idempotency-Key is malformed.",
                   {{"header.idempotency-key", "must be 1 to " +
                                                   std::to_string(limits::idempotency_key_bytes) +
                                                   " visible ASCII characters"}});
  }
  return std::nullopt;
}

std::optional<Error> check_if_match(const net::Request& request) {
  const std::optional<std::string_view> tag = request.header("If-Match");
  if (!tag) {
    return Error(errc::precondition_required,
                 "Read the resource, then send its ETag as If-Match, so that nobody else's change "
                 "is lost.");
  }
  if (!parse_version_tag(*tag)) {
    return invalid("If-Match is malformed.",
                   {{"header.if-match", "must be one ETag as it was read, such as \"v7\""}});
  }
  return std::nullopt;
}

}  // namespace

Result<accounts::Credentials> read_credentials(const net::Request& request) {
  accounts::Credentials credentials;
  credentials.host = to_lower(request.host());
  credentials.publishable_key = request.header("X-Publishable-Key").value_or("");
  const std::optional<std::string_view> authorization = request.header("Authorization");
  if (!authorization) {
    return credentials;
  }
  constexpr std::string_view scheme = "Bearer ";
  const std::string_view token = authorization->size() > scheme.size()
                                     ? trim(authorization->substr(scheme.size()))
                                     : std::string_view();
  if (token.empty() || !equal_ignoring_case(authorization->substr(0, scheme.size()), scheme)) {
    return fail(errc::unauthorised, "Send `Authorization: Bearer` and a key or a session's token.");
  }
  credentials.bearer = token;
  return credentials;
}

std::optional<Error> check_access(const Operation& operation, const Caller& caller) {
  if (operation.access == Access::shopper && caller.customer_id.empty()) {
    return caller.role
               ? Error(errc::forbidden, "Only a signed-in customer may do this.")
               : Error(errc::unauthorised, "Sign in, then send the session's token as a Bearer.");
  }
  if (operation.access != Access::admin) {
    return std::nullopt;
  }
  if (!caller.role) {
    return caller.customer_id.empty()
               ? Error(errc::unauthorised,
                       "Send a secret key or a staff session's token as a Bearer.")
               : Error(errc::forbidden, "A customer may not do this.");
  }
  if (operation.permission != Permission::none && !allows(*caller.role, operation.permission)) {
    return Error(errc::forbidden, "The role " + std::string(accounts::to_string(*caller.role)) +
                                      " does not have the permission this needs.");
  }
  return std::nullopt;
}

std::optional<Error> check_query(const Operation& operation, const net::Request& request) {
  std::vector<FieldError> fields;
  const auto report = [&fields](std::string_view name, std::string what) {
    if (fields.size() < limits::schema_errors) {
      fields.push_back({"query." + std::string(name), std::move(what)});
    }
  };
  for (auto given = request.query.begin(); given != request.query.end(); ++given) {
    const auto& [name, value] = *given;
    const auto known = std::ranges::find(operation.query, name, &Parameter::name);
    if (known == operation.query.end()) {
      report(name, "is not known here; " + list_names(operation.query));
    } else if (std::any_of(request.query.begin(), given,
                           [&name](const auto& other) { return other.first == name; })) {
      report(name, "is given more than once");
    } else if (std::optional<std::string> what = problem_of(*known, value)) {
      report(name, std::move(*what));
    }
  }
  for (const Parameter& parameter : operation.query) {
    if (parameter.required && !request.query_value(parameter.name)) {
      report(parameter.name, "is required");
    }
  }
  if (fields.empty()) {
    return std::nullopt;
  }
  return invalid("The query does not fit this operation.", std::move(fields));
}

std::optional<Error> check_headers(const Operation& operation, const net::Request& request) {
  std::optional<Error> error;
  if (operation.if_match) {
    error = check_if_match(request);
  }
  if (!error && operation.idempotent) {
    error = check_idempotency_key(request);
  }
  return error;
}

Result<json::value> read_body(const Operation& operation, const Schema* schema,
                              const net::Request& request) {
  const bool takes_text = operation.request_type != "application/json";
  if (schema == nullptr && !takes_text) {
    return json::value();
  }
  if (request.body.empty() && operation.body_optional) {
    return json::value();
  }
  if (std::optional<Error> error = check_media_type(operation, request)) {
    return std::unexpected(std::move(*error));
  }
  if (schema == nullptr) {
    return json::value();
  }
  Result<json::value> body = parse_json(request.body);
  if (!body) {
    return body;
  }
  std::vector<FieldError> fields = validate(*schema, *body);
  if (!fields.empty()) {
    return std::unexpected(invalid("The body does not fit this operation.", std::move(fields)));
  }
  return body;
}

bool none_match_names(std::string_view if_none_match, std::string_view etag) {
  if (trim(if_none_match) == "*") {
    return true;
  }
  const auto opaque = [](std::string_view tag) {  // the weak comparison of section 8.8.3.2
    tag = trim(tag);
    return tag.starts_with("W/") ? tag.substr(2) : tag;
  };
  return std::ranges::any_of(split(if_none_match, ','),
                             [&](std::string_view tag) { return opaque(tag) == opaque(etag); });
}

}  // namespace securecart::shop::api
