// The agent with real processes and a store in memory: what it starts, finds again, drains and
// says.
#include "cluster/agent/agent.hpp"

#include <csignal>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/store/memory_store.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/run_on.hpp"
#include "tests/support/seed.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::cluster::agent {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::string read(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// A host with a store beside it. Its agents come and go.
class HostWorld : public testing::Test {
 protected:
  HostWorld() : runtime_(1, 2, clock_), store_(clock_) { runtime_.run(); }
  ~HostWorld() override {
    if (agent_) {
      here([this] { agent_->stop_units(); });
      EXPECT_TRUE(test::eventually([this] { return here([this] { return agent_->ended(); }); }));
      leave();
    }
    runtime_.stop();
    runtime_.join();
  }

  void arrive() {
    AgentOptions options;
    options.region = "eu";
    options.host = "a-app";
    options.zone = "a";
    options.address = "127.0.0.1";
    options.state = path("state");
    options.runtime = path("run");
    options.secrets = path("secrets");
    options.configuration = path("etc");
    options.cgroups = path("no-cgroups");
    options.boot = "boot-1";
    options.plan = [this] { return plan_; };
    options.instance = [this](const InstanceOrder& order) { return instance(order); };
    options.heartbeat = 100ms;
    here([&] {
      agent_ =
          std::make_unique<Agent>(runtime_, runtime_.executor(0), clock_, random_, store_, options);
      agent_->start();
    });
  }
  // As SIGTERM does; what it started goes on.
  void leave() {
    here([this] { agent_->leave(); });
    EXPECT_TRUE(test::eventually([this] { return here([this] { return agent_->idle(); }); }));
    here([this] { agent_.reset(); });
  }
  void replan() {
    here([this] { agent_->replan(); });
  }

  // A program that says who it is and waits; ready while there is no file NAME.sick.
  Unit unit(const std::string& name) {
    Unit unit;
    unit.name = name;
    unit.command = {"/bin/sh", "-c",
                    "echo $$ > " + path(name + ".pid") + "; echo hello from " + name +
                        "; trap 'exit 0' TERM; while :; do sleep 0.05; done"};
    unit.readiness = {.kind = Readiness::Kind::command,
                      .command = {"/bin/sh", "-c", "test ! -e " + path(name + ".sick")},
                      .interval = 100ms,
                      .failures = 3,
                      .start_time = 10s};
    unit.stop_time = 5s;
    return unit;
  }
  Result<PlannedInstance> instance(const InstanceOrder& order) {
    if (order.service != "orders") {
      return fail(errc::not_found, "no such service");
    }
    return PlannedInstance{unit("orders-" + std::to_string(order.slot)),
                           static_cast<std::uint16_t>(9'000 + order.slot)};
  }
  static InstanceOrder orders_in(int slot, std::string version = "", bool drain = false,
                                 bool withdrawn = false) {
    return {"orders", slot, std::move(version), 0, drain, withdrawn};
  }
  void order(const std::vector<InstanceOrder>& instances, const std::string& patch = "") {
    HostOrder order;
    order.instances = instances;
    order.patch = patch;
    write("/securecart/eu/desired/a-app", to_json(order));
  }
  void write(const std::string& key, const std::string& value) {
    here([&] { run_ready(store_.commit({}, {put(key, value)})); });
  }
  std::optional<Entry> entry(const std::string& key) {
    return here([&] { return run_ready(store_.get(key)); });
  }
  std::optional<HostReport> report() {
    const std::optional<Entry> found = entry("/securecart/eu/hosts/a-app");
    if (!found) {
      return std::nullopt;
    }
    Result<HostReport> report = parse_host_report(found->value);
    EXPECT_TRUE(report.has_value());
    return report ? std::optional(*report) : std::nullopt;
  }
  std::optional<InstanceState> state(int slot) {
    const std::optional<HostReport> now = report();
    for (const InstanceReport& one : now ? now->instances : std::vector<InstanceReport>()) {
      if (one.slot == slot) {
        return one.state;
      }
    }
    return std::nullopt;
  }
  bool discovered(int slot) {
    return entry("/securecart/eu/instances/orders-a-app-" + std::to_string(slot)).has_value();
  }

  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  // 0: it never ran.
  pid_t pid_of(const std::string& name) const {
    const std::string text = read(path(name + ".pid"));
    return text.empty() || text.back() != '\n' ? 0 : std::stoi(text);
  }
  static bool alive(pid_t pid) { return pid > 0 && start_ticks(pid).has_value(); }
  bool runs(const std::string& name) const { return alive(pid_of(name)); }
  bool runs_again(const std::string& name, pid_t before) const {
    return runs(name) && pid_of(name) != before;
  }

  template <class Work>
  auto here(Work work) -> decltype(work()) {
    using T = decltype(work());
    if constexpr (std::is_void_v<T>) {
      test::run_on<bool>(runtime_.executor(0), [&work] {
        work();
        return done(true);
      });
    } else {
      return test::run_on<T>(runtime_.executor(0), [&work] { return done<T>(work()); });
    }
  }
  template <class T>
  static Task<T> done(T value) {
    co_return value;
  }

  test::TempDir folder_;
  SystemClock clock_;
  Prng random_{test::seed()};
  net::Runtime runtime_;
  MemoryStore store_;
  HostPlan plan_;
  std::unique_ptr<Agent> agent_;
};

TEST_F(HostWorld, UnitsAreStartedAndBackWhenTheyAreKilled) {
  plan_.units = {unit("redis")};
  arrive();
  ASSERT_TRUE(test::eventually([this] { return runs("redis"); }));
  EXPECT_TRUE(test::eventually([this] {
    return read(path("state/logs/redis.log")).find("hello from redis") != std::string::npos;
  }));
  const pid_t before = pid_of("redis");
  kill(before, SIGKILL);
  ASSERT_TRUE(test::eventually([&] { return runs_again("redis", before); }));
  ASSERT_TRUE(test::eventually([this] { return report() && report()->units_down.empty(); }));
}

TEST_F(HostWorld, HowAUnitEndedIsTold) {
  plan_.units = {unit("redis")};
  plan_.units[0].command = {"/bin/sh", "-c", "exit 3"};
  arrive();
  ASSERT_TRUE(test::eventually([this] {
    const auto now = report();
    return now && !now->units_down.empty() &&
           now->units_down[0].find("exit status 3") != std::string::npos;
  }));
  EXPECT_TRUE(test::eventually([this] {
    const auto now = report();
    return now && !now->units_down.empty() &&
           now->units_down[0].find("crash loop") != std::string::npos;
  }));
}

TEST_F(HostWorld, AProgramThatIsNotThereIsTold) {
  plan_.units = {unit("redis"), unit("other")};
  plan_.units[0].command = {"/nowhere/redis"};
  plan_.units[1].user = "nobody-has-this-name";
  arrive();
  ASSERT_TRUE(test::eventually([this] {
    const auto now = report();
    return now && now->units_down.size() == 2 &&
           now->units_down[0].find("no user") != std::string::npos &&
           now->units_down[1].find("cannot run the program: No such file") != std::string::npos;
  })) << testing::PrintToString(report()->units_down);
}

TEST_F(HostWorld, AnotherAgentFindsTheUnitsAndGoesOn) {
  plan_.units = {unit("redis"), unit("etcd")};
  order({orders_in(1)});
  arrive();
  ASSERT_TRUE(test::eventually([this] { return runs("redis") && runs("etcd") && discovered(1); }));
  const pid_t redis = pid_of("redis");
  const pid_t etcd = pid_of("etcd");
  const pid_t orders = pid_of("orders-1");
  const Entry record = *entry("/securecart/eu/instances/orders-a-app-1");
  leave();
  EXPECT_TRUE(alive(redis));
  kill(etcd, SIGKILL);
  plan_.units.pop_back();
  plan_.units.push_back(unit("etcd"));
  arrive();
  ASSERT_TRUE(test::eventually([&] { return runs_again("etcd", etcd); }));
  ASSERT_TRUE(test::eventually([this] { return state(1) == InstanceState::ready; }));
  EXPECT_EQ(pid_of("redis"), redis);
  EXPECT_EQ(pid_of("orders-1"), orders);
  EXPECT_EQ(entry("/securecart/eu/instances/orders-a-app-1")->created, record.created)
      << "it was out of discovery for a moment";
  kill(redis, SIGKILL);  // no child of this agent
  ASSERT_TRUE(test::eventually([&] { return runs_again("redis", redis); }));
}

TEST_F(HostWorld, AUnitSurvivesItsKeeper) {
  plan_.units = {unit("redis")};
  arrive();
  ASSERT_TRUE(test::eventually(
      [this] { return runs("redis") && report() && report()->units_down.empty(); }));
  const pid_t before = pid_of("redis");
  const auto record = parse_run_record(read(path("run/units/redis.run")));
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->kept.process.pid, before);
  kill(static_cast<pid_t>(record->kept.keeper), SIGKILL);
  poll(nullptr, 0, 300);
  EXPECT_TRUE(alive(before));
  EXPECT_EQ(pid_of("redis"), before);
  kill(before, SIGKILL);
  ASSERT_TRUE(test::eventually([&] { return runs_again("redis", before); }));
}

TEST_F(HostWorld, AnOrderIsFollowedAndDrainedOutOfDiscoveryFirst) {
  arrive();
  order({orders_in(2, "7")});
  ASSERT_TRUE(test::eventually([this] { return discovered(2); }));
  const InstanceRecord record =
      *parse_instance_record(entry("/securecart/eu/instances/orders-a-app-2")->value);
  EXPECT_EQ(record.address, "127.0.0.1");
  EXPECT_EQ(record.port, 9'002);
  EXPECT_EQ(record.zone, "a");
  ASSERT_TRUE(test::eventually([this] { return state(2) == InstanceState::ready; }));
  EXPECT_EQ(report()->instances[0].version, "7");
  EXPECT_EQ(report()->order_revision, entry("/securecart/eu/desired/a-app")->modified);
  EXPECT_TRUE(test::eventually([this] { return report()->instances[0].memory_bytes > 0; }));
  const pid_t pid = pid_of("orders-2");
  order({orders_in(2, "7", true)});
  ASSERT_TRUE(test::eventually([this] { return !discovered(2); }));
  EXPECT_TRUE(alive(pid)) << "it was stopped while shoppers could find it";
  ASSERT_TRUE(test::eventually([this] { return state(2) == InstanceState::stopped; }));
  EXPECT_FALSE(alive(pid));
  order({orders_in(2, "8")});
  ASSERT_TRUE(test::eventually([&] { return runs_again("orders-2", pid) && discovered(2); }));
}

TEST_F(HostWorld, AWithdrawnInstanceRunsUndiscovered) {
  order({orders_in(1)});
  arrive();
  ASSERT_TRUE(test::eventually([this] { return discovered(1); }));
  const pid_t pid = pid_of("orders-1");
  order({orders_in(1, "", false, true)});
  ASSERT_TRUE(test::eventually([this] { return !discovered(1); }));
  EXPECT_EQ(state(1), InstanceState::ready);
  order({orders_in(1)});
  ASSERT_TRUE(test::eventually([this] { return discovered(1); }));
  EXPECT_EQ(pid_of("orders-1"), pid);
}

TEST_F(HostWorld, ASickInstanceIsReplaced) {
  order({orders_in(1)});
  arrive();
  ASSERT_TRUE(test::eventually([this] { return discovered(1); }));
  const pid_t before = pid_of("orders-1");
  std::ofstream(path("orders-1.sick")) << "";
  ASSERT_TRUE(test::eventually([this] { return !discovered(1); }));
  ASSERT_TRUE(test::eventually([&] { return !alive(before); }));
  std::filesystem::remove(path("orders-1.sick"));
  ASSERT_TRUE(test::eventually([&] { return runs_again("orders-1", before) && discovered(1); }));
}

TEST_F(HostWorld, AHungInstanceIsKilled) {
  order({orders_in(1)});
  arrive();
  ASSERT_TRUE(test::eventually([this] { return discovered(1); }));
  const pid_t before = pid_of("orders-1");
  kill(before, SIGSTOP);
  std::ofstream(path("orders-1.sick")) << "";
  ASSERT_TRUE(test::eventually([&] { return !alive(before); }));
  std::filesystem::remove(path("orders-1.sick"));
  ASSERT_TRUE(test::eventually([&] { return runs_again("orders-1", before); }));
}

TEST_F(HostWorld, WithTheStoreAwayEverythingStaysAsItWas) {
  order({orders_in(1)});
  arrive();
  ASSERT_TRUE(test::eventually([this] { return discovered(1); }));
  const pid_t first = pid_of("orders-1");
  leave();
  here([this] { store_.set_away(true); });
  kill(first, SIGKILL);
  arrive();
  ASSERT_TRUE(test::eventually([&] { return runs_again("orders-1", first); }))
      << "the last order is on disk";
  kill(pid_of("orders-1"), SIGKILL);
  const pid_t second = pid_of("orders-1");
  ASSERT_TRUE(test::eventually([&] { return runs_again("orders-1", second); }));
  here([this] { store_.set_away(false); });
  ASSERT_TRUE(
      test::eventually([this] { return discovered(1) && state(1) == InstanceState::ready; }));
}

TEST_F(HostWorld, AnOrderThatIsGoneOrBrokenStopsNothing) {
  order({orders_in(1)});
  arrive();
  ASSERT_TRUE(test::eventually([this] { return discovered(1); }));
  const pid_t pid = pid_of("orders-1");
  write("/securecart/eu/desired/a-app", "{\"instances\": 7");
  write("/securecart/eu/desired/a-app-2", to_json(HostOrder{}));  // another host's
  here([this] { run_ready(store_.commit({}, {remove("/securecart/eu/desired/a-app")})); });
  const Timestamp then = report()->at;
  ASSERT_TRUE(test::eventually([&] { return report()->at > then + 300ms; }));
  EXPECT_TRUE(alive(pid));
  EXPECT_TRUE(discovered(1));
}

TEST_F(HostWorld, AnOrderThatCannotBeFollowedIsTold) {
  order({InstanceOrder{"gifts", 1, "", 0, false, false}, orders_in(2)});
  arrive();
  ASSERT_TRUE(test::eventually([this] { return discovered(2); }));
  EXPECT_TRUE(test::eventually([this] {
    return !report()->units_down.empty() && report()->units_down[0] == "gifts-1: no such service";
  }));
}

TEST_F(HostWorld, FilesAreWrittenBeforeUnitsReadThem) {
  plan_.files = {{path("etc/redis.conf"), "port 1\n", 0644, "root", false}};
  plan_.units = {unit("redis")};
  plan_.units[0].configuration_hash = "one";
  plan_.units[0].command = {"/bin/sh", "-c",
                            "cat " + path("etc/redis.conf") + "; echo $$ > " + path("redis.pid") +
                                "; trap 'echo again' HUP; while :; do sleep 0.05; done"};
  arrive();
  ASSERT_TRUE(test::eventually([this] { return runs("redis"); }));
  EXPECT_THAT(read(path("state/logs/redis.log")), HasSubstr("port 1"));
  const pid_t before = pid_of("redis");
  plan_.files[0].text = "port 2\n";
  plan_.units[0].configuration_hash = "two";
  plan_.units[0].stop_time = 0s;
  replan();
  ASSERT_TRUE(test::eventually([&] { return runs_again("redis", before); }));
  EXPECT_THAT(read(path("state/logs/redis.log")), HasSubstr("port 2"));
  const pid_t second = pid_of("redis");
  plan_.units[0].configuration_hash = "three";
  plan_.units[0].reload_signal = SIGHUP;
  replan();
  ASSERT_TRUE(test::eventually(
      [this] { return read(path("state/logs/redis.log")).find("again") != std::string::npos; }));
  EXPECT_EQ(pid_of("redis"), second);
}

TEST_F(HostWorld, AUnitIsWhoItShallBe) {
  plan_.units = {unit("redis")};
  plan_.units[0].command = {"/bin/sh", "-c",
                            "id -un > " + path("out/who") + "; pwd >> " + path("out/who") +
                                "; echo $COLOUR $HOME >> " + path("out/who") +
                                "; ls /proc/self/fd | wc -l >> " + path("out/who") +
                                "; echo done >> " + path("out/who") + "; exec sleep 60"};
  const bool root = geteuid() == 0;
  const std::string user = root ? "nobody" : getpwuid(geteuid())->pw_name;
  plan_.units[0].user = user;
  plan_.units[0].environment = {{"COLOUR", "blue"}, {"HOME", "/somewhere"}};
  plan_.units[0].folder = path("out");
  chmod(folder_.path().c_str(), 0755);
  arrive();
  ASSERT_TRUE(test::eventually([this] { return read(path("out/who")).ends_with("done\n"); }));
  // Standard input, output, error and the folder that `ls` reads: nothing of the agent's is open.
  EXPECT_EQ(read(path("out/who")), user + "\n" + path("out") + "\nblue /somewhere\n4\ndone\n");
}

TEST_F(HostWorld, AUserMayListenOnLowPortsWhenItIsSaid) {
  if (geteuid() != 0) {
    return;  // only root can give that right
  }
  plan_.units = {unit("dns"), unit("other")};
  chmod(folder_.path().c_str(), 0777);
  for (Unit& unit : plan_.units) {
    unit.user = "nobody";
    unit.command = {"/bin/sh", "-c",
                    "grep CapEff /proc/self/status > " + path(unit.name + ".caps") +
                        "; echo done >> " + path(unit.name + ".caps") + "; exec sleep 60"};
  }
  plan_.units[0].low_ports = true;
  arrive();
  ASSERT_TRUE(test::eventually([this] {
    return read(path("dns.caps")).ends_with("done\n") &&
           read(path("other.caps")).ends_with("done\n");
  }));
  EXPECT_EQ(read(path("dns.caps")), "CapEff:\t0000000000000400\ndone\n");
  EXPECT_EQ(read(path("other.caps")), "CapEff:\t0000000000000000\ndone\n");
}

TEST_F(HostWorld, AHostIsPatchedOnceItsInstancesAreStopped) {
  std::filesystem::create_directory(path("etc"));
  std::ofstream(path("etc/patch"))
      << "#!/bin/sh\necho $1 >> " << path("patches") << "\ntest $1 != broken\n";
  chmod(path("etc/patch").c_str(), 0755);
  order({orders_in(1)});
  arrive();
  ASSERT_TRUE(test::eventually([this] { return discovered(1); }));
  order({orders_in(1, "", true)}, "2026-11");
  ASSERT_TRUE(test::eventually([this] { return report()->patched == "2026-11"; }));
  EXPECT_FALSE(runs("orders-1"));
  order({orders_in(1, "", true)}, "broken");
  ASSERT_TRUE(test::eventually([this] { return report()->patch_failed == "broken"; }));
  EXPECT_EQ(report()->patched, "2026-11");
  leave();
  arrive();
  ASSERT_TRUE(test::eventually([this] { return report()->patched == "2026-11"; }));
  order({orders_in(1)}, "broken");
  ASSERT_TRUE(test::eventually([this] { return discovered(1); }));
  EXPECT_EQ(read(path("patches")), "2026-11\nbroken\n") << "each is tried once";
}

TEST_F(HostWorld, UnitsOfAnEarlierBootAreNotLookedFor) {
  plan_.units = {unit("redis")};
  std::filesystem::create_directories(path("run/units"));
  // Somebody else has that number now.
  std::ofstream(path("run/units/redis.run"))
      << getpid() << " " << *start_ticks(getpid()) << " 2\n"
      << to_note(remember({.unit = plan_.units[0]}), "boot-0");
  arrive();
  ASSERT_TRUE(test::eventually([this] { return runs("redis"); }));
  EXPECT_NE(pid_of("redis"), getpid());
}

TEST(KeeperRecords, AreReadWithCare) {
  const auto record = parse_run_record("12 34 11\nnote\nmore");
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->kept.process, (Process{12, 34}));
  EXPECT_EQ(record->kept.keeper, 11);
  EXPECT_EQ(record->note, "note\nmore");
  for (const char* const bad : {"", "12 34 11", "12 34\n", "x 34 11\n", "1 34 11\n", "12 34 0\n",
                                "-12 34 11\n", "12 34 11 5\n"}) {
    EXPECT_FALSE(parse_run_record(bad).has_value()) << bad;
  }
  EXPECT_EQ(parse_exit_record("12 34 e3\n", {12, 34}), "exit status 3");
  EXPECT_EQ(parse_exit_record("12 34 s9\n", {12, 34}), "signal 9");
  EXPECT_EQ(parse_exit_record("12 35 s9\n", {12, 34}), std::nullopt);
  EXPECT_EQ(parse_exit_record("12 34 x9\n", {12, 34}), std::nullopt);
  EXPECT_EQ(parse_exit_record("12 34 s\n", {12, 34}), std::nullopt);
  EXPECT_EQ(parse_start_ticks("7 (a) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 99 20"), 99);
  EXPECT_EQ(parse_start_ticks("7 (a) Z 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 99 20"),
            std::nullopt);
  const Remembered remembered{"d", "c", true, 2, 7s, {"etcd"}};
  EXPECT_EQ(parse_note(to_note(remembered, "boot"), "boot"), remembered);
  EXPECT_EQ(parse_note(to_note(remembered, "boot"), "another"), std::nullopt);
  EXPECT_EQ(parse_note("", "boot"), std::nullopt);
}

TEST(LauncherLogs, AreCutWhenTheyGrowTooLong) {
  test::TempDir folder;
  Launcher launcher(folder.path() / "run", folder.path() / "logs", "boot", std::nullopt);
  const std::filesystem::path log = folder.path() / "logs/a.log";
  std::ofstream(log) << std::string(limits::agent_log_bytes + 1, 'x');
  std::ofstream(folder.path() / "logs/b.log") << "short";
  launcher.trim_logs();
  EXPECT_EQ(std::filesystem::file_size(log), 0U);
  EXPECT_EQ(std::filesystem::file_size(log.string() + ".1"), limits::agent_log_bytes + 1);
  EXPECT_EQ(read(folder.path() / "logs/b.log"), "short");
}

TEST(ProbeCommands, EndInTimeOrAreKilled) {
  EXPECT_EQ(run_command({"/bin/true"}, 5s), std::nullopt);
  EXPECT_EQ(run_command({"/bin/sh", "-c", "exit 4"}, 5s), "/bin/sh ended with status 4");
  EXPECT_THAT(run_command({"/nowhere/x"}, 5s).value_or(""), HasSubstr("No such file"));
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(run_command({"/bin/sleep", "60"}, 100ms), "/bin/sleep did not end in time");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
}

}  // namespace
}  // namespace securecart::cluster::agent
