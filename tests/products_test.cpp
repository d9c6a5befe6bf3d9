// Product files through the words of the command line, against a running shop.
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/shop_client.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

class Products : public testing::Test {
 protected:
  // What `securecart products WORD FILE` prints; it must end with that status.
  std::string products(const std::string& word, const std::filesystem::path& file,
                       std::vector<std::string> more = {}, int status = 0) {
    std::vector<std::string> arguments{
        "products", word, file, "--url", shop_.url(), "--admin-key", shop_.secret_key()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    std::string output;
    EXPECT_EQ(run_program(std::move(arguments), &output), status) << output;
    return output;
  }
  std::filesystem::path written(const std::string& csv) {
    const std::filesystem::path path = folder_.path() / "file.csv";
    std::ofstream(path) << csv;
    return path;
  }
  static std::filesystem::path data(const std::string& name) {
    return source_dir() + "/tests/data/products/" + name;
  }
  bool has(const std::string& handle) {
    return client_.admin(net::Method::get, "/v1/admin/products/" + handle).status == 200;
  }

  std::int64_t on_hand(const std::string& handle) {
    const json::object product =
        client_.admin(net::Method::get, "/v1/admin/products/" + handle).body;
    const json::object& variant = get_array(product, "variants").front().as_object();
    const std::string item(get_string(variant, "inventory_item_id"));
    const json::object levels = client_.admin(net::Method::get, "/v1/admin/inventory/" + item).body;
    return get_int(get_array(levels, "items").front().as_object(), "on_hand");
  }

  TempDir folder_;
  ShopProcess shop_{folder_.path() / "shop"};
  ShopClient client_{shop_};
};

TEST_F(Products, GoInAndComeOutTheSame) {
  for (const auto& [name, count] : {std::pair("older_headers.csv", 4), {"newer_headers.csv", 3}}) {
    EXPECT_THAT(
        products("import", data(name), {"--dry-run"}),
        HasSubstr(fmt::format("nothing was changed: {} created, 0 updated, 0 unchanged", count)));
    EXPECT_THAT(products("import", data(name)),
                HasSubstr(fmt::format("\n{} created, 0 updated, 0 unchanged, 0 not", count)));
  }
  EXPECT_TRUE(has("linen-overshirt"));
  // With everything else that the sample shop sells.
  const std::size_t all = client_.all("/v1/admin/products").size();
  for (const std::string format : {"older", "newer"}) {
    const std::filesystem::path file = folder_.path() / "export.csv";
    EXPECT_THAT(products("export", file, {"--format", format}), HasSubstr("bytes written"));
    EXPECT_THAT(
        products("import", file),
        EndsWith(fmt::format("\n0 created, 0 updated, {} unchanged, 0 not imported.\n", all)));
  }
}

TEST_F(Products, WhatIsWrongIsToldByLine) {
  const std::string output = products(
      "import", written("Handle,Title,Variant Price\nmug,A mug,12.50\njug,A jug,cheap\n"), {}, 1);
  EXPECT_THAT(output, HasSubstr("line 3, jug, Variant Price: 'cheap' is not an amount of EUR"));
  EXPECT_THAT(output, HasSubstr("1 created, 0 updated, 0 unchanged, 1 not imported."));
  EXPECT_TRUE(has("mug"));
  EXPECT_FALSE(has("jug"));
}

TEST_F(Products, AFileGoesOnAfterACrash) {
  constexpr int count = 300;
  std::string csv = "Handle,Title,Variant Inventory Tracker,Variant Inventory Qty,Variant Price\n";
  for (int i = 0; i < count; ++i) {
    csv += fmt::format("thing-{},Thing {},shopify,2,5\n", i, i);
  }
  const lab::ApiAnswer asked =
      client_.admin(net::Method::post, "/v1/admin/imports", json::value(csv),
                    {{"Idempotency-Key", client_.key()}});
  ASSERT_EQ(asked.status, 202) << asked.describe();
  const std::string target = "/v1/admin/imports/" + std::string(get_string(asked.body, "id"));
  const auto seen = [&] { return client_.admin(net::Method::get, target).body; };
  ASSERT_TRUE(eventually([&] { return get_int(seen(), "products_done") > 0; }));
  const std::int64_t before = get_int(seen(), "products_done");
  shop_.kill_now();
  EXPECT_LT(before, count);
  shop_.start();
  ASSERT_TRUE(eventually([&] { return get_string(seen(), "status") == "finished"; }));
  const json::object state = seen();
  EXPECT_EQ(get_int(state, "products_done"), count);
  EXPECT_EQ(get_int(state, "created"), count) << "what it had made before it died counts";
  EXPECT_EQ(get_int(state, "unchanged"), 0);
  for (const int i : {0, count - 1}) {
    EXPECT_EQ(on_hand(fmt::format("thing-{}", i)), 2);
  }
}

}  // namespace
}  // namespace securecart::test
