#include "storage/cache/redis/address.hpp"

#include <gtest/gtest.h>

namespace securecart::storage::redis {
namespace {

std::string problem(std::string_view text) {
  const Result<Address> parsed = parse_address(text);
  return parsed ? "" : parsed.error().detail;
}

TEST(RedisAddress, OneServer) {
  const Address address = parse_address("redis://cache").value();
  ASSERT_EQ(address.hosts.size(), 1U);
  EXPECT_EQ(label_of(address.hosts[0]), "cache:6379");
  EXPECT_FALSE(address.hosts[0].tls);
  EXPECT_EQ(address.database, 0);
  EXPECT_EQ(address.prefix, "securecart");
  EXPECT_TRUE(address.master.empty());
}

TEST(RedisAddress, SentinelsWithAllThereIs) {
  const Address address =
      parse_address(
          "rediss://shop:p%40ss%3Aword@s1,s2:7000,[::1]:7001/4?sentinel=main&sentinel_password=x"
          "&prefix=eu")
          .value();
  ASSERT_EQ(address.hosts.size(), 3U);
  EXPECT_EQ(label_of(address.hosts[0]), "s1:26379");
  EXPECT_EQ(label_of(address.hosts[1]), "s2:7000");
  EXPECT_EQ(label_of(address.hosts[2]), "[::1]:7001");
  EXPECT_TRUE(address.hosts[2].tls);
  EXPECT_EQ(address.user, "shop");
  EXPECT_EQ(address.password, "p@ss:word");
  EXPECT_EQ(address.database, 4);
  EXPECT_EQ(address.master, "main");
  EXPECT_EQ(address.sentinel_password, "x");
  EXPECT_EQ(address.prefix, "eu");
}

TEST(RedisAddress, APasswordWithoutAUser) {
  const Address address = parse_address("redis://:secret@cache/").value();
  EXPECT_EQ(address.user, "");
  EXPECT_EQ(address.password, "secret");
}

TEST(RedisAddress, SaysWhatIsWrongAndNoPassword) {
  EXPECT_NE(problem("postgres://db").find("redis://"), std::string::npos);
  EXPECT_NE(problem("redis://").find("host"), std::string::npos);
  EXPECT_NE(problem("redis://a,,b").find("host"), std::string::npos);
  EXPECT_NE(problem("redis://:secret@a:0").find("port"), std::string::npos);
  EXPECT_EQ(problem("redis://:secret@a:0").find("secret"), std::string::npos);
  EXPECT_NE(problem("redis://a:70000").find("port"), std::string::npos);
  EXPECT_NE(problem("redis://a:1x").find("port"), std::string::npos);
  EXPECT_NE(problem("redis://[::1").find("bracket"), std::string::npos);
  EXPECT_NE(problem("redis://a/x").find("database"), std::string::npos);
  EXPECT_NE(problem("redis://a/-1").find("database"), std::string::npos);
  EXPECT_NE(problem("redis://a?sentinel").find("sentinel"), std::string::npos);
  EXPECT_NE(problem("redis://a?master=x").find("no option master"), std::string::npos);
  EXPECT_NE(problem("redis://%zz@a").find("percent"), std::string::npos);
  EXPECT_NE(problem("redis://a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q").find("16 hosts"),
            std::string::npos);
}

}  // namespace
}  // namespace securecart::storage::redis
