#include "upstream/forward.hpp"

#include <gtest/gtest.h>

namespace securecart::upstream {
namespace {

net::Request request_with(std::vector<std::pair<std::string, std::string>> fields) {
  net::Request request;
  request.method = net::Method::head;
  request.target = "/v1/store/products?limit=3";
  request.peer = "203.0.113.9";
  request.request_id = "req_1";
  request.body = "body";
  for (auto& [name, value] : fields) {
    request.headers.add(name, value);
  }
  return request;
}

TEST(Forward, PassesOnWhatIsForTheOtherSide) {
  const net::ClientRequest out =
      onward(request_with({{"Host", "shop.example"}, {"Authorization", "Bearer cs_1"}}));
  EXPECT_EQ(out.method, net::Method::get) << "whose length the answer to HEAD needs";
  EXPECT_EQ(out.target, "/v1/store/products?limit=3");
  EXPECT_EQ(out.body, "body");
  EXPECT_EQ(out.headers.find("Host"), "shop.example");
  EXPECT_EQ(out.headers.find("Authorization"), "Bearer cs_1");
  EXPECT_EQ(out.headers.find("X-Forwarded-For"), "203.0.113.9");
  EXPECT_EQ(out.headers.find("X-Request-Id"), "req_1");
}

TEST(Forward, BelievesNothingTheClientSaysOfItself) {
  const net::ClientRequest out = onward(request_with({{"x-forwarded-for", "10.0.0.1"},
                                                      {"Forwarded", "for=10.0.0.1"},
                                                      {"X-Real-IP", "10.0.0.1"},
                                                      {"X-Request-Id", "req_mine"},
                                                      {"X-Request-Deadline-Ms", "1"},
                                                      {"traceparent", "00-1"}}));
  EXPECT_EQ(out.headers.all().size(), 2U);
  EXPECT_EQ(out.headers.find("X-Forwarded-For"), "203.0.113.9");
  EXPECT_EQ(out.headers.find("X-Request-Id"), "req_1");
}

TEST(Forward, EndsHopByHopFieldsHere) {
  const net::ClientRequest out = onward(request_with({{"Connection", "keep-alive, X-Private"},
                                                      {"Keep-Alive", "timeout=5"},
                                                      {"x-private", "secret"},
                                                      {"TE", "trailers"},
                                                      {"Upgrade", "websocket"},
                                                      {"X-Public", "kept"}}));
  EXPECT_FALSE(out.headers.find("Connection"));
  EXPECT_FALSE(out.headers.find("X-Private"));
  EXPECT_FALSE(out.headers.find("TE"));
  EXPECT_FALSE(out.headers.find("Upgrade"));
  EXPECT_EQ(out.headers.find("X-Public"), "kept");
}

TEST(Forward, LeavesTheServersOwnFieldsToTheServer) {
  net::Response answer;
  for (const char* name : {"Date", "X-Request-Id", "Content-Length", "Connection"}) {
    answer.headers.add(name, "1");
  }
  answer.headers.add("ETag", "\"v7\"");
  const net::Response out = back(std::move(answer));
  ASSERT_EQ(out.headers.all().size(), 1U);
  EXPECT_EQ(out.headers.find("ETag"), "\"v7\"");
}

TEST(Forward, KnowsAnOverloadedInstance) {
  const ErrorKind overloaded{"overloaded", 503, "Busy.", true};
  EXPECT_TRUE(is_overload(net::problem(Error(overloaded, ""), "req_1")));
  EXPECT_FALSE(is_overload(net::problem(Error(errc::unavailable, ""), "req_1")));
  EXPECT_FALSE(is_overload(net::json_response(200, R"({"code":"overloaded"})")));
}

}  // namespace
}  // namespace securecart::upstream
