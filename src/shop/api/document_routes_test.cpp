#include "shop/api/document_routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shop/api/errc.hpp"
#include "shop/api/html.hpp"
#include "shop/api/reference.hpp"
#include "storage/sqlite/sqlite_database.hpp"
#include "tests/support/api_harness.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::shop::api {
namespace {

using testing::HasSubstr;
using testing::Not;

class NobodyKnown final : public accounts::Authenticator {
 public:
  Task<Result<Caller>> authenticate(const accounts::Credentials&) override {
    co_return fail(errc::unauthorised, "Nobody is known.");
  }
};

Task<Result<Reply>> answer_nothing(Call&) {
  co_return no_content();
}

class DocumentsTest : public testing::Test {
 protected:
  DocumentsTest() {
    routes.mount(operations);
    operations.add({.id = "createThing",
                    .method = net::Method::post,
                    .path = "/v1/store/things/{thing_id}",
                    .tag = "Things",
                    .summary = "Make <a> thing",
                    .description = "With `care`.\n\n- one\n- two",
                    .query = page_parameters(),
                    .request_schema = "Address",
                    .success = 201,
                    .response_schema = "Address[]",
                    .idempotent = true,
                    .handler = answer_nothing});
    routes.build(operations, schemas, "1.2.3");
    api.emplace(ApiParts{operations, schemas, authenticator, *database, clock, metrics, nullptr});
  }

  test::TempDir folder;
  ManualClock clock;
  observe::Metrics metrics;
  std::unique_ptr<storage::SqliteDatabase> database =
      storage::sqlite::open_files(folder.path(), clock, metrics);
  Schemas schemas{{{"api/schemas/common.json", embedded_asset("api/schemas/common.json")}}};
  Operations operations;
  DocumentRoutes routes;
  NobodyKnown authenticator;
  std::optional<test::ApiHarness> api;
};

TEST_F(DocumentsTest, serves_the_openapi_document) {
  const test::Answer answer = api->get("/openapi.json");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.json.at("openapi"), "3.1.0");
  EXPECT_TRUE(answer.json.at("paths").as_object().contains("/openapi.json"));
  EXPECT_EQ(answer.header("Cache-Control"), "public, no-cache");
  const test::Answer again = api->get("/openapi.json", {{"If-None-Match", answer.header("ETag")}});
  EXPECT_EQ(again.status, 304);
}

TEST_F(DocumentsTest, serves_the_reference) {
  const test::Answer answer = api->get("/reference");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(answer.body, HasSubstr("Make &lt;a&gt; thing"));
  EXPECT_THAT(answer.body, Not(HasSubstr("Make <a> thing")));
  EXPECT_THAT(answer.body, HasSubstr("id=\"createThing\""));
  EXPECT_THAT(answer.body, HasSubstr("id=\"schema-Address\""));
  EXPECT_THAT(answer.body, HasSubstr("id=\"error-idempotency_key_reused\""));
  EXPECT_THAT(answer.body, HasSubstr("<ul><li>one</li><li>two</li></ul>"));
}

TEST_F(DocumentsTest, explains_each_error_at_its_type) {
  const test::Answer refused = api->get("/openapi.json?no=1");
  const std::string type(get_string(refused.json.as_object(), "type"));
  EXPECT_EQ(type, "/problems/invalid_request");
  const test::Answer page = api->get(type);
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_THAT(page.body, HasSubstr("The request does not fit this operation."));
  EXPECT_THAT(page.body, HasSubstr("<a href=\"/reference#createThing\">"));
  EXPECT_THAT(page.header("Content-Security-Policy"), HasSubstr("default-src 'none'"));
  for (const char* code : {"malformed_request", "method_not_allowed", "idempotency_key_reused"}) {
    EXPECT_EQ(api->get(std::string("/problems/") + code).status, 200) << code;
  }
  EXPECT_EQ(api->get("/problems/no_such_code").code(), "not_found");
}

TEST_F(DocumentsTest, asks_nobody_else_for_anything) {
  const test::Answer answer = api->get("/reference");
  for (const char* elsewhere : {"src=", "@import", "url(", "<link", " style="}) {
    EXPECT_THAT(answer.body, Not(HasSubstr(elsewhere)));
  }
  const std::string policy = answer.header("Content-Security-Policy");
  EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
  EXPECT_THAT(policy, HasSubstr("script-src 'sha256-"));
  EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
}

TEST(html, escapes_and_marks_up) {
  EXPECT_EQ(html::escape("<a b=\"c\">&'"), "&lt;a b=&quot;c&quot;&gt;&amp;&#39;");
  EXPECT_EQ(html::phrase("a `b<` **c** `d"), "a <code>b&lt;</code> <strong>c</strong> `d");
  EXPECT_EQ(html::prose("a\nb\n\nc"), "<p>a b</p><p>c</p>");
  EXPECT_EQ(html::prose(""), "");
}

TEST(html, writes_json_for_people) {
  const json::value value = parse_json(R"({"a":[1],"b":[],"c":{"d":"<"},"e":[{}]})").value();
  EXPECT_EQ(html::pretty_json(value),
            "{\n  \"a\": [1],\n  \"b\": [],\n  \"c\": {\n    \"d\": \"<\"\n  },\n"
            "  \"e\": [\n    {}\n  ]\n}");
  EXPECT_EQ(parse_json(html::pretty_json(value)).value(), value);
  EXPECT_THAT(html::coloured_json(value), HasSubstr("<span class=\"s\">&quot;&lt;&quot;</span>"));
}

}  // namespace
}  // namespace securecart::shop::api
