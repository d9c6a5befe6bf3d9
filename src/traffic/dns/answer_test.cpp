#include "traffic/dns/answer.hpp"

#include <algorithm>

#include "base/prng.hpp"
#include "tests/support/seed.hpp"
#include "traffic/dns/cookies.hpp"
#include "traffic/dns/dns_fixture.hpp"
#include "traffic/dns/limits.hpp"

namespace securecart::traffic::dns::test {
namespace {

using Lines = std::vector<std::string>;

// "front": A by the client's network. "hosts": instances by their first label. "srv": discovery.
// "elsewhere": an alias. "dead": fails. "cdn": a CNAME.
class FakePolicies final : public PolicySource {
 public:
  std::optional<PolicyHandle> find(std::string_view name) const override {
    const auto found = std::ranges::find(names_, name);
    return found == std::end(names_)
               ? std::nullopt
               : std::optional(static_cast<PolicyHandle>(found - std::begin(names_)));
  }
  std::span<const std::uint16_t> types(PolicyHandle policy) const override {
    static constexpr std::uint16_t addresses[] = {type::a, type::aaaa};
    static constexpr std::uint16_t services[] = {type::srv};
    return policy == 2 ? std::span<const std::uint16_t>(services) : addresses;
  }
  void resolve(const PolicyQuestion& question, PolicyAnswer& answer) const noexcept override {
    const std::array<std::uint8_t, 4> eu{192, 0, 2, 10};
    const std::array<std::uint8_t, 4> us{192, 0, 2, 20};
    switch (question.policy) {
      case 0:
        answer.scope_prefix = 20;
        answer.ttl_seconds = 5;
        if (question.type == type::a) {
          answer.add(type::a, question.whereabouts().bytes[0] == 10 ? eu : us);
        }
        return;
      case 1:
        if (question.name[1] == 'i') {
          answer.add(type::a, eu);
        } else {
          answer.outcome = PolicyOutcome::no_name;
        }
        return;
      case 2:
        discover(answer);
        return;
      case 3:
        answer.set_alias(name_of("www.shop.test.").wire());
        return;
      case 4:
        answer.outcome = PolicyOutcome::failure;
        return;
      default:
        answer.add(type::cname, name_of("www.shop.test.").wire());
    }
  }

 private:
  static void discover(PolicyAnswer& answer) noexcept {
    for (const std::uint8_t i : {std::uint8_t{'2'}, std::uint8_t{'1'}}) {
      const Name host = name_of(std::string("i-") + static_cast<char>(i) + ".hosts.shop.test.");
      std::vector<std::uint8_t> rdata{0, 1, 0, 1, 0x1f, 0x90};
      rdata.insert(rdata.end(), host.wire().begin(), host.wire().end());
      answer.add(type::srv, rdata);
      const std::array<std::uint8_t, 4> address{192, 0, 2, i};
      answer.add_additional(host.wire(), type::a, address);
    }
  }
  static constexpr std::string_view names_[] = {"front",     "hosts", "srv",
                                                "elsewhere", "dead",  "cdn"};
};

constexpr std::string_view zone_text =
    "$TTL 300\n"
    "@ SOA ns1 admin 7 3600 900 2419200 60\n"
    "@ NS ns1\n"
    "@ NS ns2.other.test.\n"
    "@ ALIAS www\n"
    "@ MX 10 Mail\n"
    "ns1 A 192.0.2.53\n"
    "mail A 192.0.2.25\n"
    "mail AAAA 2001:db8::25\n"
    "www A 192.0.2.1\n"
    "www A 192.0.2.2\n"
    "www HTTPS 1 . alpn=h2\n"
    "shop CNAME WWW\n"
    "away CNAME www.other.test.\n"
    "loop CNAME loop2\n"
    "loop2 CNAME loop\n"
    "gone CNAME nowhere\n"
    "*.wild A 192.0.2.9\n"
    "c.*.wild TXT x\n"
    "deep.empty TXT x\n"
    "sub NS ns.sub\n"
    "sub NS ns2.other.test.\n"
    "ns.sub A 192.0.2.54\n"
    "front POLICY front\n"
    "alsofront CNAME front\n"
    "aliasfront ALIAS front\n"
    "aliasgone ALIAS nothing\n"
    "aliasaway ALIAS www.example.com.\n"
    "aliashost ALIAS i-7.hosts\n"
    "aliasnobody ALIAS x-7.hosts\n"
    "aliasnobody TXT here\n"
    "circle ALIAS circle2\n"
    "circle2 ALIAS circle\n"
    "*.hosts POLICY hosts\n"
    "_api._tcp POLICY srv\n"
    "elsewhere POLICY elsewhere\n"
    "dead POLICY dead\n"
    "cdn POLICY cdn\n"
    "Case TXT \"Hello\"\n";

std::string large_set() {
  std::string text;
  for (int i = 0; i < 100; ++i) {
    text += fmt::format("large A 10.0.0.{}\n", i);
  }
  for (int i = 0; i < 36; ++i) {  // 610 bytes with the question
    text += fmt::format("middle A 10.0.1.{}\n", i);
  }
  return text;
}

constexpr std::string_view nsid = "fra1";
constexpr std::size_t error_growth = server_cookie_bytes + nsid.size();

class AnswerTest : public testing::Test {
 public:
  AnswerTest() {
    Settings settings;
    settings.nsid = nsid;
    settings.cookie_secret = {1, 2};
    std::vector<ServedZone> zones(3);
    zones[0].zone = make_zone("shop.test.", std::string(zone_text) + large_set(), policies_.get());
    zones[1].zone = make_zone("example.test.",
                              "$TTL 60\n@ SOA a.b. c. 1 2 3 4 5\n@ NS a.b.\n"
                              "sub NS a.b.\nsub DS 1 13 2 00ff\nfar ALIAS www.shop.test.\n");
    zones[2].zone = make_zone("sub.example.test.", "$TTL 60\n@ SOA a.b. c. 1 2 3 4 5\n@ NS a.b.\n");
    snapshot_ = std::make_unique<Snapshot>(std::move(zones), policies_, std::move(settings));
    client_.address = parse_address("198.51.100.1").value();
    client_.unix_seconds = 1'800'000'000;
  }

  Decoded ask(std::string_view name, const Ask& how = {}) { return send(make_query(name, how)); }
  Decoded send(const Packet& packet) {
    reply_ = answerer_.answer(packet, client_, *snapshot_, out_);
    EXPECT_GT(reply_.size, 0U);
    return decode({out_.data(), reply_.size});
  }
  Lines answers(std::string_view name, std::uint16_t kind = type::a) {
    return ask(name, {.type = kind}).answer;
  }

  std::shared_ptr<const PolicySource> policies_ = std::make_shared<FakePolicies>();
  std::unique_ptr<Snapshot> snapshot_;
  Answerer answerer_{0, {3, 4}};
  Client client_;
  Reply reply_;
  std::vector<std::uint8_t> out_ = std::vector<std::uint8_t>(limits::dns_message_bytes + 1024);
};

TEST_F(AnswerTest, GivesRecords) {
  const Decoded found = ask("www.shop.test.");
  EXPECT_EQ(found.answer,
            (Lines{"www.shop.test. 300 A 192.0.2.1", "www.shop.test. 300 A 192.0.2.2"}));
  EXPECT_TRUE(found.aa);
  EXPECT_EQ(found.rcode, rcode::no_error);
  EXPECT_FALSE(found.edns);
  EXPECT_EQ(answers("www.shop.test.", type::https),
            (Lines{"www.shop.test. 300 HTTPS 1 . alpn=\"h2\""}));
}

TEST_F(AnswerTest, KeepsTheCaseOfTheQuestion) {
  EXPECT_EQ(answers("mAIL.Shop.test."), (Lines{"mAIL.Shop.test. 300 A 192.0.2.25"}));
}

TEST_F(AnswerTest, SaysNoDataAndNoName) {
  const Lines soa{"shop.test. 60 SOA ns1.shop.test. admin.shop.test. 7 3600 900 2419200 60"};
  const Decoded no_data = ask("www.shop.test.", {.type = type::txt});
  EXPECT_EQ(no_data.rcode, rcode::no_error);
  EXPECT_EQ(no_data.authority, soa);
  const Decoded no_name = ask("nope.shop.test.");
  EXPECT_EQ(no_name.rcode, rcode::nx_domain);
  EXPECT_EQ(no_name.authority, soa);
  EXPECT_TRUE(no_name.aa);
  EXPECT_EQ(ask("empty.shop.test.").rcode, rcode::no_error);  // RFC 8020: something is below
  EXPECT_EQ(ask("x.empty.shop.test.").rcode, rcode::nx_domain);
  EXPECT_EQ(ask("other.test.").rcode, rcode::refused);
}

TEST_F(AnswerTest, ExpandsWildcards) {
  EXPECT_EQ(answers("a.wild.shop.test."), (Lines{"a.wild.shop.test. 300 A 192.0.2.9"}));
  EXPECT_EQ(answers("a.b.wild.shop.test."), (Lines{"a.b.wild.shop.test. 300 A 192.0.2.9"}));
  EXPECT_EQ(ask("x.*.wild.shop.test.").rcode, rcode::nx_domain);
  EXPECT_EQ(ask("a.wild.shop.test.", {.type = type::mx}).rcode, rcode::no_error);
}

TEST_F(AnswerTest, FollowsCnamesInItsZone) {
  EXPECT_EQ(answers("shop.shop.test."),
            (Lines{"shop.shop.test. 300 CNAME WWW.shop.test.", "WWW.shop.test. 300 A 192.0.2.1",
                   "WWW.shop.test. 300 A 192.0.2.2"}));
  EXPECT_EQ(answers("shop.shop.test.", type::cname).size(), 1U);
  EXPECT_EQ(answers("away.shop.test."), (Lines{"away.shop.test. 300 CNAME www.other.test."}));
  EXPECT_EQ(answers("loop.shop.test.").size(), 2U);
  const Decoded gone = ask("gone.shop.test.");  // RFC 6604: the rcode is that of the last name
  EXPECT_EQ(gone.rcode, rcode::nx_domain);
  EXPECT_EQ(gone.answer.size(), 1U);
  EXPECT_EQ(gone.authority.size(), 1U);
}

TEST_F(AnswerTest, Refers) {
  for (const char* name : {"sub.shop.test.", "x.y.sub.shop.test.", "ns.sub.shop.test."}) {
    const Decoded referral = ask(name);
    EXPECT_FALSE(referral.aa);
    EXPECT_TRUE(referral.answer.empty());
    EXPECT_EQ(referral.authority, (Lines{"sub.shop.test. 300 NS ns.sub.shop.test.",
                                         "sub.shop.test. 300 NS ns2.other.test."}));
    EXPECT_EQ(referral.additional, (Lines{"ns.sub.shop.test. 300 A 192.0.2.54"}));
  }
}

TEST_F(AnswerTest, AsksTheParentForDs) {
  EXPECT_EQ(answers("sub.example.test.", type::ds), (Lines{"sub.example.test. 60 DS 1 13 2 00ff"}));
  EXPECT_TRUE(ask("sub.example.test.", {.type = type::soa}).aa);
  EXPECT_EQ(ask("sub.shop.test.", {.type = type::ds}).authority.size(), 1U);  // no data
}

TEST_F(AnswerTest, AddsAddressesOfTargets) {
  EXPECT_EQ(ask("shop.test.", {.type = type::mx}).additional,
            (Lines{"Mail.shop.test. 300 A 192.0.2.25", "Mail.shop.test. 300 AAAA 2001:db8::25"}));
  EXPECT_EQ(ask("shop.test.", {.type = type::ns}).additional,
            (Lines{"ns1.shop.test. 300 A 192.0.2.53"}));
}

TEST_F(AnswerTest, FollowsAliases) {
  EXPECT_EQ(answers("shop.test."),
            (Lines{"shop.test. 300 A 192.0.2.1", "shop.test. 300 A 192.0.2.2"}));
  EXPECT_EQ(ask("shop.test.", {.type = type::aaaa}).authority.size(), 1U);
  EXPECT_EQ(ask("shop.test.", {.type = type::txt}).rcode, rcode::no_error);
  EXPECT_EQ(answers("far.example.test.").size(), 2U);  // into another zone, its TTL kept
  EXPECT_EQ(answers("far.example.test.")[0], "far.example.test. 60 A 192.0.2.1");
  EXPECT_EQ(ask("aliasgone.shop.test.").rcode, rcode::no_error);
  EXPECT_EQ(ask("aliasaway.shop.test.").rcode, rcode::serv_fail);
  EXPECT_EQ(ask("circle.shop.test.").rcode, rcode::serv_fail);
}

TEST_F(AnswerTest, AsksPolicies) {
  EXPECT_EQ(answers("front.shop.test."), (Lines{"front.shop.test. 5 A 192.0.2.20"}));
  EXPECT_TRUE(reply_.by_policy);
  EXPECT_EQ(answers("alsofront.shop.test.").back(), "front.shop.test. 5 A 192.0.2.20");
  EXPECT_EQ(answers("aliasfront.shop.test."), (Lines{"aliasfront.shop.test. 5 A 192.0.2.20"}));
  EXPECT_EQ(ask("front.shop.test.", {.type = type::aaaa}).authority.size(), 1U);
  EXPECT_EQ(answers("i-1.hosts.shop.test.").size(), 1U);
  EXPECT_EQ(ask("x-1.hosts.shop.test.").rcode, rcode::nx_domain);
  EXPECT_EQ(answers("elsewhere.shop.test.").size(), 2U);
  EXPECT_EQ(answers("elsewhere.shop.test.")[0], "elsewhere.shop.test. 300 A 192.0.2.1");
  EXPECT_EQ(ask("dead.shop.test.").rcode, rcode::serv_fail);
  EXPECT_EQ(answers("cdn.shop.test."), (Lines{"cdn.shop.test. 30 CNAME www.shop.test."}));
}

// Discovery is asked for the name that the ALIAS leads to; nobody there is no reason to deny this
// one.
TEST_F(AnswerTest, FollowsAliasesToInstances) {
  EXPECT_EQ(answers("aliashost.shop.test."), (Lines{"aliashost.shop.test. 30 A 192.0.2.10"}));
  EXPECT_EQ(ask("aliasnobody.shop.test.").rcode, rcode::no_error);
  EXPECT_TRUE(ask("aliasnobody.shop.test.").answer.empty());
}

TEST_F(AnswerTest, GivesInstancesWithTheirAddresses) {
  const Decoded found = ask("_api._tcp.shop.test.", {.type = type::srv});
  EXPECT_EQ(found.answer, (Lines{"_api._tcp.shop.test. 30 SRV 1 1 8080 i-2.hosts.shop.test.",
                                 "_api._tcp.shop.test. 30 SRV 1 1 8080 i-1.hosts.shop.test."}));
  EXPECT_EQ(found.additional, (Lines{"i-2.hosts.shop.test. 30 A 192.0.2.50",
                                     "i-1.hosts.shop.test. 30 A 192.0.2.49"}));
}

TEST_F(AnswerTest, AnswersByTheClientsSubnet) {
  // 10.1.2.0/23
  Decoded found = ask("front.shop.test.", {.options = option(8, {0, 1, 23, 0, 10, 1, 2})});
  EXPECT_EQ(found.answer, (Lines{"front.shop.test. 5 A 192.0.2.10"}));
  EXPECT_EQ(found.options, option(8, {0, 1, 23, 20, 10, 1, 2}));
  // A plain record is the same for all.
  found = ask("www.shop.test.", {.options = option(8, {0, 1, 23, 0, 10, 1, 2})});
  EXPECT_EQ(found.options, option(8, {0, 1, 23, 0, 10, 1, 2}));
  // RFC 7871 section 7.1.2: a prefix of 0 asks not to be told apart.
  found = ask("front.shop.test.", {.options = option(8, {0, 1, 0, 0})});
  EXPECT_EQ(found.answer, (Lines{"front.shop.test. 5 A 192.0.2.20"}));
  for (const Packet& bad :
       {Packet{0, 1, 24, 0, 10, 1}, Packet{0, 1, 23, 0, 10, 1, 3}, Packet{0, 1, 24, 24, 10, 1, 2},
        Packet{0, 1, 33, 0, 10, 1, 2, 3, 4}, Packet{0, 3, 8, 0, 10}, Packet{0, 1}}) {
    EXPECT_EQ(ask("front.shop.test.", {.options = option(8, bad)}).rcode, rcode::form_err);
  }
}

TEST_F(AnswerTest, IsMinimalToAny) {
  const Decoded found = ask("mail.shop.test.", {.type = type::any});
  EXPECT_EQ(found.answer, (Lines{"mail.shop.test. 300 A 192.0.2.25"}));
  EXPECT_EQ(ask("front.shop.test.", {.type = type::any}).answer.size(), 1U);
  EXPECT_EQ(ask("nope.shop.test.", {.type = type::any}).rcode, rcode::nx_domain);
}

TEST_F(AnswerTest, TruncatesWhole) {
  const Decoded cut = ask("large.shop.test.");
  EXPECT_TRUE(cut.tc);
  EXPECT_TRUE(cut.answer.empty());
  EXPECT_LE(cut.wire.size(), 512U);
  EXPECT_TRUE(ask("large.shop.test.", {.edns = true, .udp_bytes = 4'096}).tc);  // our own limit
  client_.tcp = true;
  EXPECT_EQ(answers("large.shop.test.").size(), 100U);
}

TEST_F(AnswerTest, SpeaksEdns) {
  Decoded found = ask("www.shop.test.", {.edns = true});
  EXPECT_TRUE(found.edns);
  found = ask("www.shop.test.", {.options = option(3, {})});
  EXPECT_EQ(found.options, option(3, {'f', 'r', 'a', '1'}));
  found = ask("www.shop.test.", {.version = 1});
  EXPECT_EQ(found.rcode, rcode::bad_vers);
  EXPECT_TRUE(found.answer.empty());
  EXPECT_EQ(ask("www.shop.test.", {.options = option(65'001, {1, 2, 3})}).answer.size(), 2U);
  EXPECT_EQ(ask("www.shop.test.", {.options = {0, 3, 0, 9}}).rcode, rcode::form_err);
}

TEST_F(AnswerTest, GivesCookies) {
  const Packet client_cookie{1, 2, 3, 4, 5, 6, 7, 8};
  Decoded found = ask("www.shop.test.", {.options = option(10, client_cookie)});
  ASSERT_EQ(found.options.size(), 4U + 24);
  EXPECT_FALSE(reply_.known_client);
  const Packet both(found.options.begin() + 4, found.options.end());
  ask("www.shop.test.", {.options = option(10, both)});
  EXPECT_TRUE(reply_.known_client);
  client_.address = parse_address("198.51.100.2").value();
  ask("www.shop.test.", {.options = option(10, both)});
  EXPECT_FALSE(reply_.known_client);
  for (const std::size_t size : {0U, 7U, 9U, 15U, 41U}) {
    EXPECT_EQ(ask("www.shop.test.", {.options = option(10, Packet(size, 1))}).rcode,
              rcode::form_err);
  }
}

// RFC 7873 section 5.4: a question without a question only wants a cookie.
TEST_F(AnswerTest, GivesACookieWithoutAQuestion) {
  Packet packet{0x12, 0x34, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 12};
  const Packet cookie = option(10, {1, 2, 3, 4, 5, 6, 7, 8});
  packet.insert(packet.end(), cookie.begin(), cookie.end());
  const Decoded found = send(packet);
  EXPECT_EQ(found.rcode, rcode::no_error);
  EXPECT_EQ(found.options.size(), 28U);
}

// RFC 8906 section 8 and RFC 1035: each gets an answer, and the right one.
TEST_F(AnswerTest, AnswersWhatIsOdd) {
  const Packet plain = make_query("www.shop.test.");
  const auto changed = [&plain](std::size_t at, std::uint8_t value) {
    Packet packet = plain;
    packet[at] = value;
    return packet;
  };
  EXPECT_EQ(send(changed(2, 15 << 3)).rcode, rcode::not_imp);  // unknown opcode
  EXPECT_EQ(send(changed(2, 4 << 3)).rcode, rcode::not_imp);   // NOTIFY to a primary
  EXPECT_EQ(send(changed(3, 0x70)).answer.size(), 2U);         // Z, AD, CD
  EXPECT_EQ(send(changed(2, 0x06)).answer.size(), 2U);         // AA and TC in a question
  EXPECT_EQ(send(changed(5, 0)).rcode, rcode::form_err);       // no question but bytes
  EXPECT_EQ(send(changed(5, 2)).rcode, rcode::form_err);
  EXPECT_EQ(send(changed(7, 1)).rcode, rcode::form_err);  // a record that is not there
  EXPECT_EQ(send(changed(plain.size() - 1, 3)).rcode, rcode::refused);  // class CH
  Packet longer = plain;
  longer.push_back(0);
  EXPECT_EQ(send(longer).rcode, rcode::form_err);
  Packet pointer{0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 0x0c, 0, 1, 0, 1};
  EXPECT_EQ(send(pointer).rcode, rcode::form_err);
  EXPECT_EQ(ask("www.shop.test.", {.type = 0}).rcode, rcode::form_err);
  EXPECT_EQ(ask("www.shop.test.", {.type = type::nxname}).rcode, rcode::form_err);
  EXPECT_EQ(ask("www.shop.test.", {.type = 1'000}).rcode, rcode::no_error);
  EXPECT_EQ(ask("shop.test.", {.type = type::axfr}).rcode, rcode::refused);
}

TEST_F(AnswerTest, IsSilentToAnswersAndScraps) {
  Packet answer = make_query("www.shop.test.");
  answer[2] |= header::qr;
  EXPECT_EQ(answerer_.answer(answer, client_, *snapshot_, out_).size, 0U);
  EXPECT_EQ(answerer_.answer(Packet(11, 0), client_, *snapshot_, out_).size, 0U);
}

TEST_F(AnswerTest, NamesWhatALimitCounts) {
  ask("nope1.shop.test.");
  const std::uint64_t first = reply_.subject;
  ask("nope2.shop.test.");
  EXPECT_EQ(reply_.subject, first);
  ask("www.shop.test.");
  EXPECT_NE(reply_.subject, first);
}

TEST_F(AnswerTest, CutsAnAnswerToItsQuestion) {
  ask("www.shop.test.", {.edns = true});
  const std::size_t size = Answerer::truncate({out_.data(), reply_.size});
  EXPECT_LE(size, make_query("www.shop.test.").size());
  const Decoded cut = decode({out_.data(), size});
  EXPECT_TRUE(cut.tc);
  EXPECT_TRUE(cut.answer.empty());
}

// Whoever forges the address of a victim gains nothing by what is refused, broken or odd: such an
// answer is the question and, when it was asked for, the server's half of a cookie and the NSID.
TEST_F(AnswerTest, NeverAmplifiesAnError) {
  const Packet cookie = option(10, Packet(8, 1));
  std::vector<Packet> packets{
      make_query("other.test."),
      make_query("other.test.", {.edns = true}),
      make_query("other.test.", {.type = type::any, .dnssec = true, .options = cookie}),
      make_query("shop.test.", {.type = type::axfr}),
      make_query("shop.test.", {.type = type::axfr, .dnssec = true, .options = option(3, {})}),
      make_query("www.shop.test.", {.type = 0}),
      make_query("www.shop.test.", {.options = cookie}),
      make_query("www.shop.test.", {.options = {0, 3, 0, 9}}),
      make_query("dead.shop.test.", {.options = cookie}),
      Packet(header_bytes, 0)};
  packets[6][header_bytes + 15 + 4 + 6] = 1;  // a version of EDNS nobody has
  for (std::size_t i = packets.size(); i-- > 0;) {
    for (const unsigned code : {1U, 2U, 4U, 5U, 6U, 15U}) {
      packets.push_back(packets[i]);
      packets.back()[2] = static_cast<std::uint8_t>(code << 3U);
    }
  }
  for (const Packet& packet : packets) {
    send(packet);
    EXPECT_EQ(reply_.kind, ReplyKind::error);
    EXPECT_LE(reply_.size, packet.size() + error_growth);
  }
}

// Over UDP an answer is within what the client takes and within 1232 bytes, or it is empty with TC.
TEST_F(AnswerTest, KeepsToTheSizeOfUdp) {
  for (const unsigned udp_bytes : {0U, 100U, 512U, 700U, 1'232U, 4'096U, 65'535U}) {
    const Decoded found = ask("large.shop.test.", {.edns = true, .udp_bytes = udp_bytes});
    EXPECT_TRUE(found.tc);
    EXPECT_TRUE(found.answer.empty());
    const Decoded middle = ask("middle.shop.test.", {.edns = true, .udp_bytes = udp_bytes});
    EXPECT_EQ(middle.tc, udp_bytes < 700);
    EXPECT_LE(middle.wire.size(), std::clamp<std::size_t>(udp_bytes, 512, 1'232));
  }
}

// Any bytes, and questions with a few bytes changed: an answer is well-formed, never longer than
// allowed, and an error never larger than the question by more than was asked for.
TEST_F(AnswerTest, StaysWellFormedWhateverComes) {
  Prng random(securecart::test::seed());
  const std::vector<Packet> seeds = {
      make_query("www.shop.test.", {.dnssec = true}),
      make_query("front.shop.test.", {.edns = true}),
      make_query("shop.test.", {.type = type::any, .options = option(8, {0, 1, 23, 0, 10, 1, 2})}),
      make_query("_api._tcp.shop.test.", {.type = type::srv, .options = option(10, Packet(8, 1))})};
  for (int round = 0; round < 50'000; ++round) {
    Packet packet = seeds[random.below(seeds.size())];
    for (std::uint64_t edits = random.below(6); edits > 0; --edits) {
      packet[random.below(packet.size())] = static_cast<std::uint8_t>(random.next());
    }
    packet.resize(packet.size() - (random.below(4) == 0 ? random.below(packet.size()) : 0));
    const Reply reply = answerer_.answer(packet, client_, *snapshot_, out_);
    if (reply.size == 0) {
      ASSERT_TRUE(packet.size() < header_bytes || (packet[2] & header::qr) != 0);
      continue;
    }
    ASSERT_LE(reply.size, std::clamp<std::size_t>(answerer_.query().edns.udp_bytes, 512U, 1'232U));
    if (reply.kind == ReplyKind::error) {
      ASSERT_LE(reply.size, packet.size() + error_growth);
    }
    decode({out_.data(), reply.size});
    if (HasFailure()) {
      return;
    }
  }
}

}  // namespace
}  // namespace securecart::traffic::dns::test
