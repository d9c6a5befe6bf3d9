// The DNS server as the world meets it: dig, kdig, delv, a real secondary, a real resolver.
#include <array>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/prng.hpp"
#include "tests/support/dns_flood.hpp"
#include "tests/support/dns_process.hpp"
#include "tests/support/places.hpp"
#include "tests/support/raw_connection.hpp"
#include "tests/support/seed.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::test {
namespace {

std::string zone_of(unsigned serial, const std::string& more = "") {
  return fmt::format(
             "$TTL 300\n"
             "@ SOA ns1 admin {} 3600 900 2419200 60\n"
             "@ NS ns1\n"
             "@ MX 10 mail\n"
             "ns1 A 127.0.0.1\n"
             "mail A 192.0.2.25\n"
             "www A 192.0.2.1\n"
             "www A 192.0.2.2\n"
             "www AAAA 2001:db8::1\n"
             "*.wild A 192.0.2.9\n"
             "a.b.c TXT deep\n"
             "shop CNAME www\n"
             "UPPER MX 5 Mail\n"
             "sub NS ns.sub\n"
             "ns.sub A 127.0.0.1\n",
             serial) +
         more;
}

constexpr const char* tsig_secret = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0MTIzNDU2Nzg=";

// A port nobody listens on right now.
int free_port() {
  const int probe = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bind(probe, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size);
  close(probe);
  return ntohs(address.sin_port);
}

class DnsTest : public testing::Test {
 public:
  std::filesystem::path path(const std::string& name) const { return folder_.path() / name; }

  void write_zone(unsigned serial, const std::string& more = "") {
    write_file(path("shop.test.zone"), zone_of(serial, more));
  }
  void write_config(const std::string& top = "", const std::string& zone = "",
                    const std::string& listen = "127.0.0.1:0") {
    write_file(path("dns.toml"), fmt::format("listen = [\"{}\"]\nthreads = 2\n", listen) + top +
                                     "[[zone]]\nname = \"shop.test\"\nfile = \"shop.test.zone\"\n" +
                                     zone);
  }
  std::unique_ptr<DnsProcess> serve() {
    return std::make_unique<DnsProcess>(path("dns.toml"), path("dns.log"));
  }
  std::string key_word(const std::string& rest) {
    return output_of(program() + " dns key " + rest + " --zone shop.test --file " +
                     path("shop.keys").string());
  }
  // The zone's keys as delv and unbound trust them.
  void write_anchors(const DnsProcess& dns) {
    std::string anchors = "trust-anchors {\n";
    std::istringstream keys(dns.dig("shop.test DNSKEY +short +nosplit"));
    for (std::string line; std::getline(keys, line);) {
      anchors += fmt::format("shop.test static-key {}\"{}\";\n", line.substr(0, 9), line.substr(9));
    }
    write_file(path("anchors"), anchors + "};\n");
  }
  std::string delv(const DnsProcess& dns, const std::string& question) const {
    return output_of(fmt::format("delv @127.0.0.1 -p {} -a {} +root=shop.test {}", dns.port(),
                                 path("anchors").string(), question));
  }

  TempDir folder_;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

TEST_F(DnsTest, AnswersDig) {
  write_zone(1);
  write_config("nsid = \"node-1\"\n");
  const auto dns = serve();
  EXPECT_EQ(dns->dig("www.shop.test +short"), "192.0.2.1\n192.0.2.2\n");
  EXPECT_EQ(dns->dig("www.shop.test +short +tcp"), "192.0.2.1\n192.0.2.2\n");
  EXPECT_EQ(dns->dig("x.wild.shop.test +short"), "192.0.2.9\n");
  EXPECT_TRUE(contains(dns->dig("shop.test A"), "status: NOERROR"));
  EXPECT_TRUE(contains(dns->dig("nope.shop.test"), "status: NXDOMAIN"));
  EXPECT_TRUE(contains(dns->dig("other.test"), "status: REFUSED"));
  EXPECT_TRUE(contains(dns->dig("www.shop.test +nsid"), "(\"node-1\")"));
  EXPECT_TRUE(contains(dns->dig("www.shop.test +cookie"), "(good)"));
  EXPECT_TRUE(contains(dns->dig("www.shop.test +edns=1 +noednsneg"), "status: BADVERS"));
  EXPECT_TRUE(contains(dns->dig("www.shop.test +subnet=198.51.100.0/24"),
                       "CLIENT-SUBNET: 198.51.100.0/24/0"));
  EXPECT_TRUE(contains(dns->dig("x.sub.shop.test +norecurse"), "AUTHORITY: 1"));
  EXPECT_TRUE(contains(dns->dig("+opcode=15 www.shop.test"), "status: NOTIMP"));
  EXPECT_TRUE(contains(dns->kdig("shop.test MX"), "mail.shop.test."));
  EXPECT_TRUE(
      contains(dns->kdig("+keepopen +tcp www.shop.test www.shop.test AAAA"), "2001:db8::1"));
  EXPECT_EQ(dns->end(), 0);
}

// The types of the issue as clients print them, those of ALIAS at the apex too.
TEST_F(DnsTest, GivesEveryTypeToDig) {
  write_zone(1,
             "@ ALIAS www\n"
             "@ CAA 0 issue \"ca.example\"\n"
             "@ HTTPS 1 . alpn=h2,h3 port=8443 ipv4hint=192.0.2.1\n"
             "_dns SVCB 2 ns1 alpn=dot\n"
             "_api._tcp SRV 10 60 8080 www\n"
             "1.2.0.192.in-addr PTR www\n"
             "note TXT \"two\" \"strings\"\n"
             "odd TYPE65280 \\# 3 0a0b0c\n");
  write_config();
  const auto dns = serve();
  const std::array<std::array<std::string, 2>, 11> wanted{{
      {"shop.test A", "192.0.2.1\n192.0.2.2\n"},
      {"shop.test AAAA", "2001:db8::1\n"},
      {"shop.test CAA", "0 issue \"ca.example\"\n"},
      {"shop.test HTTPS", "1 . alpn=\"h2,h3\" port=8443 ipv4hint=192.0.2.1\n"},
      {"_dns.shop.test SVCB", "2 ns1.shop.test. alpn=\"dot\"\n"},
      {"_api._tcp.shop.test SRV", "10 60 8080 www.shop.test.\n"},
      {"1.2.0.192.in-addr.shop.test PTR", "www.shop.test.\n"},
      {"note.shop.test TXT", "\"two\" \"strings\"\n"},
      {"odd.shop.test TYPE65280", "\\# 3 0A0B0C\n"},
      {"shop.test NS", "ns1.shop.test.\n"},
      {"shop.shop.test A", "www.shop.test.\n192.0.2.1\n192.0.2.2\n"},
  }};
  for (const auto& [question, answer] : wanted) {
    EXPECT_EQ(dns->dig(question + " +short"), answer) << question;
  }
  // RFC 8482: one set, whole.
  const std::string any = dns->dig("shop.test ANY +notcp");
  EXPECT_TRUE(contains(any, "ANSWER: 2,")) << any;
  EXPECT_EQ(count(any, "192.0.2."), 2U) << any;
}

// An answer that does not fit comes empty with TC over UDP, and whole over TCP.
TEST_F(DnsTest, TruncatesForDig) {
  std::string many;
  for (int i = 0; i < 100; ++i) {
    many += fmt::format("many A 198.51.100.{}\n", i);
  }
  write_zone(1, many);
  write_config();
  const auto dns = serve();
  const std::string cut = dns->dig("many.shop.test +ignore");
  EXPECT_TRUE(contains(cut, " tc ")) << cut;
  EXPECT_TRUE(contains(cut, "ANSWER: 0,")) << cut;
  const std::string whole = dns->dig("many.shop.test +short");  // dig comes back over TCP
  EXPECT_EQ(count(whole, "198.51.100."), 100U);
  EXPECT_EQ(count(dns->kdig("+tcp +keepopen many.shop.test many.shop.test"), "198.51.100."), 200U);
}

TEST_F(DnsTest, ValidatesWithDelv) {
  write_zone(1);
  ASSERT_TRUE(contains(key_word("generate"), "shop.test. IN DS "));
  write_config("", "keys = \"shop.keys\"\n");
  const auto dns = serve();
  write_anchors(*dns);
  for (const char* question : {"www.shop.test A", "shop.test SOA", "shop.test NS", "shop.test MX",
                               "shop.shop.test A", "x.y.wild.shop.test A", "upper.shop.test MX",
                               "a.b.c.shop.test TXT", "shop.test CDS", "shop.test DNSKEY"}) {
    const std::string told = delv(*dns, question);
    EXPECT_TRUE(contains(told, "; fully validated")) << question << "\n" << told;
  }
  for (const char* question : {"nope.shop.test A", "www.shop.test TXT", "b.c.shop.test A",
                               "x.y.wild.shop.test TXT", "sub.shop.test DS", "shop.test AAAA"}) {
    const std::string told = delv(*dns, question);
    EXPECT_TRUE(contains(told, "negative response, fully validated")) << question << "\n" << told;
  }
}

// Every step of a rollover validates from the key that was trusted before it and, once the data is
// signed by it, from the new one.
TEST_F(DnsTest, RollsItsKey) {
  write_zone(1);
  key_word("generate");
  write_config("", "keys = \"shop.keys\"\n");
  const auto dns = serve();
  write_anchors(*dns);
  EXPECT_TRUE(contains(key_word("roll"), "A new key is published"));
  EXPECT_TRUE(contains(key_word("roll"), "too early"));
  const auto reloaded = [&dns](std::size_t keys) {
    dns->reload();
    return eventually([&] {
      const std::string told = dns->dig("shop.test DNSKEY +short");
      return std::count(told.begin(), told.end(), '\n') == static_cast<std::ptrdiff_t>(keys);
    });
  };
  ASSERT_TRUE(reloaded(2));
  EXPECT_TRUE(contains(delv(*dns, "www.shop.test A"), "; fully validated"));
  EXPECT_TRUE(contains(key_word("roll --force"), "The new key signs"));
  const std::string old_tag = dns->dig("www.shop.test A +dnssec +short");
  dns->reload();
  ASSERT_TRUE(eventually([&] { return dns->dig("www.shop.test A +dnssec +short") != old_tag; }));
  EXPECT_TRUE(contains(delv(*dns, "www.shop.test A"), "; fully validated"));
  EXPECT_TRUE(contains(key_word("roll"), "--ds-changed"));
  write_anchors(*dns);
  EXPECT_TRUE(contains(key_word("roll --ds-changed --force"), "The rollover is complete"));
  ASSERT_TRUE(reloaded(1));
  EXPECT_TRUE(contains(delv(*dns, "www.shop.test A"), "; fully validated"));
}

TEST_F(DnsTest, StandsBehindAResolver) {
  write_zone(1);
  key_word("generate");
  write_config("", "keys = \"shop.keys\"\n");
  const auto dns = serve();
  const std::string key = dns->dig("shop.test DNSKEY +short +nosplit");
  write_file(path("anchor.key"), "shop.test. IN DNSKEY " + key);
  const int port = free_port();
  write_file(path("unbound.conf"),
             fmt::format("server:\n interface: 127.0.0.1@{}\n username: \"\"\n chroot: \"\"\n"
                         " directory: \"{}\"\n pidfile: \"\"\n use-syslog: no\n"
                         " do-not-query-localhost: no\n module-config: \"validator iterator\"\n"
                         " local-zone: \"test.\" nodefault\n"
                         " trust-anchor-file: \"{}\"\n"
                         "remote-control:\n control-enable: no\n"
                         "stub-zone:\n name: \"shop.test\"\n stub-addr: 127.0.0.1@{}\n",
                         port, folder_.path().string(), path("anchor.key").string(), dns->port()));
  const ChildProcess unbound({"unbound", "-d", "-c", path("unbound.conf").string()},
                             path("unbound.log"));
  const auto ask = [port](const std::string& rest) {
    return output_of(fmt::format("dig @127.0.0.1 -p {} +tries=1 +time=5 {}", port, rest));
  };
  ASSERT_TRUE(eventually([&] { return contains(ask("www.shop.test"), "192.0.2.1"); }))
      << unbound.log();
  for (const char* name : {"www.shop.test", "x.wild.shop.test", "nope.shop.test", "c.shop.test"}) {
    const std::string told = ask(std::string(name) + " +dnssec");
    EXPECT_TRUE(contains(told, " ad;")) << told << unbound.log();
  }
}

TEST_F(DnsTest, FeedsASecondary) {
  const int port = free_port();
  write_zone(1);
  write_config(fmt::format("[[tsig]]\nname = \"xfr\"\nsecret = \"{}\"\n", tsig_secret),
               fmt::format("transfer_to = [\"127.0.0.1\"]\ntransfer_key = \"xfr\"\n"
                           "notify = [\"127.0.0.1:{}\"]\n",
                           port));
  const auto dns = serve();
  EXPECT_TRUE(contains(dns->dig("shop.test AXFR"), "Transfer failed"));  // without the key
  EXPECT_TRUE(contains(dns->dig(fmt::format("shop.test AXFR -y hmac-sha256:xfr:{}", tsig_secret)),
                       "192.0.2.25"));
  EXPECT_TRUE(contains(dns->dig("shop.test AXFR -y hmac-sha256:xfr:AAAA"), "BADSIG"));
  EXPECT_TRUE(contains(dns->dig("shop.test AXFR -y hmac-sha256:who:AAAA"), "BADKEY"));

  std::filesystem::create_directory(path("knot"));
  write_file(path("knot.conf"),
             fmt::format("server:\n  listen: 127.0.0.1@{}\n  rundir: {}\n"
                         "database:\n  storage: {}\n"
                         "log:\n  - target: stdout\n    any: info\n"
                         "key:\n  - id: xfr\n    algorithm: hmac-sha256\n    secret: {}\n"
                         "remote:\n  - id: primary\n    address: 127.0.0.1@{}\n    key: xfr\n"
                         "acl:\n  - id: notify\n    address: 127.0.0.1\n    action: notify\n"
                         "    key: xfr\n"
                         "zone:\n  - domain: shop.test\n    storage: {}\n    master: primary\n"
                         "    acl: notify\n",
                         port, path("knot").string(), path("knot").string(), tsig_secret,
                         dns->port(), path("knot").string()));
  const ChildProcess knot({"knotd", "-c", path("knot.conf").string()}, path("knot.log"));
  const auto ask = [port](const std::string& rest) {
    return output_of(fmt::format("dig @127.0.0.1 -p {} +short +tries=1 +time=5 {}", port, rest));
  };
  ASSERT_TRUE(eventually([&] { return contains(ask("www.shop.test"), "192.0.2.2"); }))
      << knot.log();

  write_zone(2, "new A 192.0.2.77\n");
  dns->reload();
  ASSERT_TRUE(eventually([&] { return ask("new.shop.test") == "192.0.2.77\n"; })) << knot.log();
  EXPECT_TRUE(knot.says("IXFR, incoming")) << knot.log();
  EXPECT_EQ(ask("www.shop.test"), "192.0.2.1\n192.0.2.2\n");
  const std::string ixfr =
      dns->dig(fmt::format("shop.test IXFR=1 -y hmac-sha256:xfr:{}", tsig_secret));
  EXPECT_TRUE(contains(ixfr, "192.0.2.77")) << ixfr;
  EXPECT_FALSE(contains(ixfr, "192.0.2.25")) << ixfr;
}

// Two hundred questions are under way at any moment: the server never rests while it reloads.
TEST_F(DnsTest, LosesNoAnswerWhenItReloads) {
  write_zone(1);
  write_config();
  const auto dns = serve();
  DnsFlood flood(dns->port(), "www.shop.test", {.answers = 2});
  std::size_t refused = 0;
  const auto begin = std::chrono::steady_clock::now();
  for (unsigned serial = 2; serial < 22; ++serial) {
    write_zone(serial, serial % 3 == 0 ? "broken A nonsense\n" : "");
    dns->reload();
    const std::string wanted = fmt::format(" {} 3600", serial);
    refused += serial % 3 == 0 ? 1U : 0U;
    EXPECT_TRUE(eventually([&] {
      return serial % 3 == 0 ? count(dns->log(), "the old one stays") == refused
                             : contains(dns->dig("shop.test SOA +short"), wanted);
    }));
  }
  flood.end();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("%llu questions while it reloaded, %.0f a second\n",
              static_cast<unsigned long long>(flood.asked()),
              static_cast<double>(flood.asked()) / took.count());
  EXPECT_EQ(flood.answered(), flood.asked());
  EXPECT_EQ(flood.lost(), 0U);
  EXPECT_EQ(flood.wrong(), 0U);
}

// IPv6, and every address of the machine: the answer comes from the address that was asked.
TEST_F(DnsTest, AnswersOnEveryKindOfAddress) {
  struct Case {
    std::string listen;
    std::vector<std::string> asked;
  };
  write_zone(1);
  for (const Case& one : {Case{"[::1]:0", {"::1"}}, Case{"[::]:0", {"::1"}},
                          Case{"0.0.0.0:0", {"127.0.0.1", "127.0.0.2"}}}) {
    write_config("", "", one.listen);
    const auto dns = serve();
    for (const std::string& at : one.asked) {
      for (const char* transport : {"+notcp", "+tcp"}) {
        const std::string told = dns->dig(std::string("www.shop.test +short ") + transport, at);
        EXPECT_EQ(told, "192.0.2.1\n192.0.2.2\n") << one.listen << " asked at " << at;
      }
    }
  }
}

// RFC 7766 section 6.2.1.1: many questions in one piece, and each has its answer.
TEST_F(DnsTest, AnswersAllQuestionsOfOnePiece) {
  write_zone(1);
  write_config();
  const auto dns = serve();
  RawConnection client(static_cast<std::uint16_t>(dns->port()));
  constexpr char questions = 100;
  std::string piece;
  for (char id = 0; id < questions; ++id) {
    const std::string question = std::string("\0\0\1\0\0\1\0\0\0\0\0\0", 12) +
                                 std::string("\3ns1\4shop\4test\0\0\1\0\1", 19);
    piece += '\0';
    piece += static_cast<char>(question.size());
    piece += id;
    piece += question.substr(1);
  }
  ASSERT_TRUE(client.send(piece));
  for (char id = 0; id < questions; ++id) {  // one worker answers in turn
    EXPECT_TRUE(client.receive_until(std::string{id, '\0', '\x85', '\0'})) << int{id};
    EXPECT_TRUE(client.receive_until(std::string("\0\4\x7f\0\0\1", 6))) << int{id};
  }
}

TEST_F(DnsTest, ClosesIdleAndSlowConnections) {
  write_zone(1);
  write_config("tcp_idle_timeout = \"300ms\"\n");
  const auto dns = serve();
  RawConnection idle(static_cast<std::uint16_t>(dns->port()));
  EXPECT_TRUE(idle.closed_by_peer());
  RawConnection slow(static_cast<std::uint16_t>(dns->port()));
  EXPECT_TRUE(slow.send("\x10"));  // of a question of 4 KiB, byte by byte
  EXPECT_TRUE(eventually([&] { return !slow.send("x"); }, std::chrono::seconds(20)));
  EXPECT_EQ(dns->dig("www.shop.test +short +tcp"), "192.0.2.1\n192.0.2.2\n");
}

TEST_F(DnsTest, LogsOneQuestionOfSoMany) {
  write_zone(1);
  write_config("query_log_one_in = 10\n");
  const auto dns = serve();
  DnsFlood flood(dns->port(), "www.shop.test", {.most = 2'000, .answers = 2});
  flood.wait();
  EXPECT_EQ(flood.answered(), 2'000U);
  EXPECT_EQ(dns->end(), 0);
  const std::size_t logged = count(dns->log(), "name=www.shop.test.");
  EXPECT_GT(logged, 100U);  // seven standard deviations below 200
  EXPECT_LT(logged, 300U);
}

TEST_F(DnsTest, OutlivesHostilePackets) {
  write_zone(1);
  write_config("[rate_limit]\nresponses_per_second = 0\n");
  const auto dns = serve();
  Prng random(seed());
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(dns->port()));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int out = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  for (int i = 0; i < 20'000; ++i) {
    std::array<std::uint8_t, 600> packet;
    for (std::uint8_t& byte : packet) {
      byte = static_cast<std::uint8_t>(random.next());
    }
    packet[2] &= 0x7fU;
    packet[4] = packet[6] = packet[8] = packet[10] = 0;
    packet[5] = 1;
    sendto(out, packet.data(), random.below(packet.size()), 0,
           reinterpret_cast<sockaddr*>(&address), sizeof address);
  }
  close(out);
  EXPECT_EQ(dns->dig("www.shop.test +short +tcp"), "192.0.2.1\n192.0.2.2\n");
  EXPECT_EQ(dns->end(), 0);
}

// Most of a flood's answers stay away; some come empty, so that a real resolver among the forged
// ones comes back over TCP; who shows the cookie it was given is not limited.
TEST_F(DnsTest, LimitsFloods) {
  write_zone(1);
  write_config("[rate_limit]\nresponses_per_second = 4\nslip = 2\n");
  const auto dns = serve();
  int whole = 0;
  int empty = 0;
  int silent = 0;
  for (int i = 0; i < 40 && (empty == 0 || silent == 0); ++i) {
    const std::string told = dns->dig("www.shop.test +time=1 +nocookie +ignore");
    whole += contains(told, "192.0.2.1") ? 1 : 0;
    empty += contains(told, " tc") && contains(told, "ANSWER: 0,") ? 1 : 0;
    silent += contains(told, "no servers could be reached") ? 1 : 0;
  }
  EXPECT_GT(whole, 0);
  EXPECT_GT(empty, 0);
  EXPECT_GT(silent, 0);
  EXPECT_EQ(dns->dig("www.shop.test +short +tcp"), "192.0.2.1\n192.0.2.2\n");
  const std::string given = dns->dig("www.shop.test +tcp +cookie=0123456789abcdef");
  const std::size_t at = given.find("; COOKIE: ") + 10;
  const std::string cookie = given.substr(at, given.find(' ', at) - at);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(dns->dig("www.shop.test +short +time=1 +cookie=" + cookie), "192.0.2.1\n192.0.2.2\n");
  }
}

TEST_F(DnsTest, ChecksFiles) {
  write_zone(5);
  write_config();
  const std::string zone = path("shop.test.zone").string();
  EXPECT_EQ(output_of(program() + " dns check " + zone),
            zone + ": zone shop.test., serial 5, 14 records, good\n");
  EXPECT_TRUE(contains(output_of(program() + " dns check " + path("dns.toml").string()), "good"));
  write_zone(5, "bad A 1.2.3\n");
  EXPECT_EQ(output_of("(" + program() + " dns check " + zone + "; echo $?)"),
            zone + ":16:7: A: '1.2.3' is not an IPv4 address\n1\n");
  EXPECT_TRUE(contains(output_of(program() + " dns check " + path("dns.toml").string()),
                       ":16:7: A: '1.2.3' is not an IPv4 address"));
  EXPECT_TRUE(
      contains(output_of(program() + " dns check " + source_dir() + "/packaging/dns/dns.toml"),
               "1 zones, good"));
  const std::string policies = path("policies.toml").string();
  write_file(policies,
             "[[target]]\nname = \"blue\"\naddresses = [\"10.0.0.1\"]\n"
             "[[policy]]\nname = \"front\"\ntype = \"simple\"\nmembers = [\"blue\"]\n");
  EXPECT_EQ(output_of("(" + program() + " dns check " + policies + "; echo $?)"),
            policies + ": 1 policies, 1 targets, 0 checks, good\n0\n");
  write_file(policies, "[[policy]]\nname = \"front\"\ntype = \"simple\"\nmembers = [\"red\"]\n");
  const std::string of_policies = output_of(program() + " dns check " + policies);
  EXPECT_TRUE(contains(of_policies, "policies.toml:4:")) << of_policies;
  EXPECT_FALSE(contains(of_policies, "zone")) << of_policies;
  write_file(path("dns.toml"), "listen = [\"nowhere\"]\nspeed = 9\n");
  const std::string told = output_of(program() + " dns check " + path("dns.toml").string());
  EXPECT_TRUE(contains(told, "dns.toml:1:")) << told;
  EXPECT_TRUE(contains(told, "no zones")) << told;
}

}  // namespace
}  // namespace securecart::test
