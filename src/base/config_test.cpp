#include "base/config.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/limits.hpp"

namespace securecart {
namespace {

using namespace std::chrono_literals;

ConfigReader parsed(std::string_view text) {
  Result<ConfigReader> config = ConfigReader::parse("shop.toml", text);
  EXPECT_TRUE(config) << config.error().detail;
  return *config;
}

std::vector<std::string> problems(const ConfigReader& config) {
  std::vector<std::string> lines;
  if (const Result<void> good = config.finish(); !good) {
    EXPECT_TRUE(good.error().is(errc::invalid_request));
    for (const FieldError& field : good.error().fields) {
      lines.push_back(field.where + ": " + field.what);
    }
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST(ConfigReader, ReadsEveryType) {
  const ConfigReader config = parsed(R"(
name = "Gifts"
port = 8081
open = true
wait = "1m30s"
hosts = ["a", "b"]
mode = "fast"
[server]
cores = 2
[[zone]]
code = "GB"
[[zone]]
code = "FR"
)");
  EXPECT_EQ(config.string("name", required), "Gifts");
  EXPECT_EQ(config.integer("port", {1, 65'535}, 8'080), 8'081);
  EXPECT_TRUE(config.boolean("open", false));
  EXPECT_EQ(config.duration("wait", {0s, 1h}, 1s), 90s);
  EXPECT_EQ(config.list("hosts", required), (Lines{"a", "b"}));
  EXPECT_EQ(config.choice("mode", {"fast", "safe"}, "safe"), "fast");
  EXPECT_TRUE(config.has("server"));
  EXPECT_EQ(config.table("server").integer("cores", {1, 64}, required), 2);
  std::string codes;
  for (const ConfigReader& zone : config.tables("zone")) {
    codes += zone.string("code", required);
  }
  EXPECT_EQ(codes, "GBFR");
  EXPECT_EQ(problems(config), Lines{});
}

TEST(ConfigReader, FallsBack) {
  const ConfigReader config = parsed("");
  EXPECT_EQ(config.string("name", "none"), "none");
  EXPECT_EQ(config.integer("port", {1, 65'535}, 8'080), 8'080);
  EXPECT_TRUE(config.boolean("open", true));
  EXPECT_EQ(config.duration("wait", {0s, 1h}, 5s), 5s);
  EXPECT_EQ(config.list("hosts", Lines{"x"}), (Lines{"x"}));
  EXPECT_EQ(config.table("server").integer("cores", {1, 64}, 4), 4);
  EXPECT_TRUE(config.tables("zone").empty());
  EXPECT_FALSE(config.has("name"));
  EXPECT_EQ(problems(config), Lines{});
}

TEST(ConfigReader, CollectsAllProblemsWithTheirPlaces) {
  const ConfigReader config = parsed(R"(name = 5
port = 99999
wiat = "3s"
wait = "3 seconds"
hosts = ["a", 1]
mode = "fsat"
[server]
cores = "two"
  [server.tls]
  extra = 1
)");
  config.string("name", required);
  EXPECT_EQ(config.integer("port", {1, 65'535}, 8'080), 8'080);
  config.duration("wait", {0s, 1h}, 1s);
  config.duration("wait_more", {0s, 1h}, 1s);
  config.list("hosts", required);
  config.choice("mode", {"fast", "safe"}, required);
  config.string("key", required);
  const ConfigReader server = config.table("server");
  server.integer("cores", {1, 64}, 1);
  server.string("root", required);
  EXPECT_EQ(problems(config),
            (Lines{
                "shop.toml:1:1 key: is missing; add it",
                "shop.toml:1:8 name: must be a text in quotes, not a whole number",
                "shop.toml:2:8 port: must be from 1 to 65535, not 99999",
                "shop.toml:3:1 wiat: is not known here; remove it",
                "shop.toml:4:8 wait: must be a duration in quotes, as \"250ms\", \"15s\" or "
                "\"1h30m\"",
                "shop.toml:5:15 hosts: must be a list of texts, not a whole number",
                "shop.toml:6:8 mode: must be one of \"fast\", \"safe\", not \"fsat\"",
                "shop.toml:7:1 server.root: is missing; add it",
                "shop.toml:8:9 server.cores: must be a whole number, not a text",
                "shop.toml:9:11 server.tls: is not known here; remove it",
            }));
}

TEST(ConfigReader, SuggestsTheKeyThatWasMeant) {
  const ConfigReader config = parsed("prot = 1\nfoo = 2\n");
  config.integer("port", {1, 9}, 1);
  EXPECT_EQ(problems(config),
            (Lines{"shop.toml:1:1 prot: is not known here; did you mean \"port\"?",
                   "shop.toml:2:1 foo: is not known here; remove it"}));
}

TEST(ConfigReader, TakesProblemsOfItsCaller) {
  const ConfigReader config = parsed("a = 1\nb = 2\n");
  config.problem("b", "cannot be used with a");
  config.integer("a", {0, 9}, 0);
  EXPECT_EQ(problems(config), (Lines{"shop.toml:2:5 b: cannot be used with a"}));
}

TEST(ConfigReader, RefusesOutOfRangeDurationsAndLongTexts) {
  const ConfigReader config = parsed("wait = \"2h\"\nname = \"abcdef\"\nlist = [\"a\", \"b\"]\n");
  EXPECT_EQ(config.duration("wait", {1s, 1h}, 5s), 5s);
  EXPECT_EQ(config.string("name", required, 5), "");
  EXPECT_EQ(config.list("list", required, 1), Lines{});
  EXPECT_EQ(problems(config), (Lines{"shop.toml:1:8 wait: must be from 1s to 1h, not 2h",
                                     "shop.toml:2:8 name: must have at most 5 bytes, not 6",
                                     "shop.toml:3:8 list: must have at most 1 items, not 2"}));
}

TEST(ConfigReader, RefusesWrongSyntaxWithItsPlace) {
  const Result<ConfigReader> config = ConfigReader::parse("shop.toml", "a = 1\nb = \n");
  ASSERT_FALSE(config);
  ASSERT_EQ(config.error().fields.size(), 1U);
  EXPECT_TRUE(config.error().fields[0].where.starts_with("shop.toml:2:"))
      << config.error().fields[0].where;
  EXPECT_FALSE(ConfigReader::parse("shop.toml", "a = \"\xFF\""));
  EXPECT_FALSE(ConfigReader::parse("shop.toml", "a = 1\na = 2\n"));
}

TEST(ConfigReader, LimitsTheSize) {
  const std::string text(limits::config_bytes + 1, '\n');
  EXPECT_FALSE(ConfigReader::parse("shop.toml", text));
  EXPECT_TRUE(ConfigReader::parse("shop.toml", std::string_view(text).substr(1)));
}

TEST(ConfigReader, OutlivesItsParent) {
  ConfigReader server = parsed("[server]\ncores = 3\n").table("server");
  EXPECT_EQ(server.integer("cores", {1, 64}, required), 3);
}

TEST(ConfigReader, NamesKeysOfTablesWhoseKeysAreNames) {
  const ConfigReader config = parsed("[rates]\nGB = 20\nFR = 21\n");
  EXPECT_EQ(config.table("rates").keys(), (Lines{"FR", "GB"}));
}

TEST(Durations, ReadAndRefuse) {
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("7d"), 168h);
  EXPECT_EQ(parse_duration("0s"), 0s);
  for (const std::string_view text :
       {"", "5", "s", "-1s", "1.5s", "1 s", "1x", "9999999999999s", "99999999999999999999ns"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

RC_GTEST_PROP(Durations, ReadWhatTheyWrote, ()) {
  const auto count = *rc::gen::inRange<std::int64_t>(0, std::numeric_limits<std::int64_t>::max());
  RC_ASSERT(parse_duration(format_duration(Duration(count))) == Duration(count));
}

RC_GTEST_PROP(ConfigReader, NeverFailsOnAnyBytes, (const std::string& text)) {
  if (const Result<ConfigReader> config = ConfigReader::parse("any.toml", text)) {
    RC_ASSERT(config->finish().has_value() == config->keys().empty());
  }
}

}  // namespace
}  // namespace securecart
