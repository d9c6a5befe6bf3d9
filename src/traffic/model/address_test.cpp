#include "traffic/model/address.hpp"

#include <gtest/gtest.h>

namespace securecart::traffic {
namespace {

TEST(Address, ReadsAndWritesBothFamilies) {
  for (const char* text : {"192.0.2.1", "0.0.0.0", "2001:db8::1", "::", "::ffff:192.0.2.1"}) {
    const std::optional<Address> address = parse_address(text);
    ASSERT_TRUE(address.has_value()) << text;
    EXPECT_EQ(to_text(*address), text);
  }
  for (const char* text :
       {"", "192.0.2", "192.0.2.256", "1.2.3.4.5", "::g", "fe80::1%eth0", " ::"}) {
    EXPECT_FALSE(parse_address(text).has_value()) << text;
  }
}

TEST(Address, TakesTheCoatOff) {
  EXPECT_EQ(to_text(unmapped(parse_address("::ffff:192.0.2.1").value())), "192.0.2.1");
  EXPECT_EQ(to_text(unmapped(parse_address("2001:db8::1").value())), "2001:db8::1");
}

TEST(Address, MasksBitwise) {
  EXPECT_EQ(to_text(masked(parse_address("255.255.255.255").value(), 20)), "255.255.240.0");
  EXPECT_EQ(to_text(masked(parse_address("2001:db8:ffff::1").value(), 33)), "2001:db8:8000::");
  EXPECT_EQ(to_text(masked(parse_address("192.0.2.1").value(), 0)), "0.0.0.0");
}

TEST(Network, ContainsByPrefix) {
  const Network network = parse_network("192.0.2.0/25").value();
  EXPECT_TRUE(network.contains(parse_address("192.0.2.127").value()));
  EXPECT_FALSE(network.contains(parse_address("192.0.2.128").value()));
  EXPECT_FALSE(network.contains(parse_address("2001:db8::").value()));
  EXPECT_TRUE(parse_network("0.0.0.0/0")->contains(parse_address("203.0.113.9").value()));
  EXPECT_EQ(parse_network("192.0.2.1")->prefix, 32);
  for (const char* text : {"192.0.2.1/24", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/024", "x/8"}) {
    EXPECT_FALSE(parse_network(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace securecart::traffic
