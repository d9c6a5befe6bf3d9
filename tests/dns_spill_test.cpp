// Shares of a spill policy in the real program: a region of two zones sheds its overflow, and what
// it sheds outlives a reload and a restart.
#include <chrono>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cli/dns_caller.hpp"
#include "tests/support/dns_node.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/places.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart {
namespace {

using namespace std::chrono_literals;

const std::string spilling = R"(
state_folder = "state"
[[target]]
name = "eu-a"
addresses = ["10.0.0.1"]
capacity = 100
[[target]]
name = "eu-b"
addresses = ["10.0.0.2"]
capacity = 100
[[target]]
name = "us"
addresses = ["10.0.0.3"]
[[policy]]
name = "europe"
type = "weighted"
members = ["eu-a", "eu-b"]
[[policy]]
name = "front"
type = "spill"
ttl = "1s"
members = ["europe", "us"]
)";

class DnsSpill : public testing::Test {
 protected:
  DnsSpill() {
    const std::filesystem::path source =
        std::filesystem::path(test::source_dir()) / "tests/dns/scenarios/spill";
    std::filesystem::copy(source / "dns.toml", folder_.path() / "dns.toml");
    std::filesystem::copy(source / "shop.test.zone", folder_.path() / "shop.test.zone");
    write_policies(spilling);
    node_ = std::make_unique<test::DnsNode>(folder_.path());
  }

  void write_policies(const std::string& text) const {
    std::ofstream(folder_.path() / "policies.toml", std::ios::binary) << text;
  }
  std::filesystem::path state() const { return folder_.path() / "state"; }

  // The part of the region's share that the node hands on, in percent; -1: it stays as a whole.
  double handed_on() const {
    cli::DnsCaller caller(state());
    const json::value answer = caller.get("/v1/dns/explain?name=www.shop.test&client=192.0.2.1");
    const std::string text(get_string(answer.as_object(), "text"));
    const std::string mark = "europe hands on ";
    const std::size_t at = text.find(mark);
    return at == std::string::npos ? -1 : std::stod(text.substr(at + mark.size()));
  }
  void report(double zone_load) const {
    cli::DnsCaller caller(state());
    for (const char* zone : {"eu-a", "eu-b"}) {
      caller.post("/v1/dns/load", {{"target", zone}, {"load", zone_load}});
    }
  }
  // A report lives ten seconds, and asking may take longer than that.
  int percent_abroad() const {
    int abroad = 0;
    for (int i = 0; i < 20; ++i) {
      report(100);
      abroad += test::dig(node_->port(), "www.shop.test", "A").front() == "10.0.0.3" ? 5 : 0;
    }
    return abroad;
  }

  test::TempDir folder_;
  std::unique_ptr<test::DnsNode> node_;
};

// Load above what both zones can carry is shed more and more, load at it keeps the share.
TEST_F(DnsSpill, ARegionShedsAndAReloadAndARestartKeepIt) {
  ASSERT_TRUE(test::eventually([this] {
    report(120);
    return handed_on() >= 30;
  }));
  report(100);
  EXPECT_GE(handed_on(), 29);
  EXPECT_GE(percent_abroad(), 20);

  write_policies(spilling + "[[target]]\nname = \"new\"\naddresses = [\"10.0.0.4\"]\n");
  node_->reload();
  ASSERT_TRUE(test::eventually([this] {
    report(100);
    cli::DnsCaller caller(state());
    return to_string(caller.get("/v1/dns/status")).find("\"new\"") != std::string::npos;
  }));
  EXPECT_GE(handed_on(), 29);

  report(100);
  EXPECT_EQ(node_->stop(SIGTERM), 0);
  node_->start();
  EXPECT_GE(handed_on(), 29);
  EXPECT_GE(percent_abroad(), 20);
}

}  // namespace
}  // namespace securecart
