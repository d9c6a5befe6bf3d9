#include "shop/api/api_handler.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>

#include "base/log.hpp"
#include "base/text.hpp"
#include "net/limits.hpp"
#include "shop/api/errc.hpp"
#include "shop/api/path.hpp"
#include "shop/api/possible_errors.hpp"
#include "shop/api/request_checks.hpp"

namespace securecart::shop::api {

namespace {

constexpr std::string_view store_prefix = "/v1/store/";
constexpr std::string_view no_store = "no-store";
constexpr std::size_t problem_text_bytes = 1'024;  // of a detail, a place, a complaint

[[noreturn]] void refuse(const Operation& operation, const std::string& why) {
  throw std::logic_error("operation " + std::string(operation.id) + ": " + why);
}

const Schema* request_schema_of(const Operation& operation, const Schemas& schemas) {
  if (operation.request_schema.empty()) {
    return nullptr;
  }
  schemas.check_for_requests(operation.request_schema);
  const Schema* schema = schemas.find(operation.request_schema);
  const Schema* shape = schema;
  while (shape->reference != nullptr) {
    shape = shape->reference;
  }
  if (shape->types != Schema::object) {
    refuse(operation, "a request's body is an object");
  }
  return schema;
}

// One code means one thing: clients tell errors apart by it alone.
void check_codes(const Operations& operations) {
  std::map<std::string_view, const ErrorKind*> known;
  for (const Operation& operation : operations.all()) {
    for (const ErrorKind* kind : possible_errors(operation)) {
      const auto [place, added] = known.emplace(kind->code, kind);
      if (!added && place->second != kind) {
        refuse(operation, "two errors have the code " + std::string(kind->code));
      }
    }
  }
}

void set_if_absent(net::Headers& headers, std::string_view name, std::string_view value) {
  if (!headers.find(name)) {
    headers.add(std::string(name), std::string(value));
  }
}

bool is_cacheable(const net::Headers& headers) {
  const std::optional<std::string_view> policy = headers.find("Cache-Control");
  return policy && policy->find(no_store) == std::string_view::npos;
}

void add_vary(net::Headers& headers, std::string_view name) {
  const std::optional<std::string_view> present = headers.find("Vary");
  headers.set("Vary",
              present ? std::string(*present).append(", ").append(name) : std::string(name));
}

// What every answer carries, whatever answered.
void add_security_headers(net::Headers& headers) {
  headers.add("X-Content-Type-Options", "nosniff");
  set_if_absent(headers, "Referrer-Policy", "no-referrer");
  const std::string_view type = headers.find("Content-Type").value_or("");
  if (type.starts_with("text/html")) {
    set_if_absent(headers, "Content-Security-Policy",
                  "default-src 'none'; frame-ancestors 'none'; base-uri 'none'");
  }
}

// Details quote what the client sent (a member's name, say): cut to a length, without the control
// characters that would confuse a terminal or a log.
std::string presentable(std::string_view text) {
  const bool whole = text.size() <= problem_text_bytes;
  std::string out;
  for (const char c : whole ? text : utf8_prefix(text, problem_text_bytes)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool control = byte == 0x7f || (byte < 0x20 && c != '\n' && c != '\t');
    if (control) {
      append_utf8(out, U'\uFFFD');
    } else {
      out.push_back(c);
    }
  }
  return whole ? out : out.append("…");
}

net::Response problem_response(const Error& given, std::string_view request_id) {
  Error error = given;
  error.detail = presentable(error.detail);
  for (FieldError& field : error.fields) {
    field.where = presentable(field.where);
    field.what = presentable(field.what);
  }
  net::Response response = net::problem(error, request_id);
  const bool says_when = error.retry_after_seconds > 0;
  if (says_when || (error.kind->retryable && error.kind->status == 429)) {
    response.headers.set("Retry-After", std::to_string(says_when ? error.retry_after_seconds : 1));
  }
  if (error.kind->status == 401) {
    response.headers.add("WWW-Authenticate", "Bearer");
  }
  return response;
}

Error explain(const Unavailable& lost, const Operation& operation, const net::Request& request) {
  log::warn("a dependency is unavailable", {{"operation", operation.id},
                                            {"request_id", request.request_id},
                                            {"what", lost.what()},
                                            {"outcome_unknown", lost.outcome_unknown}});
  if (lost.outcome_unknown && operation.method != net::Method::get) {
    return {errc::outcome_unknown,
            operation.idempotent ? "Send the same request again with the same Idempotency-Key."
                                 : "Read the resource to see whether the change is there."};
  }
  return {errc::unavailable, "Nothing was changed. Try again in a moment."};
}

Error explain_defect(std::string_view what, const Operation& operation,
                     const net::Request& request) {
  log::error("a handler failed",
             {{"operation", operation.id}, {"request_id", request.request_id}, {"what", what}});
  return {errc::internal, "Tell us the request_id."};
}

// Whether nobody waits for the answer any more. No deadline at all is none that has passed.
bool is_late(const net::Request& request, const Clock& clock) {
  return request.deadline != SteadyTime{} && request.deadline <= clock.steady();
}
Error too_late() {
  return {errc::overloaded, "The request had waited for too long. Nothing was done."};
}

net::Response response_of(Reply reply) {
  net::Response response;
  response.status = reply.status;
  response.body = std::move(reply.body);
  response.shared_body = std::move(reply.shared_body);
  if (reply.status != 204 && !reply.content_type.empty()) {
    response.headers.add("Content-Type", std::move(reply.content_type));
  }
  if (reply.version) {
    response.headers.add("ETag", version_tag(*reply.version));
  }
  if (reply.replayed) {
    response.headers.add("Idempotency-Replayed", "true");
  }
  for (auto& [name, value] : reply.headers) {
    response.headers.add(std::move(name), std::move(value));
  }
  set_if_absent(response.headers, "Cache-Control", no_store);
  return response;
}

// RFC 9110 section 15.4.5: a reader that has this version already is told so without the body.
void make_conditional(const net::Request& request, net::Response& response) {
  const bool reads = request.method == net::Method::get || request.method == net::Method::head;
  if (!reads || response.status != 200) {
    return;
  }
  const std::optional<std::string_view> condition = request.header("If-None-Match");
  const std::optional<std::string_view> etag = response.headers.find("ETag");
  if (condition && etag && none_match_names(*condition, *etag)) {
    response.status = 304;
    response.body.clear();
    response.shared_body.reset();
  }
}

}  // namespace

struct ApiHandler::Route {
  const Operation* operation;
  const Schema* request_schema;
  Priority priority;
  bool is_here = true;
  std::vector<const ErrorKind*> errors;       // sorted by address
  std::array<observe::Counter*, 4> by_class;  // 2xx, 3xx, 4xx, 5xx
  observe::Histogram* seconds;

  Route(const Operation& row, const Schemas& schemas, observe::Metrics& metrics)
      : operation(&row),
        request_schema(request_schema_of(row, schemas)),
        priority(priority_of(row)),
        errors(possible_errors(row)) {
    if (!row.response_schema.empty() && schemas.find(row.response_schema) == nullptr) {
      refuse(row, "no schema is called " + std::string(row.response_schema));
    }
    std::ranges::sort(errors, std::less<const ErrorKind*>());
    const std::string id(row.id);
    for (std::size_t i = 0; i < by_class.size(); ++i) {
      by_class[i] = &metrics.counter("securecart_api_requests_total", "Answers by operation.",
                                     {{"operation", id}, {"status", std::to_string(i + 2) + "xx"}});
    }
    seconds = &metrics.histogram("securecart_api_request_seconds",
                                 "From the matched request to its answer.", {{"operation", id}});
  }

  void count(int status, Duration took) const {
    by_class[static_cast<std::size_t>(std::clamp(status / 100, 2, 5) - 2)]->add();
    seconds->observe(std::chrono::duration<double>(took).count());
  }
  bool declares(const ErrorKind& kind) const {
    return std::ranges::binary_search(errors, &kind, std::less<const ErrorKind*>());
  }
};

struct ApiHandler::Passage {
  const Route& route;
  net::Request request;             // until the call takes it
  std::vector<std::string> values;  // of the path
  std::optional<Call> call;

  const net::Request& seen() const { return call ? call->request() : request; }
};

ApiHandler::ApiHandler(ApiParts parts, ApiOptions options)
    : parts_(parts),
      options_(std::move(options)),
      router_(parts.operations),
      admission_(std::make_shared<Admission>(options_.admission, parts.clock)),
      undeclared_errors_(parts.metrics.counter(
          "securecart_undeclared_errors_total",
          "Errors a handler answered with that its operation does not declare: defects.")) {
  check_codes(parts_.operations);
  for (const Operation& operation : parts_.operations.all()) {
    routes_.push_back(std::make_unique<Route>(operation, parts_.schemas, parts_.metrics));
    routes_.back()->is_here = parts_.elsewhere == nullptr || operation.role.empty() ||
                              parts_.elsewhere->runs_here(operation.role);
  }
  export_admission();
}

void ApiHandler::export_admission() {
  observe::Metrics& metrics = parts_.metrics;
  metrics.gauge_from(
      "securecart_api_in_flight", "Requests being answered.", {},
      [admission = admission_] { return static_cast<double>(admission->in_flight()); });
  metrics.gauge_from("securecart_api_concurrency_limit",
                     "Requests this instance takes at once, as it has found out.", {},
                     [admission = admission_] { return static_cast<double>(admission->limit()); });
  metrics.gauge_from("securecart_api_pressure",
                     "Classes of requests refused because io threads run late, bulk first.", {},
                     [admission = admission_] {
                       return static_cast<double>(admission->pressure_percent()) / 100.0;
                     });
  for (const Priority priority : all_priorities) {
    metrics.gauge_from("securecart_api_shed_requests", "Requests refused because of load, so far.",
                       {{"priority", std::string(name_of(priority))}},
                       [admission = admission_, priority] {
                         return static_cast<double>(admission->shed(priority));
                       });
  }
}

ApiHandler::~ApiHandler() = default;

std::size_t ApiHandler::body_limit(net::Method method, std::string_view target) const {
  const Router::Match match = router_.match(method, target.substr(0, target.find('?')));
  const std::size_t own = match.found ? routes_[match.operation]->operation->body_bytes : 0;
  return own == 0 ? limits::request_body_bytes : own;
}

Task<net::Response> ApiHandler::handle(net::Request request) {
  const Router::Match match = router_.match(request.method, request.path);
  if (!match.found) {
    const bool is_page = parts_.pages != nullptr && !match.path_known &&
                         !request.path.starts_with("/v1/") && request.path != "/v1";
    if (!is_page) {
      co_return respond_unmatched(request, match);
    }
    Task<net::Response> page = parts_.pages->handle(std::move(request));
    co_return co_await page;
  }
  const SteadyTime began = parts_.clock.steady();
  const Route& route = *routes_[match.operation];
  if (!route.is_here) {
    Task<net::Response> passing_on = pass_on(route, std::move(request));
    net::Response response = co_await passing_on;
    route.count(response.status, parts_.clock.steady() - began);
    co_return response;
  }
  std::vector<std::string> values(match.values.begin(), match.values.begin() + match.value_count);
  Passage passage{route, std::move(request), std::move(values), std::nullopt};
  Task<Result<Reply>> passing = pass_or_explain(passage);
  Result<Reply> outcome = co_await passing;
  net::Response response = respond(passage, std::move(outcome));
  route.count(response.status, parts_.clock.steady() - began);
  co_return response;
}

// To the process that runs the operation's role. What is refused for lack of room is refused here,
// before it costs anybody else anything. How long the other side takes says nothing about this one:
// a slow role must not make the gateway refuse what is for others.
Task<net::Response> ApiHandler::pass_on(const Route& route, net::Request request) {
  const Operation& operation = *route.operation;
  net::Request seen;
  seen.request_id = request.request_id;
  std::optional<std::string> origin;
  if (const std::optional<std::string_view> sent = request.header("Origin")) {
    origin = std::string(*sent);
  }
  std::optional<Error> error;
  Result<Admission::Place> place = admission_->enter(operation, route.priority, request.peer);
  if (!place) {
    error = std::move(place.error());
  } else if (is_late(request, parts_.clock)) {
    error = too_late();
  } else {
    place->ends_with(resilience::ConcurrencyLimiter::Outcome::ignored);
    try {
      Task<Result<net::Response>> asking = parts_.elsewhere->answer(operation, std::move(request));
      Result<net::Response> answer = co_await asking;
      if (answer) {
        co_return std::move(*answer);
      }
      error = std::move(answer.error());
    } catch (const Unavailable& lost) {
      error = explain(lost, operation, seen);
    } catch (const std::exception& defect) {
      error = explain_defect(defect.what(), operation, seen);
    }
  }
  net::Response response = problem_response(*error, seen.request_id);
  add_security_headers(response.headers);
  add_cors(operation.path, origin, response.headers);
  co_return response;
}

Task<Result<Reply>> ApiHandler::pass_or_explain(Passage& passage) {
  const Operation& operation = *passage.route.operation;
  try {
    Task<Result<Reply>> passing = pass(passage);
    co_return co_await passing;
  } catch (const Unavailable& lost) {
    co_return std::unexpected(explain(lost, operation, passage.seen()));
  } catch (const std::exception& defect) {
    co_return std::unexpected(explain_defect(defect.what(), operation, passage.seen()));
  }
}

Task<Result<Reply>> ApiHandler::pass(Passage& passage) {
  const Operation& operation = *passage.route.operation;
  Result<Admission::Place> place =
      admission_->enter(operation, passage.route.priority, passage.request.peer);
  if (!place) {
    co_return std::unexpected(std::move(place.error()));
  }
  if (is_late(passage.request, parts_.clock)) {
    place->ends_with(resilience::ConcurrencyLimiter::Outcome::dropped);
    co_return std::unexpected(too_late());
  }
  Caller caller;
  if (operation.access != Access::open) {
    const Result<accounts::Credentials> credentials = read_credentials(passage.request);
    if (!credentials) {
      co_return std::unexpected(credentials.error());
    }
    Task<Result<Caller>> asking = parts_.authenticator.authenticate(*credentials);
    Result<Caller> known = co_await asking;
    if (!known) {
      co_return std::unexpected(std::move(known.error()));
    }
    caller = std::move(*known);
  }
  std::optional<Error> error = check_access(operation, caller);
  if (!error) {
    error = check_query(operation, passage.request);
  }
  if (error) {
    co_return std::unexpected(std::move(*error));
  }
  Result<json::value> body = read_body(operation, passage.route.request_schema, passage.request);
  if (!body) {
    co_return std::unexpected(std::move(body.error()));
  }
  error = check_headers(operation, passage.request);
  if (error) {
    co_return std::unexpected(std::move(*error));
  }
  passage.call.emplace(operation, std::move(passage.request), std::move(caller),
                       std::move(passage.values), std::move(*body));
  Task<Result<Reply>> handling = operation.handler(*passage.call);
  Result<Reply> outcome = co_await handling;
  const bool committed = outcome && outcome->committed;
  if (operation.idempotent && !committed) {
    Task<std::optional<Result<Reply>>> looking = known_answer(*passage.call);
    std::optional<Result<Reply>> known = co_await looking;
    if (known) {
      co_return std::move(*known);
    }
  }
  co_return outcome;
}

// A repeated request is answered with what was stored, whatever its handler makes of a world that
// has moved on. A handler of an idempotent operation does nothing but commit one batch under the
// key, which finds the first answer by itself; it is looked up here when there was no batch.
Task<std::optional<Result<Reply>>> ApiHandler::known_answer(const Call& call) {
  const storage::BatchKey key = call.batch_key(Reply());
  storage::Query query{
      "SELECT fingerprint, status, body FROM idempotency_keys "
      "WHERE shop_id = $1 AND scope = $2 AND key = $3",
      {key.shop_id, key.scope, key.key}};
  Task<storage::Rows> reading = parts_.database.read(std::move(query));
  const storage::Rows rows = co_await reading;
  if (rows.empty()) {
    co_return std::nullopt;
  }
  storage::Commit outcome = storage::KeyReused();
  if (rows[0].text(0) == key.fingerprint) {
    storage::Committed first;
    first.replayed = true;
    first.response = {static_cast<int>(rows[0].integer(1)), rows[0].text(2)};
    outcome = std::move(first);
  }
  co_return settle(std::move(outcome), Reply());
}

net::Response ApiHandler::respond(const Passage& passage, Result<Reply> outcome) const {
  const net::Request& request = passage.seen();
  const Operation& operation = *passage.route.operation;
  net::Response response;
  if (outcome) {
    response = response_of(std::move(*outcome));
    make_conditional(request, response);
    if (operation.access != Access::open && is_cacheable(response.headers)) {
      add_vary(response.headers, "X-Publishable-Key");
    }
  } else {
    const Error& error = outcome.error();
    if (!passage.route.declares(*error.kind)) {
      undeclared_errors_.add();
      log::error("an error the operation does not declare",
                 {{"operation", operation.id}, {"code", error.kind->code}});
    }
    response = problem_response(error, request.request_id);
  }
  add_security_headers(response.headers);
  add_cors(operation.path, request.header("Origin"), response.headers);
  return response;
}

net::Response ApiHandler::respond_unmatched(const net::Request& request,
                                            const Router::Match& match) const {
  net::Response response;
  if (match.path_known && request.method == net::Method::options) {
    response = preflight(request, match);
  } else if (match.path_known) {
    const Error error(errc::method_not_allowed,
                      "This address takes " + std::string(match.allow) + ".");
    response = net::problem(error, request.request_id);
    response.headers.add("Allow", std::string(match.allow));
  } else {
    const Error error(errc::not_found,
                      request.path.size() > 1 && request.path.ends_with('/')
                          ? "No address ends in a slash; leave it out."
                          : "There is nothing at this path; /reference lists what there is.");
    response = net::problem(error, request.request_id);
  }
  add_security_headers(response.headers);
  add_cors(request.path, request.header("Origin"), response.headers);
  return response;
}

// The Fetch standard's question before a cross-origin request (https://fetch.spec.whatwg.org,
// CORS-preflight request), and the plain OPTIONS of RFC 9110.
net::Response ApiHandler::preflight(const net::Request& request, const Router::Match& match) const {
  net::Response response;
  response.status = 204;
  response.headers.add("Allow", std::string(match.allow));
  response.headers.add("Cache-Control", std::string(no_store));
  const std::optional<std::string_view> origin = request.header("Origin");
  if (origin && origin_allowed(*origin) && request.path.starts_with(store_prefix)) {
    response.headers.add("Access-Control-Allow-Methods", std::string(match.allow));
    response.headers.add("Access-Control-Allow-Headers",
                         "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, "
                         "Traceparent, X-Cart-Token, X-Order-Token, X-Publishable-Key");
    response.headers.add("Access-Control-Max-Age", "600");
  }
  return response;
}

bool ApiHandler::origin_allowed(std::string_view origin) const {
  return std::ranges::any_of(options_.allowed_origins, [origin](const std::string& allowed) {
    return allowed == "*" || allowed == origin;
  });
}

void ApiHandler::add_cors(std::string_view path, std::optional<std::string_view> origin,
                          net::Headers& headers) const {
  if (options_.allowed_origins.empty() || !path.starts_with(store_prefix)) {
    return;
  }
  add_vary(headers, "Origin");
  if (origin && origin_allowed(*origin)) {
    headers.add("Access-Control-Allow-Origin", std::string(*origin));
    headers.add("Access-Control-Expose-Headers",
                "ETag, Idempotency-Replayed, Retry-After, X-Request-Id");
  }
}

}  // namespace securecart::shop::api
