#include "cluster/topology/assess.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "cluster/topology/drawing.hpp"
#include "cluster/topology/topology_fixture.hpp"

namespace securecart::cluster {
namespace {

using namespace std::chrono_literals;

TEST(Assess, FindsNoHostAndNoZoneThatTheRegionHangsOn) {
  for (const SinglePoint& point : assess(one_region()).single_points) {
    EXPECT_FALSE(point.what.starts_with("host ")) << point.what << ": " << point.effect;
    EXPECT_FALSE(point.what.starts_with("zone ")) << point.what << ": " << point.effect;
  }
}

TEST(Assess, FindsTheHostThatIsAlone) {
  Topology topology = one_region();
  for (Host& host : topology.hosts) {
    if (host.name != "a-data") {
      std::erase(host.parts, Part::postgres);
    }
  }
  const std::vector<SinglePoint> points = assess(topology).single_points;
  const auto found = std::ranges::find(points, "host a-data", &SinglePoint::what);
  ASSERT_NE(found, points.end());
  EXPECT_NE(found->effect.find("no database"), std::string::npos);
  EXPECT_NE(std::ranges::find(points, "zone a", &SinglePoint::what), points.end());
}

TEST(Assess, ExpectsWithinThePromises) {
  bool zone = false;
  for (const Disruption& disruption : assess(one_region()).disruptions) {
    if (disruption.kind == "process" || disruption.kind == "host") {
      ASSERT_TRUE(disruption.write_gap && disruption.read_gap) << disruption.what;
    }
    if (disruption.what == "zone a") {
      zone = true;
      EXPECT_LE(*disruption.write_gap, 10s);
      EXPECT_LE(*disruption.read_gap, 1s);
    }
    if (disruption.what == "HAProxy, keepalived") {
      EXPECT_LE(*disruption.read_gap, 500ms);
    }
  }
  EXPECT_TRUE(zone);
}

constexpr std::string_view two_runs = R"([
{"name":"zone-cut","at":"2026-11-20T10:00:00.000Z","revision":"aaaaaaaaaaaaaaaa","passed":true,
 "failed_orders":0,"write_gap_ms":9000,"read_gap_ms":800,"new_field":[1]},
{"name":"zone-cut","at":"2026-11-21T10:00:00.000Z","revision":"bbbbbbbbbbbbbbbb","passed":false,
 "failed_orders":2,"write_gap_ms":8100,"read_gap_ms":null}])";

TEST(Assess, ShowsTheLastMeasurement) {
  const Topology topology = one_region();
  const Result<std::vector<Drill>> drills = parse_drills(two_runs);
  ASSERT_TRUE(drills) << drills.error().detail;
  const std::string text = assessment_text(topology, assess(topology), *drills);
  EXPECT_NE(text.find("measured zone-cut: orders 8s100ms, browsing -, failed orders 2, NOT as "
                      "expected  (2026-11-21, bbbbbbbbbbbb)"),
            std::string::npos)
      << text;
  EXPECT_EQ(text.find("aaaaaaaaaaaa"), std::string::npos);
  EXPECT_NE(text.find("not measured"), std::string::npos);
}

TEST(Assess, RefusesWhatIsNoListOfDrills) {
  for (const char* wrong : {"", "{}", "[1]", "[{}]", "[{\"name\":\"x\"}]", "nonsense"}) {
    EXPECT_FALSE(parse_drills(wrong)) << wrong;
  }
  EXPECT_TRUE(parse_drills("[]"));
}

TEST(Drawing, HasEveryHostOnce) {
  const Topology topology = one_region();
  const std::string text = draw_text(topology);
  const std::string svg = draw_svg(topology);
  for (const Host& host : topology.hosts) {
    const std::string line = host.name + "  " + host.address;
    for (const std::string& drawing : {text, svg}) {
      const std::size_t first = drawing.find(line);
      ASSERT_NE(first, std::string::npos) << host.name;
      EXPECT_EQ(drawing.find(line, first + 1), std::string::npos) << host.name;
    }
  }
  EXPECT_EQ(text.find(" \n"), std::string::npos) << "no spaces at the ends of lines";
}

TEST(Drawing, EscapesTexts) {
  Topology topology = one_region();
  topology.public_url = "https://a\"<&>";
  EXPECT_NE(draw_svg(topology).find("https://a&quot;&lt;&amp;&gt;"), std::string::npos);
}

}  // namespace
}  // namespace securecart::cluster
