#include "traffic/routing/config.hpp"

#include <gtest/gtest.h>

#include "traffic/routing/routing_fixture.hpp"

namespace securecart::traffic::routing {
namespace {

std::string problems_of(const std::string& text) {
  const auto known_check = [](const std::string& name) { return name == "web"; };
  const Result<RoutingConfig> config = parse_routing("p.toml", text, known_check);
  return config ? "" : config.error().detail;
}

struct Case {
  const char* text;
  const char* problem;
};

TEST(RoutingConfig, NamesFileLineAndColumnOfEachProblem) {
  const std::string text = "[[target]]\nname = \"a\"\naddresses = [\"10.0.0.256\"]\n";
  EXPECT_NE(problems_of(text).find("p.toml:3:13 target[0].addresses: \"10.0.0.256\" is not an IP"),
            std::string::npos)
      << problems_of(text);
}

TEST(RoutingConfig, RefusesWhatMakesNoSense) {
  const std::string target = "[[target]]\nname = \"a\"\naddresses = [\"10.0.0.1\"]\n";
  const Case cases[] = {
      {"[[target]]\nname = \"A b\"\naddresses = [\"::1\"]\n", "must be made of"},
      {"[[target]]\nname = \"b\"\n", "addresses, an alias or a cname"},
      {"[[target]]\nname = \"b\"\naddresses = [\"::1\"]\nalias = \"x.\"\n", "one of them"},
      {"[[target]]\nname = \"b\"\nalias = \"x..y.\"\n", "dot at its end"},
      {"[[target]]\nname = \"b\"\naddresses = [\"::1\"]\nregion = \"eu\"\n", "no [[region]]"},
      {"[[target]]\nname = \"b\"\naddresses = [\"::1\"]\ncheck = \"x\"\n", "no [[check]]"},
      {"[[target]]\nname = \"b\"\naddresses = [\"::1\"]\nlocation = \"91, 0\"\n", "latitude"},
      {"[[target]]\nname = \"a\"\naddresses = [\"::1\"]\n", "is taken"},
      {"[[policy]]\nname = \"p\"\ntype = \"simpel\"\nmembers = [\"a\"]\n", "must be one of"},
      {"[[policy]]\nname = \"p\"\ntype = \"simple\"\nmembers = [\"x\"]\n", "no target or policy"},
      {"[[policy]]\nname = \"p\"\ntype = \"simple\"\nmembers = []\n", "1 to 64 members"},
      {"[[policy]]\nname = \"p\"\ntype = \"simple\"\nmembers = [\"a\"]\nanswers = 2\n",
       "not known"},
      {"[[policy]]\nname = \"p\"\ntype = \"failover\"\nmembers = [\"a\", \"a\"]\n", "twice"},
      {"[[policy]]\nname = \"p\"\ntype = \"failover\"\nmembers = [\"p\"]\n", "back to itself"},
      {"[[policy]]\nname = \"discovery\"\ntype = \"simple\"\nmembers = [\"a\"]\n", "is kept"},
      {"[[policy]]\nname = \"p\"\ntype = \"cidr\"\nmembers = [\"a\"]\n", "who goes where"},
      {"[[policy]]\nname = \"p\"\ntype = \"cidr\"\n[[policy.member]]\nuse = \"a\"\n",
       "nobody goes"},
      {"[[policy]]\nname = \"p\"\ntype = \"geolocation\"\n[[policy.member]]\nuse = \"a\"\n"
       "countries = [\"XX\"]\n",
       "is not a country"},
      {"[[policy]]\nname = \"p\"\ntype = \"weighted\"\n[[policy.member]]\nuse = \"a\"\nweight = "
       "-1\n",
       "must be from 0"},
      {"[[rtt]]\n[rtt.ms]\n", "for whom"},
      {"[[rtt]]\ncountries = [\"DE\"]\n[rtt.ms]\nxx = 3\n", "no [[region]]"},
  };
  EXPECT_EQ(problems_of(target), "");
  for (const Case& one : cases) {
    EXPECT_NE(problems_of(target + one.text).find(one.problem), std::string::npos)
        << one.text << "\n"
        << problems_of(target + one.text);
  }
}

TEST(RoutingConfig, RefusesDeepNests) {
  std::string text = "[[target]]\nname = \"a\"\naddresses = [\"10.0.0.1\"]\n";
  for (int depth = 0; depth < 40; ++depth) {
    text += "[[policy]]\nname = \"p" + std::to_string(depth) +
            "\"\ntype = \"simple\"\nmembers = [\"" +
            (depth == 39 ? "a" : "p" + std::to_string(depth + 1)) + "\"]\n";
  }
  EXPECT_NE(problems_of(text).find("nest 8 deep"), std::string::npos);
}

TEST(RoutingConfig, PutsInnerPoliciesFirst) {
  World world(R"(
[[policy]]
name = "outer"
type = "failover"
ttl = "5s"
members = ["inner"]
[[policy]]
name = "inner"
type = "simple"
members = ["eu-1"]
)");
  EXPECT_LT(world.snapshot->nodes_by_name.at("inner"), world.snapshot->nodes_by_name.at("outer"));
  EXPECT_EQ(world.snapshot->nodes.back().ttl_seconds, 5U);
  EXPECT_EQ(world.snapshot->nodes.back().types, (std::vector<std::uint16_t>{1, 28}));
}

}  // namespace
}  // namespace securecart::traffic::routing
