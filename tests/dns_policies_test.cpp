// Policies of a running DNS server as clients and operators meet them: shares, signatures, a
// resolver that tells where its clients are, checks over TLS, what can be seen.
#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cli/dns_caller.hpp"
#include "tests/support/dns_flood.hpp"
#include "tests/support/dns_process.hpp"
#include "tests/support/raw_listener.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::test {
namespace {

using namespace std::chrono_literals;

const std::string zone = R"($TTL 300
@ SOA ns1 admin 1 3600 900 2419200 60
@ NS ns1
@ ALIAS www
ns1 A 127.0.0.1
www POLICY shares
many POLICY many
old POLICY away
near POLICY near
*.wild POLICY shares
*.svc POLICY discovery
)";

const std::string policies = R"(state_folder = "state"
discovery = true
[[target]]
name = "blue"
addresses = ["192.0.2.1"]
[[target]]
name = "green"
addresses = ["192.0.2.2"]
[[target]]
name = "canary"
addresses = ["192.0.2.3"]
[[target]]
name = "crowd"
addresses = ["192.0.2.30", "192.0.2.4", "192.0.2.17"]
[[target]]
name = "moved"
cname = "www.shop.test."
[[policy]]
name = "shares"
type = "weighted"
[[policy.member]]
use = "blue"
weight = 70
[[policy.member]]
use = "green"
weight = 25
[[policy.member]]
use = "canary"
weight = 5
[[policy]]
name = "many"
type = "multivalue"
members = ["crowd", "green", "blue"]
[[policy]]
name = "away"
type = "simple"
members = ["moved"]
[[policy]]
name = "near"
type = "cidr"
[[policy.member]]
use = "blue"
networks = ["198.51.100.0/25"]
[[policy.member]]
use = "green"
default = true
)";

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A port nobody listens on right now.
int free_port() {
  const RawListener free;
  return free.port();
}

class DnsPolicies : public testing::Test {
 protected:
  std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }
  std::unique_ptr<DnsProcess> serve(const std::string& top = "", const std::string& of_zone = "",
                                    const std::string& more_policies = "") {
    write_file(path("shop.test.zone"), zone);
    write_file(path("policies.toml"), policies + more_policies);
    write_file(path("dns.toml"),
               "listen = [\"127.0.0.1:0\"]\nthreads = 2\npolicies = \"policies.toml\"\n" + top +
                   "[[zone]]\nname = \"shop.test\"\nfile = \"shop.test.zone\"\n" + of_zone);
    return std::make_unique<DnsProcess>(path("dns.toml"), path("dns.log"));
  }
  std::unique_ptr<DnsProcess> serve_signed() {
    output_of(fmt::format("{} dns key generate --zone shop.test --file {}", program(),
                          path("shop.keys").string()));
    return serve("", "keys = \"shop.keys\"\n");
  }
  // `securecart dns WORDS` to the running node.
  std::string word(const std::string& words) const {
    return output_of(fmt::format("{} dns {} --state {}", program(), words, path("state").string()));
  }

  TempDir folder_;
};

// Over the wire and over both threads: each address within half a percent of its weight.
TEST_F(DnsPolicies, SharesAMillionAnswersByWeight) {
  const auto dns = serve();
  constexpr std::uint64_t questions = 1'000'000;
  DnsFlood flood(dns->port(), "www.shop.test", {.most = questions});
  flood.wait();
  EXPECT_EQ(flood.answered(), questions);
  EXPECT_EQ(flood.wrong(), 0U);
  const std::array<double, 3> percent{70, 25, 5};
  double worst = 0;
  for (std::uint32_t i = 0; i < percent.size(); ++i) {
    constexpr std::uint32_t blue = 0xc000'0201;
    ASSERT_TRUE(flood.last_addresses().contains(blue + i));
    const double share =
        static_cast<double>(flood.last_addresses().at(blue + i)) * 100.0 / questions;
    worst = std::max(worst, std::abs(share - percent[i]));
    EXPECT_NEAR(share, percent[i], 0.5);
  }
  EXPECT_EQ(flood.last_addresses().size(), percent.size());
  std::printf("a million answers, at most %.4f %% off\n", worst);
}

// What policies answer is signed as it is asked for: each of several possible answers validates.
TEST_F(DnsPolicies, ValidatesWithDelv) {
  const auto dns = serve_signed();
  cli::DnsCaller(path("state"))
      .post("/v1/dns/lease", {{"service", "api"},
                              {"instance", "i-1"},
                              {"address", "10.0.0.1"},
                              {"port", 8080},
                              {"seconds", 600}});
  const std::string key = dns->dig("shop.test DNSKEY +short +nosplit");
  write_file(path("anchors"), fmt::format("trust-anchors {{ shop.test static-key {}\"{}\"; }};\n",
                                          key.substr(0, 9), key.substr(9, key.size() - 10)));
  const auto delv = [&](const std::string& question) {
    return output_of(fmt::format("delv @127.0.0.1 -p {} -a {} +root=shop.test {}", dns->port(),
                                 path("anchors").string(), question));
  };
  for (const char* question :
       {"www.shop.test A", "www.shop.test A", "www.shop.test A", "www.shop.test A",
        "many.shop.test A", "many.shop.test A", "old.shop.test A", "shop.test A",
        "x.wild.shop.test A", "_api._tcp.svc.shop.test SRV", "i-1.svc.shop.test A"}) {
    const std::string told = delv(question);
    EXPECT_TRUE(contains(told, "; fully validated")) << question << "\n" << told;
  }
  for (const char* question : {"www.shop.test TXT", "www.shop.test AAAA", "shop.test AAAA",
                               "nobody.svc.shop.test A", "i-1.svc.shop.test TXT"}) {
    const std::string told = delv(question);
    EXPECT_TRUE(contains(told, "negative response, fully validated")) << question << "\n" << told;
  }
}

// A resolver that tells where its clients are keeps an answer for those it is true for, and no
// others.
TEST_F(DnsPolicies, StandsBehindAResolverThatTellsItsClients) {
  const auto dns = serve();
  const int port = free_port();
  write_file(path("unbound.conf"),
             fmt::format("server:\n interface: 127.0.0.1@{}\n username: \"\"\n chroot: \"\"\n"
                         " directory: \"{}\"\n pidfile: \"\"\n use-syslog: no\n"
                         " do-not-query-localhost: no\n"
                         " module-config: \"subnetcache iterator\"\n"
                         " client-subnet-zone: \"shop.test\"\n"
                         " client-subnet-always-forward: yes\n max-client-subnet-ipv4: 32\n"
                         " local-zone: \"test.\" nodefault\n domain-insecure: \"test.\"\n"
                         "remote-control:\n control-enable: no\n"
                         "stub-zone:\n name: \"shop.test\"\n stub-addr: 127.0.0.1@{}\n",
                         port, folder_.path().string(), dns->port()));
  const ChildProcess unbound({"unbound", "-d", "-c", path("unbound.conf").string()},
                             path("unbound.log"));
  const auto ask = [&](const std::string& subnet) {
    return output_of(
        fmt::format("dig @127.0.0.1 -p {} +tries=1 +time=5 +short near.shop.test "
                    "+subnet={}",
                    port, subnet));
  };
  ASSERT_TRUE(eventually([&] { return ask("198.51.100.0/25") == "192.0.2.1\n"; })) << unbound.log();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ask("198.51.100.64/26"), "192.0.2.1\n");
    EXPECT_EQ(ask("198.51.100.128/25"), "192.0.2.2\n");
    EXPECT_EQ(ask("203.0.113.0/24"), "192.0.2.2\n");
  }
}

// openssl's own server with a certificate of a private authority.
TEST_F(DnsPolicies, ChecksOverTls) {
  const std::string folder = folder_.path().string();
  output_of(
      fmt::format("cd {0} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 "
                  "-nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=test "
                  "-addext subjectAltName=IP:127.0.0.1",
                  folder));
  const int port = free_port();
  const ChildProcess site(
      {"openssl", "s_server", "-www", "-quiet", "-accept", fmt::format("127.0.0.1:{}", port),
       "-cert", path("cert.pem").string(), "-key", path("key.pem").string()},
      path("site.log"));
  const auto check = [port](const std::string& name, const std::string& more) {
    return fmt::format(
        "[[check]]\nname = \"{}\"\ntype = \"http\"\nurl = \"https://127.0.0.1:{}/\"\n"
        "interval = \"250ms\"\n{}",
        name, port, more);
  };
  const std::string checks = check("good", "body = \"Ciphers supported\"\n") +
                             check("wrong-text", "body = \"nothing of the kind\"\n") +
                             check("too-slow", "slow = \"1us\"\n");
  auto dns = serve("", "", "[health]\nca_file = \"cert.pem\"\n" + checks);
  const auto is = [&](const std::string& name, const std::string& verdict) {
    return eventually([&] {
      const std::string told = word("status --once");
      const std::size_t at = told.find("\n" + name + " ");
      return at != std::string::npos &&
             contains(told.substr(at, told.find('\n', at + 1) - at), " " + verdict + " ");
    });
  };
  EXPECT_TRUE(is("good", "up")) << word("status --once") << site.log();
  EXPECT_TRUE(is("wrong-text", "down")) << word("status --once");
  EXPECT_TRUE(is("too-slow", "down")) << word("status --once");
  // Nobody vouches for it any more.
  write_file(path("policies.toml"), policies + checks);
  dns->reload();
  EXPECT_TRUE(is("good", "down")) << word("status --once");
}

TEST_F(DnsPolicies, SaysThatAnOrderWouldBeForgotten) {
  const auto dns = serve();
  std::filesystem::create_directory(path("state") / "state.json.new");  // in the way
  EXPECT_TRUE(contains(word("drain canary"), "the next start forgets it"));
  EXPECT_TRUE(contains(word("status --once"), "drain canary until ")) << "it is in force";
}

// At a terminal the table follows the node; `script` is that terminal.
TEST_F(DnsPolicies, ShowsALiveTable) {
  const auto dns = serve();
  EXPECT_EQ(dns->dig("near.shop.test +short"), "192.0.2.2\n");
  const std::string once = word("status --once");
  EXPECT_TRUE(contains(once, "TARGET")) << once;
  EXPECT_FALSE(contains(once, "\x1b[")) << once;
  word("drain canary --reason maintenance");
  DnsFlood flood(dns->port(), "www.shop.test", {.clients = 1, .window = 4});
  const std::string live = output_of(
      fmt::format("timeout --signal=INT 8 script -qec '{} dns status --state {}' /dev/null",
                  program(), path("state").string()));
  flood.end();
  std::size_t drawn = 0;
  for (std::size_t at = 0; (at = live.find("\x1b[2J", at)) != std::string::npos; ++at) {
    ++drawn;
  }
  EXPECT_GE(drawn, 2U) << live;
  const std::string last = live.substr(live.rfind("\x1b[2J"));
  EXPECT_TRUE(contains(last, "drain canary until ")) << last;
  EXPECT_TRUE(contains(last, "maintenance")) << last;
  const std::size_t blue = last.find("blue ");
  ASSERT_NE(blue, std::string::npos) << last;
  std::istringstream row(last.substr(blue + 5));
  long answers = 0;
  long per_second = 0;
  row >> answers >> per_second;
  EXPECT_GT(answers, 0) << last;
  EXPECT_GT(per_second, 0) << last;
}

TEST_F(DnsPolicies, CountsAndLogs) {
  const auto dns = serve("metrics = \"127.0.0.1:0\"\nquery_log_one_in = 1\n");
  for (int i = 0; i < 4; ++i) {
    EXPECT_NE(dns->dig("www.shop.test +short"), "");
  }
  EXPECT_TRUE(contains(dns->dig("nope.shop.test"), "NXDOMAIN"));
  const std::string log = dns->log();
  const std::size_t at = log.find("metrics at ") + 11;
  const std::string url = log.substr(at, log.find('\n', at) - at);
  const auto metric = [&](const std::string& line) {
    return eventually([&] { return contains(output_of("curl -s " + url), line + "\n"); });
  };
  EXPECT_TRUE(metric("securecart_dns_zone_queries_total{zone=\"shop.test.\"} 5"));
  EXPECT_TRUE(metric("securecart_dns_policy_decisions{policy=\"shares\"} 4"));
  EXPECT_TRUE(metric("securecart_dns_policy_answers_total 4"));
  EXPECT_TRUE(metric("securecart_dns_target_usable{target=\"canary\"} 1"));
  EXPECT_TRUE(metric("securecart_dns_responses_total{rcode=\"NXDOMAIN\"} 1"))
      << output_of("curl -s " + url);
  EXPECT_TRUE(dns->says("name=www.shop.test.")) << dns->log();
  EXPECT_TRUE(dns->says("rcode=NXDOMAIN")) << dns->log();
}

}  // namespace
}  // namespace securecart::test
