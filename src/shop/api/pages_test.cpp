#include "shop/api/pages.hpp"

#include <array>
#include <map>
#include <zlib.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace securecart::shop::api {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string script(5'000, 'x');
constexpr std::string_view page = "<!doctype html><title>Shop</title>";
constexpr std::string_view admin_page = "<!doctype html><title>Admin</title>";
constexpr std::string_view drawing = "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>";

std::vector<Asset> a_build() {
  return {{"sample/images/hero.svg", drawing},
          {"sample/shop.json", "{}"},
          {"sql/0001_log.sql", "CREATE TABLE log (id)"},
          {"web/admin/dist/assets/index-77b0.js", script},
          {"web/admin/dist/index.html", admin_page},
          {"web/storefront/dist/assets/index-3fA9.js", script},
          {"web/storefront/dist/index.html", page},
          {"web/storefront/dist/robots.txt", "User-agent: *"}};
}

std::string gunzip(std::string_view bytes) {
  std::string in(bytes);
  std::string out(100'000, '\0');
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

class PagesTest : public testing::Test {
 protected:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  net::Response ask(std::string path, const Fields& fields = {},
                    net::Method method = net::Method::get) {
    net::Request request;
    request.method = method;
    request.target = path;
    request.path = std::move(path);
    request.request_id = "req_1";
    for (const auto& [name, value] : fields) {
      request.headers.add(name, value);
    }
    return run_ready(pages_.handle(std::move(request)));
  }
  static std::string header(const net::Response& response, std::string_view name) {
    return std::string(response.headers.find(name).value_or(""));
  }

  Pages pages_{a_build()};
};

TEST_F(PagesTest, EveryClientRouteIsThePage) {
  for (const std::string_view path :
       {"/", "/collections", "/collections/garden", "/products/marsh-teapot", "/search", "/cart",
        "/checkout", "/orders/ord_1", "/account", "/account/orders", "/cart/"}) {
    const net::Response response = ask(std::string(path));
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_EQ(response.bytes(), page) << path;
    EXPECT_EQ(header(response, "Cache-Control"), "no-cache");
    EXPECT_EQ(header(response, "Content-Type"), "text/html; charset=utf-8");
  }
}

TEST_F(PagesTest, TheAdminHasPagesAndScriptsOfItsOwn) {
  for (const std::string_view path : {"/admin", "/admin/", "/admin/orders/ord_1", "/admin/what"}) {
    const net::Response response = ask(std::string(path));
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_EQ(response.bytes(), admin_page) << path;
    EXPECT_EQ(header(response, "Cache-Control"), "no-cache");
    EXPECT_EQ(header(response, "X-Robots-Tag"), "noindex");
    EXPECT_THAT(header(response, "Content-Security-Policy"), HasSubstr("script-src 'self';"));
  }
  const net::Response file = ask("/admin/assets/index-77b0.js");
  EXPECT_EQ(file.status, 200);
  EXPECT_EQ(header(file, "Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(ask("/admin/assets/index-3fA9.js").status, 404);
  EXPECT_EQ(ask("/administration").bytes(), page);
}

TEST_F(PagesTest, ThePageRunsNothingInlineAndIsNeverFramed) {
  const net::Response response = ask("/");
  EXPECT_THAT(header(response, "Content-Security-Policy"), HasSubstr("script-src 'self';"));
  EXPECT_THAT(header(response, "Content-Security-Policy"), Not(HasSubstr("unsafe")));
  EXPECT_THAT(header(response, "Content-Security-Policy"), HasSubstr("frame-ancestors 'none'"));
  EXPECT_EQ(header(response, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(header(response, "Referrer-Policy"), "no-referrer");
}

TEST_F(PagesTest, AnUnknownAddressIsThePageAsNotFoundForABrowser) {
  for (const std::string_view path : {"/nowhere", "/products", "/products/a/b", "/orders/"}) {
    const net::Response response = ask(std::string(path), {{"Accept", "text/html,*/*;q=0.8"}});
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(response.bytes(), page) << path;
  }
  const net::Response told = ask("/nowhere", {{"Accept", "application/json"}});
  EXPECT_EQ(told.status, 404);
  EXPECT_EQ(header(told, "Content-Type"), "application/problem+json");
}

TEST_F(PagesTest, AMissingFileIsNotThePageAndIsNotKept) {
  for (const std::string_view path : {"/assets/index-old.js", "/images/sample/none.svg"}) {
    const net::Response response = ask(std::string(path), {{"Accept", "text/html"}});
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(header(response, "Content-Type"), "application/problem+json");
    EXPECT_EQ(header(response, "Cache-Control"), "no-store");
  }
}

TEST_F(PagesTest, OnlyPagesAndPicturesAreServed) {
  for (const std::string_view path : {"/sql/0001_log.sql", "/sample/shop.json", "/shop.json",
                                      "/images/sample/../shop.json", "/index.html"}) {
    EXPECT_EQ(ask(std::string(path)).status, 404) << path;
  }
  EXPECT_EQ(ask("/robots.txt").bytes(), "User-agent: *");
}

TEST_F(PagesTest, HashedFilesAreKeptForAYear) {
  const net::Response response = ask("/assets/index-3fA9.js");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header(response, "Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(header(response, "Content-Type"), "text/javascript; charset=utf-8");
}

TEST_F(PagesTest, ADrawingCannotRunAnything) {
  const net::Response response = ask("/images/sample/hero.svg");
  EXPECT_EQ(response.bytes(), drawing);
  EXPECT_EQ(header(response, "Content-Type"), "image/svg+xml");
  EXPECT_THAT(header(response, "Content-Security-Policy"), HasSubstr("sandbox"));
  EXPECT_THAT(header(response, "Cache-Control"), HasSubstr("max-age=86400"));
}

TEST_F(PagesTest, CompressesForThoseWhoTakeIt) {
  const net::Response packed = ask("/assets/index-3fA9.js", {{"Accept-Encoding", "br, gzip"}});
  EXPECT_EQ(header(packed, "Content-Encoding"), "gzip");
  EXPECT_EQ(header(packed, "Vary"), "Accept-Encoding");
  EXPECT_LT(packed.bytes().size(), script.size());
  EXPECT_EQ(gunzip(packed.bytes()), script);
  const net::Response plain = ask("/assets/index-3fA9.js");
  EXPECT_EQ(header(plain, "Content-Encoding"), "");
  EXPECT_EQ(header(plain, "Vary"), "Accept-Encoding");
  EXPECT_EQ(plain.bytes(), script);
  EXPECT_NE(header(plain, "ETag"), header(packed, "ETag"));
}

TEST_F(PagesTest, SharesItsBytes) {
  EXPECT_EQ(ask("/assets/index-3fA9.js").shared_body, ask("/assets/index-3fA9.js").shared_body);
}

TEST_F(PagesTest, SaysWhenNothingChanged) {
  for (const std::string_view encoding : {"", "gzip"}) {
    const Fields fields = {{"Accept-Encoding", std::string(encoding)}};
    const std::string etag = header(ask("/assets/index-3fA9.js", fields), "ETag");
    const net::Response again =
        ask("/assets/index-3fA9.js", {{"If-None-Match", etag}, {"Accept-Encoding", "gzip"}});
    EXPECT_EQ(again.status, 304);
    EXPECT_TRUE(again.bytes().empty());
    EXPECT_NE(header(again, "Cache-Control"), "");
  }
  EXPECT_EQ(ask("/", {{"If-None-Match", "\"old\""}}).status, 200);
  const std::string etag = header(ask("/"), "ETag");
  EXPECT_EQ(ask("/nowhere", {{"If-None-Match", etag}}).status, 404);
}

TEST_F(PagesTest, SendsARange) {
  const net::Response part =
      ask("/assets/index-3fA9.js", {{"Range", "bytes=10-19"}, {"Accept-Encoding", "gzip"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.bytes(), script.substr(10, 10));
  EXPECT_EQ(header(part, "Content-Range"), "bytes 10-19/5000");
  EXPECT_EQ(header(part, "Content-Encoding"), "");
  const net::Response beyond = ask("/assets/index-3fA9.js", {{"Range", "bytes=5000-"}});
  EXPECT_EQ(beyond.status, 416);
  EXPECT_EQ(header(beyond, "Content-Range"), "bytes */5000");
  const net::Response other =
      ask("/assets/index-3fA9.js", {{"Range", "bytes=0-9"}, {"If-Range", "\"old\""}});
  EXPECT_EQ(other.status, 200);
  EXPECT_EQ(other.bytes(), script);
}

// The API as the pages see it.
class Api final : public net::Handler {
 public:
  Task<net::Response> handle(net::Request request) override {
    asked.push_back(std::string(request.host()) + " " + request.target);
    if (down) {
      co_return net::json_response(503, "{}");
    }
    const auto found = answers.find(request.target);
    co_return found == answers.end() ? net::json_response(404, "{}")
                                     : net::json_response(200, found->second);
  }

  bool down = false;
  std::map<std::string, std::string> answers = {
      {"/v1/store/shop", R"({"name": "Wren", "tagline": "Slow goods", "presentation": {}})"},
      {"/v1/store/collections/tea",
       R"({"handle": "tea", "title": "Tea", "description": "<p>Leaves.</p>", "image": null})"},
      {"/v1/store/collections?limit=100", R"({"items": [{"handle": "tea"}], "next_cursor": null})"},
      {"/v1/store/products?limit=100", R"({"items": [{"handle": "pot"}], "next_cursor": "c+1"})"},
      {"/v1/store/products?limit=100&cursor=c%2B1",
       R"({"items": [{"handle": "caf\u00e9"}], "next_cursor": null})"}};
  std::vector<std::string> asked;
};

class DescribedPages : public PagesTest {
 protected:
  DescribedPages() { pages_.read_from(api_); }
  const Fields host_ = {{"Host", "shop.example"}};
  Api api_;
};

TEST_F(DescribedPages, SayWhatTheyAreBeforeTheyAreDrawn) {
  const net::Response home = ask("/", host_);
  EXPECT_THAT(std::string(home.bytes()), HasSubstr("<title>Wren · Slow goods</title>"));
  const net::Response tea = ask("/collections/tea", host_);
  EXPECT_EQ(tea.status, 200);
  EXPECT_THAT(std::string(tea.bytes()), HasSubstr("<title>Tea · Wren</title>"));
  EXPECT_THAT(std::string(tea.bytes()), HasSubstr("content=\"Leaves.\""));
  EXPECT_THAT(std::string(tea.bytes()), HasSubstr("href=\"https://shop.example/collections/tea\""));
  EXPECT_THAT(header(tea, "Content-Security-Policy"), HasSubstr("script-src 'self';"));
  EXPECT_EQ(api_.asked.back(), "shop.example /v1/store/collections/tea");
  // Unchanged, it is not sent again.
  Fields again = host_;
  again.emplace_back("If-None-Match", header(tea, "ETag"));
  EXPECT_EQ(ask("/collections/tea", again).status, 304);
}

TEST_F(DescribedPages, OfNothingAreNotFound) {
  const net::Response response = ask("/products/unicorn", host_);
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.bytes(), page);
}

TEST_F(DescribedPages, GoOutAsTheyAreWhenTheApiIsAway) {
  api_.down = true;
  const net::Response response = ask("/collections/tea", host_);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.bytes(), page);
  EXPECT_THROW(ask("/sitemap.xml", host_), Unavailable);
}

TEST_F(DescribedPages, OfOneShopperAloneAskNothing) {
  for (const std::string_view path :
       {"/cart", "/checkout", "/orders/ord_1", "/account", "/admin"}) {
    EXPECT_EQ(ask(std::string(path), host_).status, 200);
  }
  EXPECT_THAT(api_.asked, testing::IsEmpty());
}

TEST_F(DescribedPages, AreListedForSearchEngines) {
  const net::Response map = ask("/sitemap.xml", host_);
  EXPECT_EQ(map.status, 200);
  EXPECT_EQ(header(map, "Content-Type"), "application/xml; charset=utf-8");
  for (const std::string_view place :
       {"https://shop.example/<", "/collections/tea<", "/products/pot<", "/products/caf%C3%A9<"}) {
    EXPECT_THAT(std::string(map.bytes()), HasSubstr(std::string(place)));
  }
}

TEST_F(PagesTest, IsReadOnly) {
  const net::Response head = ask("/", {}, net::Method::head);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.bytes(), page);  // the server leaves the body away and keeps its length
  const net::Response post = ask("/", {}, net::Method::post);
  EXPECT_EQ(post.status, 405);
  EXPECT_EQ(header(post, "Allow"), "GET, HEAD");
  EXPECT_EQ(pages_.body_limit(net::Method::post, "/"), 0U);
}

TEST(PagesWithoutABuild, SayWhatToBuild) {
  Pages pages({{"sample/images/hero.svg", drawing}});
  net::Request request;
  request.path = "/";
  const net::Response response = run_ready(pages.handle(std::move(request)));
  EXPECT_EQ(response.status, 404);
  EXPECT_THAT(std::string(response.bytes()), HasSubstr("make program"));
}

TEST(ParseRange, TakesOneRangeOfBytes) {
  const auto range = [](std::string_view field) {
    const std::optional<ByteRange> found = parse_range(field, 100);
    return found ? std::to_string(found->first) + "+" + std::to_string(found->length) : "ignored";
  };
  EXPECT_EQ(range("bytes=0-0"), "0+1");
  EXPECT_EQ(range("bytes=90-"), "90+10");
  EXPECT_EQ(range("bytes=90-1000"), "90+10");
  EXPECT_EQ(range("bytes=-30"), "70+30");
  EXPECT_EQ(range("bytes=-1000"), "0+100");
  EXPECT_EQ(range("bytes=100-"), "0+0");
  EXPECT_EQ(range("bytes=-0"), "100+0");
  for (const std::string_view bad :
       {"bytes=", "bytes=-", "bytes=5-4", "bytes=0-1,3-4", "lines=0-1", "bytes=a-b", "bytes=1",
        "bytes=99999999999999999999999-", "bytes=+1-2", "0-1", ""}) {
    EXPECT_EQ(range(bad), "ignored") << bad;
  }
}

TEST(AcceptsGzip, ReadsCodingsAndWeights) {
  for (const std::string_view yes :
       {"gzip", "GZIP", "deflate, gzip;q=0.5", "x-gzip", "*", "br;q=1.0, *;q=0.1", "gzip; q=1"}) {
    EXPECT_TRUE(accepts_gzip(yes)) << yes;
  }
  for (const std::string_view no :
       {"", "br", "identity", "gzip;q=0", "gzip; q=0.000", "*;q=0", "*, gzip;q=0", "gzipped"}) {
    EXPECT_FALSE(accepts_gzip(no)) << no;
  }
}

}  // namespace
}  // namespace securecart::shop::api
