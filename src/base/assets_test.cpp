#include "base/assets.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/places.hpp"

namespace securecart {
namespace {

TEST(Assets, AreTheFilesOfTheSourceTree) {
  const std::vector<Asset> assets = embedded_assets();
  ASSERT_FALSE(assets.empty());
  EXPECT_TRUE(std::is_sorted(assets.begin(), assets.end(),
                             [](const Asset& a, const Asset& b) { return a.path < b.path; }));
  for (const Asset& asset : assets) {
    std::ifstream file(test::source_dir() + '/' + std::string(asset.path), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    EXPECT_EQ(asset.bytes.size(), bytes.size()) << asset.path;
    EXPECT_TRUE(asset.bytes == bytes) << asset.path;
    EXPECT_EQ(embedded_asset(asset.path).data(), asset.bytes.data()) << asset.path;
  }
}

TEST(AssetsDeathTest, AssertOnAnUnknownPath) {
  EXPECT_DEATH(embedded_asset("sql/none.sql"), "embeds every file");
}

}  // namespace
}  // namespace securecart
