#include "cluster/control/records.hpp"

#include <gtest/gtest.h>

#include "cluster/control/limits.hpp"
#include "cluster/control/region_state.hpp"

namespace securecart::cluster {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp noon{std::chrono::milliseconds(1'767'225'600'123)};

HostReport some_report() {
  InstanceReport instance;
  instance.id = "orders-a-app-2";
  instance.service = "orders";
  instance.slot = 2;
  instance.version = "1.4.0";
  instance.state = InstanceState::crash_loop;
  instance.since = noon;
  instance.cpu = 0.75;
  instance.memory_bytes = 64 << 20;
  instance.requests = 120.5;
  instance.errors = 0.25;
  instance.latency_p99 = 12'345us;
  instance.queue = 3;
  HostReport report;
  report.host = "a-app";
  report.zone = "a";
  report.at = noon;
  report.order_revision = 42;
  report.load = 1.5;
  report.memory_free_bytes = 1 << 30;
  report.instances = {instance};
  report.units_down = {"postgres: crash loop"};
  report.patched = "2026-11";
  report.patch_failed = "2026-12";
  return report;
}

// What is wrong with it; fails the test when nothing is.
template <class T>
std::string error_of(const Result<T>& result) {
  EXPECT_FALSE(result.has_value());
  return result ? "" : result.error().detail;
}

TEST(Records, ComeBackAsTheyWere) {
  EXPECT_EQ(parse_host_report(to_json(some_report())).value(), some_report());

  const HostOrder order{{{"orders", 0, "1.4.0", 3, true, false}, {"web", 5, "", 0, false, true}},
                        "2026-11"};
  EXPECT_EQ(parse_host_order(to_json(order)).value(), order);

  const ServiceOrder service{"orders", "1.4.0", 2, 7};
  EXPECT_EQ(parse_service_order(to_json(service)).value(), service);
  EXPECT_EQ(parse_patch_order(to_json(PatchOrder{"2026-11"})).value(), PatchOrder{"2026-11"});

  RolloutRecord rollout;
  rollout.phase = RolloutPhase::rolling_back;
  rollout.since = noon;
  rollout.settled = {{"orders", {"1.3.0", 0}}, {"web", {"", 1}}};
  rollout.target = {{"orders", {"1.4.0", 0}}};
  rollout.refused = {{"web", {"bad", 4}}};
  rollout.patched = "2026-10";
  rollout.patch_refused = "2026-09";
  rollout.zones = {"a", "b", "c"};
  rollout.current = 1;
  rollout.proven = {"orders"};
  rollout.wrong = true;
  rollout.reason = "Zone b: orders does not become ready.";
  EXPECT_EQ(parse_rollout_record(to_json(rollout)).value(), rollout);

  const ShiftRecord shift{"a", noon, "operator", "drill", 3};
  EXPECT_EQ(parse_shift_record(to_json(shift)).value(), shift);
  const AlarmList alarms{{{"blind", "", "Most reports are gone.", noon}}};
  EXPECT_EQ(parse_alarm_list(to_json(alarms)).value(), alarms);
  const InstanceRecord instance{"orders-a-app-2", "orders", "a", "10.77.1.11", 9'002, 5};
  EXPECT_EQ(parse_instance_record(to_json(instance)).value(), instance);
}

TEST(Records, AWeekOfLoadComesBackAsItWas) {
  ScalingRecord record;
  record.service = "orders";
  EXPECT_EQ(parse_scaling_record(to_json(record)).value(), record);
  record.wanted = 7;
  record.scaled_out = noon;
  record.scaled_in = noon - 1h;
  record.capacity = 31.25;
  record.of_week.assign(limits::quarters_of_week, 0.333333);
  record.weeks.assign(limits::quarters_of_week, 9);
  record.of_day.assign(limits::quarters_of_day, 1e-9);
  record.days.assign(limits::quarters_of_day, 63);
  record.level = 1.1;
  record.high = 1.6;
  record.learned = noon;
  record.error = 0.125;
  EXPECT_EQ(parse_scaling_record(to_json(record)).value(), record);
  EXPECT_LT(to_json(record).size(), limits::record_bytes / 8);
  record.weeks.pop_back();
  EXPECT_NE(error_of(parse_scaling_record(to_json(record))).find("whole week"), std::string::npos);
}

TEST(Records, SayWhatIsWrongWhere) {
  EXPECT_NE(error_of(parse_host_report("{")).size(), 0U);
  EXPECT_NE(error_of(parse_host_report("[]")).find("is not an object"), std::string::npos);
  EXPECT_NE(error_of(parse_host_report(R"({"host":"a"})")).find("/zone is not a label"),
            std::string::npos);
  EXPECT_NE(
      error_of(parse_host_report(
                   R"({"host":"a","zone":"a","instances":[{"id":"x","service":"s","slot":-1}]})"))
          .find("/instances/0/slot is not a whole number from 0 to 255"),
      std::string::npos);
  EXPECT_NE(
      error_of(
          parse_host_report(
              R"({"host":"a","zone":"a","instances":[{"id":"x","service":"s","state":"well"}]})"))
          .find("/instances/0/state is unknown: \"well\""),
      std::string::npos);
  EXPECT_NE(error_of(parse_host_report(R"({"host":"a","zone":"a","at":"noon"})")).find("RFC 3339"),
            std::string::npos);
  EXPECT_NE(error_of(parse_shift_record(R"({"zone":"A"})")).find("/zone"), std::string::npos);
  EXPECT_NE(error_of(parse_rollout_record(R"({"phase":"rolling","patch":"x"})")).find("/current"),
            std::string::npos);
  EXPECT_NE(
      error_of(parse_instance_record(R"({"id":"x","service":"s","zone":"a","address":"10.0.0.1"})"))
          .find("/port is missing"),
      std::string::npos);
  EXPECT_NE(error_of(parse_host_order(std::string(limits::record_bytes + 1, ' '))).find("larger"),
            std::string::npos);
}

TEST(Records, ASlotIsOrderedOnce) {
  EXPECT_NE(error_of(parse_host_order(
                         R"({"instances":[{"service":"a","slot":1},{"service":"b","slot":1}]})"))
                .find("is ordered twice"),
            std::string::npos);
}

TEST(Records, LeaveAloneWhatTheyDoNotKnow) {
  const auto order =
      parse_host_order(R"({"instances":[{"service":"a","slot":1,"colour":"red"}],"mood":[]})");
  ASSERT_TRUE(order.has_value());
  EXPECT_EQ(order->instances.front().service, "a");
}

TEST(RegionReader, ParsesWhatChangedAndDropsWhatIsGone) {
  RegionReader reader("eu");
  const Keys keys("eu");
  Snapshot snapshot;
  snapshot.entries = {
      {keys.desired() + "a-app", to_json(HostOrder{}), 1, 1, 0},
      {keys.hosts() + "a-app", to_json(some_report()), 2, 2, 7},
      {keys.hosts() + "b-app", "not JSON", 3, 3, 7},
      {keys.rollout(), to_json(RolloutRecord{}), 4, 4, 0},
      {keys.services() + "orders", to_json(ServiceOrder{"orders", "2", 0, 0}), 5, 5, 0}};
  const RegionState& state = reader.read(snapshot);
  EXPECT_EQ(state.orders.at("a-app").revision, 1);
  EXPECT_EQ(state.reports.at("a-app").value, some_report());
  EXPECT_FALSE(state.reports.contains("b-app"));
  EXPECT_TRUE(state.broken.contains(keys.hosts() + "b-app"));
  EXPECT_EQ(state.rollout.revision, 4);
  EXPECT_EQ(state.services.at("orders").value.version, "2");

  // The same revision is not read again, another one is.
  snapshot.entries[1].value = "not looked at";
  snapshot.entries[2] = {keys.hosts() + "b-app", to_json(some_report()), 3, 9, 7};
  reader.read(snapshot);
  EXPECT_EQ(state.reports.at("a-app").value, some_report());
  EXPECT_TRUE(state.reports.contains("b-app"));
  EXPECT_TRUE(state.broken.empty());

  snapshot.entries.erase(snapshot.entries.begin() + 1, snapshot.entries.begin() + 4);
  reader.read(snapshot);
  EXPECT_TRUE(state.reports.empty());
  EXPECT_EQ(state.rollout.revision, 0);
  EXPECT_TRUE(state.orders.contains("a-app"));
  reader.read({});
  EXPECT_TRUE(state.orders.empty());
  EXPECT_TRUE(state.services.empty());
}

}  // namespace
}  // namespace securecart::cluster
