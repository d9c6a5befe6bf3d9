#include "shop/api/api_handler.hpp"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/limits.hpp"
#include "shop/api/errc.hpp"
#include "storage/sqlite/sqlite_database.hpp"
#include "tests/support/api_harness.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::shop::api {
namespace {

using accounts::Credentials;
using accounts::Role;
using testing::HasSubstr;
using testing::Not;

constexpr ErrorKind sold_out{"sold_out", 409, "Sold out."};
constexpr ErrorKind surprise{"surprise", 409, "Nobody declared this."};

// Two shops and their people, by name.
class FakeAuthenticator final : public accounts::Authenticator {
 public:
  Task<Result<Caller>> authenticate(const Credentials& credentials) override {
    if (credentials.publishable_key == "pk_broken") {
      throw Unavailable("the accounts are away");
    }
    Caller caller{"shop_1", "guest", "", "", std::nullopt};
    if (!credentials.publishable_key.empty() && credentials.publishable_key != "pk_1") {
      co_return fail(errc::shop_unknown, "No shop has this key.");
    }
    if (credentials.bearer == "cs_ada") {
      caller.actor = "customer:cus_ada";
      caller.customer_id = "cus_ada";
    } else if (credentials.bearer == "sk_owner" || credentials.bearer == "sk_viewer") {
      caller.actor = "key:" + credentials.bearer;
      caller.role = credentials.bearer == "sk_owner" ? Role::owner : Role::viewer;
    } else if (!credentials.bearer.empty()) {
      co_return fail(errc::unauthorised, "The token is unknown or expired.");
    }
    co_return caller;
  }
};

// Handlers that do what their name says.
class Things {
 public:
  explicit Things(storage::Database& database) : database_(database) {}

  void add_to(Operations& table) {
    table.add(row("getThing", net::Method::get, "/v1/store/things/{thing_id}"), *this,
              &Things::get);
    Operation create = row("createThing", net::Method::post, "/v1/store/things");
    create.request_schema = "Thing";
    create.success = 201;
    create.idempotent = true;
    create.errors = {&sold_out};
    table.add(create, *this, &Things::create);
    Operation change = row("changeThing", net::Method::patch, "/v1/admin/things/{thing_id}");
    change.access = Access::admin;
    change.permission = Permission::catalog_write;
    change.if_match = true;
    change.request_schema = "Thing";
    table.add(change, *this, &Things::change);
    Operation mine = row("getMine", net::Method::get, "/v1/store/mine");
    mine.access = Access::shopper;
    table.add(mine, *this, &Things::get_mine);
    Operation fail_row = row("failThing", net::Method::post, "/v1/store/fail/{how}");
    fail_row.errors = {&sold_out};
    table.add(fail_row, *this, &Things::fail_as_told);
    Operation upload = row("uploadThings", net::Method::post, "/v1/store/uploads");
    upload.request_type = "text/csv";
    upload.body_bytes = 1'000'000;
    table.add(upload, *this, &Things::upload);
    Operation page = row("getPage", net::Method::get, "/page");
    page.access = Access::open;
    page.response_type = "text/html";
    page.response_schema = "";
    table.add(page, *this, &Things::get_page);
  }

  int calls = 0;
  bool closed = false;  // the world has moved on: create() refuses without a batch

 private:
  static Operation row(std::string_view id, net::Method method, std::string_view path) {
    return {.id = id,
            .method = method,
            .path = path,
            .tag = "Things",
            .summary = "A thing",
            .response_schema = "Thing"};
  }
  static json::object thing(std::int64_t n) { return {{"n", n}}; }

  Task<Result<Reply>> get(Call& call) {
    ++calls;
    if (call.path("thing_id") == "none") {
      co_return fail(errc::not_found, "There is no such thing.");
    }
    Reply answer = reply(200, thing(7), 7);
    if (call.path("thing_id") == "public") {
      answer.headers.emplace_back("Cache-Control", "public, max-age=5");
    }
    co_return answer;
  }
  Task<Result<Reply>> create(Call& call) {
    if (closed) {
      co_return fail(sold_out, "There is nothing to make things of.");
    }
    const std::int64_t n = get_int(call.body(), "n");
    const Reply answer = reply(201, thing(n));
    storage::Batch batch;
    batch.key = call.batch_key(answer);
    Task<storage::Commit> committing = database_.commit(std::move(batch));
    storage::Commit outcome = co_await committing;
    co_return settle(std::move(outcome), answer);
  }
  Task<Result<Reply>> change(Call& call) {
    if (call.if_match() != 7) {
      co_return fail(errc::version_conflict, "It is at version 7.");
    }
    co_return reply(200, thing(get_int(call.body(), "n")), 8);
  }
  Task<Result<Reply>> get_mine(Call&) { co_return reply(200, thing(1)); }
  Task<Result<Reply>> fail_as_told(Call& call) {
    const std::string how = call.path("how");
    if (how == "sold_out") {
      co_return fail(sold_out, "None left.", {{"/lines/0", "has 0 left"}});
    }
    if (how == "surprise") {
      co_return fail(surprise, "Undeclared.");
    }
    if (how == "lost") {
      throw Unavailable("the database is away");
    }
    if (how == "unknown") {
      throw Unavailable("the database went away", true);
    }
    if (how == "slow") {
      Error error(errc::rate_limited, "Wait.");
      error.retry_after_seconds = 9;
      co_return std::unexpected(std::move(error));
    }
    throw std::runtime_error("a defect");
  }
  Task<Result<Reply>> upload(Call& call) {
    co_return reply(200, thing(static_cast<std::int64_t>(call.raw_body().size())));
  }
  Task<Result<Reply>> get_page(Call&) {
    Reply answer;
    answer.content_type = "text/html; charset=utf-8";
    answer.body = "<!doctype html>";
    co_return answer;
  }

  storage::Database& database_;
};

class Storefront final : public net::Handler {
 public:
  Task<net::Response> handle(net::Request request) override {
    net::Response response;
    response.body = "page of " + request.path;
    response.headers.add("X-Content-Type-Options", "nosniff");
    co_return response;
  }
};

Schemas test_schemas() {
  std::vector<Asset> files = {{"api/schemas/test.json",
                               R"({"Thing": {"type": "object", "required": ["n"],
                                   "properties": {"n": {"type": "integer"}},
                                   "additionalProperties": false}})"}};
  files.push_back({"api/schemas/common.json", embedded_asset("api/schemas/common.json")});
  return Schemas(files);
}

class ApiHandlerTest : public testing::Test {
 protected:
  ApiHandlerTest() { things.add_to(operations); }

  ApiParts parts() {
    return {operations, schemas, authenticator, *database, clock, metrics, nullptr};
  }

  test::TempDir folder;
  ManualClock clock;
  observe::Metrics metrics;
  std::unique_ptr<storage::SqliteDatabase> database =
      storage::sqlite::open_files(folder.path(), clock, metrics);
  Schemas schemas = test_schemas();
  Operations operations;
  FakeAuthenticator authenticator;
  Things things{*database};
};

TEST_F(ApiHandlerTest, answers_with_a_version_and_keeps_it_out_of_caches) {
  test::ApiHarness api(parts());
  const test::Answer answer = api.get("/v1/store/things/7");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, R"({"n":7})");
  EXPECT_EQ(answer.header("ETag"), "\"v7\"");
  EXPECT_EQ(answer.header("Cache-Control"), "no-store");
  EXPECT_EQ(answer.header("Referrer-Policy"), "no-referrer");
  EXPECT_EQ(api.send(net::Method::head, "/v1/store/things/7", "", {}).status, 200);
}

TEST_F(ApiHandlerTest, leaves_caching_to_the_operation) {
  test::ApiHarness api(parts());
  const test::Answer answer = api.get("/v1/store/things/public");
  EXPECT_EQ(answer.header("Cache-Control"), "public, max-age=5");
  EXPECT_EQ(answer.header("Vary"), "X-Publishable-Key");
}

TEST_F(ApiHandlerTest, tells_a_reader_that_nothing_changed) {
  test::ApiHarness api(parts());
  const test::Answer answer = api.get("/v1/store/things/7", {{"If-None-Match", "\"v7\""}});
  EXPECT_EQ(answer.status, 304);
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(answer.header("ETag"), "\"v7\"");
  EXPECT_EQ(api.get("/v1/store/things/7", {{"If-None-Match", "\"v6\""}}).status, 200);
}

TEST_F(ApiHandlerTest, says_what_is_not_there) {
  test::ApiHarness api(parts());
  EXPECT_EQ(api.get("/v1/store/things/none").code(), "not_found");
  EXPECT_EQ(api.get("/v1/store/nothing").code(), "not_found");
  EXPECT_EQ(api.get("/").code(), "not_found");
  const test::Answer slash = api.get("/v1/store/mine/");
  EXPECT_EQ(slash.status, 404);
  EXPECT_THAT(slash.text("detail"), HasSubstr("slash"));
  const test::Answer method = api.del("/v1/store/things/7");
  EXPECT_EQ(method.code(), "method_not_allowed");
  EXPECT_EQ(method.header("Allow"), "GET, HEAD, OPTIONS");
}

TEST_F(ApiHandlerTest, knows_shops_and_callers) {
  test::ApiHarness api(parts());
  EXPECT_EQ(api.get("/v1/store/things/7", {{"X-Publishable-Key", "pk_2"}}).code(), "shop_unknown");
  EXPECT_EQ(api.get("/v1/store/things/7", {{"Authorization", "Bearer cs_old"}}).code(),
            "unauthorised");
  EXPECT_EQ(api.get("/v1/store/mine").header("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(api.get("/v1/store/mine", {{"Authorization", "Bearer cs_ada"}}).status, 200);
  EXPECT_EQ(api.get("/v1/store/things/7", {{"X-Publishable-Key", "pk_broken"}}).code(),
            "unavailable");
}

TEST_F(ApiHandlerTest, asks_for_permission_before_anything_else) {
  test::ApiHarness api(parts());
  const std::string_view target = "/v1/admin/things/7?nonsense=1";
  EXPECT_EQ(api.patch(target, "{").code(), "unauthorised");
  api.with("Authorization", "Bearer sk_viewer");
  EXPECT_EQ(api.patch(target, "{").code(), "forbidden");
  api.with("Authorization", "Bearer cs_ada");
  EXPECT_EQ(api.patch(target, "{").code(), "forbidden");
}

TEST_F(ApiHandlerTest, checks_query_then_body_then_headers) {
  test::ApiHarness api(parts());
  api.with("Authorization", "Bearer sk_owner");
  EXPECT_EQ(api.patch("/v1/admin/things/7?x=1", "{").json.at("errors").at(0).at("where"),
            "query.x");
  EXPECT_EQ(api.patch("/v1/admin/things/7", "{").code(), "invalid_request");
  EXPECT_EQ(
      api.patch("/v1/admin/things/7", R"({"n": 1, "m": 2})").json.at("errors").at(0).at("where"),
      "/m");
  EXPECT_EQ(api.patch("/v1/admin/things/7", "{}", {{"Content-Type", "text/plain"}}).code(),
            "unsupported_media_type");
  EXPECT_EQ(api.patch("/v1/admin/things/7", R"({"n": 1})").code(), "precondition_required");
  EXPECT_EQ(api.patch("/v1/admin/things/7", R"({"n": 1})", {{"If-Match", "\"v6\""}}).code(),
            "version_conflict");
  const test::Answer done =
      api.patch("/v1/admin/things/7", R"({"n": 1})", {{"If-Match", "\"v7\""}});
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(done.header("ETag"), "\"v8\"");
}

TEST_F(ApiHandlerTest, answers_a_repeated_key_with_the_first_answer) {
  test::ApiHarness api(parts());
  const test::ApiHarness::Fields key = {{"Idempotency-Key", "k1"}};
  const std::string_view target = "/v1/store/things";
  EXPECT_EQ(api.post(target, R"({"n": 5})").code(), "idempotency_key_missing");
  const test::Answer first = api.post(target, R"({"n": 5})", key);
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(first.header("Idempotency-Replayed"), "");
  const test::Answer again = api.post(target, R"({ "n" :5})", key);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
  EXPECT_EQ(api.post(target, R"({"n": 6})", key).code(), "idempotency_key_reused");
  EXPECT_EQ(api.post(target, R"({"n": 5})",
                     {{"Idempotency-Key", "k1"}, {"Authorization", "Bearer cs_ada"}})
                .code(),
            "idempotency_key_reused")
      << "another caller";
  EXPECT_EQ(api.post(target, R"({"n": "x"})", key).code(), "invalid_request");
  things.closed = true;
  const test::Answer late = api.post(target, R"({"n": 5})", key);
  EXPECT_EQ(late.body, first.body) << "whatever the handler makes of it now";
  EXPECT_EQ(late.header("Idempotency-Replayed"), "true");
  EXPECT_EQ(api.post(target, R"({"n": 6})", key).code(), "idempotency_key_reused");
  EXPECT_EQ(api.post(target, R"({"n": 5})", {{"Idempotency-Key", "k2"}}).code(), "sold_out");
}

TEST_F(ApiHandlerTest, explains_failures) {
  test::ApiHarness api(parts());
  const test::Answer out = api.post("/v1/store/fail/sold_out");
  EXPECT_EQ(out.status, 409);
  EXPECT_EQ(out.json.at("errors").at(0).at("where"), "/lines/0");
  const test::Answer lost = api.post("/v1/store/fail/lost");
  EXPECT_EQ(lost.code(), "unavailable");
  EXPECT_EQ(lost.header("Retry-After"), "1");
  EXPECT_TRUE(lost.json.at("retryable").as_bool());
  const test::Answer unknown = api.post("/v1/store/fail/unknown");
  EXPECT_EQ(unknown.code(), "outcome_unknown");
  EXPECT_EQ(unknown.header("Retry-After"), "") << "something may have been committed";
  EXPECT_EQ(api.post("/v1/store/fail/slow").header("Retry-After"), "9");
  const test::Answer defect = api.post("/v1/store/fail/defect");
  EXPECT_EQ(defect.code(), "internal");
  EXPECT_THAT(defect.body, Not(HasSubstr("a defect"))) << "details are for the log";
}

TEST_F(ApiHandlerTest, quotes_no_more_of_a_request_than_is_fit_to_read) {
  test::ApiHarness api(parts());
  api.with("Authorization", "Bearer sk_owner");
  const std::string name = "a\\u007f\\u001b" + std::string(100'000, 'x');
  const test::Answer answer = api.patch("/v1/admin/things/7", "{\"" + name + "\": 1, \"n\": 1}");
  EXPECT_EQ(answer.code(), "invalid_request");
  EXPECT_LT(answer.body.size(), 10'000U);
  EXPECT_EQ(answer.body.find('\x7f'), std::string::npos);
  EXPECT_THAT(answer.body, Not(HasSubstr("\\u001b")));
}

TEST_F(ApiHandlerTest, counts_errors_nobody_declared) {
  ApiHandler handler(parts(), {});
  net::Request request;
  request.method = net::Method::post;
  request.path = "/v1/store/fail/surprise";
  EXPECT_EQ(run_ready(handler.handle(request)).status, 409);
  EXPECT_EQ(metrics.counter("securecart_undeclared_errors_total", "").value(), 1U);
}

TEST_F(ApiHandlerTest, measures_each_operation) {
  {
    test::ApiHarness api(parts());
    api.get("/v1/store/things/7");
    api.get("/v1/store/things/none");
  }
  const std::string text = metrics.prometheus_text();
  EXPECT_THAT(text,
              HasSubstr(R"(securecart_api_requests_total{operation="getThing",status="2xx"} 1)"));
  EXPECT_THAT(text,
              HasSubstr(R"(securecart_api_requests_total{operation="getThing",status="4xx"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(securecart_api_request_seconds_count{operation="getThing"} 2)"));
}

TEST_F(ApiHandlerTest, takes_other_bodies_up_to_their_own_limit) {
  test::ApiHarness api(parts());
  EXPECT_EQ(api.post("/v1/store/uploads", "a,b", {{"Content-Type", "text/csv"}}).number("n"), 3);
  EXPECT_EQ(api.post("/v1/store/uploads", "a,b").code(), "unsupported_media_type");
  const ApiHandler& handler = api.handler();
  EXPECT_EQ(handler.body_limit(net::Method::post, "/v1/store/uploads?x=1"), 1'000'000U);
  EXPECT_EQ(handler.body_limit(net::Method::post, "/v1/store/things"), limits::request_body_bytes);
  EXPECT_EQ(handler.body_limit(net::Method::post, "/nowhere"), limits::request_body_bytes);
}

TEST_F(ApiHandlerTest, sheds_what_it_has_no_room_for) {
  test::ApiHarness api(parts());
  for (int i = 0; i < 200; ++i) {
    clock.advance(std::chrono::milliseconds(10));
    api.handler().note_lateness(std::chrono::milliseconds(200));
  }
  const test::Answer read = api.get("/v1/store/things/7");
  EXPECT_EQ(read.code(), "overloaded");
  EXPECT_EQ(read.header("Retry-After"), "1");
  EXPECT_EQ(api.get("/page").status, 200) << "open operations always come in";
  test::ApiHarness larger(parts(), {.allowed_origins = {},
                                    .admission = {.at_once = {.least = 2, .most = 2, .start = 2}}});
  EXPECT_EQ(larger.post("/v1/store/fail/sold_out").code(), "sold_out");
}

// Stands for another process.
class OtherProcess final : public Elsewhere {
 public:
  bool runs_here(std::string_view role) const override { return role != "things"; }
  Task<Result<net::Response>> answer(const Operation& operation, net::Request request) override {
    if (request.header("X-Lost")) {
      throw Unavailable("the other process is gone", operation.method != net::Method::get);
    }
    asked.push_back(std::string(operation.id) + " " + request.target);
    co_return net::json_response(200, R"({"id": "7"})");
  }
  std::vector<std::string> asked;
};

TEST_F(ApiHandlerTest, asks_elsewhere_for_roles_that_do_not_run_here) {
  Operations table;
  table.begin_role("things");
  Operation thing{.id = "getThing",
                  .method = net::Method::get,
                  .path = "/v1/store/things/{id}",
                  .tag = "Things",
                  .summary = "A thing"};
  thing.handler = [](Call&) -> Task<Result<Reply>> { co_return no_content(); };
  table.add(thing);
  thing.id = "makeThing";
  thing.method = net::Method::post;
  table.add(thing);
  OtherProcess other;
  ApiParts split = parts();
  ApiHandler handler({table, split.schemas, split.authenticator, split.database, split.clock,
                      split.metrics, nullptr, &other},
                     {});
  test::ThreadExecutor executor;
  clock.advance(std::chrono::seconds(1));
  const auto send = [&](net::Method method, bool lost, SteadyTime deadline) {
    net::Request request;
    request.method = method;
    request.target = "/v1/store/things/7?x=1";
    request.path = "/v1/store/things/7";
    request.deadline = deadline;
    if (lost) {
      request.headers.add("X-Lost", "1");
    }
    return executor.run_task<net::Response>([&handler, request = std::move(request)]() mutable {
      return handler.handle(std::move(request));
    });
  };
  EXPECT_EQ(send(net::Method::get, false, SteadyTime::max()).body, R"({"id": "7"})");
  EXPECT_EQ(other.asked, std::vector<std::string>{"getThing /v1/store/things/7?x=1"});
  EXPECT_EQ(send(net::Method::get, true, SteadyTime::max()).status, 503);
  EXPECT_EQ(send(net::Method::post, true, SteadyTime::max()).status, 504) << "it may have acted";
  EXPECT_EQ(send(net::Method::get, false, SteadyTime(Duration(1))).status, 503)
      << "nobody waits for it any more";
  EXPECT_EQ(other.asked.size(), 1U);
}

TEST_F(ApiHandlerTest, slows_down_a_client_that_writes_too_much) {
  test::ApiHarness api(
      parts(), {.allowed_origins = {}, .admission = {.writes_per_second = 1, .writes_burst = 1}});
  EXPECT_EQ(api.post("/v1/store/fail/sold_out").code(), "sold_out");
  const test::Answer refused = api.post("/v1/store/fail/sold_out");
  EXPECT_EQ(refused.code(), "rate_limited");
  EXPECT_EQ(refused.header("Retry-After"), "1");
}

TEST_F(ApiHandlerTest, lets_pages_of_other_origins_in_only_when_told) {
  const test::ApiHarness::Fields origin = {{"Origin", "https://shop.example"}};
  {
    test::ApiHarness api(parts());
    EXPECT_EQ(api.get("/v1/store/things/7", origin).header("Access-Control-Allow-Origin"), "");
    const test::Answer asked = api.send(net::Method::options, "/v1/store/things/7", "", origin);
    EXPECT_EQ(asked.status, 204);
    EXPECT_EQ(asked.header("Allow"), "GET, HEAD, OPTIONS");
    EXPECT_EQ(asked.header("Access-Control-Allow-Methods"), "");
  }
  test::ApiHarness api(parts(), {.allowed_origins = {"https://shop.example"}, .admission = {}});
  const test::Answer answer = api.get("/v1/store/things/7", origin);
  EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "https://shop.example");
  EXPECT_EQ(answer.header("Vary"), "Origin");
  const test::Answer asked = api.send(net::Method::options, "/v1/store/things/7", "", origin);
  EXPECT_EQ(asked.header("Access-Control-Allow-Methods"), "GET, HEAD, OPTIONS");
  EXPECT_THAT(asked.header("Access-Control-Allow-Headers"), HasSubstr("Idempotency-Key"));
  EXPECT_EQ(api.get("/v1/store/things/none", origin).header("Access-Control-Allow-Origin"),
            "https://shop.example")
      << "a page may read what went wrong";
  EXPECT_EQ(api.get("/v1/store/things/7", {{"Origin", "https://evil.example"}})
                .header("Access-Control-Allow-Origin"),
            "");
  EXPECT_EQ(api.send(net::Method::options, "/v1/admin/things/7", "", origin)
                .header("Access-Control-Allow-Methods"),
            "")
      << "never for the admin API";
}

TEST_F(ApiHandlerTest, guards_pages_of_its_own) {
  test::ApiHarness api(parts());
  EXPECT_THAT(api.get("/page").header("Content-Security-Policy"), HasSubstr("default-src 'none'"));
}

TEST_F(ApiHandlerTest, leaves_other_paths_to_the_storefront) {
  Storefront storefront;
  ApiParts with_pages = parts();
  with_pages.pages = &storefront;
  test::ApiHarness api(with_pages);
  EXPECT_EQ(api.get("/products/teapot").body, "page of /products/teapot");
  EXPECT_EQ(api.get("/v1/store/nothing").code(), "not_found");
  EXPECT_EQ(api.get("/v1").code(), "not_found");
  EXPECT_EQ(api.post("/page").code(), "method_not_allowed");
}

class BadTableTest : public ApiHandlerTest {
 protected:
  static Operation taking(std::string_view schema) {
    Operation row{};
    row.request_schema = schema;
    return row;
  }
  static Operation answering(std::string_view schema) {
    Operation row{};
    row.response_schema = schema;
    return row;
  }
  std::string why_refused(Operation row) {
    row.id = "bad";
    row.method = net::Method::post;
    row.path = "/v1/bad";
    row.tag = "Bad";
    row.summary = "Bad";
    row.handler = [](Call&) -> Task<Result<Reply>> { co_return no_content(); };
    operations.add(std::move(row));
    try {
      const ApiHandler handler(parts(), {});
    } catch (const std::logic_error& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(BadTableTest, refuses_schemas_that_do_not_exist) {
  EXPECT_THAT(why_refused(taking("Nothing")), HasSubstr("no such schema"));
}
TEST_F(BadTableTest, refuses_answers_that_do_not_exist) {
  EXPECT_THAT(why_refused(answering("Nothing")), HasSubstr("no schema"));
}
TEST_F(BadTableTest, refuses_bodies_that_are_no_objects) {
  schemas = Schemas({{"api/schemas/test.json",
                      R"({"Thing": {"type": "object", "additionalProperties": false},
                          "List": {"type": "array", "maxItems": 1}})"}});
  EXPECT_THAT(why_refused(taking("List")), HasSubstr("is an object"));
}
TEST_F(BadTableTest, refuses_two_errors_of_one_code) {
  static constexpr ErrorKind other{"sold_out", 410, "Sold out elsewhere."};
  Operation row{};
  row.errors = {&other};
  EXPECT_THAT(why_refused(row), HasSubstr("two errors"));
}

}  // namespace
}  // namespace securecart::shop::api
