#include "shop/api/operation.hpp"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shop/api/errc.hpp"
#include "shop/api/limits.hpp"
#include "shop/api/path.hpp"
#include "shop/api/possible_errors.hpp"

namespace securecart::shop::api {
namespace {

using testing::HasSubstr;

Task<Result<Reply>> answer_nothing(Call&) {
  co_return no_content();
}

Operation sample() {
  return {.id = "getThing",
          .method = net::Method::get,
          .path = "/v1/store/things/{thing_id}",
          .tag = "Things",
          .summary = "One thing",
          .handler = answer_nothing};
}

std::string why_refused(Operation operation) {
  Operations table;
  table.add({.id = "listThings",
             .method = net::Method::get,
             .path = "/v1/store/things",
             .tag = "Things",
             .summary = "All things",
             .handler = answer_nothing});
  try {
    table.add(std::move(operation));
  } catch (const std::logic_error& error) {
    return error.what();
  }
  return "";
}

TEST(operations, accept_a_row_that_is_whole) {
  EXPECT_EQ(why_refused(sample()), "");
}

TEST(operations, refuse_rows_that_are_wrong) {
  Operation row = sample();
  row.id = "Get-Thing";
  EXPECT_THAT(why_refused(row), HasSubstr("camelCase"));
  row = sample();
  row.id = "listThings";
  EXPECT_THAT(why_refused(row), HasSubstr("the id is taken"));
  row = sample();
  row.path = "/v1/store/things";
  EXPECT_THAT(why_refused(row), HasSubstr("method and path of listThings"));
  row = sample();
  row.handler = nullptr;
  EXPECT_THAT(why_refused(row), HasSubstr("no handler"));
  row = sample();
  row.summary = "";
  EXPECT_THAT(why_refused(row), HasSubstr("no summary"));
  row = sample();
  row.method = net::Method::head;
  EXPECT_THAT(why_refused(row), HasSubstr("answered by the router"));
  row = sample();
  row.idempotent = true;
  EXPECT_THAT(why_refused(row), HasSubstr("a GET takes no body"));
  row = sample();
  row.permission = Permission::catalog_read;
  EXPECT_THAT(why_refused(row), HasSubstr("needs Access::admin"));
  row = sample();
  row.success = 404;
  EXPECT_THAT(why_refused(row), HasSubstr("2xx"));
  row = sample();
  row.query = page_parameters({{.name = "limit", .description = ""}});
  EXPECT_THAT(why_refused(row), HasSubstr("named twice"));
  row = sample();
  row.errors = {nullptr};
  EXPECT_THAT(why_refused(row), HasSubstr("null error"));
}

TEST(operations, refuse_malformed_paths) {
  for (const std::string_view path :
       {"v1", "/v1/", "/v1//a", "/v1/{}", "/v1/{A}", "/v1/{a}/{a}", "/v1/a{b}", "/v1/A b"}) {
    Operation row = sample();
    row.path = path;
    EXPECT_NE(why_refused(row), "") << path;
  }
}

TEST(operations, imply_errors_by_their_flags) {
  Operation row = sample();
  row.method = net::Method::post;
  row.access = Access::admin;
  row.idempotent = true;
  row.if_match = true;
  row.request_schema = "Thing";
  row.errors = {&errc::not_found};
  const std::vector<const ErrorKind*> errors = possible_errors(row);
  for (const ErrorKind* kind :
       {&errc::invalid_request, &errc::idempotency_key_missing, &errc::idempotency_key_reused,
        &errc::precondition_required, &errc::version_conflict, &errc::unauthorised,
        &errc::forbidden, &errc::shop_unknown, &errc::unsupported_media_type, &errc::rate_limited,
        &errc::overloaded, &errc::not_found, &errc::body_too_large}) {
    EXPECT_EQ(std::ranges::count(errors, kind), 1) << kind->code;
  }
  EXPECT_TRUE(std::ranges::is_sorted(errors, {}, &ErrorKind::status));
}

TEST(operations, imply_no_error_that_cannot_happen) {
  Operation row = sample();
  row.method = net::Method::get;
  row.path = "/livez";
  row.access = Access::open;
  row.request_schema = "";
  row.if_match = false;
  row.idempotent = false;
  row.errors.clear();
  row.needs_database = false;
  EXPECT_EQ(possible_errors(row), std::vector<const ErrorKind*>{&errc::invalid_request});
  row.needs_database = true;
  for (const ErrorKind* kind : possible_errors(row)) {
    EXPECT_NE(kind, &errc::overloaded) << "what is open to anyone is always let in";
    EXPECT_NE(kind, &errc::outcome_unknown) << "nothing is written";
  }
}

TEST(paths, compare_by_shape) {
  EXPECT_TRUE(same_shape("/a/{x}/b", "/a/{y}/b"));
  EXPECT_FALSE(same_shape("/a/{x}", "/a/me"));
  EXPECT_FALSE(same_shape("/a", "/a/b"));
  EXPECT_EQ(parameter_index("/a/{x}/{xy}", "xy"), 1U);
  EXPECT_EQ(parameter_index("/a/{x}/{xy}", "y"), std::nullopt);
}

TEST(version_tags, are_strong_and_have_one_spelling) {
  EXPECT_EQ(version_tag(7), "\"v7\"");
  EXPECT_EQ(parse_version_tag("\"v7\""), 7);
  EXPECT_EQ(parse_version_tag("\"v0\""), 0);
  for (const std::string_view tag : {"v7", "\"7\"", "W/\"v7\"", "*", "\"v\"", "\"v-1\"", "\"v07\"",
                                     "\"v+7\"", "\"v99999999999999999999\"", "", "\"v7\" "}) {
    EXPECT_EQ(parse_version_tag(tag), std::nullopt) << tag;
  }
}

net::Request sample_request() {
  net::Request request;
  request.method = net::Method::post;
  request.path = "/v1/store/things/7";
  request.headers.add("idempotency-key", "key-1");
  request.headers.add("If-Match", "\"v3\"");
  request.body = R"({"b": 1, "a": 2})";
  return request;
}

Call call_of(const Operation& operation, net::Request request, std::string actor = "guest") {
  Caller caller;
  caller.shop_id = "shop_1";
  caller.actor = std::move(actor);
  json::value body = parse_json(request.body).value();
  return Call(operation, std::move(request), std::move(caller), {"7"}, std::move(body));
}

Operation keyed() {
  Operation row = sample();
  row.method = net::Method::post;
  row.idempotent = true;
  row.if_match = true;
  row.request_schema = "Thing";
  row.query =
      page_parameters({{.name = "dry_run", .type = Parameter::Type::boolean, .description = ""}});
  return row;
}

TEST(call, reads_what_the_request_says) {
  const Operation row = keyed();
  net::Request request = sample_request();
  request.query = {{"limit", "5"}, {"dry_run", "true"}};
  const Call call = call_of(row, std::move(request));
  EXPECT_EQ(call.path("thing_id"), "7");
  EXPECT_EQ(call.limit(), 5U);
  EXPECT_TRUE(call.query_flag("dry_run"));
  EXPECT_EQ(call.query("cursor"), std::nullopt);
  EXPECT_EQ(call.if_match(), 3);
  EXPECT_EQ(call.idempotency_key(), "key-1");
  EXPECT_EQ(get_int(call.body(), "a"), 2);
  EXPECT_EQ(call.shop(), "shop_1");
  EXPECT_EQ(call_of(row, sample_request()).limit(), limits::page_default);
}

TEST(call, key_tells_requests_apart) {
  const Operation row = keyed();
  const auto print = [&row](net::Request request, std::string actor = "guest") {
    return call_of(row, std::move(request), std::move(actor)).batch_key(reply(201, {})).fingerprint;
  };
  const std::string first = print(sample_request());
  EXPECT_EQ(first.size(), 64U);
  net::Request request = sample_request();
  request.body = R"({ "a":2, "b":1 })";
  EXPECT_EQ(print(request), first) << "spaces and order say nothing";
  request.body = R"({"a": 2, "b": 2})";
  EXPECT_NE(print(request), first);
  request = sample_request();
  request.path = "/v1/store/things/8";
  EXPECT_NE(print(request), first);
  request = sample_request();
  request.headers.add("X-Cart-Token", "ct_1");
  EXPECT_NE(print(request), first) << "a key fetches nothing without the secret";
  EXPECT_NE(print(sample_request(), "customer:cus_1"), first);
  request = sample_request();
  request.body = R"({"a": 1.5})";
  EXPECT_NE(print(request), first);
}

TEST(call, key_carries_the_answer) {
  const Operation row = keyed();
  const storage::BatchKey key =
      call_of(row, sample_request()).batch_key(reply(201, json::object{{"id", "x"}}));
  EXPECT_EQ(key.shop_id, "shop_1");
  EXPECT_EQ(key.scope, "getThing");
  EXPECT_EQ(key.key, "key-1");
  EXPECT_EQ(key.response.status, 201);
  EXPECT_EQ(key.response.body, R"({"id":"x"})");
}

TEST(settle, turns_outcomes_into_replies) {
  static constexpr ErrorKind sold_out{"sold_out", 409, "Sold out."};
  const Result<Reply> done = settle(storage::Committed(), reply(201, json::object()));
  ASSERT_TRUE(done);
  EXPECT_FALSE(done->replayed);
  storage::Committed replayed;
  replayed.replayed = true;
  replayed.response = {200, "first"};
  const Result<Reply> again = settle(replayed, reply(201, json::object()));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->status, 200);
  EXPECT_EQ(again->body, "first");
  EXPECT_TRUE(settle(storage::Refused{0, &sold_out}, Reply()).error().is(sold_out));
  EXPECT_TRUE(settle(storage::KeyReused(), Reply()).error().is(errc::idempotency_key_reused));
}

}  // namespace
}  // namespace securecart::shop::api
