#include "base/files.hpp"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.hpp"

namespace securecart {
namespace {

TEST(Files, AreReadWhole) {
  const test::TempDir folder;
  const std::filesystem::path path = folder.path() / "file";
  const std::string bytes = std::string(200'000, 'x') + '\0' + "\n";
  std::ofstream(path, std::ios::binary) << bytes;
  EXPECT_EQ(read_file(path).value(), bytes);
  EXPECT_EQ(need_file(path), bytes);
  EXPECT_EQ(read_if_there(path), bytes);
  EXPECT_FALSE(read_if_there("/proc/self/stat").empty());
}

TEST(Files, ThatCannotBeReadAreNamed) {
  const test::TempDir folder;
  const std::filesystem::path path = folder.path() / "nothing";
  EXPECT_THAT(read_file(path).error().detail, testing::HasSubstr("nothing: No such file"));
  EXPECT_THAT(read_file(folder.path()).error().detail, testing::HasSubstr("Is a directory"));
  EXPECT_THROW(need_file(path), std::runtime_error);
  EXPECT_EQ(read_if_there(path), "");
}

TEST(Files, HaveALimit) {
  const test::TempDir folder;
  const std::filesystem::path path = folder.path() / "file";
  std::ofstream(path) << "12345";
  EXPECT_TRUE(read_file(path, 5).has_value());
  EXPECT_THAT(read_file(path, 4).error().detail, testing::HasSubstr("more than 4 bytes"));
}

}  // namespace
}  // namespace securecart
