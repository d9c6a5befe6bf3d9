#include "shop/api/page_heads.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace securecart::shop::api {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view index = "<html><head>\n    <title>Shop</title>\n  </head></html>";
const std::string origin = "https://shop.example";

json::object parsed(std::string_view text) {
  return parse_json(text).value().as_object();
}

json::object a_shop() {
  return parsed(R"({"name": "Salt & Wren", "tagline": "Slow goods",
                    "presentation": {"hero": "/images/hero.svg"}})");
}

json::object a_product() {
  return parsed(R"({
    "handle": "teapot", "title": "Marsh teapot", "vendor": "Wren",
    "description": "<p>Pours <em>well</em>.</p><p>A &quot;good&quot; pot &amp; lid</p>",
    "seo": {"title": "", "description": ""},
    "images": [{"id": "img_1", "src": "/images/teapot.svg", "alt": "", "position": 1}],
    "variants": [
      {"id": "var_1", "sku": "T-1", "available": true, "backorder": false,
       "price": {"currency": "EUR", "amount": 5800, "compare_at": null}},
      {"id": "var_2", "sku": "", "available": false, "backorder": false,
       "price": {"currency": "JPY", "amount": 900, "compare_at": null}}]})");
}

TEST(page_heads, say_what_a_product_is) {
  const PageHead head = product_head(a_shop(), a_product(), origin);
  EXPECT_EQ(head.title, "Marsh teapot · Salt & Wren");
  EXPECT_EQ(head.description, "Pours well. A \"good\" pot & lid");
  EXPECT_EQ(head.url, "https://shop.example/products/teapot");
  EXPECT_EQ(head.picture, "https://shop.example/images/teapot.svg");
  const json::object& data = head.data.as_object();
  EXPECT_EQ(data.at("@type"), "Product");
  EXPECT_EQ(data.at("brand").at("name"), "Wren");
  const json::object& offer = data.at("offers").at(0).as_object();
  EXPECT_EQ(offer.at("price"), "58.00");
  EXPECT_EQ(offer.at("priceCurrency"), "EUR");
  EXPECT_EQ(offer.at("availability"), "https://schema.org/InStock");
  EXPECT_EQ(offer.at("url"), "https://shop.example/products/teapot?variant=var_1");
  EXPECT_EQ(data.at("offers").at(1).at("price"), "900");
  EXPECT_EQ(data.at("offers").at(1).at("availability"), "https://schema.org/OutOfStock");
}

TEST(page_heads, prefer_what_was_written_for_search_engines) {
  json::object product = a_product();
  product["seo"] = {{"title", "A pot"}, {"description", "For tea."}};
  const PageHead head = product_head(a_shop(), product, origin);
  EXPECT_EQ(head.title, "A pot · Salt & Wren");
  EXPECT_EQ(head.description, "For tea.");
}

TEST(page_heads, of_home_and_collections) {
  const PageHead home = home_head(a_shop(), origin);
  EXPECT_EQ(home.title, "Salt & Wren · Slow goods");
  EXPECT_EQ(home.picture, "https://shop.example/images/hero.svg");
  const PageHead tea = collection_head(
      a_shop(), parsed(R"({"handle": "tea", "title": "Tea", "description": "", "image": null})"),
      origin);
  EXPECT_EQ(tea.title, "Tea · Salt & Wren");
  EXPECT_EQ(tea.picture, "");
}

TEST(page_heads, are_written_so_that_words_stay_words) {
  json::object product = a_product();
  product["title"] = "</title><script>alert(1)</script> \" & ' <!--";
  const std::string page = with_head(index, product_head(a_shop(), product, origin));
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page, Not(HasSubstr("<!--")));
  EXPECT_THAT(page, HasSubstr("&lt;/title&gt;&lt;script&gt;alert(1)"));
  EXPECT_THAT(page, HasSubstr("\\u003c/title>\\u003cscript>alert(1)"));
  EXPECT_THAT(page, HasSubstr("<link rel=\"canonical\" href=\"https://shop.example/products/"));
  EXPECT_THAT(page, testing::EndsWith("\n  </head></html>"));
}

TEST(page_heads, need_a_title_to_replace) {
  EXPECT_EQ(with_head("<p>no head</p>", home_head(a_shop(), origin)), "<p>no head</p>");
}

TEST(page_heads, plain_text_is_cut_between_words) {
  EXPECT_EQ(plain_text("<p>one  two\nthree</p>", 100), "one two three");
  EXPECT_EQ(plain_text("one two three", 9), "one two…");
  EXPECT_EQ(plain_text("<p", 9), "");
  EXPECT_EQ(plain_text("a & b &unknown; &lt;i&gt;", 100), "a & b &unknown; <i>");
}

TEST(page_heads, origin_is_secure_but_on_this_machine) {
  EXPECT_EQ(page_origin("shop.example"), "https://shop.example");
  EXPECT_EQ(page_origin("shop.example:8443"), "https://shop.example:8443");
  EXPECT_EQ(page_origin("127.0.0.1:8080"), "http://127.0.0.1:8080");
  EXPECT_EQ(page_origin("localhost"), "http://localhost");
}

TEST(page_heads, sitemap_lists_addresses) {
  EXPECT_THAT(sitemap({"https://shop.example/?a=1&b=2"}),
              HasSubstr("<url><loc>https://shop.example/?a=1&amp;b=2</loc></url>"));
}

}  // namespace
}  // namespace securecart::shop::api
