#include "events/amqp/address.hpp"

#include <gtest/gtest.h>

namespace securecart::events::amqp {
namespace {

TEST(BrokerAddress, NamesHostsUserAndVhost) {
  const Address address =
      parse_address("amqp://shop:s%40cret@mq-a,mq-b:5673,[::1]:1/orders%2Feu").value();
  EXPECT_FALSE(address.tls);
  EXPECT_EQ(address.user, "shop");
  EXPECT_EQ(address.password, "s@cret");
  EXPECT_EQ(address.hosts, (std::vector<Host>{{"mq-a", 5672}, {"mq-b", 5673}, {"::1", 1}}));
  EXPECT_EQ(address.vhost, "orders/eu");
}

TEST(BrokerAddress, HasDefaults) {
  const Address address = parse_address("amqps://mq").value();
  EXPECT_TRUE(address.tls);
  EXPECT_EQ(address.user, "guest");
  EXPECT_EQ(address.hosts, (std::vector<Host>{{"mq", 5671}}));
  EXPECT_EQ(address.vhost, "/");
  EXPECT_EQ(parse_address("amqp://mq/").value().vhost, "/");
  EXPECT_EQ(parse_address("amqps://mq/?cacertfile=%2Fetc%2Fca.pem").value().ca_file, "/etc/ca.pem");
}

TEST(BrokerAddress, SaysWhatIsWrongWithoutThePassword) {
  for (const char* text :
       {"", "http://mq", "amqp://", "amqp://user:hushhush@", "amqp://a:b:c", "amqp://mq:0",
        "amqp://mq:65536", "amqp://mq,", "amqp://u:hushhush%@mq", "amqp://mq/a/b", "amqp://mq/%2",
        "amqp://mq?cacertfile=/x", "amqps://mq?other=1", "amqp://[::1", "amqp://[::1]5"}) {
    const Result<Address> address = parse_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().detail.find("hushhush"), std::string::npos) << address.error().detail;
  }
}

}  // namespace
}  // namespace securecart::events::amqp
