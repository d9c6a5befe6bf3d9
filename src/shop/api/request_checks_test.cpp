#include "shop/api/request_checks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shop/api/errc.hpp"

namespace securecart::shop::api {
namespace {

using accounts::Role;
using testing::ElementsAre;

net::Request with(std::string name, std::string value) {
  net::Request request;
  request.headers.add(std::move(name), std::move(value));
  return request;
}

TEST(credentials, are_read_from_headers) {
  net::Request request = with("Host", "Shop.Example:8080");
  request.headers.add("x-publishable-key", "pk_1");
  request.headers.add("authorization", "bearer  cs_1 ");
  const Result<accounts::Credentials> credentials = read_credentials(request);
  ASSERT_TRUE(credentials);
  EXPECT_EQ(credentials->host, "shop.example");
  EXPECT_EQ(credentials->publishable_key, "pk_1");
  EXPECT_EQ(credentials->bearer, "cs_1");
  for (const char* value : {"", "Basic YQ==", "Bearer", "Bearer ", "cs_1"}) {
    const Result<accounts::Credentials> refused = read_credentials(with("Authorization", value));
    ASSERT_FALSE(refused) << value;
    EXPECT_TRUE(refused.error().is(errc::unauthorised));
  }
}

TEST(access, is_by_operation_and_role) {
  Operation operation;
  const Caller guest{"shop_1", "guest", "", "", std::nullopt};
  const Caller customer{"shop_1", "customer:cus_1", "cus_1", "", std::nullopt};
  const Caller owner{"shop_1", "key:key_1", "", "", Role::owner};
  const Caller viewer{"shop_1", "staff:stf_1", "", "stf_1", Role::viewer};
  for (const Access access : {Access::open, Access::store}) {
    operation.access = access;
    EXPECT_FALSE(check_access(operation, guest));
    EXPECT_FALSE(check_access(operation, owner));
  }
  operation.access = Access::shopper;
  EXPECT_FALSE(check_access(operation, customer));
  EXPECT_TRUE(check_access(operation, guest)->is(errc::unauthorised));
  EXPECT_TRUE(check_access(operation, owner)->is(errc::forbidden));
  operation.access = Access::admin;
  EXPECT_FALSE(check_access(operation, viewer)) << "Permission::none is anyone of the shop";
  operation.permission = Permission::settings_write;
  EXPECT_FALSE(check_access(operation, owner));
  EXPECT_TRUE(check_access(operation, viewer)->is(errc::forbidden));
  EXPECT_TRUE(check_access(operation, customer)->is(errc::forbidden));
  EXPECT_TRUE(check_access(operation, guest)->is(errc::unauthorised));
}

Operation searching() {
  Operation operation;
  operation.query =
      page_parameters({{.name = "q", .description = "", .required = true, .maximum = 5},
                       {.name = "sort", .description = "", .choices = {"newest", "title"}},
                       {.name = "flag", .type = Parameter::Type::boolean, .description = ""}});
  return operation;
}

std::vector<std::string> query_complaints(std::vector<std::pair<std::string, std::string>> query) {
  net::Request request;
  request.query = std::move(query);
  const std::optional<Error> error = check_query(searching(), request);
  std::vector<std::string> lines;
  if (error) {
    EXPECT_TRUE(error->is(errc::invalid_request));
    for (const FieldError& field : error->fields) {
      lines.push_back(field.where + ": " + field.what);
    }
  }
  return lines;
}

TEST(query, is_checked_whole) {
  EXPECT_THAT(query_complaints({{"q", "a"}, {"sort", "title"}, {"flag", "true"}, {"limit", "100"}}),
              ElementsAre());
  EXPECT_THAT(query_complaints({{"limit", "0"}, {"page", "2"}, {"flag", "1"}, {"sort", "up"}}),
              ElementsAre("query.limit: must be an integer from 1 to 100",
                          "query.page: is not known here; known are: q, sort, flag, limit, cursor",
                          "query.flag: must be true or false",
                          "query.sort: must be one of newest, title", "query.q: is required"));
  EXPECT_THAT(query_complaints({{"q", "a"}, {"q", "b"}}),
              ElementsAre("query.q: is given more than once"));
  EXPECT_THAT(query_complaints({{"q", "abcdef"}}),
              ElementsAre("query.q: must have at most 5 bytes"));
  for (const char* number : {"", "1.0", "+1", " 1", "1e1", "99999999999999999999", "0x1", "-1"}) {
    EXPECT_EQ(query_complaints({{"q", "a"}, {"limit", number}}).size(), 1U) << number;
  }
}

TEST(headers, are_required_by_flags) {
  Operation operation;
  EXPECT_FALSE(check_headers(operation, net::Request()));
  operation.idempotent = true;
  EXPECT_TRUE(check_headers(operation, net::Request())->is(errc::idempotency_key_missing));
  EXPECT_FALSE(check_headers(operation, with("Idempotency-Key", std::string(255, 'k'))));
  for (const std::string& key :
       {std::string(), std::string(256, 'k'), std::string("a b"), std::string("ä")}) {
    EXPECT_TRUE(check_headers(operation, with("Idempotency-Key", key))->is(errc::invalid_request));
  }
  operation.idempotent = false;
  operation.if_match = true;
  EXPECT_TRUE(check_headers(operation, net::Request())->is(errc::precondition_required));
  EXPECT_FALSE(check_headers(operation, with("If-Match", "\"v12\"")));
  EXPECT_TRUE(check_headers(operation, with("If-Match", "*"))->is(errc::invalid_request));
}

class BodyTest : public testing::Test {
 protected:
  BodyTest() { operation.request_schema = "Thing"; }

  Result<json::value> read(std::string body, std::string type = "application/json") {
    net::Request request;
    if (!type.empty()) {
      request.headers.add("Content-Type", std::move(type));
    }
    request.body = std::move(body);
    return read_body(operation, schemas.find("Thing"), request);
  }

  Schemas schemas{{{"api/schemas/test.json",
                    R"({"Thing": {"type": "object", "properties": {"n": {"type": "integer"}},
                        "additionalProperties": false}})"}}};
  Operation operation;
};

TEST_F(BodyTest, is_json_that_fits) {
  EXPECT_TRUE(read(R"({"n": 1})"));
  EXPECT_TRUE(read(R"({"n": 1})", "Application/JSON; charset=UTF-8"));
  EXPECT_TRUE(read(R"({"n": "1"})").error().is(errc::invalid_request));
  EXPECT_EQ(read(R"({"n": "1"})").error().fields[0].where, "/n");
}

TEST_F(BodyTest, that_is_malformed_is_refused) {
  for (const char* body :
       {"", "{", "[]", "null", "{\"n\":1}x", "{\"n\":1,\"n\":2}", "{\"n\":\"\xff\"}",
        "\xef\xbb\xbf{}", "{'n':1}", "{\"n\":1,}", "{\"n\":NaN}", "{\"n\":01}"}) {
    const Result<json::value> result = read(body);
    ASSERT_FALSE(result) << body;
    EXPECT_TRUE(result.error().is(errc::invalid_request)) << body;
  }
  std::string deep;
  for (std::size_t i = 0; i < 100'000; ++i) {
    deep += "[";
  }
  EXPECT_FALSE(read(deep));
  EXPECT_FALSE(read(R"({"n": 1e999999})"));
}

TEST_F(BodyTest, of_another_type_is_refused) {
  for (const char* type : {"", "text/plain", "application/xml", "application/json; charset=latin1",
                           "application/jsonx"}) {
    EXPECT_TRUE(read("{}", type).error().is(errc::unsupported_media_type)) << type;
  }
}

TEST_F(BodyTest, may_be_left_out_where_it_is_optional) {
  operation.body_optional = true;
  EXPECT_TRUE(read("", "")->is_null());
  EXPECT_FALSE(read("{", "application/json"));
}

TEST_F(BodyTest, of_text_is_handed_on_as_it_is) {
  operation.request_schema = "";
  operation.request_type = "text/csv";
  net::Request request = with("Content-Type", "text/csv; charset=utf-8");
  request.body = "a,b";
  EXPECT_TRUE(read_body(operation, nullptr, request)->is_null());
  EXPECT_TRUE(read_body(operation, nullptr, with("Content-Type", "application/json"))
                  .error()
                  .is(errc::unsupported_media_type));
}

TEST(if_none_match, compares_weakly) {
  EXPECT_TRUE(none_match_names("*", "\"v1\""));
  EXPECT_TRUE(none_match_names("\"v1\"", "\"v1\""));
  EXPECT_TRUE(none_match_names("\"v0\", W/\"v1\"", "\"v1\""));
  EXPECT_FALSE(none_match_names("\"v0\"", "\"v1\""));
  EXPECT_FALSE(none_match_names("", "\"v1\""));
}

}  // namespace
}  // namespace securecart::shop::api
