#include "cluster/control/overview.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.hpp"
#include "cluster/topology/topology_fixture.hpp"

namespace securecart::cluster {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

Entry entry(std::string key, std::string value) {
  return {std::move(key), std::move(value), 1, 1, 0};
}

Snapshot patroni() {
  return {7,
          {entry("/patroni/one-region/config", R"({"ttl":4})"),
           entry("/patroni/one-region/leader", "a-data"),
           entry("/patroni/one-region/members/a-data",
                 R"({"role":"master","state":"running","xlog_location":5000000,"timeline":3})"),
           entry("/patroni/one-region/members/b-data",
                 R"({"role":"replica","state":"running","xlog_location":2902848})"),
           entry("/patroni/one-region/members/c-data", "no JSON"),
           entry("/patroni/one-region/sync", R"({"leader":"a-data","sync_standby":"b-data"})")}};
}

HostReport report_at(const std::string& host, Timestamp at) {
  HostReport report;
  report.host = host;
  report.at = at;
  report.load = 0.5;
  return report;
}

class OverviewTest : public testing::Test {
 protected:
  OverviewTest() {
    for (const Host& host : topology_.hosts) {
      HostReport report = report_at(host.name, now_);
      report.zone = host.zone;
      if (host.carries(Part::instances)) {
        InstanceReport instance;
        instance.id = "orders-" + host.name + "-1";
        instance.service = "orders";
        instance.slot = 1;
        instance.version = "1.2.0";
        instance.state = InstanceState::ready;
        instance.since = now_ - std::chrono::minutes(3);
        instance.requests = 40.0;
        instance.latency_p99 = 12ms;
        report.instances.push_back(std::move(instance));
      }
      state_.reports[host.name] = {report, 1};
    }
  }
  HostReport& report(const std::string& host) { return state_.reports.at(host).value; }
  Overview overview() const { return {topology_, state_, database_, controller_, now_}; }
  std::string shown() const { return render_overview(overview(), false); }

  Topology topology_ = parse_topology("one-region.toml", one_region_text()).value();
  Timestamp now_ = from_millis(1'795'000'000'000);
  RegionState state_;
  DatabaseView database_ = read_database("one-region", patroni());
  std::string controller_ = "b-app";
};

TEST_F(OverviewTest, ShowsARegionThatIsWell) {
  EXPECT_TRUE(is_well(overview()));
  const std::string text = shown();
  EXPECT_THAT(text, HasSubstr("controller b-app  well"));
  EXPECT_THAT(text, HasSubstr("primary a-data, commits wait for b-data"));
  EXPECT_THAT(text, HasSubstr("2 MB behind"));
  EXPECT_THAT(text, HasSubstr("ZONE c"));
  EXPECT_THAT(text, HasSubstr("orders-a-app-1"));
  EXPECT_THAT(text, Not(HasSubstr("ALARMS")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(render_overview(overview(), true), HasSubstr("\x1b[32mwell"));
}

TEST_F(OverviewTest, SaysWhatNeedsALook) {
  report("a-data").units_down = {"redis: no answer"};
  EXPECT_FALSE(is_well(overview()));
  EXPECT_THAT(shown(), HasSubstr("down  redis: no answer"));
  report("a-data").units_down.clear();

  state_.reports.erase("c-edge");
  EXPECT_FALSE(is_well(overview()));
  EXPECT_THAT(shown(), HasSubstr("no word of its agent"));
  state_.reports["c-edge"] = {report_at("c-edge", now_ - std::chrono::minutes(1)), 1};
  EXPECT_FALSE(is_well(overview()));
  EXPECT_THAT(shown(), HasSubstr("last word 1 min ago"));
  report("c-edge").at = now_;

  report("a-app").instances[0].state = InstanceState::crash_loop;
  EXPECT_FALSE(is_well(overview()));
  report("a-app").instances[0].state = InstanceState::ready;

  controller_.clear();
  EXPECT_FALSE(is_well(overview()));
  controller_ = "a-app";
  database_.synchronous.clear();
  EXPECT_FALSE(is_well(overview()));
  EXPECT_THAT(shown(), HasSubstr("commits wait for nobody"));
  database_ = read_database("one-region", {});
  EXPECT_THAT(shown(), HasSubstr("primary nobody"));
}

TEST_F(OverviewTest, ShowsAlarmsAndChangesOnTheirWay) {
  state_.alarms.value.alarms = {{"host_gone", "c-data", "It has not been heard of.", now_}};
  state_.broken["/securecart/eu/shift/x"] = "/zone is missing";
  RolloutRecord& rollout = state_.rollout.value;
  rollout.phase = RolloutPhase::baking;
  rollout.since = now_ - std::chrono::seconds(20);
  rollout.target["orders"] = {"1.3.0", 0};
  rollout.zones = {"a", "b", "c"};
  rollout.current = 1;
  rollout.refused["web"] = {"1.3.0", 0};
  rollout.reason = "errors rose";
  state_.shifts["c"] = {{"c", now_ + std::chrono::minutes(10), "operator", "storm"}, 1};
  state_.shifts["b"] = {{"b", now_ - std::chrono::minutes(1), "operator", "over"}, 1};
  const std::string text = shown();
  EXPECT_THAT(text, HasSubstr("host_gone"));
  EXPECT_THAT(text, HasSubstr("/zone is missing"));
  EXPECT_THAT(text, HasSubstr("baking orders 1.3.0: zone b (2 of 3), for 20 s: errors rose"));
  EXPECT_THAT(text, HasSubstr("refused web 1.3.0 was rolled back"));
  EXPECT_THAT(text, HasSubstr("shifted away zone c for another 10 min, by operator: storm"));
  EXPECT_THAT(text, Not(HasSubstr("zone b for another")));
  EXPECT_FALSE(is_well(overview()));
}

TEST(DatabaseView, IsReadFromWhatPatroniKeeps) {
  const DatabaseView view = read_database("one-region", patroni());
  EXPECT_EQ(view.leader, "a-data");
  EXPECT_THAT(view.synchronous, testing::ElementsAre("b-data"));
  ASSERT_EQ(view.members.size(), 2U);
  EXPECT_EQ(view.members[0], (DatabaseMember{"a-data", "master", "running", 5'000'000}));
  EXPECT_EQ(read_database("other", patroni()), DatabaseView());
  EXPECT_EQ(read_database("one-region", {1, {entry("/patroni/one-region/sync", "{}")}}),
            DatabaseView());
}

}  // namespace
}  // namespace securecart::cluster
