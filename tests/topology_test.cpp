// The files of topologies/one-region.toml, each given to the program that reads it. With root the
// programs run on them, in a network of their own: etcd and PostgreSQL form their clusters, Redis
// its replicas, RabbitMQ starts, and the edge answers shoppers on the reserved address. Without it,
// those that can check a file are asked to.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <grp.h>
#include <map>
#include <memory>
#include <pwd.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cli/roles.hpp"
#include "cluster/topology/host_plan.hpp"
#include "cluster/topology/parse.hpp"
#include "net/server.hpp"
#include "tests/support/dns_node.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::cluster {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

std::string file_text(const fs::path& path) {
  std::ifstream stream(path);
  return {std::istreambuf_iterator<char>(stream), {}};
}

bool is_root() {
  return geteuid() == 0;
}

// A command of the shell and what it said.
struct Said {
  int status;
  std::string text;
};
Said run(const std::string& command) {
  FILE* const pipe = popen(("( " + command + " ) 2>&1").c_str(), "r");
  Said said{-1, {}};
  char buffer[4096];
  for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
    said.text.append(buffer, n);
  }
  const int status = pclose(pipe);
  said.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return said;
}

void expect_good(const std::string& command) {
  const Said said = run(command);
  EXPECT_EQ(said.status, 0) << command << "\n" << said.text;
}

// A unit as the agent would start it.
class UnitProcess {
 public:
  UnitProcess(const Unit& unit, const fs::path& log)
      : name_(unit.name), log_(log), stop_time_(unit.stop_time) {
    std::vector<std::string> environment;
    for (const auto& [name, value] : unit.environment) {
      environment.push_back(name + "=" + value);
    }
    if (environment.empty()) {
      environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"};
    }
    child_ = fork();
    if (child_ == 0) {
      become(unit, environment);
    }
  }
  // PostgreSQL is in a session of its own: Patroni has to end it.
  ~UnitProcess() {
    if (child_ > 0 && name_ == "postgres") {
      kill(child_, SIGTERM);
      test::eventually([this] { return ended(); }, stop_time_);
    }
    end();
  }
  UnitProcess(const UnitProcess&) = delete;
  UnitProcess& operator=(const UnitProcess&) = delete;

  void end() {
    if (child_ > 0) {
      kill(-child_, SIGKILL);
      waitpid(child_, nullptr, 0);
      child_ = -1;
    }
  }
  bool ended() {
    if (child_ > 0 && waitpid(child_, nullptr, WNOHANG) == child_) {
      kill(-child_, SIGKILL);
      child_ = -1;
    }
    return child_ < 0;
  }
  std::string said() const { return name_ + " said: " + file_text(log_); }

 private:
  [[noreturn]] void become(const Unit& unit, std::vector<std::string>& environment) const {
    setpgid(0, 0);
    if (freopen("/dev/null", "r", stdin) == nullptr ||
        freopen(log_.c_str(), "w", stdout) == nullptr || dup2(1, 2) < 0) {
      _exit(126);
    }
    close_range(3, ~0U, 0);
    const passwd* const user = getpwnam(unit.user.c_str());
    if (user == nullptr || initgroups(unit.user.c_str(), user->pw_gid) != 0 ||
        setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0 || chdir(unit.folder.c_str()) != 0) {
      _exit(125);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // becoming another user forgets it
    std::vector<char*> argv;
    std::vector<std::string> words = unit.command;
    for (std::string& word : words) {
      argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    std::vector<char*> envp;
    for (std::string& variable : environment) {
      envp.push_back(variable.data());
    }
    envp.push_back(nullptr);
    execve(argv[0], argv.data(), envp.data());
    _exit(127);
  }

  const std::string name_;
  const fs::path log_;
  const Duration stop_time_;
  pid_t child_ = -1;
};

// The whole region's hosts in one folder, each with its own paths.
class Region {
 public:
  Region() {
    Result<Topology> parsed = parse_topology(
        "one-region.toml", file_text(test::source_dir() + "/topologies/one-region.toml"));
    topology_ = std::move(parsed.value());
    fs::permissions(folder_.path(), fs::perms(0755));
    for (const Host& host : topology_.hosts) {
      write(host);
    }
  }
  ~Region() { processes_.clear(); }

  const Topology& topology() const { return topology_; }
  HostPaths paths(const std::string& host) const {
    const std::string root = (folder_.path() / host).string();
    return {.configuration = root + "/etc",
            .state = root + "/lib",
            .runtime = root + "/run",
            .secrets = root + "/secrets",
            .program = test::binary_dir() + "/securecart",
            .topology = root + "/topology.toml"};
  }
  std::string configuration(const std::string& host) const { return paths(host).configuration; }

  UnitProcess& start(const std::string& host, const std::string& name) {
    const HostPlan plan = host_plan(topology_, *topology_.host(host), paths(host));
    const auto unit = std::ranges::find(plan.units, name, &Unit::name);
    if (unit == plan.units.end()) {
      throw std::runtime_error(host + " has no unit " + name);
    }
    Unit wanted = *unit;
    if (wanted.user == "securecart") {
      wanted.user = "root";  // a user the package makes
    }
    processes_.push_back(
        std::make_unique<UnitProcess>(wanted, folder_.path() / (host + "." + name + ".log")));
    return *processes_.back();
  }

 private:
  static void own(const fs::path& path, const std::string& owner) {
    const passwd* const user = getpwnam(owner.c_str());
    if (is_root() && user != nullptr && chown(path.c_str(), user->pw_uid, user->pw_gid) != 0) {
      throw std::runtime_error("cannot give away " + path.string());
    }
  }
  void write(const Host& host) {
    const HostPaths where = paths(host.name);
    fs::create_directories(where.secrets);
    if (host.carries(Part::balancer)) {
      run(fmt::format(
          "cd {0} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
          "-nodes -days 2 -subj /CN=shop.example -keyout k -out c && cat c k > shop.pem",
          where.secrets));
    }
    const HostPlan plan = host_plan(topology_, host, where);
    for (const PlannedFolder& folder : plan.folders) {
      fs::create_directories(folder.path);
      fs::permissions(folder.path, static_cast<fs::perms>(folder.mode));
      own(folder.path, folder.owner);
    }
    const auto secret = [](std::string_view name) -> Result<std::string> {
      return fmt::format("secret-of-{}-0123456789", name);
    };
    for (const RenderedFile& file : plan.files) {
      std::ofstream(file.path, std::ios::binary) << fill_secrets(file.text, secret).value();
      fs::permissions(file.path, static_cast<fs::perms>(file.mode));
      own(file.path, file.owner);
    }
  }

  test::TempDir folder_;
  Topology topology_;
  std::vector<std::unique_ptr<UnitProcess>> processes_;
};

// From here on this process, and all it starts, is in a network of its own, where this machine has
// the addresses of every host.
void enter_network(const Topology& topology) {
  static bool entered = false;
  if (entered) {
    return;
  }
  if (unshare(CLONE_NEWNET) != 0) {
    throw std::runtime_error("cannot make a network namespace");
  }
  entered = true;
  std::string commands =
      "ip link set lo up && ip link add eth0 type veth peer name eth1 && "
      "ip link set eth0 up && ip link set eth1 up";
  for (const Host& host : topology.hosts) {
    commands += fmt::format(" && ip addr add {}/32 dev lo", host.address);
  }
  const Said said = run(commands);
  if (said.status != 0) {
    throw std::runtime_error(said.text);
  }
}

bool answers(const std::string& url, const std::string& status) {
  return run("curl -s -o /dev/null -m 2 -w '%{http_code}' " + url).text == status;
}

TEST(TopologyRoles, AreThoseOfServe) {
  // The parser knows roles by name, below what runs them.
  for (const cli::Role& role : cli::all_roles()) {
    const std::string text = file_text(test::source_dir() + "/topologies/one-region.toml");
    const bool is_service = role.name != "all" && role.name != "test-payments";
    EXPECT_EQ(text.find(fmt::format("\"{}\"", role.name)) != std::string::npos, is_service)
        << role.name;
  }
}

TEST(TopologyFiles, AreTakenByTheProgramsThatReadThem) {
  const Region region;
  const std::string program = test::binary_dir() + "/securecart";
  for (const Host& host : region.topology().hosts) {
    const std::string folder = region.configuration(host.name);
    if (host.carries(Part::balancer)) {
      expect_good(fmt::format("/usr/sbin/haproxy -c -f {}/haproxy/haproxy.cfg", folder));
      expect_good(fmt::format("bash -n {}/keepalived/ask_haproxy", folder));
    }
    if (host.carries(Part::dns)) {
      expect_good(fmt::format("{} dns check {}/dns/dns.toml", program, folder));
    }
    for (const char* file : {"etcd/etcd.yaml", "patroni/patroni.yaml"}) {
      if (host.carries(Part::etcd)) {
        expect_good(
            fmt::format("/usr/bin/python3 -c 'import yaml; "
                        "yaml.safe_load(open(\"{}/{}\"))'",
                        folder, file));
      }
    }
  }
}

TEST(TopologyWords, CheckShowRenderAndAssess) {
  const test::TempDir folder;
  const std::string program = test::binary_dir() + "/securecart topology ";
  const std::string file = test::source_dir() + "/topologies/one-region.toml";
  const Said checked = run(program + "check " + file);
  EXPECT_EQ(checked.status, 0);
  EXPECT_NE(checked.text.find("region eu, 3 zones, 9 hosts, 5 services, good"), std::string::npos);
  const std::string svg = (folder.path() / "r.svg").string();
  const Said shown = run(fmt::format("{}show {} --svg {}", program, file, svg));
  EXPECT_EQ(shown.status, 0) << shown.text;
  EXPECT_NE(shown.text.find("c-data  10.77.3.11"), std::string::npos) << shown.text;
  expect_good(
      fmt::format("/usr/bin/python3 -c 'import xml.dom.minidom as m; m.parse(\"{}\")'", svg));
  const Said rendered =
      run(fmt::format("{}render a-edge {} --out {}", program, file, folder.path().string()));
  EXPECT_EQ(rendered.status, 0) << rendered.text;
  EXPECT_TRUE(fs::exists(folder.path() / "etc/securecart/haproxy/haproxy.cfg"));
  EXPECT_NE(run(program + "render nobody " + file + " --out /dev/null").status, 0);
  const Said assessed = run(fmt::format("{}assess {} --drills /nowhere", program, file));
  EXPECT_EQ(assessed.status, 0);
  EXPECT_NE(assessed.text.find("Losing a zone"), std::string::npos);
  std::ofstream(folder.path() / "wrong.toml") << "name = \"x\"\nzoone = 3\n";
  const Said wrong = run(program + "check " + (folder.path() / "wrong.toml").string());
  EXPECT_EQ(wrong.status, 1);
  EXPECT_NE(wrong.text.find("wrong.toml:2:1 zoone"), std::string::npos) << wrong.text;
}

TEST(TopologyEngines, FormTheirClusters) {
  if (!is_root()) {
    EXPECT_NE(geteuid(), 0U) << "engines become users of their own: that takes root";
    return;
  }
  Region region;
  enter_network(region.topology());
  for (const char* host : {"a-data", "b-data", "c-data"}) {
    region.start(host, "etcd");
  }
  EXPECT_TRUE(test::eventually(
      [] {
        return run("ETCDCTL_API=3 etcdctl "
                   "--endpoints=http://10.77.1.11:2379,http://10.77.2.11:2379,"
                   "http://10.77.3.11:2379 endpoint health")
                   .status == 0;
      },
      30s));
  const std::string patroni = region.configuration("a-data") + "/patroni/patroni.yaml";
  expect_good(
      "setpriv --reuid postgres --regid postgres --init-groups "
      "/usr/bin/patroni --validate-config " +
      patroni);
  UnitProcess& first = region.start("a-data", "postgres");
  EXPECT_TRUE(
      test::eventually([] { return answers("http://10.77.1.11:8008/primary", "200"); }, 60s))
      << first.said();
  UnitProcess& second = region.start("b-data", "postgres");
  EXPECT_TRUE(test::eventually([] { return answers("http://10.77.2.11:8008/sync", "200"); }, 60s))
      << second.said();
  EXPECT_TRUE(answers("http://10.77.1.11:8008/liveness", "200"));
  const Said databases = run(fmt::format(
      "cd / && setpriv --reuid postgres --regid postgres --init-groups psql -h {}/postgres -Atc "
      "\"SELECT datname, pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'shop'\" "
      "postgres",
      region.paths("a-data").runtime));
  EXPECT_EQ(databases.text, "shop|shop\n") << "made by post_bootstrap";

  for (const char* host : {"a-data", "b-data", "c-data"}) {
    region.start(host, "redis");
    region.start(host, "sentinel");
  }
  const std::string ask = "REDISCLI_AUTH=secret-of-redis-0123456789 redis-cli -h 10.77.1.11 ";
  EXPECT_TRUE(test::eventually(
      [&ask] {
        return run(ask + "-p 6379 info replication").text.find("connected_slaves:2") !=
               std::string::npos;
      },
      20s));
  EXPECT_TRUE(test::eventually(
      [&ask] {
        return run(ask + "-p 26379 sentinel ckquorum shop").text.starts_with("OK 3 usable");
      },
      20s))
      << run(ask + "-p 26379 sentinel ckquorum shop").text;
}

TEST(TopologyEngines, RabbitMqStartsOnItsFile) {
  if (!is_root()) {
    EXPECT_NE(geteuid(), 0U) << "engines become users of their own: that takes root";
    return;
  }
  Region region;
  enter_network(region.topology());
  region.start("a-data", "epmd");
  UnitProcess& rabbitmq = region.start("a-data", "rabbitmq");
  EXPECT_TRUE(test::eventually(
      [&rabbitmq] {
        return rabbitmq.ended() || run("bash -c 'exec 3<>/dev/tcp/10.77.1.11/5672'").status == 0;
      },
      120s))
      << rabbitmq.said();
  EXPECT_FALSE(rabbitmq.ended()) << rabbitmq.said();
}

// An instance of web that says its name.
class Instance {
 public:
  Instance(std::string address, std::uint16_t port) : page_(address), runtime_(1, 1, clock_) {
    net::ServerOptions options;
    options.name = "web";
    options.address = address;
    options.port = port;
    server_ = std::make_unique<net::Server>(runtime_, options, page_, metrics_);
    server_->start();
    runtime_.run();
  }
  ~Instance() {
    runtime_.stop();
    runtime_.join();
  }

 private:
  struct Page final : net::Handler {
    explicit Page(std::string text) : name(std::move(text)) {}
    Task<net::Response> handle(net::Request) override {
      net::Response response;
      response.body = name;
      co_return response;
    }
    const std::string name;
  };
  SystemClock clock_;
  observe::Metrics metrics_;
  Page page_;
  net::Runtime runtime_;
  std::unique_ptr<net::Server> server_;
};

void take_lease(const Region& region, const std::string& dns, const std::string& zone,
                const std::string& instance, const std::string& address) {
  const std::string state = region.paths(dns).state + "/dns";
  const std::string body = fmt::format(
      R"({{"service":"web","instance":"{}","address":"{}","port":8100,"zone":"{}","seconds":600}})",
      instance, address, zone);
  // The token is in admin.json of the state folder, behind a line with its digest; it is written
  // after the first page is served.
  EXPECT_TRUE(test::eventually([&state] { return fs::exists(state + "/admin.json"); }, 5s));
  expect_good(
      fmt::format("token=$(sed -n 2p {}/admin.json | /usr/bin/python3 -c 'import json, sys; "
                  "print(json.load(sys.stdin)[\"token\"])') && curl -sf -m 5 -H \"Authorization: "
                  "Bearer $token\" -d '{}' "
                  "http://{}:8053/v1/dns/lease",
                  state, body, region.topology().host(dns)->address));
}

bool holds_address() {
  return run("ip addr show dev eth0").text.find("10.77.0.100/32") != std::string::npos;
}

TEST(TopologyEdge, AnswersShoppersOnTheReservedAddress) {
  if (!is_root()) {
    EXPECT_NE(geteuid(), 0U) << "a reserved address takes root";
    return;
  }
  Region region;
  enter_network(region.topology());
  for (const char* dns : {"a-edge", "b-edge", "c-edge"}) {
    UnitProcess& server = region.start(dns, "dns");
    const std::string address = region.topology().host(dns)->address;
    ASSERT_TRUE(
        test::eventually([&address] { return answers(address + ":9153/metrics", "200"); }, 10s))
        << server.said();
  }
  const Instance near("10.77.1.12", 8100);
  const Instance far("10.77.2.12", 8100);
  for (const char* dns : {"a-edge", "b-edge", "c-edge"}) {
    take_lease(region, dns, "a", "web-a-app-0", "10.77.1.12");
    take_lease(region, dns, "b", "web-b-app-0", "10.77.2.12");
  }
  EXPECT_EQ(test::shell("dig +short @10.77.1.13 a-data.eu.shop.internal"), "10.77.1.11\n");
  EXPECT_EQ(test::shell("dig +short @10.77.1.13 _web._tcp.zone-b.eu.shop.internal SRV"),
            "0 1 8100 web-b-app-0.eu.shop.internal.\n");

  UnitProcess& haproxy = region.start("a-edge", "haproxy");
  ASSERT_TRUE(
      test::eventually([] { return answers("http://10.77.1.13:8404/healthz", "200"); }, 10s))
      << haproxy.said();
  EXPECT_TRUE(
      test::eventually([] { return answers("http://10.77.1.13:8404/serving", "200"); }, 10s))
      << haproxy.said();
  UnitProcess& keepalived = region.start("a-edge", "keepalived");
  ASSERT_TRUE(test::eventually(holds_address, 10s)) << keepalived.said();

  const std::string shop = "-k --resolve shop.example:443:10.77.0.100 https://shop.example/";
  EXPECT_TRUE(test::eventually([&shop] { return answers(shop, "200"); }, 5s)) << haproxy.said();
  EXPECT_EQ(run("curl -s -o /dev/null -m 2 -w '%{http_version} %{scheme}' " + shop).text,
            "2 HTTPS");
  EXPECT_NE(run("curl -s -m 2 --tls-max 1.2 " + shop).status, 0) << "TLS 1.3 only";
  EXPECT_EQ(run("curl -s -o /dev/null -m 2 -w '%{http_code} %{redirect_url}' "
                "http://10.77.0.100/products")
                .text,
            "308 https://10.77.0.100/products");
  std::map<std::string, int> answered;
  for (int i = 0; i < 40; ++i) {
    ++answered[run("curl -s -m 2 " + shop).text];
  }
  EXPECT_EQ(answered["10.77.1.12"] + answered["10.77.2.12"], 40);
  EXPECT_GT(answered["10.77.2.12"], 0) << "the other zone has its part";

  const auto killed = std::chrono::steady_clock::now();
  haproxy.end();
  EXPECT_TRUE(test::eventually([] { return !holds_address(); }, 5s)) << keepalived.said();
  const auto gap = std::chrono::steady_clock::now() - killed;
  RecordProperty(
      "gave_the_address_away_ms",
      std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(gap).count()));
  EXPECT_LT(gap, 2s);
}

}  // namespace
}  // namespace securecart::cluster
