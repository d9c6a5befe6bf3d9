// Any method, target, headers and body through the whole way of a request, with handlers that use
// everything a Call offers: the answer is one the operation declares, a problem is a Problem, and
// nothing is ever "internal". A request is written as
//   POST /v1/store/things/7?limit=5
//   If-Match: "v7"
//
//   {"n": 1}
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "shop/api/api_handler.hpp"
#include "shop/api/cursor.hpp"
#include "shop/api/errc.hpp"
#include "shop/api/possible_errors.hpp"

namespace securecart::shop::api {
namespace {

// Knows every key ever used, with another request, when the key begins with "known".
class EmptyDatabase final : public storage::Database {
 public:
  Task<std::vector<storage::Rows>> read_all(std::vector<storage::Query> queries,
                                            storage::Freshness) override {
    std::vector<storage::Rows> answers;
    for (const storage::Query& query : queries) {
      storage::Rows rows(3);
      if (std::get<std::string>(query.parameters.back()).starts_with("known")) {
        rows.append(std::string("another"));
        rows.append(std::int64_t{200});
        rows.append(std::string("{}"));
      }
      answers.push_back(std::move(rows));
    }
    co_return answers;
  }
  Task<storage::Commit> commit(storage::Batch) override {
    storage::Commit outcome = storage::Committed();
    co_return outcome;
  }
  void on_commit(storage::CommitObserver) override {}
};

class Authenticator final : public accounts::Authenticator {
 public:
  Task<Result<Caller>> authenticate(const accounts::Credentials& credentials) override {
    Caller caller{"shop_1", "guest", "", "", std::nullopt};
    if (credentials.bearer == "c") {
      caller.customer_id = "cus_1";
    } else if (credentials.bearer == "s") {
      caller.role = accounts::Role::viewer;
    } else if (!credentials.bearer.empty()) {
      co_return fail(errc::unauthorised, "Unknown.");
    }
    co_return caller;
  }
};

Task<Result<Reply>> answer(Call& call) {
  const Operation& operation = call.operation();
  json::object body{{"limit", call.limit()}, {"flag", call.query_flag("flag")}};
  const Result<std::optional<CursorKeys>> cursor = cursor_of(call, "things", "is");
  if (!cursor) {
    co_return std::unexpected(cursor.error());
  }
  if (operation.if_match) {
    body["version"] = call.if_match();
  }
  if (!operation.request_schema.empty()) {
    body["body"] = call.body();
  }
  Reply made = reply(operation.success, body, 7);
  if (operation.idempotent) {
    body["fingerprint"] = call.batch_key(made).fingerprint;
  }
  co_return made;
}

Operations operations() {
  Operations table;
  const auto add = [&table](std::string_view id, net::Method method, std::string_view path,
                            Access access, bool guarded, std::string_view schema) {
    table.add({.id = id,
               .method = method,
               .path = path,
               .tag = "Fuzz",
               .summary = "Fuzz",
               .access = access,
               .query = page_parameters(
                   {{.name = "flag", .type = Parameter::Type::boolean, .description = ""},
                    {.name = "sort", .description = "", .choices = {"newest", "title"}}}),
               .request_schema = schema,
               .idempotent = guarded,
               .if_match = guarded,
               .handler = answer});
  };
  using enum net::Method;
  add("home", get, "/", Access::open, false, "");
  add("list", get, "/v1/store/things", Access::store, false, "");
  add("create", post, "/v1/store/things", Access::store, false, "Address");
  add("one", get, "/v1/store/things/{thing_id}", Access::store, false, "");
  add("me", get, "/v1/store/things/me", Access::shopper, false, "");
  add("part", del, "/v1/store/things/{thing_id}/parts/{part_id}", Access::store, false, "");
  add("change", patch, "/v1/admin/things/{thing_id}", Access::admin, true, "Address");
  add("complete", post, "/v1/store/things/{thing_id}/complete", Access::store, true, "Address");
  return table;
}

void check(bool holds) {
  if (!holds) {
    std::abort();
  }
}

// The next line without its end; cuts it off `rest`.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

std::optional<net::Request> read_request(std::string_view rest) {
  const std::string_view first = take_line(rest);
  const std::size_t space = std::min(first.find(' '), first.size());
  Result<net::Target> target = net::parse_target(first.substr(std::min(space + 1, first.size())));
  if (!target) {
    return std::nullopt;
  }
  net::Request request;
  request.method = net::parse_method(first.substr(0, space));
  request.target = first.substr(std::min(space + 1, first.size()));
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  for (std::string_view line = take_line(rest); !line.empty(); line = take_line(rest)) {
    const std::size_t colon = std::min(line.find(':'), line.size());
    request.headers.add(std::string(line.substr(0, colon)),
                        std::string(trim(line.substr(std::min(colon + 1, line.size())))));
  }
  request.body = rest;
  request.request_id = "req_fuzz";
  return request;
}

struct World {
  Operations table = operations();
  Schemas schemas = Schemas::embedded();
  Authenticator authenticator;
  EmptyDatabase database;
  ManualClock clock;
  observe::Metrics metrics;
  Router router{table};
  ApiHandler handler{
      {table, schemas, authenticator, database, clock, metrics, nullptr},
      {.allowed_origins = {"https://a.example"}, .admission = {.writes_per_second = 0}}};
};

void check_problem(const World& world, const Router::Match& match, const net::Response& response) {
  const Result<json::value> problem = parse_json(response.body);
  check(problem && validate(*world.schemas.find("Problem"), *problem).empty());
  const std::string_view code = get_string(problem->as_object(), "code");
  check(code != "internal");
  if (match.found) {
    const auto kinds = possible_errors(world.table.all()[match.operation]);
    check(std::ranges::any_of(kinds, [code](const ErrorKind* kind) { return kind->code == code; }));
  }
}

}  // namespace

int run(std::string_view input) {
  static World world;
  std::optional<net::Request> request = read_request(input);
  if (!request) {
    return 0;
  }
  const std::string path = request->path;
  const Router::Match match = world.router.match(request->method, path);
  static_cast<void>(world.handler.body_limit(request->method, request->target));
  const net::Response response = run_ready(world.handler.handle(std::move(*request)));
  check(response.headers.find("X-Content-Type-Options").has_value());
  if (response.status >= 400) {
    check_problem(world, match, response);
  } else {
    check(match.found || response.status == 204);
  }
  return 0;
}

}  // namespace securecart::shop::api

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  using namespace securecart;
  initialise_crypto();
  log::configure(log::Level::error, log::Format::text);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return securecart::shop::api::run({reinterpret_cast<const char*>(data), size});
}
