#include "traffic/dns/config.hpp"

#include <gtest/gtest.h>

#include "traffic/dns/limits.hpp"
#include "traffic/dns/notify.hpp"

namespace securecart::traffic::dns {
namespace {

using namespace std::chrono_literals;

TEST(Config, ReadsAll) {
  const Result<Config> config = parse_config("dns.toml", R"(
listen = ["192.0.2.1:53", "[2001:db8::1]:5353", "127.0.0.1"]
threads = 4
nsid = "fra1"
cookie_secret = "e5e973e5a6b2a43f48e7dc849e37bfcf"
udp_bytes = 1400
tcp_idle_timeout = "5s"
query_log_one_in = 1000
metrics = "127.0.0.1:9153"
policies = "policies.toml"
[rate_limit]
responses_per_second = 20
slip = 3
[[tsig]]
name = "XFR"
algorithm = "hmac-sha512"
secret = "c2VjcmV0"
[[zone]]
name = "Shop.test"
file = "shop.zone"
keys = "shop.keys"
transfer_to = ["192.0.2.0/24", "2001:db8::53"]
transfer_key = "xfr."
notify = ["192.0.2.53", "[2001:db8::53]:5300"]
)");
  ASSERT_TRUE(config.has_value()) << config.error().detail;
  EXPECT_EQ(to_text(config->server.listen[1]), "[2001:db8::1]:5353");
  EXPECT_EQ(to_text(config->server.listen[2]), "127.0.0.1:53");
  EXPECT_EQ(config->settings.keepalive_tenths, 50);
  EXPECT_TRUE(config->has_cookie_secret);
  EXPECT_EQ(config->server.limit.slip, 3U);
  EXPECT_EQ(config->zones[0].name.to_text(), "shop.test.");
  EXPECT_EQ(config->zones[0].transfer_key, "xfr.");
  EXPECT_EQ(to_text(config->zones[0].notify[0]), "192.0.2.53:53");
}

TEST(Config, SaysWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "no zones"},
      {"listen = [\"here\"]", "'here' is not an address"},
      {"listen = [\"192.0.2.1:99999\"]", "is not an address"},
      {"cookie_secret = \"12\"", "32 hexadecimal digits"},
      {"udp_bytes = 100", "udp_bytes"},
      {"metrics = \"x\"", "an address and a port"},
      {"[[zone]]\nname = \"a..b\"\nfile = \"x\"", "is not a domain name"},
      {"[[zone]]\nname = \"a\"", "file"},
      {"[[zone]]\nname = \"a\"\nfile = \"x\"\n[[zone]]\nname = \"A.\"\nfile = \"y\"",
       "a zone already"},
      {"[[zone]]\nname = \"a\"\nfile = \"x\"\ntransfer_key = \"k\"", "no [[tsig]]"},
      {"[[zone]]\nname = \"a\"\nfile = \"x\"\ntransfer_to = [\"10.0.0.1/8\"]", "not a network"},
      {"[[tsig]]\nname = \"k\"\nsecret = \"!\"", "base64"},
      {"speed = 9", "speed"},
  };
  for (const auto& [text, wanted] : cases) {
    const Result<Config> config = parse_config("dns.toml", text);
    ASSERT_FALSE(config.has_value()) << text;
    EXPECT_NE(config.error().detail.find(wanted), std::string::npos)
        << text << "\n--> " << config.error().detail;
  }
}

TEST(Notify, AsksAgainUntilItIsAnswered) {
  Prng random(1);
  NotifyQueue queue;
  const Name zone = Name::parse("shop.test.").value();
  const Endpoint first = parse_endpoint("192.0.2.1:53").value();
  const Endpoint second = parse_endpoint("192.0.2.2:53").value();
  SteadyTime now{1h};
  queue.changed(zone, first, nullptr, now, random);
  queue.changed(zone, second, nullptr, now, random);
  queue.changed(zone, second, nullptr, now, random);  // once is enough
  std::vector<NotifyQueue::Message> sent = queue.due(now, 0);
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_TRUE(queue.due(now + 900ms, 0).empty());
  std::vector<std::uint8_t> answer = sent[0].wire;
  queue.answered(answer, first);  // not an answer
  answer[2] |= 0x80U;
  queue.answered(answer, second);  // not from whom it was asked
  EXPECT_EQ(queue.due(now + 1s, 0).size(), 2U);
  queue.answered(answer, first);
  int attempts = 0;
  for (now += 2s; !queue.empty() && attempts < 100; now += 1s) {
    attempts += static_cast<int>(queue.due(now, 0).size());
  }
  EXPECT_EQ(attempts, limits::dns_notify_attempts - 2);
}

}  // namespace
}  // namespace securecart::traffic::dns
