#include "traffic/routing/network_map.hpp"

#include <gtest/gtest.h>

#include "base/prng.hpp"
#include "tests/support/seed.hpp"

namespace securecart::traffic::routing {
namespace {

Address address(std::string_view text) {
  return parse_address(text).value();
}

TEST(NetworkMap, FindsTheLongestPrefix) {
  NetworkMap::Builder builder;
  builder.add(parse_network("10.0.0.0/8").value(), 1);
  builder.add(parse_network("10.1.0.0/16").value(), 2);
  builder.add(parse_network("10.1.2.3").value(), 3);
  builder.add(parse_network("2001:db8::/32").value(), 4);
  builder.add(parse_network("255.255.255.255").value(), 5);
  const NetworkMap map = builder.build();
  EXPECT_EQ(map.find(address("10.2.0.1")).value, 1U);
  EXPECT_EQ(map.find(address("10.1.9.9")).value, 2U);
  EXPECT_EQ(map.find(address("10.1.2.3")).value, 3U);
  EXPECT_EQ(map.find(address("10.1.2.4")).value, 2U);
  EXPECT_EQ(map.find(address("11.0.0.0")).value, NetworkMap::none);
  EXPECT_EQ(map.find(address("255.255.255.255")).value, 5U);
  EXPECT_EQ(map.find(address("2001:db8:ffff::1")).value, 4U);
  EXPECT_EQ(map.find(address("2001:db9::")).value, NetworkMap::none);
  EXPECT_EQ(map.find(Address{}).value, NetworkMap::none);
}

TEST(NetworkMap, KnowsHowFarAnAnswerReaches) {
  NetworkMap::Builder builder;
  builder.add(parse_network("10.0.0.0/8").value(), 1);
  builder.add(parse_network("10.128.0.0/9").value(), 2);
  const NetworkMap map = builder.build();
  EXPECT_EQ(map.find(address("10.1.1.1")).scope, 9);
  EXPECT_EQ(map.find(address("10.200.1.1")).scope, 9);
  EXPECT_EQ(map.find(address("192.0.2.1")).scope, 1);
  EXPECT_EQ(NetworkMap().find(address("192.0.2.1")).scope, 0);
}

// Against the plain definition, with tables small and large, over random nested networks.
TEST(NetworkMap, AgreesWithAPlainSearch) {
  Prng random(test::seed());
  for (const std::size_t count : {std::size_t{5}, std::size_t{200}, std::size_t{5'000}}) {
    std::vector<Network> networks;
    NetworkMap::Builder builder;
    for (std::size_t i = 0; i < count; ++i) {
      const bool v6 = random.below(2) == 0;
      const auto prefix = static_cast<unsigned>(random.below(v6 ? 129 : 33));
      const Address any = v6 ? address_of(WideKey{random.next() & 0xff00'0000'ffff'ffffU, 7})
                             : address_of(static_cast<std::uint32_t>(random.next() & 0x0f0f00ffU));
      networks.push_back({masked(any, prefix), static_cast<std::uint8_t>(prefix)});
      builder.add(networks.back(), static_cast<std::uint32_t>(i));
    }
    const NetworkMap map = builder.build();
    for (int k = 0; k < 300; ++k) {
      const Network& near = networks[random.below(count)];
      Address asked = near.address;
      asked.bytes[asked.size() - 1] ^= static_cast<std::uint8_t>(random.below(3));
      std::uint32_t expected = NetworkMap::none;
      int best = -1;
      for (std::size_t i = 0; i < count; ++i) {
        if (networks[i].contains(asked) && networks[i].prefix >= best) {
          best = networks[i].prefix;
          expected = static_cast<std::uint32_t>(i);
        }
      }
      const NetworkMap::Match match = map.find(asked);
      ASSERT_EQ(match.value, expected) << to_text(asked);
      Address inside = asked;  // any address of the scope has the same value
      for (unsigned bit = match.scope; bit < asked.bits(); ++bit) {
        inside.bytes[bit / 8] ^= static_cast<std::uint8_t>(random.below(2) << (7 - bit % 8));
      }
      ASSERT_EQ(map.find(inside).value, expected) << to_text(inside) << '/' << int{match.scope};
    }
  }
}

}  // namespace
}  // namespace securecart::traffic::routing
