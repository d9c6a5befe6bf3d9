// The real HAProxy finds its servers through our DNS: `server-template ... resolvers` follows
// leases.
#include <chrono>
#include <functional>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cli/dns_caller.hpp"
#include "net/server.hpp"
#include "tests/support/dns_node.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/haproxy.hpp"
#include "tests/support/places.hpp"
#include "tests/support/raw_listener.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart {
namespace {

using namespace std::chrono_literals;

// A shop that says its name.
class Shop {
 public:
  explicit Shop(std::string name) : page_(std::move(name)), runtime_(1, 1, clock_) {
    net::ServerOptions options;
    options.name = "shop";
    server_ = std::make_unique<net::Server>(runtime_, options, page_, metrics_);
    server_->start();
    runtime_.run();
  }
  ~Shop() {
    runtime_.stop();
    runtime_.join();
  }
  std::uint16_t port() const { return server_->port(); }

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

class Balancer {
 public:
  Balancer(const std::filesystem::path& folder, int dns_port)
      : port_(free_port()),
        process_(folder, fmt::format(R"(global
  maxconn 200
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
  option redispatch
  retries 3
resolvers dns
  nameserver ours 127.0.0.1:{}
  accepted_payload_size 1232
  resolve_retries 3
  timeout resolve 200ms
  timeout retry 200ms
  hold valid 200ms
  hold obsolete 200ms
  hold nx 200ms
  hold timeout 30s
frontend front
  bind 127.0.0.1:{}
  default_backend api
backend api
  balance roundrobin
  default-server resolvers dns resolve-prefer ipv4 init-addr none check inter 200ms
  server-template api 4 _api._tcp.svc.shop.test
)",
                                     dns_port, port_)) {}
  std::string fetch() const {
    return test::shell(fmt::format("curl -s -m 2 http://127.0.0.1:{}/ 2>/dev/null || true", port_));
  }

 private:
  static int free_port() {
    const test::RawListener free;
    return free.port();
  }
  const int port_;
  const test::Haproxy process_;
};

TEST(DnsHaproxy, FollowsLeases) {
  const test::TempDir folder;
  const std::filesystem::path source =
      std::filesystem::path(test::source_dir()) / "tests/dns/scenarios/discovery";
  for (const char* name : {"dns.toml", "shop.test.zone", "policies.toml"}) {
    std::filesystem::copy(source / name, folder.path() / name);
  }
  Shop one("one");
  Shop two("two");
  test::DnsNode dns(folder.path());
  const Balancer proxy(folder.path(), dns.port());
  cli::DnsCaller node(folder.path() / "state");
  const auto lease = [&node](const char* instance, const Shop& shop) {
    node.post("/v1/dns/lease", {{"service", "api"},
                                {"instance", instance},
                                {"address", "127.0.0.1"},
                                {"port", shop.port()},
                                {"seconds", 600}});
  };
  const auto remove = [&node](const char* instance) {
    node.post("/v1/dns/lease", {{"instance", instance}, {"remove", true}});
  };
  lease("i-1", one);
  EXPECT_TRUE(test::eventually([&] { return proxy.fetch() == "one"; }, 20s));
  lease("i-2", two);
  EXPECT_TRUE(test::eventually([&] { return proxy.fetch() == "two"; }, 20s));
  remove("i-1");
  // Several in a row, since both were there before.
  EXPECT_TRUE(test::eventually(
      [&] { return proxy.fetch() == "two" && proxy.fetch() == "two" && proxy.fetch() == "two"; },
      20s));
  // Once its DNS is gone, HAProxy goes on with what it knows.
  dns.stop(SIGKILL);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(proxy.fetch(), "two");
  }
}

}  // namespace
}  // namespace securecart
