// A whole region of three zones in namespaces, and a zone lost under load. Making it needs root;
// without it the program has to say so.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.hpp"
#include "lab/fields.hpp"
#include "lab/hosts/lab.hpp"
#include "tests/support/shop_process.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(Region, LosesAZoneAndNobodyAnOrder) {
  const test::TempDir folder;
  const fs::path state = folder.path() / "lab";
  const fs::path report = folder.path() / "report";
  std::string output;
  const int status =
      test::run_program({"gameday", "run", test::source_dir() + "/gamedays/zone-cut-short.toml",
                         "--report", report.string(), "--state", state.string()},
                        &output);
  if (geteuid() != 0) {
    EXPECT_EQ(status, 2) << output;
    EXPECT_THAT(output, testing::HasSubstr("root"));
    return;
  }
  if (fs::exists(state)) {
    lab::Lab::take_down(state);
  }
  EXPECT_EQ(status, 0) << output;
  EXPECT_FALSE(fs::exists(state)) << "the lab it made is gone";
  const Result<json::value> told = parse_json(text_of(report / "report.json"));
  ASSERT_TRUE(told && told->is_object()) << output;
  const json::object& check = lab::object_of(told->get_object(), "check");
  EXPECT_TRUE(lab::bool_of(check, "checked")) << output;
  EXPECT_EQ(lab::int_of(check, "broken", -1), 0) << output;
  EXPECT_GT(lab::int_of(check, "orders"), 100) << "somebody bought";
  EXPECT_EQ(lab::int_of(lab::object_of(told->get_object(), "orders"), "failed", -1), 0);
  EXPECT_THAT(text_of(report / "report.html"), testing::HasSubstr("<svg"));
  std::printf("%s\n", output.c_str());
}

}  // namespace
}  // namespace securecart
