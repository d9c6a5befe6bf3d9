#include "net/http.hpp"

#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/json.hpp"
#include "base/text.hpp"
#include "net/errc.hpp"
#include "net/limits.hpp"

namespace securecart::net {
namespace {

TEST(ParseTarget, Decodes) {
  struct Case {
    const char* target;
    const char* path;
  };
  for (const Case& c : std::vector<Case>{
           {"/", "/"},
           {"/a", "/a"},
           {"/a/", "/a/"},
           {"/a/b/../c", "/a/c"},
           {"/a/./b", "/a/b"},
           {"/a/.", "/a/"},
           {"/a/..", "/"},
           {"/a/b/..", "/a/"},
           {"/a/%2e%2E/b", "/b"},
           {"/%61%62", "/ab"},
           {"/caf%C3%A9", "/caf\xc3\xa9"},
           {"/...", "/..."},
           {"/.well-known/x", "/.well-known/x"},
           {"/a+b", "/a+b"},
           {"/a%25b", "/a%b"},
           {"/a%252e%252e", "/a%2e%2e"},  // decoded once, never twice
           {"/%3Fx", "/?x"},
           {"/a;b=c,d:e@f!$&'()*~", "/a;b=c,d:e@f!$&'()*~"},
       }) {
    const Result<Target> target = parse_target(c.target);
    ASSERT_TRUE(target.has_value()) << c.target;
    EXPECT_EQ(target->path, c.path) << c.target;
    EXPECT_TRUE(target->query.empty()) << c.target;
  }
}

TEST(ParseTarget, ReadsQueries) {
  const Target target = parse_target("/s?q=red+shoes&q=%26%3d%2F&empty=&flag&&=v&a=b=c?").value();
  const std::vector<std::pair<std::string, std::string>> expected{
      {"q", "red shoes"}, {"q", "&=/"}, {"empty", ""}, {"flag", ""}, {"", "v"}, {"a", "b=c?"}};
  EXPECT_EQ(target.path, "/s");
  EXPECT_EQ(target.query, expected);
  Request request;
  request.query = target.query;
  EXPECT_EQ(request.query_value("q"), "red shoes");
  EXPECT_EQ(request.query_value("none"), std::nullopt);
}

TEST(ParseTarget, RefusesTricks) {
  for (const char* target : {"/%",
                             "/%4",
                             "/%4g",
                             "/%-1",
                             "/%00",
                             "/%0d%0a",
                             "/%7f",
                             "/%2f",
                             "/%2F..",
                             "/%5c",
                             "/%c0%af",
                             "/%e0%80%af",
                             "/%f0%80%80%af",
                             "/%c0%80",
                             "/%ed%a0%80",
                             "/%f4%90%80%80",
                             "/%ff",
                             "/%c3",
                             "/\xc3\xa9",
                             "/?%",
                             "/?a=%zz",
                             "/?a=%00",
                             "/?a=%0a",
                             "/?%c0%af"}) {
    const Result<Target> parsed = parse_target(target);
    ASSERT_FALSE(parsed.has_value()) << target;
    EXPECT_TRUE(parsed.error().is(errc::bad_encoding)) << target;
  }
  for (const char* target :
       {"", "a", "*", "http://a/", "/..", "/../", "/a/../..", "/%2e%2e", "/.%2e", "//", "//a",
        "/a//b", "/a b", "/a\tb", "/a\r\nb", "/a#b", "/a\\b"}) {
    const Result<Target> parsed = parse_target(target);
    ASSERT_FALSE(parsed.has_value()) << target;
    EXPECT_TRUE(parsed.error().is(errc::malformed_request)) << target;
  }
  EXPECT_FALSE(parse_target(std::string_view("/a\0b", 4)).has_value());
  const std::string longest = "/" + std::string(limits::request_target_bytes - 1, 'a');
  EXPECT_TRUE(parse_target(longest).has_value());
  EXPECT_TRUE(parse_target(longest + "a").error().is(errc::target_too_long));
}

// Whatever is accepted keeps what Request promises about its path.
RC_GTEST_PROP(ParseTarget, AcceptedPathsAreClean, ()) {
  const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
      "/", "/", ".", "..", "%2e", "%2E", "%2f", "%", "%0", "a", "b", "%C3%A9", "%c3", "?", "=", "&",
      "+", "#", "\\", "%5c", "%00", "//", "\xc3", " "));
  std::string text = "/";
  for (const std::string& piece : pieces) {
    text += piece;
  }
  const Result<Target> target = parse_target(text);
  if (!target) {
    RC_SUCCEED("refused");
  }
  const std::string& path = target->path;
  RC_ASSERT(path.starts_with('/'));
  RC_ASSERT(path.find("//") == std::string::npos);
  RC_ASSERT(path.find('\\') == std::string::npos);
  RC_ASSERT(path.find('\0') == std::string::npos);
  RC_ASSERT((path + "/").find("/../") == std::string::npos);
  RC_ASSERT((path + "/").find("/./") == std::string::npos);
  RC_ASSERT(is_utf8(path));
}

RC_GTEST_PROP(PercentEncode, IsUndoneByParseTarget, (const std::string& bytes)) {
  const std::string encoded = percent_encode(bytes);
  const Result<Target> target = parse_target("/?v=" + encoded);
  const bool printable = std::ranges::none_of(
      bytes, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (!printable || !is_utf8(bytes) || encoded.size() > 4'000) {
    RC_SUCCEED("not text");
  }
  RC_ASSERT(target.has_value());
  RC_ASSERT(target->query.front().second == bytes);
}

TEST(Headers, CompareNamesWithoutCase) {
  Headers headers;
  headers.add("Accept", "a");
  headers.add("ACCEPT", "b");
  EXPECT_EQ(headers.find("accept"), "a");
  headers.set("aCCept", "c");
  EXPECT_EQ(headers.all().size(), 1U);
  EXPECT_EQ(headers.find("Accept"), "c");
  EXPECT_EQ(headers.find("Accep"), std::nullopt);
}

TEST(Request, KnowsItsHost) {
  const auto host = [](const char* field) {
    Request request;
    request.headers.add("host", field);
    return std::string(request.host());
  };
  EXPECT_EQ(host("shop.example"), "shop.example");
  EXPECT_EQ(host("shop.example:8080"), "shop.example");
  EXPECT_EQ(host("[::1]"), "[::1]");
  EXPECT_EQ(host("[::1]:8080"), "[::1]");
  EXPECT_EQ(host("[::1"), "[::1");
  EXPECT_EQ(host(""), "");
  EXPECT_EQ(Request{}.host(), "");
}

TEST(Method, RoundTrips) {
  for (const char* name : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    EXPECT_EQ(to_string(parse_method(name)), name);
  }
  EXPECT_EQ(parse_method("get"), Method::other);  // methods compare with case
  EXPECT_EQ(parse_method("TRACE"), Method::other);
}

TEST(Problem, HasWhatRfc9457Says) {
  const Error error(securecart::errc::invalid_request, "bad \xff byte",
                    {{"/lines/0", "is missing"}});
  const Response response = problem(error, "req_1");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.headers.find("content-type"), "application/problem+json");
  EXPECT_EQ(response.headers.find("retry-after"), std::nullopt);
  const json::object document = parse_json(response.body).value().as_object();
  EXPECT_EQ(document.at("type"), "/problems/invalid_request");
  EXPECT_EQ(get_string(document, "title"), securecart::errc::invalid_request.title);
  EXPECT_EQ(document.at("status"), 400);
  EXPECT_EQ(document.at("code"), "invalid_request");
  EXPECT_EQ(document.at("retryable"), false);
  EXPECT_EQ(document.at("detail"), "bad \xEF\xBF\xBD byte");
  EXPECT_EQ(document.at("request_id"), "req_1");
  EXPECT_EQ(document.at("errors").as_array().at(0).at("where"), "/lines/0");
  const Response away = problem(Error(securecart::errc::unavailable, ""), "req_2");
  EXPECT_EQ(away.headers.find("retry-after"), "1");
}

}  // namespace
}  // namespace securecart::net
