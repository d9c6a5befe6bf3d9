// The real `securecart agent` on hosts of a real topology file: three members of etcd and a DNS
// server, all on addresses of this machine's loopback.
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <pwd.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/prng.hpp"
#include "cluster/agent/keeper.hpp"
#include "cluster/control/records.hpp"
#include "cluster/etcd/etcd_fixture.hpp"
#include "tests/support/dns_process.hpp"
#include "tests/support/places.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// topologies/one-region.toml with its data hosts taken apart, in a network of this test's own.
struct RegionFile {
  explicit RegionFile(const std::filesystem::path& folder) : file(folder / "topology.toml") {
    SecureRandom random;
    network = fmt::format("127.{}.", 20 + random.below(200));
    std::string text = test::read_whole(test::source_dir() + "/topologies/one-region.toml");
    text = replaced(text, "10.77.", network);
    text = replaced(text, R"(parts = ["etcd", "postgres", "rabbitmq", "redis"])",
                    R"(parts = ["etcd"])");
    int number = 1;
    for (const char zone : {'a', 'b', 'c'}) {
      text += fmt::format(
          "\n[[host]]\nname = \"{0}-state\"\nzone = \"{0}\"\n"
          "address = \"{1}{2}.14\"\nparts = [\"postgres\", \"rabbitmq\", \"redis\"]\n",
          zone, network, number++);
    }
    std::ofstream(file) << text;
  }
  std::filesystem::path file;
  std::string network;
};

// One agent and the folders of its host. Everything it looks after ends with this object.
class AgentProcess {
 public:
  AgentProcess(std::string host, const std::filesystem::path& topology)
      : host_(std::move(host)), topology_(topology) {
    chmod(folder_.path().c_str(), 0755);
    write_program_user();
    start();
  }
  ~AgentProcess() {
    if (child_ <= 0) {
      start();
    }
    EXPECT_EQ(end(SIGINT), 0) << log();
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path() / "run/agent/units"));
  }
  AgentProcess(const AgentProcess&) = delete;
  AgentProcess& operator=(const AgentProcess&) = delete;

  void start() {
    const auto at = [this](const char* name) { return (folder_.path() / name).string(); };
    std::vector<std::string> words{
        test::program(),    "agent",           "--host",    host_,         "--topology",
        topology_.string(), "--configuration", at("etc"),   "--state",     at("state"),
        "--runtime",        at("run"),         "--secrets", at("secrets"), "--program",
        test::program(),    "--cgroups",       at("none")};
    std::vector<char*> arguments;
    for (std::string& word : words) {
      arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    const std::string log_file = at("log");
    const std::size_t before = starts();
    child_ = fork();
    if (child_ == 0) {
      if (!meet_program_user()) {
        _exit(126);
      }
      const int out = open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
      dup2(out, 1);
      dup2(out, 2);
      close_range(3, ~0U, 0);
      execv(arguments[0], arguments.data());
      _exit(127);
    }
    EXPECT_TRUE(test::eventually([&] { return starts() > before; }, 60s)) << log();
  }
  int end(int signal) {
    kill(child_, signal);
    int status = 0;
    waitpid(child_, &status, 0);
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  void reload() const { kill(child_, SIGHUP); }
  std::string log() const { return test::read_whole(folder_.path() / "log"); }
  // 0: it does not run.
  pid_t pid_of(const std::string& unit) const {
    const auto record = cluster::agent::parse_run_record(
        test::read_whole(folder_.path() / "run/agent/units" / (unit + ".run")));
    return record && cluster::agent::start_ticks(record->kept.process.pid)
               ? static_cast<pid_t>(record->kept.process.pid)
               : 0;
  }
  bool runs(const std::string& unit) const { return pid_of(unit) != 0; }

 private:
  // On a host the Debian package makes the user of the program's units; here it is made for the
  // agent and what it starts alone, in a view of the files of their own.
  void write_program_user() const {
    const auto extended = [this](const char* name, const char* line) {
      std::ofstream(folder_.path() / name) << test::read_whole(std::string("/etc/") + name) << line;
    };
    extended("passwd", "securecart:x:64123:64123::/nonexistent:/usr/sbin/nologin\n");
    extended("group", "securecart:x:64123:\n");
  }
  bool meet_program_user() const {
    const auto cover = [this](const char* name) {
      return mount((folder_.path() / name).c_str(), (std::string("/etc/") + name).c_str(), nullptr,
                   MS_BIND, nullptr) == 0;
    };
    return getpwnam("securecart") != nullptr ||
           (unshare(CLONE_NEWNS) == 0 &&
            mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 && cover("passwd") &&
            cover("group"));
  }

  // How often it said that it looks after its units: from then on it listens to signals.
  std::size_t starts() const {
    const std::string text = log();
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text.find("looks after its units", at)) != std::string::npos;
         ++at) {
      ++count;
    }
    return count;
  }

  const std::string host_;
  const std::filesystem::path topology_;
  const test::TempDir folder_;
  pid_t child_ = -1;
};

class Fixture final : public cluster::EtcdFixture {
 public:
  using EtcdFixture::EtcdFixture;
  void set_away(bool) override {}
};

class RegionOfAgents : public testing::Test {
 protected:
  RegionOfAgents() {
    for (const char* const host : {"a-data", "b-data", "c-data"}) {
      data_.push_back(std::make_unique<AgentProcess>(host, region_.file));
    }
  }
  std::optional<cluster::HostReport> report(const std::string& host) {
    try {
      const auto entry = fixture_.caller().get("/securecart/eu/hosts/" + host);
      const auto report = entry ? cluster::parse_host_report(entry->value)
                                : Result<cluster::HostReport>(cluster::HostReport{});
      return entry && report ? std::optional(*report) : std::nullopt;
    } catch (const Unavailable&) {
      return std::nullopt;
    }
  }
  bool write(const std::string& key, const std::string& value) {
    try {
      return fixture_.caller().commit({}, {cluster::put(key, value)}).applied;
    } catch (const Unavailable&) {
      return false;
    }
  }

  test::TempDir folder_;
  RegionFile region_{folder_.path()};
  std::vector<std::unique_ptr<AgentProcess>> data_;
  Fixture fixture_{{fmt::format("http://{}1.11:2379", region_.network),
                    fmt::format("http://{}2.11:2379", region_.network),
                    fmt::format("http://{}3.11:2379", region_.network)}};
};

TEST_F(RegionOfAgents, StartsHealsAndIsFoundAgain) {
  ASSERT_TRUE(test::eventually([this] { return report("a-data") && report("c-data"); }, 60s))
      << data_[0]->log();
  EXPECT_TRUE(report("a-data")->units_down.empty());
  EXPECT_EQ(report("a-data")->zone, "a");

  // A program that is killed is back.
  const pid_t first = data_[0]->pid_of("etcd");
  kill(first, SIGKILL);
  ASSERT_TRUE(test::eventually(
      [&] { return data_[0]->runs("etcd") && data_[0]->pid_of("etcd") != first; }));

  // An agent that is killed leaves it running, and the next one finds it.
  const pid_t second = data_[0]->pid_of("etcd");
  data_[0]->end(SIGKILL);
  EXPECT_TRUE(data_[0]->runs("etcd"));
  data_[0]->start();
  ASSERT_TRUE(test::eventually(
      [this] {
        return data_[0]->log().find("a unit is found running") != std::string::npos &&
               report("a-data") && report("a-data")->units_down.empty();
      },
      30s))
      << data_[0]->log();
  EXPECT_EQ(data_[0]->pid_of("etcd"), second);

  // SIGTERM ends the agent alone.
  EXPECT_EQ(data_[0]->end(SIGTERM), 0);
  EXPECT_TRUE(data_[0]->runs("etcd"));
  data_[0]->start();

  // A second one on the same folders is refused: the first holds them.
  std::string output;
  EXPECT_EQ(test::run_program({"agent", "--host", "nobody", "--topology", region_.file.string()},
                              &output),
            2);
  EXPECT_THAT(output, HasSubstr("no host nobody"));
}

TEST_F(RegionOfAgents, DnsFollowsWhatAgentsWrite) {
  AgentProcess edge("c-edge", region_.file);
  const std::string server = region_.network + "3.13";
  const auto ask = [&server](const std::string& question) {
    return test::output_of("dig +short +tries=1 +time=1 @" + server + " " + question);
  };
  ASSERT_TRUE(
      test::eventually([&] { return ask("c-edge.eu.shop.internal A") == server + "\n"; }, 120s))
      << edge.log();
  const std::string record = cluster::to_json(cluster::InstanceRecord{.id = "orders-a-app-1",
                                                                      .service = "orders",
                                                                      .zone = "a",
                                                                      .address = "10.0.0.1",
                                                                      .port = 9'301,
                                                                      .weight = 1});
  ASSERT_TRUE(test::eventually(
      [&] { return write("/securecart/eu/instances/orders-a-app-1", record); }, 60s));
  EXPECT_TRUE(test::eventually([&] {
    return ask("_orders._tcp.zone-a.eu.shop.internal SRV") ==
           "0 1 9301 orders-a-app-1.eu.shop.internal.\n";
  })) << edge.log();

  // With etcd gone nothing moves: not even when the DNS server dies.
  const pid_t dns = edge.pid_of("dns");
  for (const auto& agent : data_) {
    EXPECT_EQ(agent->end(SIGINT), 0) << agent->log();
    EXPECT_FALSE(agent->runs("etcd"));
  }
  EXPECT_EQ(ask("orders-a-app-1.eu.shop.internal A"), "10.0.0.1\n");
  kill(dns, SIGKILL);
  EXPECT_TRUE(test::eventually([&] {
    return edge.runs("dns") && edge.pid_of("dns") != dns &&
           ask("orders-a-app-1.eu.shop.internal A") == "10.0.0.1\n";
  })) << edge.log();
}

TEST_F(RegionOfAgents, TellOperatorsHowTheyAreAndTakeOrders) {
  ASSERT_TRUE(test::eventually([this] { return report("a-data") && report("c-data"); }))
      << data_[0]->log();
  std::string output;
  const auto word = [&](std::vector<std::string> words) {
    words.insert(words.end(), {"--topology", region_.file.string()});
    output.clear();
    return test::run_program(std::move(words), &output);
  };
  EXPECT_EQ(word({"status", "--once"}), 1) << "most hosts have no agent here";
  EXPECT_THAT(output, HasSubstr("needs a look"));
  EXPECT_THAT(output, HasSubstr("ZONE c"));
  EXPECT_THAT(output, HasSubstr("no word of its agent"));
  EXPECT_EQ(word({"status", "--json"}), 0);
  EXPECT_THAT(output, HasSubstr("/securecart/eu/hosts/a-data"));

  EXPECT_EQ(word({"shift", "b", "--for", "20m", "--reason", "storm"}), 0) << output;
  EXPECT_EQ(word({"status", "--once"}), 1);
  EXPECT_THAT(output, HasSubstr("shifted away zone b for another"));
  EXPECT_EQ(word({"shift", "b", "--end"}), 0) << output;
  EXPECT_EQ(word({"shift", "nowhere"}), 2);
  EXPECT_THAT(output, HasSubstr("there is no zone 'nowhere'"));
  EXPECT_EQ(word({"shift", "b", "--for", "3 weeks"}), 2);

  EXPECT_EQ(word({"rollout", "orders"}), 2);
  EXPECT_THAT(output, HasSubstr("--version, --restart or --pin"));
  EXPECT_EQ(word({"rollout", "nobody", "--restart"}), 2);
  EXPECT_EQ(word({"rollout", "orders", "--version", "1.4.0", "--pin", "6"}), 0) << output;
  EXPECT_EQ(word({"rollout", "orders", "--restart"}), 0) << output;
  const auto order = fixture_.caller().get("/securecart/eu/services/orders");
  ASSERT_TRUE(order.has_value());
  EXPECT_EQ(cluster::parse_service_order(order->value).value(),
            (cluster::ServiceOrder{"orders", "1.4.0", 1, 6}));
  EXPECT_EQ(word({"patch", "2026-11-kernel"}), 0) << output;
  EXPECT_EQ(cluster::parse_patch_order(fixture_.caller().get("/securecart/eu/patch")->value)->id,
            "2026-11-kernel");

  for (const auto& agent : data_) {
    agent->end(SIGINT);
  }
  EXPECT_EQ(word({"status", "--once"}), 2);
  EXPECT_THAT(output, HasSubstr("securecart status: "));
}

TEST(AgentWord, RefusesWhatCannotWork) {
  const test::TempDir folder;
  const auto at = [&folder](const char* name) { return (folder.path() / name).string(); };
  std::string output;
  EXPECT_EQ(test::run_program({"agent", "--host", "a-app", "--topology", at("missing.toml"),
                               "--runtime", at("run")},
                              &output),
            2);
  EXPECT_THAT(output, HasSubstr("cannot read"));
  std::filesystem::create_directories(folder.path() / "run/agent");
  const int lock = open(at("run/agent/lock").c_str(), O_RDWR | O_CREAT, 0600);
  ASSERT_EQ(flock(lock, LOCK_EX | LOCK_NB), 0);
  output.clear();
  EXPECT_EQ(test::run_program({"agent", "--host", "a-app", "--topology", at("missing.toml"),
                               "--runtime", at("run")},
                              &output),
            2);
  EXPECT_THAT(output, HasSubstr("another agent runs"));
  close(lock);
}

TEST(DebianPackage, HasTheProgramItsServiceAndItsPaper) {
  const test::TempDir folder;
  const std::string package =
      test::output_of(test::source_dir() + "/scripts/deb.sh /bin/true " + folder.path().string());
  const std::string path = (folder.path() / "*.deb").string();
  const std::string contents = test::output_of("dpkg-deb --contents " + path);
  for (const char* const file :
       {"./usr/bin/securecart", "./lib/systemd/system/securecart-agent.service",
        "./usr/lib/securecart/stop-agent", "./etc/default/securecart-agent",
        "./usr/share/doc/securecart/agent.md", "./usr/share/securecart/topologies/"}) {
    EXPECT_THAT(contents, HasSubstr(file)) << package;
  }
  EXPECT_THAT(contents, HasSubstr("drwxr-xr-x root/root         0"));
  EXPECT_THAT(test::output_of("dpkg-deb --info " + path), HasSubstr("Depends: adduser, libc6"));
}

}  // namespace
}  // namespace securecart
