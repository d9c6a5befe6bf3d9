// The lab's machines: real namespaces, addresses and disks, and nothing left of them afterwards.
// Making them needs root; without it the lab has to say so.
#include <csignal>
#include <fstream>
#include <functional>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.hpp"
#include "lab/faults/injector.hpp"
#include "lab/hosts/lab.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/shop_process.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::lab {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

LabSpec two_machines() {
  LabSpec spec;
  spec.machines.push_back({.name = "one",
                           .address = "10.99.0.1",
                           .service = {"sh", "-c", "echo up >> /run/boots; exec sleep 1000"},
                           .disk_bytes = 64 << 20});
  spec.machines.push_back({.name = "two", .address = "10.99.0.2"});
  return spec;
}

LabFiles files() {
  return {.program = test::program(),
          .of = {{"one", {{"/etc/securecart/secrets/word", "for one only\n", 0600}}}}};
}

bool hears(const Lab& lab, std::string_view from, const std::string& address) {
  return lab.run_in(from, {"ping", "-c", "1", "-W", "1", address}).ok();
}

// What this machine has: processes of a lab in `state`, mounts, loop devices, interfaces, files.
std::string traces_of(const fs::path& state) {
  std::string traces;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc")) {
    const std::string line = read_if_there(entry.path() / "cmdline");
    if (line.find(state.string()) != std::string::npos) {
      traces += "process " + entry.path().filename().string() + "\n";
    }
  }
  std::ifstream mounts("/proc/self/mounts");
  const std::string all{std::istreambuf_iterator<char>(mounts), {}};
  traces += all.find(state.string()) != std::string::npos ? "a mount\n" : "";
  for (const fs::directory_entry& entry : fs::directory_iterator("/sys/block")) {
    std::ifstream file(entry.path() / "loop/backing_file");
    std::string backing;
    std::getline(file, backing);
    traces += backing.starts_with(state.string()) ? "a loop device of " + backing + "\n" : "";
  }
  traces += fs::exists(state) ? "its folder\n" : "";
  return traces;
}

std::string interfaces() {
  std::string names;
  for (const fs::directory_entry& entry : fs::directory_iterator("/sys/class/net")) {
    names += entry.path().filename().string() + " ";
  }
  return names;
}

bool is_root() {
  return geteuid() == 0;
}

class LabHosts : public testing::Test {
 protected:
  fs::path state() const { return fs::canonical(folder_.path()) / "lab"; }
  test::TempDir folder_;
};

TEST_F(LabHosts, HaveNetworksDisksAndFilesOfTheirOwn) {
  if (!is_root()) {
    EXPECT_THROW(Lab::create(state(), two_machines(), files()), std::runtime_error);
    return;
  }
  const std::string before = interfaces();
  const Lab lab = Lab::create(state(), two_machines(), files());
  EXPECT_EQ(interfaces(), before) << "the machine's own network is not touched";
  EXPECT_TRUE(hears(lab, "one", "10.99.0.2"));
  EXPECT_TRUE(hears(lab, "two", "one")) << "by its name in /etc/hosts";
  EXPECT_EQ(lab.run_in("one", {"hostname"}).output, "one\n");
  EXPECT_EQ(lab.run_in("one", {"cat", "/etc/securecart/secrets/word"}).output, "for one only\n");
  EXPECT_FALSE(lab.run_in("two", {"cat", "/etc/securecart/secrets/word"}).ok());
  EXPECT_FALSE(fs::exists("/etc/securecart/secrets/word"));
  EXPECT_TRUE(lab.run_in("one", {"touch", "/etc/written-in-a-lab"}).ok());
  EXPECT_FALSE(fs::exists("/etc/written-in-a-lab"));
  EXPECT_TRUE(lab.run_in("one", {"mountpoint", machine_disk_folder}).ok());
  // Its own processes are all it sees.
  EXPECT_THAT(lab.run_in("two", {"sh", "-c", "ls -d /proc/[0-9]* | wc -l"}).output,
              testing::MatchesRegex("[2-6]\n"));
  EXPECT_TRUE(test::eventually(
      [&lab] { return lab.run_in("one", {"cat", "/run/boots"}).output == "up\n"; }));

  EXPECT_EQ(Lab::take_down(state()), 3) << "two, and the switch between them";
  EXPECT_TRUE(test::eventually([this] { return traces_of(state()).empty(); }))
      << traces_of(state());
}

TEST_F(LabHosts, PowerOffKillsAllAndPowerOnStartsTheService) {
  if (!is_root()) {
    EXPECT_THROW(Lab::open(state()), std::runtime_error);
    return;
  }
  const Lab lab = Lab::create(state(), two_machines(), files());
  ASSERT_TRUE(test::eventually(
      [&lab] { return lab.run_in("one", {"cat", "/run/boots"}).output == "up\n"; }));
  const std::string kept = std::string(machine_disk_folder) + "/kept";
  ASSERT_TRUE(lab.run_in("one", {"touch", kept}).ok());
  // A service that dies is started again.
  const std::string ended = "pkill -x sleep";
  ASSERT_TRUE(lab.run_in("one", {"sh", "-c", ended}).ok());
  EXPECT_TRUE(test::eventually(
      [&lab] { return lab.run_in("one", {"cat", "/run/boots"}).output == "up\nup\n"; }));

  lab.power_off("one");
  EXPECT_TRUE(
      test::eventually([&lab] { return !lab.run_in("one", {"pgrep", "-x", "sleep"}).ok(); }));
  EXPECT_FALSE(lab.run_in("one", {"test", "-e", "/run/boots"}).ok()) << "memory is empty";
  EXPECT_TRUE(lab.run_in("one", {"test", "-e", kept}).ok()) << "the disk is not";
  lab.power_on("one");
  EXPECT_TRUE(test::eventually(
      [&lab] { return lab.run_in("one", {"cat", "/run/boots"}).output == "up\n"; }));
  Lab::take_down(state());
  EXPECT_TRUE(test::eventually([this] { return traces_of(state()).empty(); }))
      << traces_of(state());
}

// Whenever the builder is killed, taking the lab down leaves nothing; before it stands, it falls by
// itself.
TEST_F(LabHosts, NothingIsLeftOfALabWhoseBuilderWasKilled) {
  for (const auto after : {5ms, 60ms, 200ms, 400ms, 3000ms}) {
    const pid_t builder = fork();
    if (builder == 0) {
      try {
        const Lab lab = Lab::create(state(), two_machines(), files());
        pause();
      } catch (const std::exception&) {
        _exit(1);
      }
    }
    std::this_thread::sleep_for(after);
    kill(builder, SIGKILL);
    waitpid(builder, nullptr, 0);
    Lab::take_down(state());
    EXPECT_TRUE(test::eventually([this] { return traces_of(state()).empty(); }))
        << after.count() << " ms: " << traces_of(state());
  }
}

cluster::Topology hosts_of(const LabSpec& spec) {
  cluster::Topology topology;
  topology.zones = {{"z"}};
  for (const MachineSpec& machine : spec.machines) {
    cluster::Host host;
    host.name = machine.name;
    host.zone = "z";
    host.address = machine.address;
    topology.hosts.push_back(host);
  }
  return topology;
}

// A lab of two hosts and what breaks it.
class Broken {
 public:
  explicit Broken(const fs::path& state)
      : lab_(Lab::create(state, two_machines(), files())),
        topology_(hosts_of(two_machines())),
        injector_(
            lab_, topology_,
            [](std::string_view) { return Result<std::string>(std::string("one")); }, random_) {}

  const Lab& lab() const { return lab_; }
  int breaks(std::string_view text) {
    const Result<ActiveFault> active = injector_.inject(parse_fault(text).value());
    EXPECT_TRUE(active) << text << ": " << active.error().detail;
    return active ? active->number : 0;
  }
  void heal(int number) { EXPECT_TRUE(injector_.heal(number)); }
  Injector& injector() { return injector_; }
  // How many of so many pings came back.
  int pings(std::string_view from, const std::string& address, int count) {
    const Ran ran =
        lab_.run_in(from, {"ping", "-c", std::to_string(count), "-i", "0.01", "-W", "1", address});
    const std::size_t at = ran.output.find(" received");
    return at == std::string::npos
               ? -1
               : std::stoi(ran.output.substr(ran.output.rfind(' ', at - 1) + 1));
  }

 private:
  Prng random_{1};
  const Lab lab_;
  const cluster::Topology topology_;
  Injector injector_;
};

TEST_F(LabHosts, AreCutAndHealed) {
  if (!is_root()) {
    return;
  }
  Broken broken(state());
  EXPECT_TRUE(hears(broken.lab(), "one", "10.99.0.2"));
  const int cut = broken.breaks("cut host:one");
  EXPECT_FALSE(hears(broken.lab(), "one", "10.99.0.2"));
  EXPECT_FALSE(hears(broken.lab(), "two", "10.99.0.1"));
  broken.heal(cut);
  EXPECT_TRUE(hears(broken.lab(), "one", "10.99.0.2"));
  EXPECT_FALSE(broken.injector().heal(cut)) << "once";

  // One way: two hears the question, its answer is lost. ARP is known, so that this is about IP.
  broken.breaks("partition host:two from host:one one-way");
  EXPECT_FALSE(hears(broken.lab(), "one", "10.99.0.2"));
  const std::string heard = "nstat -asz IcmpInEchos | grep -o '[0-9]* *0.0$'";
  EXPECT_NE(broken.lab().run_in("two", {"sh", "-c", heard}).output, "0                  0.0\n");
  broken.injector().heal_all();
  EXPECT_TRUE(hears(broken.lab(), "one", "10.99.0.2"));
  EXPECT_TRUE(broken.injector().active().empty());
  Lab::take_down(state());
}

TEST_F(LabHosts, LoseAShareOfWhatTheySend) {
  if (!is_root()) {
    return;
  }
  Broken broken(state());
  ASSERT_EQ(broken.pings("one", "10.99.0.2", 50), 50);
  const int loss = broken.breaks("loss host:one 20");
  const int received = broken.pings("one", "10.99.0.2", 300);
  // Both ways: 64 % come back. Beyond these bounds once in a million runs.
  EXPECT_GT(received, 150);
  EXPECT_LT(received, 235);
  broken.heal(loss);
  EXPECT_EQ(broken.pings("one", "10.99.0.2", 50), 50);
  Lab::take_down(state());
}

TEST_F(LabHosts, AreSlowedDown) {
  if (!is_root()) {
    return;
  }
  Broken broken(state());
  const int delay = broken.breaks("delay host:one 40ms");
  const Ran ran = broken.lab().run_in("two", {"ping", "-c", "5", "-i", "0.01", "10.99.0.1"});
  const std::size_t at = ran.output.find("min/avg/max/mdev = ");
  ASSERT_NE(at, std::string::npos) << ran.output;
  EXPECT_GE(std::stod(ran.output.substr(at + 19)), 80.0) << "40 ms each way";
  // A stream passes whole, with what its segments leave to the hardware.
  const Ran sent =
      broken.lab().run_in("two", {"bash", "-c", "head -c 3000000 /dev/zero | sha256sum"});
  ASSERT_TRUE(sent.ok());
  const std::string receive =
      "import socket,hashlib\n"
      "s=socket.create_server(('10.99.0.1',7000))\nopen('/run/listens','w')\n"
      "c,_=s.accept()\nh=hashlib.sha256()\n"
      "while True:\n d=c.recv(65536)\n if not d: break\n h.update(d)\n"
      "print(h.hexdigest())\n";
  std::string got;
  std::thread receiver([&broken, &receive, &got] {
    got = broken.lab().run_in("one", {"python3", "-c", receive}).output;
  });
  EXPECT_TRUE(test::eventually(
      [&broken] { return broken.lab().run_in("one", {"test", "-e", "/run/listens"}).ok(); }));
  broken.lab().run_in("two", {"bash", "-c", "head -c 3000000 /dev/zero > /dev/tcp/10.99.0.1/7000"});
  receiver.join();
  EXPECT_EQ(got.substr(0, 64), sent.output.substr(0, 64));
  broken.heal(delay);
  EXPECT_EQ(broken.pings("two", "10.99.0.1", 20), 20);
  Lab::take_down(state());
  EXPECT_TRUE(test::eventually([this] { return traces_of(state()).empty(); }))
      << traces_of(state());
}

TEST_F(LabHosts, HaveDisksThatFillUpAndHang) {
  if (!is_root()) {
    return;
  }
  Broken broken(state());
  const std::string file = std::string(machine_disk_folder) + "/file";
  const Arguments writes{"dd", "if=/dev/zero", "of=" + file, "bs=64k", "count=1", "conv=fsync"};
  ASSERT_TRUE(broken.lab().run_in("one", writes).ok());
  ASSERT_TRUE(broken.lab().run_in("one", {"rm", file}).ok());
  const int full = broken.breaks("disk-full host:one");
  EXPECT_FALSE(broken.lab().run_in("one", writes).ok());
  broken.heal(full);
  EXPECT_TRUE(broken.lab().run_in("one", writes).ok());
  const int slow = broken.breaks("disk-slow host:one");
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(broken.lab().run_in("one", writes).ok());
  }
  EXPECT_GT(std::chrono::steady_clock::now() - began, 400ms);
  broken.heal(slow);
  // Taken down while it hangs: nothing may be left either.
  broken.breaks("disk-slow host:one");
  Lab::take_down(state());
  EXPECT_TRUE(test::eventually([this] { return traces_of(state()).empty(); }))
      << traces_of(state());
}

TEST_F(LabHosts, ThatLosePowerAreSilent) {
  if (!is_root()) {
    return;
  }
  Broken broken(state());
  ASSERT_TRUE(test::eventually(
      [&broken] { return broken.lab().run_in("one", {"test", "-e", "/run/boots"}).ok(); }));
  const int off = broken.breaks("power-off host:one");
  EXPECT_FALSE(hears(broken.lab(), "two", "10.99.0.1"));
  EXPECT_TRUE(
      test::eventually([&broken] { return !broken.lab().run_in("one", {"pgrep", "sleep"}).ok(); }));
  broken.heal(off);
  EXPECT_TRUE(hears(broken.lab(), "two", "10.99.0.1"));
  EXPECT_TRUE(
      test::eventually([&broken] { return broken.lab().run_in("one", {"pgrep", "sleep"}).ok(); }));
  Lab::take_down(state());
}

TEST_F(LabHosts, AFolderThatIsNoLabIsLeftAlone) {
  fs::create_directories(state());
  std::ofstream(state() / "precious") << "data";
  EXPECT_THROW(Lab::take_down(state()), std::runtime_error);
  EXPECT_THROW(Lab::create(state(), two_machines(), files()), std::runtime_error);
  EXPECT_TRUE(fs::exists(state() / "precious"));
}

}  // namespace
}  // namespace securecart::lab
