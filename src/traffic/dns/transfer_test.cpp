#include "traffic/dns/transfer.hpp"

#include <algorithm>

#include "traffic/dns/dns_fixture.hpp"
#include "traffic/dns/limits.hpp"

namespace securecart::traffic::dns::test {
namespace {

constexpr std::uint32_t now = 1'800'000'000;

std::string text_of(unsigned serial, std::string_view more) {
  return fmt::format("$TTL 300\n@ SOA ns1 admin {} 1 2 3 4\n@ NS ns1\nns1 A 192.0.2.53\n{}", serial,
                     more);
}

class TransferTest : public testing::Test {
 public:
  void serve(std::shared_ptr<const Zone> zone, std::shared_ptr<const Journal> journal = nullptr) {
    Settings settings;
    settings.keys.push_back({name_of("xfr."), TsigAlgorithm::sha256, "secret"});
    std::vector<ServedZone> zones(1);
    zones[0].zone = std::move(zone);
    zones[0].journal = std::move(journal);
    zones[0].transfer_to.push_back(parse_network("192.0.2.0/24").value());
    snapshot_ = std::make_shared<Snapshot>(std::move(zones), nullptr, std::move(settings));
    client_.address = parse_address("192.0.2.9").value();
    client_.tcp = true;
    client_.unix_seconds = now;
  }
  // All records of all messages.
  std::vector<std::string> transfer(std::optional<std::uint32_t> serial) {
    Reply reply =
        answerer_.answer(make_query("shop.test.", {.type = type::axfr}), client_, *snapshot_, out_);
    EXPECT_EQ(reply.kind, ReplyKind::transfer);
    Transfer transfer(answerer_, client_, snapshot_, reply.zone, serial);
    std::vector<std::string> records;
    messages_ = 0;
    while (!transfer.finished()) {
      const std::size_t size = transfer.next(out_, now);
      const Decoded message = decode({out_.data(), size});
      records.insert(records.end(), message.answer.begin(), message.answer.end());
      ++messages_;
    }
    return records;
  }

  std::shared_ptr<const Snapshot> snapshot_;
  Answerer answerer_{0, {3, 4}};
  Client client_;
  std::size_t messages_ = 0;
  std::vector<std::uint8_t> out_ = std::vector<std::uint8_t>(limits::dns_message_bytes + 1024);
};

TEST_F(TransferTest, SendsAWholeZone) {
  serve(make_zone("shop.test.", text_of(1, "www A 192.0.2.1\n@ ALIAS www\n")));
  const std::vector<std::string> records = transfer(std::nullopt);
  ASSERT_EQ(records.size(), 6U);
  EXPECT_EQ(records.front(), records.back());
  EXPECT_NE(std::ranges::find(records, "shop.test. 300 A 192.0.2.1"), records.end());
  EXPECT_EQ(messages_, 1U);
}

TEST_F(TransferTest, SendsLargeZonesInPieces) {
  std::string many;
  for (int i = 0; i < 5'000; ++i) {
    many += fmt::format("h{} A 10.0.{}.{}\n", i, i / 250, i % 250);
  }
  serve(make_zone("shop.test.", text_of(1, many)));
  std::vector<std::string> records = transfer(std::nullopt);
  EXPECT_EQ(records.size(), 5'004U);
  EXPECT_GT(messages_, 5U);
  std::ranges::sort(records);
  EXPECT_EQ(std::ranges::unique(records).size(), 1U);  // the SOA, twice
}

TEST_F(TransferTest, SendsDifferences) {
  const auto one = make_zone("shop.test.", text_of(1, "a A 192.0.2.1\nb A 192.0.2.2\n"));
  const auto two = make_zone("shop.test.", text_of(2, "a A 192.0.2.1\nb A 192.0.2.3\n"));
  const auto three = make_zone("shop.test.", text_of(3, "a A 192.0.2.1\n"));
  const auto journal = Journal::extended(Journal::extended(nullptr, *one, *two), *two, *three);
  serve(three, journal);
  const std::vector<std::string> records = transfer(1);
  ASSERT_EQ(records.size(), 9U);  // RFC 1995 section 4
  EXPECT_EQ(records[2], "b.shop.test. 300 A 192.0.2.2");
  EXPECT_EQ(records[4], "b.shop.test. 300 A 192.0.2.3");
  EXPECT_EQ(transfer(2).size(), 5U);
  EXPECT_EQ(transfer(3).size(), 1U);                             // nothing newer
  EXPECT_EQ(transfer(9).size(), 1U);                             // a serial from the future
  EXPECT_EQ(transfer(0xffff'fff0U).size(), 5U);                  // unknown: the whole zone
  EXPECT_EQ(Journal::extended(journal, *three, *one), nullptr);  // the serial went back
}

TEST_F(TransferTest, IsOnlyForThoseWhoMay) {
  serve(make_zone("shop.test.", text_of(1, "")));
  client_.address = parse_address("198.51.100.1").value();
  const Reply reply =
      answerer_.answer(make_query("shop.test.", {.type = type::axfr}), client_, *snapshot_, out_);
  EXPECT_EQ(reply.rcode, rcode::refused);
}

TEST(Serial, ComparesAsItsRfcSays) {
  EXPECT_TRUE(serial_is_newer(1, 0));
  EXPECT_TRUE(serial_is_newer(0, 0xffff'ffffU));
  EXPECT_FALSE(serial_is_newer(5, 5));
  EXPECT_FALSE(serial_is_newer(0, 1));
}

}  // namespace
}  // namespace securecart::traffic::dns::test
