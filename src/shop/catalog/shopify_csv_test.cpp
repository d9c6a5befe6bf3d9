#include "shop/catalog/shopify_csv.hpp"

#include <algorithm>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace securecart::shop::catalog {
namespace {

Currency eur() {
  return *Currency::parse("EUR");
}

CsvFile good(std::string_view text) {
  Result<CsvFile> file = read_shopify_csv(text, eur());
  EXPECT_TRUE(file) << (file ? "" : file.error().detail);
  return file ? std::move(*file) : CsvFile{};
}

constexpr std::string_view older =
    "Handle,Title,Body (HTML),Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Grams,"
    "Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,"
    "Variant Compare At Price,Image Src,Image Position,Image Alt Text,Cost per item\n"
    "mug,A mug,\"<p>Holds\n300 ml</p>\",\"tea, "
    "clay\",true,Colour,Blue,M-B,300,shopify,5,deny,12.5,15,"
    "https://x.test/b.jpg,2,Blue mug,4\n"
    "mug,,,,,,Red,M-R,300,shopify,7,continue,12.50,,https://x.test/r.jpg,1,Red mug,\n"
    "mug,,,,,,,,,,,,,,https://x.test/back.jpg,3,,\n";

TEST(ShopifyCsv, ReadsTheOlderHeaders) {
  const CsvFile file = good(older);
  ASSERT_EQ(file.products.size(), 1U);
  EXPECT_TRUE(file.problems.empty());
  const CsvProduct& mug = file.products[0];
  EXPECT_EQ(mug.line, 2U);
  EXPECT_EQ(mug.input.title, "A mug");
  EXPECT_EQ(mug.input.description, "<p>Holds\n300 ml</p>");
  EXPECT_EQ(mug.input.tags, (std::vector<std::string>{"tea", "clay"}));
  EXPECT_EQ(mug.input.status, ProductStatus::published);
  ASSERT_EQ(mug.input.variants.size(), 2U);
  EXPECT_EQ(mug.input.variants[0].prices[0].amount, 1250);
  EXPECT_EQ(mug.input.variants[0].prices[0].compare_at, 1500);
  EXPECT_FALSE(mug.input.variants[0].backorder);
  EXPECT_TRUE(mug.input.variants[1].backorder);
  EXPECT_EQ(mug.opening_stock, (std::vector<std::int64_t>{5, 7}));
  ASSERT_EQ(mug.input.images.size(), 3U);
  EXPECT_EQ(mug.input.images[0].alt, "Red mug");
  EXPECT_EQ(file.kept_columns, std::vector<std::string>{"Cost per item"});
  EXPECT_EQ(mug.input.attributes, R"({"Cost per item":"4"})");
}

TEST(ShopifyCsv, ReadsTheNewerHeaders) {
  const CsvFile file = good(
      "Title,URL handle,Description,Status,SKU,Option1 name,Option1 value,Price,Compare-at price,"
      "Inventory tracker,Inventory quantity,Continue selling when out of stock,"
      "Weight value (grams),Product image URL,Charge tax\n"
      "Jug,jug,<p>x</p>,Draft,J,Title,Default "
      "Title,20,,shopify,3,TRUE,900,https://x.test/j.jpg,FALSE\n");
  ASSERT_EQ(file.products.size(), 1U);
  const ProductInput& jug = file.products[0].input;
  EXPECT_EQ(jug.handle, "jug");
  EXPECT_EQ(jug.status, ProductStatus::draft);
  EXPECT_TRUE(jug.options.empty());
  ASSERT_EQ(jug.variants.size(), 1U);
  EXPECT_TRUE(jug.variants[0].backorder);
  EXPECT_FALSE(jug.variants[0].taxable);
  EXPECT_EQ(jug.variants[0].grams, 900);
  EXPECT_EQ(file.products[0].opening_stock[0], 3);
}

TEST(ShopifyCsv, TakesAnyColumnOrderBomAndLineEnds) {
  const CsvFile plain = good("Handle,Title,Variant Price\na,A,1\nb,B,2\n");
  const CsvFile shuffled = good("\xEF\xBB\xBFVariant Price,handle,TITLE\r\n1,a,A\r\n2,b,B\r\n");
  ASSERT_EQ(shuffled.products.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(shuffled.products[i].input.handle, plain.products[i].input.handle);
    EXPECT_EQ(shuffled.products[i].input.variants[0].prices,
              plain.products[i].input.variants[0].prices);
  }
}

TEST(ShopifyCsv, GathersAHandleFromSeveralPlaces) {
  const CsvFile file = good(
      "Handle,Title,Option1 Name,Option1 Value,Variant Price\n"
      "a,A,Size,S,1\nb,B,Title,Default Title,2\na,,,M,1\n");
  ASSERT_EQ(file.products.size(), 2U);
  EXPECT_EQ(file.products[0].input.variants.size(), 2U);
  EXPECT_EQ(file.products[0].input.options[0].values, (std::vector<std::string>{"S", "M"}));
}

TEST(ShopifyCsv, WorksWithTheTitleAlone) {
  const CsvFile file = good("Title\nA Blue Thing\n");
  ASSERT_EQ(file.products.size(), 1U);
  EXPECT_EQ(file.products[0].input.handle, "a-blue-thing");
  // Nothing without a price is put on sale.
  EXPECT_EQ(file.products[0].input.status, ProductStatus::draft);
}

TEST(ShopifyCsv, NamesLineHandleAndColumnOfWhatIsWrong) {
  const CsvFile file = good(
      "Handle,Title,Variant Price,Variant Grams,Published\n"
      "a,A,cheap,1,true\n"
      "b,B,2,heavy,perhaps\n"
      "c,C,3,3,true\n"
      ",,9,,\n");
  ASSERT_EQ(file.problems.size(), 4U);
  EXPECT_EQ(file.problems[0].line, 2U);
  EXPECT_EQ(file.problems[0].handle, "a");
  EXPECT_EQ(file.problems[0].column, "Variant Price");
  EXPECT_EQ(file.problems[1].line, 3U);
  EXPECT_EQ(file.problems[3].line, 5U);
  EXPECT_FALSE(file.products[0].sound);
  EXPECT_FALSE(file.products[1].sound);
  EXPECT_TRUE(file.products[2].sound);
}

TEST(ShopifyCsv, RefusesWhatIsNoProductFile) {
  EXPECT_FALSE(read_shopify_csv("", eur()));
  EXPECT_FALSE(read_shopify_csv("Name,Amount\nx,1\n", eur()));
  EXPECT_FALSE(read_shopify_csv("Handle,Title\na,\"open\n", eur()));
  const auto latin = read_shopify_csv("Handle,Title\na,Caf\xE9\n", eur());
  ASSERT_FALSE(latin);
  EXPECT_NE(latin.error().detail.find("Line 2"), std::string::npos);
}

TEST(ShopifyCsv, RefusesTwoVariantsWithTheSameValues) {
  const CsvFile file =
      good("Handle,Title,Option1 Name,Option1 Value,Variant Price\na,A,Size,S,1\na,,,S,2\n");
  ASSERT_EQ(file.problems.size(), 1U);
  EXPECT_EQ(file.problems[0].line, 3U);
}

// A stored product that says what `input` says, as far as files carry it.
Product stored(const ProductInput& input) {
  Product product;
  product.id = "prod_1";
  product.handle = input.handle;
  product.title = input.title;
  product.description = input.description;
  product.vendor = input.vendor;
  product.tags = input.tags;
  product.options = input.options;
  product.status = input.status;
  product.attributes = input.attributes;
  for (const ImageInput& image : input.images) {
    product.images.push_back({"img_" + image.src, image.src, image.alt});
  }
  for (const VariantInput& from : input.variants) {
    Variant variant;
    variant.option_values = from.option_values;
    variant.sku = from.sku;
    variant.grams = from.grams;
    variant.track_stock = from.track_stock;
    variant.backorder = from.backorder;
    variant.prices = from.prices;
    variant.attributes = from.attributes;
    product.variants.push_back(variant);
  }
  return product;
}

TEST(ShopifyCsv, WhatIsWrittenReadsBackTheSame) {
  for (const CsvFormat format : {CsvFormat::older, CsvFormat::newer}) {
    const CsvFile first = good(older);
    const ShopifyCsvWriter writer(format, eur(), first.kept_columns);
    const std::string text = writer.header() + writer.rows(stored(first.products[0].input), {5, 7});
    const CsvFile again = good(text);
    ASSERT_EQ(again.products.size(), 1U);
    EXPECT_TRUE(again.problems.empty());
    const ProductInput& a = first.products[0].input;
    const ProductInput& b = again.products[0].input;
    EXPECT_EQ(a.title, b.title);
    EXPECT_EQ(a.description, b.description);
    EXPECT_EQ(a.tags, b.tags);
    EXPECT_EQ(a.options, b.options);
    EXPECT_EQ(a.attributes, b.attributes);
    EXPECT_EQ(again.products[0].opening_stock, first.products[0].opening_stock);
    ASSERT_EQ(a.images.size(), b.images.size());
    for (std::size_t i = 0; i < a.variants.size(); ++i) {
      EXPECT_EQ(a.variants[i].option_values, b.variants[i].option_values);
      EXPECT_EQ(a.variants[i].prices, b.variants[i].prices);
      EXPECT_EQ(a.variants[i].backorder, b.variants[i].backorder);
      EXPECT_EQ(a.variants[i].attributes, b.variants[i].attributes);
    }
  }
}

RC_GTEST_PROP(ShopifyCsv, NoTextCrashesIt, (const std::string& text)) {
  const auto file = read_shopify_csv("Handle,Title,Variant Price\n" + text, eur());
  RC_ASSERT(file || !file.error().detail.empty());
}

}  // namespace
}  // namespace securecart::shop::catalog
