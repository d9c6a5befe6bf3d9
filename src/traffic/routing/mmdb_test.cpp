#include "traffic/routing/mmdb.hpp"

#include <set>

#include <gtest/gtest.h>

#include "base/prng.hpp"
#include "tests/support/mmdb_writer.hpp"
#include "tests/support/seed.hpp"
#include "traffic/routing/geo.hpp"

namespace securecart::traffic::routing {
namespace {

std::string small_database(unsigned record_bits) {
  test::MmdbWriter writer(record_bits);
  writer.add(parse_network("192.0.2.0/24").value(), "DE");
  writer.add(parse_network("198.51.100.0/25").value(), "US");
  writer.add(parse_network("198.51.100.128/25").value(), "CA");
  writer.add(parse_network("203.0.113.7").value(), "JP");
  writer.add(parse_network("2001:db8::/32").value(), "FR");
  return writer.bytes();
}

TEST(Mmdb, ReadsEveryRecordSize) {
  for (const unsigned bits : {24U, 28U, 32U}) {
    const Result<Mmdb> database = Mmdb::parse(small_database(bits));
    ASSERT_TRUE(database.has_value()) << bits << ": " << database.error().detail;
    EXPECT_EQ(database->database_type(), "Test-Country");
    std::set<std::string> seen;
    const auto collect = [&](const Network& network, std::uint32_t offset) {
      seen.insert(to_text(network) + " " + database->fields(offset).value().country);
    };
    ASSERT_TRUE(database->walk(collect).has_value());
    EXPECT_EQ(seen, (std::set<std::string>{"192.0.2.0/24 DE", "198.51.100.0/25 US",
                                           "198.51.100.128/25 CA", "203.0.113.7/32 JP",
                                           "2001:db8::/32 FR"}));
  }
}

TEST(Mmdb, RefusesWhatIsNoDatabase) {
  EXPECT_FALSE(Mmdb::parse("").has_value());
  EXPECT_FALSE(Mmdb::parse(std::string(1'000, 'x')).has_value());
  const std::string good = small_database(24);
  for (std::size_t cut = 0; cut < good.size(); cut += 7) {
    const Result<Mmdb> database = Mmdb::parse(good.substr(cut));
    if (database) {  // cut in the tree: the metadata is whole, the tree is not
      const auto read = [&](const Network&, std::uint32_t offset) { database->fields(offset); };
      static_cast<void>(database->walk(read));
    }
  }
}

// Whatever is damaged, reading ends, with places or an error.
TEST(Mmdb, SurvivesDamage) {
  Prng random(test::seed());
  for (int i = 0; i < 400; ++i) {
    std::string bytes = small_database(28);
    for (std::uint64_t k = random.below(4) + 1; k > 0; --k) {
      bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
    }
    static_cast<void>(GeoIndex::load(std::move(bytes)));
  }
}

TEST(GeoIndex, KnowsPlaces) {
  const auto index = GeoIndex::load(small_database(28)).value();
  const GeoIndex::Match match = index->find(parse_address("192.0.2.77").value());
  ASSERT_NE(match.place, nullptr);
  EXPECT_EQ(all_countries()[match.place->country].view(), "DE");
  EXPECT_EQ(match.place->continent, Continent::europe);
  EXPECT_EQ(match.scope, 24);
  EXPECT_EQ(index->find(parse_address("192.0.3.1").value()).place, nullptr);
  EXPECT_NE(index->find(parse_address("2001:db8::1").value()).place, nullptr);
}

TEST(Countries, AreSortedAndNear) {
  for (std::size_t i = 1; i < all_countries().size(); ++i) {
    EXPECT_LT(all_countries()[i - 1].view(), all_countries()[i].view());
  }
  EXPECT_FALSE(find_country("XX").has_value());
  EXPECT_EQ(find_country("DE").value(), find_country("DE"));
  const Location berlin{52.52, 13.40};
  const Location paris{48.86, 2.35};
  EXPECT_NEAR(distance_km(berlin, paris), 878, 10);
  EXPECT_NEAR(distance_km({0, 179.5}, {0, -179.5}), 111, 2);
}

}  // namespace
}  // namespace securecart::traffic::routing
