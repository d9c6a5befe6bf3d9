// Three DNS nodes that look at the same site and vote: quorum, partition, a dead checker.
#include <chrono>
#include <functional>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cli/dns_caller.hpp"
#include "tests/support/dns_node.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/places.hpp"
#include "tests/support/raw_listener.hpp"
#include "tests/support/tcp_proxy.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t nodes = 3;

using Site = test::LiveSite;  // what the checks look at

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
}

class Cluster : public testing::Test {
 protected:
  Cluster() {
    for (int& port : ports_) {
      const test::RawListener free;
      port = free.port();
    }
    for (std::size_t from = 0; from < nodes; ++from) {
      for (std::size_t to = 0; to < nodes; ++to) {
        links_[from][to] = std::make_unique<test::TcpProxy>(ports_[to]);
      }
    }
    for (std::size_t i = 0; i < nodes; ++i) {
      write_folder(i);
      started_.push_back(std::make_unique<test::DnsNode>(folder(i)));
    }
  }

  std::filesystem::path folder(std::size_t node) const { return folders_[node].path(); }
  std::string peers_of(std::size_t node) const {
    std::string text;
    for (std::size_t peer = 0; peer < nodes; ++peer) {
      if (peer != node) {
        text += fmt::format("[[peer]]\nname = \"n{}\"\nurl = \"http://127.0.0.1:{}\"\n", peer,
                            links_[node][peer]->port());
      }
    }
    return text;
  }
  void write_folder(std::size_t node) {
    const std::filesystem::path source =
        std::filesystem::path(test::source_dir()) / "tests/dns/scenarios/failover";
    std::filesystem::copy(source / "dns.toml", folder(node) / "dns.toml");
    std::filesystem::copy(source / "shop.test.zone", folder(node) / "shop.test.zone");
    write_file(folder(node) / "secret", "a secret of all three nodes\n");
    write_file(folder(node) / "policies.toml",
               fmt::format(R"(
state_folder = "state"
[admin]
port = {}
[health]
node = "n{}"
secret_file = "secret"
quorum = 2
{}
[[check]]
name = "site"
type = "tcp"
url = "tcp://127.0.0.1:{}"
interval = "250ms"
[[target]]
name = "primary"
addresses = ["10.0.0.1"]
check = "site"
[[target]]
name = "secondary"
addresses = ["10.0.0.2"]
[[policy]]
name = "front"
type = "failover"
members = ["primary", "secondary"]
)",
                           ports_[node], node, peers_of(node), site_->port()));
  }

  // Between this node and the others nothing gets through, and nobody is told.
  void cut_off(std::size_t node, bool cut) {
    for (std::size_t other = 0; other < nodes; ++other) {
      links_[node][other]->swallow(cut);
      links_[other][node]->swallow(cut);
    }
  }

  std::string answer(std::size_t node) const {
    return test::dig(started_[node]->port(), "www.shop.test", "A").front();
  }
  bool all_answer(const std::string& wanted) const {
    for (std::size_t node = 0; node < nodes; ++node) {
      if (answer(node) != wanted) {
        return false;
      }
    }
    return true;
  }
  // What `node` knows of the site as `place` sees it.
  std::string vote(std::size_t node, std::size_t place) const {
    cli::DnsCaller caller(folder(node) / "state");
    const json::value status = caller.get("/v1/dns/status");
    const json::object& check = get_array(status.as_object(), "checks").at(0).as_object();
    for (const json::value& one : get_array(check, "votes")) {
      if (get_string(one.as_object(), "node") == fmt::format("n{}", place)) {
        return std::string(get_string(one.as_object(), "status"));
      }
    }
    return "none";
  }
  bool everyone_heard_everyone() const {
    for (std::size_t node = 0; node < nodes; ++node) {
      for (std::size_t place = 0; place < nodes; ++place) {
        if (vote(node, place) != "up") {
          return false;
        }
      }
    }
    return true;
  }

  std::array<test::TempDir, nodes> folders_;
  std::array<int, nodes> ports_{};
  std::array<std::array<std::unique_ptr<test::TcpProxy>, nodes>, nodes> links_;  // from, to
  std::unique_ptr<Site> site_ = std::make_unique<Site>();
  std::vector<std::unique_ptr<test::DnsNode>> started_;
};

TEST_F(Cluster, AgreesThatASiteIsDead) {
  ASSERT_TRUE(test::eventually([this] { return everyone_heard_everyone(); }, 20s));
  site_.reset();
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(test::eventually([this] { return all_answer("10.0.0.2"); }, 20s));
  std::printf("three nodes agreed after %lld ms\n",
              static_cast<long long>((std::chrono::steady_clock::now() - begin) / 1ms));
}

// Two of three are gone: the last one sees the site dead, alone, and keeps its answers.
TEST_F(Cluster, ANodeCutOffKeepsItsAnswers) {
  ASSERT_TRUE(test::eventually([this] { return everyone_heard_everyone(); }, 20s));
  started_[1]->stop(SIGKILL);
  started_[2]->stop(SIGKILL);
  site_.reset();
  ASSERT_TRUE(test::eventually([this] { return vote(0, 0) == "down"; }, 20s));
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(answer(0), "10.0.0.1");
  }
  started_[1]->start();  // a second opinion comes back
  EXPECT_TRUE(test::eventually([this] { return answer(0) == "10.0.0.2"; }, 20s));
}

// A partition with everybody alive: the two that hear each other follow the site, the third keeps
// its answers, and catches up when the partition heals.
TEST_F(Cluster, APartitionHeals) {
  ASSERT_TRUE(test::eventually([this] { return everyone_heard_everyone(); }, 20s));
  cut_off(0, true);
  site_.reset();
  ASSERT_TRUE(test::eventually(
      [this] { return answer(1) == "10.0.0.2" && answer(2) == "10.0.0.2" && vote(0, 0) == "down"; },
      20s));
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(answer(0), "10.0.0.1");
  }
  cut_off(0, false);
  EXPECT_TRUE(test::eventually([this] { return answer(0) == "10.0.0.2"; }, 20s));
}

// One process is stopped as a debugger would: the others decide; when it goes on, its sleep is not
// the site's fault.
TEST_F(Cluster, AStoppedCheckerIsNotMissed) {
  ASSERT_TRUE(test::eventually([this] { return everyone_heard_everyone(); }, 20s));
  kill(started_[2]->pid(), SIGSTOP);
  EXPECT_EQ(answer(0), "10.0.0.1");
  site_.reset();
  EXPECT_TRUE(
      test::eventually([this] { return answer(0) == "10.0.0.2" && answer(1) == "10.0.0.2"; }, 20s));
  kill(started_[2]->pid(), SIGCONT);
  EXPECT_TRUE(test::eventually([this] { return answer(2) == "10.0.0.2"; }, 20s));
}

}  // namespace
}  // namespace securecart
