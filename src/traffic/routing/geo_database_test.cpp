// Every network of a real geo database, through the policies that use it.
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/places.hpp"
#include "traffic/routing/mmdb.hpp"
#include "traffic/routing/routing_fixture.hpp"

namespace securecart::traffic::routing {
namespace {

std::string database_bytes() {
  const std::string path = test::source_dir() +
                           "/tests/data/node_modules/@ip-location-db/"
                           "geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb";
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

const std::string policies = R"(
[[policy]]
name = "geo"
type = "geolocation"
[[policy.member]]
use = "eu-1"
continents = ["EU", "AF"]
[[policy.member]]
use = "us-1"
continents = ["NA", "SA"]
[[policy.member]]
use = "ap-1"
default = true
[[policy]]
name = "latency"
type = "latency"
members = ["eu-1", "us-1", "ap-1"]
)";

Address last_of(const Network& network) {
  Address address = network.address;
  for (unsigned bit = network.prefix; bit < address.bits(); ++bit) {
    address.bytes[bit / 8] |= static_cast<std::uint8_t>(0x80U >> bit % 8);
  }
  return address;
}

// The nearest region by plain arithmetic, for the middle of each country.
std::vector<std::string> nearest_targets(const Snapshot& snapshot) {
  std::vector<std::string> nearest;
  for (const Country& country : all_countries()) {
    std::size_t best = 0;
    for (std::size_t region = 1; region < 3; ++region) {
      if (rtt_of_distance(distance_km(country.middle, *snapshot.region_locations[region])) <
          rtt_of_distance(distance_km(country.middle, *snapshot.region_locations[best]))) {
        best = region;
      }
    }
    nearest.push_back(snapshot.regions[best] + "-1");
  }
  return nearest;
}

TEST(GeoDatabase, DecidesRightlyForEveryNetwork) {
  std::string bytes = database_bytes();
  ASSERT_FALSE(bytes.empty()) << "scripts/geo.sh installs the database";
  const Mmdb database = Mmdb::parse(bytes).value();
  World world(policies, GeoIndex::load(std::move(bytes)).value());
  const std::vector<std::string> nearest = nearest_targets(*world.snapshot);
  const std::uint32_t geo = world.snapshot->nodes_by_name.at("geo");
  const std::uint32_t latency = world.snapshot->nodes_by_name.at("latency");
  std::map<std::uint32_t, std::string> countries;
  std::size_t networks = 0;
  std::size_t wrong = 0;
  Question question;
  const auto target_of = [&](std::uint32_t node) -> const std::string& {
    const Decision decision = decide(*world.snapshot, *world.live, node, question);
    return world.snapshot->targets[decision.targets[0]].name;
  };
  const auto check = [&](const Network& network, std::uint32_t offset) {
    auto known = countries.find(offset);
    if (known == countries.end()) {
      known = countries.emplace(offset, database.fields(offset).value().country).first;
    }
    const std::optional<std::uint16_t> country = find_country(known->second);
    ASSERT_TRUE(country.has_value()) << known->second;
    const Continent continent = all_countries()[*country].continent;
    const std::string by_geo =
        continent == Continent::europe || continent == Continent::africa                 ? "eu-1"
        : continent == Continent::north_america || continent == Continent::south_america ? "us-1"
                                                                                         : "ap-1";
    for (const Address& address : {network.address, last_of(network)}) {
      question.client = address;
      wrong += target_of(geo) == by_geo ? 0 : 1;
      wrong += target_of(latency) == nearest[*country] ? 0 : 1;
    }
    ++networks;
  };
  ASSERT_TRUE(database.walk(check).has_value());
  EXPECT_EQ(wrong, 0U);
  EXPECT_GT(networks, 400'000U);
  std::printf("%zu networks, %zu ranges, %zu places\n", networks,
              world.snapshot->geo->networks().size(), world.snapshot->geo->places().size());
}

}  // namespace
}  // namespace securecart::traffic::routing
