// Latency that DNS nodes measure in their own checks: one real node looks at two regions through
// proxies that delay, and hears from a peer how far they are from there. Clients go where the node
// that stands for them is near.
#include <chrono>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cli/dns_caller.hpp"
#include "net/server.hpp"
#include "tests/support/dns_node.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/places.hpp"
#include "tests/support/tcp_proxy.hpp"
#include "tests/support/temp_dir.hpp"
#include "traffic/health/config.hpp"
#include "traffic/health/vote_message.hpp"

namespace securecart {
namespace {

using namespace std::chrono_literals;
namespace health = traffic::health;

const std::string secret = "a secret of both nodes";

class Site final : public net::Handler {
 public:
  Task<net::Response> handle(net::Request) override {
    net::Response response;
    response.body = "well";
    co_return response;
  }
};

net::ServerOptions named(std::string name) {
  net::ServerOptions options;
  options.name = std::move(name);
  return options;
}

class DnsLearned : public testing::Test {
 protected:
  DnsLearned() : server_(runtime_, named("site"), site_, metrics_) {
    server_.start();
    runtime_.run();
    eu_ = std::make_unique<test::TcpProxy>(server_.port());
    us_ = std::make_unique<test::TcpProxy>(server_.port());
    us_->delay(120);
    const std::filesystem::path source =
        std::filesystem::path(test::source_dir()) / "tests/dns/scenarios/latency";
    std::filesystem::copy(source / "dns.toml", folder_.path() / "dns.toml");
    std::filesystem::copy(source / "shop.test.zone", folder_.path() / "shop.test.zone");
    write_file("secret", secret);
    write_file("policies.toml", fmt::format(R"(
state_folder = "state"
[health]
node = "here"
secret_file = "secret"
quorum = 1
networks = ["192.0.2.0/24"]
[[peer]]
name = "there"
url = "http://127.0.0.1:9"
networks = ["198.51.100.0/24"]
[[region]]
name = "eu"
[[region]]
name = "us"
[[check]]
name = "eu"
type = "http"
url = "http://127.0.0.1:{}/"
[[check]]
name = "us"
type = "http"
url = "http://127.0.0.1:{}/"
[[target]]
name = "eu-1"
addresses = ["10.0.1.1"]
region = "eu"
check = "eu"
[[target]]
name = "us-1"
addresses = ["10.0.2.1"]
region = "us"
check = "us"
[[policy]]
name = "front"
type = "latency"
members = ["us-1", "eu-1"]
)",
                                            eu_->port(), us_->port()));
    node_ = std::make_unique<test::DnsNode>(folder_.path());
  }
  ~DnsLearned() override {
    node_.reset();
    runtime_.stop();
    runtime_.join();
  }

  void write_file(const std::string& name, const std::string& text) const {
    std::ofstream(folder_.path() / name, std::ios::binary) << text;
  }
  std::string answer(const std::string& client) const {
    return test::dig(node_->port(), "www.shop.test", "A", client).front();
  }
  std::string explained(const std::string& client) const {
    cli::DnsCaller caller(folder_.path() / "state");
    const json::value answer = caller.get("/v1/dns/explain?name=www.shop.test&client=" + client);
    return std::string(get_string(answer.as_object(), "text"));
  }

  // What the peer says: up, and so many tenths of a millisecond away.
  void peer_says(std::uint16_t eu_tenths, std::uint16_t us_tenths) {
    const health::HealthConfig config = health_part(text_of("policies.toml"));
    health::VoteMessage message{"there", 1, ++sequence_, {}};
    for (const health::CheckConfig& check : config.checks) {
      message.entries.push_back({health::check_id(check.fingerprint()), health::Status::up,
                                 check.name == "eu" ? eu_tenths : us_tenths});
    }
    post_votes(health::encode(message, secret));
  }

  std::string text_of(const std::string& name) const {
    std::ifstream file(folder_.path() / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static health::HealthConfig health_part(const std::string& text) {
    const std::size_t checks = text.find("[[check]]");
    return health::parse_health("h.toml", text.substr(checks, text.find("[[target]]") - checks))
        .value();
  }
  void post_votes(const std::string& message) const {
    const std::filesystem::path body = folder_.path() / "votes";
    std::ofstream(body, std::ios::binary) << message;
    const std::string access = text_of("state/admin.json");
    const std::size_t at = access.find("http://");
    const std::string url = access.substr(at, access.find('"', at) - at);
    test::shell(
        fmt::format("curl -s -X POST --data-binary @{} {}/v1/dns/votes", body.string(), url));
  }

  test::TempDir folder_;
  SystemClock clock_;
  observe::Metrics metrics_;
  Site site_;
  net::Runtime runtime_{1, 1, clock_};
  net::Server server_;
  std::unique_ptr<test::TcpProxy> eu_;
  std::unique_ptr<test::TcpProxy> us_;
  std::unique_ptr<test::DnsNode> node_;
  std::uint64_t sequence_ = 0;
};

TEST_F(DnsLearned, ClientsGoWhereTheNodeThatStandsForThemIsNear) {
  // Nothing is known of them: the first in the file.
  EXPECT_EQ(answer("203.0.113.0/24"), "10.0.2.1");
  // The node's own checks: Europe is near, America 120 ms further.
  ASSERT_TRUE(test::eventually([this] { return answer("192.0.2.0/24") == "10.0.1.1"; }))
      << explained("192.0.2.1");
  // The peer's checks, by which it is the other way round, and then as here.
  ASSERT_TRUE(test::eventually([this] {
    peer_says(900, 40);
    return explained("198.51.100.1").find("eu-1: 90.0 ms") != std::string::npos;
  }));
  EXPECT_EQ(answer("198.51.100.0/24"), "10.0.2.1");
  EXPECT_NE(explained("198.51.100.1").find("us-1: 4.0 ms"), std::string::npos);
  EXPECT_EQ(answer("192.0.2.0/24"), "10.0.1.1");
  ASSERT_TRUE(test::eventually([this] {
    peer_says(30, 800);
    return answer("198.51.100.0/24") == "10.0.1.1";
  }));
  // It is measured all the time: the way to Europe grows long.
  eu_->delay(400);
  us_->delay(0);
  EXPECT_TRUE(test::eventually([this] { return answer("192.0.2.0/24") == "10.0.2.1"; }))
      << explained("192.0.2.1");
  EXPECT_EQ(answer("203.0.113.0/24"), "10.0.2.1");
}

}  // namespace
}  // namespace securecart
