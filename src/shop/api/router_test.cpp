#include "shop/api/router.hpp"

#include <stdexcept>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "net/limits.hpp"
#include "shop/api/path.hpp"

namespace securecart::shop::api {
namespace {

Task<Result<Reply>> answer_nothing(Call&) {
  co_return no_content();
}

struct Table {
  Operations operations;
  Table& add(std::string_view id, net::Method method, std::string_view path) {
    operations.add({.id = id,
                    .method = method,
                    .path = path,
                    .tag = "Tests",
                    .summary = "A test",
                    .handler = answer_nothing});
    return *this;
  }
};

Table& sample() {
  static Table table = [] {
    Table made;
    made.add("root", net::Method::get, "/")
        .add("listThings", net::Method::get, "/v1/things")
        .add("createThing", net::Method::post, "/v1/things")
        .add("getThing", net::Method::get, "/v1/things/{thing_id}")
        .add("deleteThing", net::Method::del, "/v1/things/{thing_id}")
        .add("getMe", net::Method::get, "/v1/things/me")
        .add("getPart", net::Method::get, "/v1/things/{thing_id}/parts/{part_id}")
        .add("getMine", net::Method::get, "/v1/things/me/mine")
        .add("complete", net::Method::post, "/v1/things/{thing_id}/complete");
    return made;
  }();
  return table;
}

std::string found(net::Method method, std::string_view path) {
  const Router router(sample().operations);
  const Router::Match match = router.match(method, path);
  return match.found ? std::string(sample().operations.all()[match.operation].id) : "";
}

TEST(router, finds_operations) {
  EXPECT_EQ(found(net::Method::get, "/"), "root");
  EXPECT_EQ(found(net::Method::get, "/v1/things"), "listThings");
  EXPECT_EQ(found(net::Method::head, "/v1/things"), "listThings");
  EXPECT_EQ(found(net::Method::post, "/v1/things"), "createThing");
  EXPECT_EQ(found(net::Method::get, "/v1/things/7"), "getThing");
  EXPECT_EQ(found(net::Method::get, "/v1/things/7/parts/8"), "getPart");
}

TEST(router, prefers_literals_and_comes_back_from_them) {
  EXPECT_EQ(found(net::Method::get, "/v1/things/me"), "getMe");
  EXPECT_EQ(found(net::Method::get, "/v1/things/me/mine"), "getMine");
  EXPECT_EQ(found(net::Method::get, "/v1/things/me/parts/1"), "getPart");
  EXPECT_EQ(found(net::Method::post, "/v1/things/me/complete"), "complete");
}

TEST(router, finds_nothing_where_there_is_nothing) {
  for (const std::string_view path :
       {"/v1", "/v1/things/", "/v1/things/7/", "/v1//things", "//", "", "v1/things",
        "/v1/things/7/parts", "/V1/things", "/v1/things/7/parts/8/9"}) {
    const Router::Match match = Router(sample().operations).match(net::Method::get, path);
    EXPECT_FALSE(match.found) << path;
    EXPECT_FALSE(match.path_known) << path;
  }
}

TEST(router, names_the_methods_a_path_takes) {
  const Router router(sample().operations);
  const Router::Match match = router.match(net::Method::put, "/v1/things/7");
  EXPECT_FALSE(match.found);
  EXPECT_TRUE(match.path_known);
  EXPECT_EQ(match.allow, "GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(router.match(net::Method::other, "/v1/things").allow, "GET, HEAD, POST, OPTIONS");
  EXPECT_FALSE(router.match(net::Method::head, "/v1/things/7/complete").found);
}

TEST(router, hands_out_the_values_of_the_path) {
  const Router router(sample().operations);
  const Router::Match match = router.match(net::Method::get, "/v1/things/a b/parts/%2F");
  ASSERT_EQ(match.value_count, 2U);
  EXPECT_EQ(match.values[0], "a b");
  EXPECT_EQ(match.values[1], "%2F");
  EXPECT_EQ(router.match(net::Method::get, "/v1/things/me/mine").value_count, 0U);
}

TEST(router, limits_paths) {
  const Router router(sample().operations);
  const std::string longest(limits::path_parameter_bytes, 'x');
  EXPECT_TRUE(router.match(net::Method::get, "/v1/things/" + longest).found);
  EXPECT_FALSE(router.match(net::Method::get, "/v1/things/" + longest + "x").path_known);
  std::string deep;
  for (int i = 0; i < 10'000; ++i) {
    deep += "/me";
  }
  EXPECT_FALSE(router.match(net::Method::get, deep).path_known);
  Table table;
  table.add("deep", net::Method::get, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17");
  EXPECT_THROW(Router{table.operations}, std::logic_error);
  Table wide;
  wide.add("wide", net::Method::get, "/{a}/{b}/{c}/{d}/{e}");
  EXPECT_THROW(Router{wide.operations}, std::logic_error);
}

// The plain reading of the table: the first pattern that fits, where a pattern with an earlier
// literal comes first.
std::string expected(std::string_view path) {
  std::string best;
  std::string best_key;
  for (const Operation& operation : sample().operations.all()) {
    const auto pattern = segments_of(operation.path);
    const auto parts = segments_of(path);
    if (operation.method != net::Method::get || pattern.size() != parts.size()) {
      continue;
    }
    std::string key;
    bool fits = true;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const bool parameter = parameter_name(pattern[i]).has_value();
      fits = fits && !parts[i].empty() && (parameter || parts[i] == pattern[i]);
      key.push_back(parameter ? '1' : '0');
    }
    if (fits && (best.empty() || key < best_key)) {
      best = operation.id;
      best_key = key;
    }
  }
  return best;
}

RC_GTEST_PROP(router, agrees_with_the_plain_reading, ()) {
  const auto pieces = *rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("v1", "things", "me", "mine", "parts", "7", "", "complete"));
  std::string path;
  for (std::size_t i = 0; i < std::min<std::size_t>(pieces.size(), 6); ++i) {
    path += "/" + pieces[i];
  }
  path = path.empty() ? "/" : path;
  RC_ASSERT(found(net::Method::get, path) == expected(path));
}

}  // namespace
}  // namespace securecart::shop::api
