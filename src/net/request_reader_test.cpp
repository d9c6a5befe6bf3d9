#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "net/request_reader_impl.hpp"
#include "net/trusted_proxies_impl.hpp"

namespace securecart::net {
namespace {

// Everything a reader makes of some bytes, as text, when they arrive in pieces of these sizes.
std::string read_in_pieces(std::string_view bytes, const std::vector<std::size_t>& sizes) {
  RequestReader reader(1'024);
  std::string seen;
  std::size_t piece = 0;
  bool in_body = false;
  for (;;) {
    Result<RequestReader::Progress> progress = in_body ? reader.read_body() : reader.read_head();
    if (progress && *progress == RequestReader::Progress::done) {
      if (!in_body) {
        if (const std::optional<Error> error = reader.limit_body(64)) {
          return seen + std::string(error->kind->code);
        }
      } else {
        const Request request = reader.take();
        seen += request.path + "|" + request.body + "|";
        for (const auto& [name, value] : request.headers.all()) {
          seen += name + "=" + value + ";";
        }
      }
      in_body = !in_body;
      continue;
    }
    if (!progress) {
      return seen + std::string(progress.error().kind->code);
    }
    if (bytes.empty()) {
      return seen + (reader.idle() ? "idle" : "more");
    }
    const auto [data, room] = reader.buffer().prepare(reader.buffer_limit());
    const std::size_t wanted = sizes.empty() ? bytes.size() : sizes[piece++ % sizes.size()];
    const std::size_t count = std::min({wanted, room, bytes.size()});
    std::memcpy(data, bytes.data(), count);
    reader.buffer().commit(count);
    bytes.remove_prefix(count);
  }
}

// How the network cuts the bytes never changes what they mean.
RC_GTEST_PROP(RequestReader, DoesNotCareHowBytesAreCut, ()) {
  const auto pieces = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>(
      "GET /a HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
      "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;x=\"y\"\r\nde\r\n0\r\nT: t\r\n\r\n",
      "POST /d HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 65\r\n\r\n",
      "GET /f HTTP/1.1\r\nHost: a\r\nX: folded\r\n value\r\n\r\n", "\r\n", "\n", "x", "\r",
      "GET / HTTP/1.1\r\n\r\n", "3\r\nab"));
  std::string bytes;
  for (const std::string& piece : pieces) {
    bytes += piece;
  }
  const auto sizes =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange(1, 40)));
  RC_ASSERT(read_in_pieces(bytes, sizes) == read_in_pieces(bytes, {}));
}

TEST(RequestReader, ReadsOneAfterTheOther) {
  const std::string two =
      "POST /b HTTP/1.1\r\nHost: A\r\nContent-Length: 2\r\n\r\nhi"
      "GET /c HTTP/1.1\r\nHost: a\r\nX: folded\r\n value\r\n\r\n";
  EXPECT_EQ(read_in_pieces(two, {}),
            "/b|hi|Host=a;Content-Length=2;/c||Host=a;X=folded value;idle");
  EXPECT_EQ(read_in_pieces(two.substr(0, 20), {}), "more");
}

TEST(TrustedProxies, KnowNetworks) {
  const TrustedProxies proxies({"10.0.0.0/8", "192.0.2.1", "2001:db8::/32", "::1"});
  const auto trusts = [&proxies](const char* text) {
    return proxies.trusts(boost::asio::ip::make_address(text));
  };
  for (const char* address :
       {"10.0.0.1", "10.255.255.255", "192.0.2.1", "2001:db8:1::1", "::1", "::ffff:10.1.2.3"}) {
    EXPECT_TRUE(trusts(address)) << address;
  }
  for (const char* address : {"11.0.0.1", "192.0.2.2", "2001:db9::1", "::2", "::ffff:11.1.2.3"}) {
    EXPECT_FALSE(trusts(address)) << address;
  }
  EXPECT_THROW(TrustedProxies({"proxy"}), std::invalid_argument);
  EXPECT_THROW(TrustedProxies({"10.0.0.0/33"}), std::invalid_argument);
}

TEST(TrustedProxies, FindTheClient) {
  const TrustedProxies proxies({"10.0.0.0/8"});
  EXPECT_EQ(proxies.client("10.0.0.1", "203.0.113.9"), "203.0.113.9");
  EXPECT_EQ(proxies.client("10.0.0.1", "203.0.113.9, 10.0.0.2"), "203.0.113.9");
  EXPECT_EQ(proxies.client("10.0.0.1", "1.2.3.4, 203.0.113.9"), "203.0.113.9");
  EXPECT_EQ(proxies.client("10.0.0.1", "10.0.0.3,10.0.0.2"), "10.0.0.3");
  EXPECT_EQ(proxies.client("10.0.0.1", "203.0.113.9, unknown"), "10.0.0.1");
  EXPECT_EQ(proxies.client("10.0.0.1", "2001:db8::7"), "2001:db8::7");
  EXPECT_EQ(proxies.client("10.0.0.1", ""), "10.0.0.1");
}

}  // namespace
}  // namespace securecart::net
