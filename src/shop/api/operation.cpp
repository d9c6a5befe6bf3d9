#include "shop/api/operation.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <stdexcept>

#include "base/crypto.hpp"
#include "base/text.hpp"
#include "shop/api/errc.hpp"
#include "shop/api/limits.hpp"
#include "shop/api/path.hpp"

namespace securecart::shop::api {

namespace {

// A defect of the table: found when the process starts, never on a request.
[[noreturn]] void refuse(const Operation& operation, std::string_view why) {
  throw std::logic_error(std::string("operation ").append(operation.id).append(": ").append(why));
}

bool is_camel_case(std::string_view text) {
  return !text.empty() && text.front() >= 'a' && text.front() <= 'z' &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
         });
}

void check_path(const Operation& operation) {
  const std::optional<std::string> problem = problem_of_pattern(operation.path);
  if (problem) {
    refuse(operation, *problem);
  }
}

void check_query(const Operation& operation) {
  for (auto it = operation.query.begin(); it != operation.query.end(); ++it) {
    const auto same = [it](const Parameter& other) { return other.name == it->name; };
    if (it->name.empty() || std::any_of(operation.query.begin(), it, same)) {
      refuse(operation, "a query parameter is unnamed or named twice");
    }
    if (it->type == Parameter::Type::integer && it->minimum > it->maximum) {
      refuse(operation, "a query parameter has a minimum above its maximum");
    }
    if (it->type != Parameter::Type::text && !it->choices.empty()) {
      refuse(operation, "only text parameters have choices");
    }
  }
}

void check_flags(const Operation& operation) {
  const bool reads = operation.method == net::Method::get;
  if (operation.method == net::Method::head || operation.method == net::Method::options ||
      operation.method == net::Method::other) {
    refuse(operation, "HEAD and OPTIONS are answered by the router");
  }
  if (reads && (operation.idempotent || operation.if_match || !operation.request_schema.empty())) {
    refuse(operation, "a GET takes no body, no Idempotency-Key and no If-Match");
  }
  if (operation.permission != Permission::none && operation.access != Access::admin) {
    refuse(operation, "a permission needs Access::admin");
  }
  if (operation.success < 200 || operation.success > 299) {
    refuse(operation, "success is not a 2xx status");
  }
  if (operation.success == 204 && !operation.response_schema.empty()) {
    refuse(operation, "204 has no body");
  }
  if (!operation.handler) {
    refuse(operation, "has no handler");
  }
  if (std::ranges::any_of(operation.errors,
                          [](const ErrorKind* kind) { return kind == nullptr; })) {
    refuse(operation, "declares a null error");
  }
}

const Parameter* find_parameter(const Operation& operation, std::string_view name) {
  const auto found = std::ranges::find(operation.query, name, &Parameter::name);
  return found == operation.query.end() ? nullptr : &*found;
}

bool has_number_that_is_no_integer(const json::value& value) {
  if (const json::object* object = value.if_object()) {
    return std::ranges::any_of(*object, [](const json::key_value_pair& member) {
      return has_number_that_is_no_integer(member.value());
    });
  }
  if (const json::array* array = value.if_array()) {
    return std::ranges::any_of(*array, has_number_that_is_no_integer);
  }
  return value.is_double();
}

// What makes two requests the same one: method, path, body, who asks and with which secrets. A key
// can therefore never fetch another caller's answer.
std::string fingerprint(const Call& call, const json::value& body) {
  const net::Request& request = call.request();
  std::string text;
  const auto part = [&text](std::string_view piece) {
    text.append(std::to_string(piece.size())).append(":").append(piece);
  };
  part(net::to_string(request.method));
  part(request.path);
  for (const auto& [name, value] : request.query) {
    part(name);
    part(value);
  }
  part(call.caller().actor);
  part(request.header("X-Cart-Token").value_or(""));
  part(request.header("X-Order-Token").value_or(""));
  const bool canonical = !body.is_null() && !has_number_that_is_no_integer(body);
  part(canonical ? canonical_json(body) : request.body);
  return sha256_hex(text);
}

}  // namespace

std::vector<Parameter> page_parameters(std::vector<Parameter> others) {
  others.push_back({.name = "limit",
                    .type = Parameter::Type::integer,
                    .description = "How many items a page has at most.",
                    .minimum = 1,
                    .maximum = static_cast<std::int64_t>(limits::page_max)});
  others.push_back({.name = "cursor",
                    .description = "Where the page starts: `next_cursor` of the page before, as it "
                                   "is. Left out for the first page.",
                    .maximum = static_cast<std::int64_t>(limits::cursor_bytes)});
  return others;
}

Reply reply(int status, const json::value& body) {
  Reply answer;
  answer.status = status;
  answer.body = to_string(body);
  return answer;
}

Reply reply(int status, const json::value& body, std::int64_t version) {
  Reply answer = reply(status, body);
  answer.version = version;
  return answer;
}

Reply no_content() {
  Reply answer;
  answer.status = 204;
  answer.content_type.clear();
  return answer;
}

Call::Call(const Operation& operation, net::Request request, Caller caller,
           std::vector<std::string> path_values, json::value body)
    : operation_(&operation),
      request_(std::move(request)),
      caller_(std::move(caller)),
      path_values_(std::move(path_values)),
      body_(std::move(body)) {}

const std::string& Call::path(std::string_view name) const {
  const std::optional<std::size_t> index = parameter_index(operation_->path, name);
  assert(index && *index < path_values_.size() && "the operation's path has no such parameter");
  return path_values_[*index];
}

std::optional<std::string> Call::query(std::string_view name) const {
  assert(find_parameter(*operation_, name) != nullptr && "the operation has no such parameter");
  return request_.query_value(name).transform([](std::string_view v) { return std::string(v); });
}

std::optional<std::int64_t> Call::query_int(std::string_view name) const {
  assert(find_parameter(*operation_, name)->type == Parameter::Type::integer);
  const std::optional<std::string_view> text = request_.query_value(name);
  if (!text) {
    return std::nullopt;
  }
  std::int64_t number = 0;
  std::from_chars(text->data(), text->data() + text->size(), number);  // checked before
  return number;
}

bool Call::query_flag(std::string_view name) const {
  assert(find_parameter(*operation_, name)->type == Parameter::Type::boolean);
  return request_.query_value(name).value_or("false") == "true";
}

std::size_t Call::limit() const {
  return static_cast<std::size_t>(
      query_int("limit").value_or(static_cast<std::int64_t>(limits::page_default)));
}

const json::object& Call::body() const {
  static const json::object none;
  assert(!operation_->request_schema.empty() && "the operation takes no JSON body");
  return body_.is_null() ? none : body_.as_object();
}

std::int64_t Call::if_match() const {
  const std::optional<std::int64_t> version =
      parse_version_tag(request_.header("If-Match").value_or(""));
  assert(version && "the operation does not require If-Match");
  return *version;
}

const std::string& Call::idempotency_key() const {
  const auto& fields = request_.headers.all();
  const auto found = std::ranges::find_if(fields, [](const auto& field) {
    return equal_ignoring_case(field.first, "Idempotency-Key");
  });
  assert(found != fields.end() && "the operation does not require Idempotency-Key");
  return found->second;
}

storage::BatchKey Call::batch_key(const Reply& answer) const {
  assert(!answer.shared_body && "the first answer is stored whole");
  return {.shop_id = shop(),
          .scope = std::string(operation_->id),
          .key = idempotency_key(),
          .fingerprint = fingerprint(*this, body_),
          .response = {answer.status, answer.body}};
}

void Operations::add(Operation operation) {
  if (!is_camel_case(operation.id)) {
    refuse(operation, "the id is not in camelCase");
  }
  if (operation.summary.empty() || operation.tag.empty()) {
    refuse(operation, "has no summary or no tag");
  }
  check_path(operation);
  check_query(operation);
  check_flags(operation);
  for (const Operation& other : operations_) {
    if (other.id == operation.id) {
      refuse(operation, "the id is taken");
    }
    if (other.method == operation.method && same_shape(other.path, operation.path)) {
      refuse(operation, std::string("has the method and path of ").append(other.id));
    }
  }
  operation.role = role_;
  operations_.push_back(std::move(operation));
}

Result<Reply> settle(storage::Commit outcome, Reply answer) {
  if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
    return fail(*refused->kind, std::string(refused->kind->title));
  }
  if (std::holds_alternative<storage::KeyReused>(outcome)) {
    return fail(
        errc::idempotency_key_reused,
        "The key was sent before with another request. Use a new key for a new request, and "
        "the same body for a repeated one.");
  }
  storage::Committed& committed = std::get<storage::Committed>(outcome);
  if (!committed.replayed) {
    answer.committed = true;
    return answer;
  }
  Reply first;
  first.status = committed.response.status;
  first.body = std::move(committed.response.body);
  first.replayed = true;
  first.committed = true;
  return first;
}

}  // namespace securecart::shop::api
