#include "net/server.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/json.hpp"
#include "net/errc.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/raw_connection.hpp"

namespace securecart::net {
namespace {

using namespace std::chrono_literals;
using test::RawConnection;
using test::RawResponse;

// Answers by path; counts how many handlers began and ended.
class TestHandler final : public Handler {
 public:
  Task<Response> handle(Request request) override {
    ++begun;
    Task<Response> answer = respond(std::move(request));
    try {
      Response response = co_await answer;
      ++ended;
      co_return response;
    } catch (...) {
      ++ended;
      throw;
    }
  }

  std::size_t body_limit(Method, std::string_view target) const override {
    return target.starts_with("/big") ? 8 * 1024 * 1024 : 1'024;
  }

  std::atomic<int> begun = 0;
  std::atomic<int> ended = 0;
  std::shared_ptr<const std::string> page =
      std::make_shared<const std::string>(std::string(4 * 1024 * 1024, 'p'));

 private:
  Task<Response> respond(Request request) {
    assert(Executor::has_current());
    if (request.path == "/echo") {
      co_return echo(request);
    }
    if (request.path == "/body" || request.path.starts_with("/big")) {
      co_return json_response(200, std::move(request.body));
    }
    if (request.path == "/page") {
      Response response;
      response.shared_body = page;
      co_return response;
    }
    if (request.path == "/sleep") {
      co_await sleep_for(std::chrono::milliseconds(
          std::stoi(std::string(request.query_value("ms").value_or("10")))));
      co_return json_response(200, "{\"slept\":true}");
    }
    if (request.path == "/unavailable") {
      throw Unavailable("the database is away", request.query_value("unknown").has_value());
    }
    if (request.path == "/throw") {
      throw std::logic_error("secret detail");
    }
    if (request.path == "/split") {
      Response response;
      response.headers.add("X-Evil", "a\r\nSet-Cookie: b=c");
      co_return response;
    }
    if (request.path == "/nothing") {
      Response response;
      response.status = 204;
      co_return response;
    }
    co_return json_response(200, "{}");
  }

  static Response echo(const Request& request) {
    json::object seen;
    seen["method"] = to_string(request.method);
    seen["path"] = request.path;
    seen["host"] = request.host();
    seen["peer"] = request.peer;
    seen["body"] = request.body;
    seen["trace"] = request.trace.traceparent();
    seen["request_id"] = request.request_id;
    json::array query;
    for (const auto& [name, value] : request.query) {
      query.emplace_back(json::array{name, value});
    }
    seen["query"] = std::move(query);
    json::object headers;
    for (const auto& [name, value] : request.headers.all()) {
      headers[name] = value;
    }
    seen["headers"] = std::move(headers);
    return json_response(200, securecart::to_string(json::value(std::move(seen))));
  }
};

class ServerTest : public testing::Test {
 protected:
  void serve(ServerOptions options = {}, std::size_t cores = 2) {
    options.name = "test";
    runtime_ = std::make_unique<Runtime>(cores, 1, clock_);
    server_ = std::make_unique<Server>(*runtime_, options, handler_, metrics_);
    server_->start();
    runtime_->run();
  }

  RawConnection connect() { return RawConnection(server_->port()); }

  // Sends `bytes` on a connection of its own and gives the first answer.
  RawResponse ask(std::string_view bytes) {
    RawConnection connection = connect();
    EXPECT_TRUE(connection.send(bytes));
    std::optional<RawResponse> response = connection.read_response();
    EXPECT_TRUE(response.has_value()) << bytes.substr(0, 200);
    return response.value_or(RawResponse{});
  }

  // Sends `bytes`, expects a problem with this code and the connection to close behind it.
  void expect_refusal(std::string_view bytes, int status, std::string_view code) {
    RawConnection connection = connect();
    EXPECT_TRUE(connection.send(bytes));
    const std::optional<RawResponse> response = connection.read_response();
    ASSERT_TRUE(response.has_value()) << bytes.substr(0, 200);
    EXPECT_EQ(response->status, status) << bytes.substr(0, 200) << response->body;
    EXPECT_EQ(code_of(*response), code) << bytes.substr(0, 200);
    EXPECT_EQ(response->header("content-type"), "application/problem+json");
    EXPECT_EQ(response->header("connection"), "close");
    EXPECT_TRUE(connection.closed_by_peer()) << bytes.substr(0, 200);
  }

  static json::object document(const RawResponse& response) {
    return parse_json(response.body).value().as_object();
  }
  static std::string code_of(const RawResponse& response) {
    const Result<json::value> parsed = parse_json(response.body);
    return parsed ? std::string(get_string(parsed->as_object(), "code")) : response.body;
  }

  SystemClock clock_;
  observe::Metrics metrics_;
  TestHandler handler_;
  std::unique_ptr<Runtime> runtime_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersARequest) {
  serve();
  const RawResponse response =
      ask("GET /echo?a=1&b=x%20y HTTP/1.1\r\nHost: Shop.Example:8080\r\n\r\n");
  EXPECT_EQ(response.status, 200);
  const json::object seen = document(response);
  EXPECT_EQ(seen.at("method"), "GET");
  EXPECT_EQ(seen.at("path"), "/echo");
  EXPECT_EQ(seen.at("host"), "shop.example");
  EXPECT_EQ(seen.at("peer"), "127.0.0.1");
  EXPECT_EQ(securecart::to_string(seen.at("query")), R"([["a","1"],["b","x y"]])");
  EXPECT_EQ(response.header("x-request-id"), seen.at("request_id").as_string());
  EXPECT_TRUE(response.header("x-request-id").starts_with("req_"));
  EXPECT_EQ(response.header("date").size(), 29U);
  EXPECT_TRUE(response.header("date").ends_with(" GMT"));
  EXPECT_EQ(response.header("connection"), "");
}

constexpr std::string_view plain_get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

std::string get(std::string_view target, std::string_view fields = "") {
  return std::string("GET ")
      .append(target)
      .append(" HTTP/1.1\r\nHost: a\r\n")
      .append(fields)
      .append("\r\n");
}

std::string post(std::string_view target, std::string_view body, std::string_view fields = "") {
  return std::string("POST ")
      .append(target)
      .append(" HTTP/1.1\r\nHost: a\r\n")
      .append(fields)
      .append("Content-Length: ")
      .append(std::to_string(body.size()))
      .append("\r\n\r\n")
      .append(body);
}

TEST_F(ServerTest, KeepsTheConnection) {
  serve();
  RawConnection connection = connect();
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(connection.send(plain_get));
    const auto response = connection.read_response();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
    ids.insert(response->header("x-request-id"));
  }
  EXPECT_EQ(ids.size(), 100U);
  EXPECT_EQ(server_->open_connections(), 1U);
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  serve();
  RawConnection connection = connect();
  std::string requests;
  for (int i = 0; i < 200; ++i) {
    // Some wait and some do not: the order has to come from the connection.
    requests += i % 10 == 0 ? get("/sleep?ms=1") : post("/body", std::to_string(i));
  }
  ASSERT_TRUE(connection.send(requests));
  for (int i = 0; i < 200; ++i) {
    const auto response = connection.read_response();
    ASSERT_TRUE(response) << i;
    EXPECT_EQ(response->body, i % 10 == 0 ? "{\"slept\":true}" : std::to_string(i));
  }
}

TEST_F(ServerTest, ReadsARequestThatArrivesByteByByte) {
  serve();
  RawConnection connection = connect();
  for (const char byte : post("/body", "slow", "X-A: b\r\n")) {
    ASSERT_TRUE(connection.send({&byte, 1}));
  }
  const auto response = connection.read_response();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "slow");
}

TEST_F(ServerTest, IgnoresEmptyLinesBeforeARequest) {
  serve();
  EXPECT_EQ(ask("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);
}

TEST_F(ServerTest, AnswersHeadWithoutBody) {
  serve();
  RawConnection connection = connect();
  ASSERT_TRUE(connection.send("HEAD /page HTTP/1.1\r\nHost: a\r\n\r\n"));
  const auto head = connection.read_response(true);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->header("content-length"), std::to_string(handler_.page->size()));
  ASSERT_TRUE(connection.send("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"));
  const auto nothing = connection.read_response();
  ASSERT_TRUE(nothing);
  EXPECT_EQ(nothing->status, 204);
  EXPECT_EQ(nothing->header("content-length"), "");
  ASSERT_TRUE(connection.send(plain_get));
  ASSERT_TRUE(connection.read_response());
}

TEST_F(ServerTest, SendsSharedBodiesWhole) {
  serve();
  RawConnection connection = connect();
  ASSERT_TRUE(connection.send(get("/page") + get("/page")));
  for (int i = 0; i < 2; ++i) {
    const auto response = connection.read_response();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, *handler_.page);
  }
}

TEST_F(ServerTest, SpeaksHttp10) {
  serve();
  RawConnection once = connect();
  ASSERT_TRUE(once.send("GET / HTTP/1.0\r\n\r\n"));
  const auto response = once.read_response();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->header("connection"), "close");
  EXPECT_TRUE(once.closed_by_peer());
  const RawResponse kept = ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(kept.header("connection"), "keep-alive");
}

TEST_F(ServerTest, ClosesWhenAsked) {
  serve();
  RawConnection connection = connect();
  ASSERT_TRUE(connection.send(get("/", "Connection: close\r\n")));
  const auto response = connection.read_response();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->header("connection"), "close");
  EXPECT_TRUE(connection.closed_by_peer());
}

TEST_F(ServerTest, ReadsChunkedBodies) {
  serve();
  const std::string head = "POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(ask(head + "3\r\nabc\r\n5;x=y\r\ndefgh\r\n0\r\nTrailer: t\r\n\r\n").body, "abcdefgh");
  EXPECT_EQ(ask(head + "0\r\n\r\n").body, "");
  std::string many = "POST /big HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 20'000; ++i) {
    many += "0002;x\r\nab\r\n";
  }
  EXPECT_EQ(ask(many + "0\r\n\r\n").body.size(), 40'000U);
  RawConnection connection = connect();
  for (const char byte : head + "A\r\n0123456789\r\n00\r\n\r\n") {
    ASSERT_TRUE(connection.send({&byte, 1}));
  }
  const auto response = connection.read_response();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "0123456789");
  expect_refusal(head + "xyz\r\n", 400, "malformed_request");
  expect_refusal(head + "3\r\nabcd\r\n0\r\n\r\n", 400, "malformed_request");
  expect_refusal(head + "FFFFFFFFFFFFFFFFF\r\n", 413, "body_too_large");
  expect_refusal(head + "FFFFFFFFFFFFFFFF\r\n", 413, "body_too_large");
  expect_refusal(head + "200\r\n" + std::string(512, 'a') + "\r\n201\r\n", 413, "body_too_large");
  expect_refusal(head + "1;" + std::string(20'000, 'a'), 400, "malformed_request");
  expect_refusal(head + "0\r\n" + std::string(20'000, 'a'), 400, "malformed_request");
  expect_refusal(head + "0\r\n folded: x\r\n\r\n", 400, "malformed_request");
  expect_refusal(head + "3\nabc\r\n0\r\n\r\n", 400, "malformed_request");
  expect_refusal(head + "\r\n", 400, "malformed_request");
}

TEST_F(ServerTest, RefusesWhatIsNotHttp) {
  serve();
  for (const char* bytes : {
           "\x16\x03\x01\x02\x01 TLS\r\n\r\n",
           "GET\r\n\r\n",
           "GET /\r\n\r\n",
           "GET / HTTP\r\nHost: a\r\n\r\n",
           "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
           "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
           "GET / HTTP/1.1\nHost: a\n\n",
           "GET / HTTP/1.1\r\nHost: a\n\r\n",
           "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nX Y: b\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nX: a\x01z\r\n\r\n",
           "GET / HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
           "GET http://x/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
           "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
           "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n1",
           "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
           "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       }) {
    expect_refusal(bytes, 400, "malformed_request");
  }
  expect_refusal("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "unsupported_version");
  expect_refusal("GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505, "unsupported_version");
  for (const char* encoding : {"gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked"}) {
    expect_refusal(
        std::string("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ") + encoding + "\r\n\r\n",
        501, "unsupported_transfer_encoding");
  }
  EXPECT_EQ(handler_.begun, 0);
}

TEST_F(ServerTest, RefusesBadTargets) {
  serve();
  for (const char* target : {"/%", "/%2", "/%zz", "/%00", "/a%0ab", "/%2f", "/a%5Cb", "/%c0%af",
                             "/%ff", "/%ed%a0%80", "/?q=%00", "/?q=%zz", "/?q=%ff", "/\xc3\xa9"}) {
    expect_refusal(get(target), 400, "bad_encoding");
  }
  for (const char* target :
       {"/..", "/a/../..", "/%2e%2e", "/.%2E/x", "//", "//etc", "/a//b", "/a#b", "a", "/a\\b"}) {
    expect_refusal(get(target), 400, "malformed_request");
  }
  EXPECT_EQ(document(ask(get("/x/%2e%2e/echo"))).at("path"), "/echo");
  EXPECT_EQ(document(ask(get("http://other.example:1/echo"))).at("host"), "other.example");
}

TEST_F(ServerTest, LimitsTheHeader) {
  serve();
  expect_refusal(get("/", "X: " + std::string(17'000, 'a') + "\r\n"), 431, "header_too_large");
  expect_refusal("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(30'000, 'a'), 431,
                 "header_too_large");
  std::string fields;
  for (int i = 0; i < 101; ++i) {
    fields += "X: y\r\n";
  }
  expect_refusal(get("/", fields), 431, "header_too_large");
  expect_refusal(get("/" + std::string(5'000, 'a')), 414, "target_too_long");
  expect_refusal(get("/" + std::string(60'000, 'a')), 414, "target_too_long");
  EXPECT_EQ(ask(get("/" + std::string(4'000, 'a'))).status, 200);
  EXPECT_EQ(ask(get("/", "X: " + std::string(15'000, 'a') + "\r\n")).status, 200);
}

TEST_F(ServerTest, LimitsTheBodyBeforeItIsRead) {
  serve();
  expect_refusal("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 1025\r\n\r\n", 413,
                 "body_too_large");
  expect_refusal(post("/body", std::string(300'000, 'a')), 413, "body_too_large");
  EXPECT_EQ(handler_.begun, 0);
  EXPECT_EQ(ask(post("/body", std::string(1'024, 'a'))).body.size(), 1'024U);
  const std::string large(8 * 1024 * 1024, 'b');
  EXPECT_EQ(ask(post("/big", large)).body, large);
}

TEST_F(ServerTest, SendsContinueOnlyWhenTheBodyIsWanted) {
  serve();
  RawConnection connection = connect();
  const std::string fields = "Host: a\r\nExpect: 100-Continue\r\nContent-Length: ";
  ASSERT_TRUE(connection.send("POST /body HTTP/1.1\r\n" + fields + "3\r\n\r\n"));
  const auto interim = connection.read_response();
  ASSERT_TRUE(interim);
  EXPECT_EQ(interim->status, 100);
  ASSERT_TRUE(connection.send("abc"));
  const auto response = connection.read_response();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body, "abc");
  expect_refusal("POST /body HTTP/1.1\r\n" + fields + "2000\r\n\r\n", 413, "body_too_large");
  expect_refusal(get("/", "Expect: tea\r\n"), 417, "expectation_failed");
}

TEST_F(ServerTest, AnswersOptionsOfTheServer) {
  serve();
  EXPECT_EQ(ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").status, 204);
  EXPECT_EQ(ask("BREW / HTTP/1.1\r\nHost: a\r\n\r\n").status, 200);  // methods are the handler's
}

TEST_F(ServerTest, TurnsExceptionsIntoProblems) {
  serve();
  const RawResponse away = ask(get("/unavailable"));
  EXPECT_EQ(away.status, 503);
  EXPECT_EQ(away.header("retry-after"), "1");
  EXPECT_EQ(code_of(away), "unavailable");
  EXPECT_EQ(document(away).at("retryable"), true);
  EXPECT_EQ(document(away).at("request_id").as_string(), away.header("x-request-id"));
  const RawResponse unknown = ask(get("/unavailable?unknown"));
  EXPECT_EQ(unknown.status, 504);
  EXPECT_EQ(code_of(unknown), "outcome_unknown");
  const RawResponse defect = ask(get("/throw"));
  EXPECT_EQ(defect.status, 500);
  EXPECT_EQ(code_of(defect), "internal");
  EXPECT_EQ(defect.body.find("secret"), std::string::npos);
  const RawResponse split = ask(get("/split"));
  EXPECT_EQ(split.status, 500);
  EXPECT_EQ(split.header("set-cookie"), "");
  // The connection survives all of them.
  RawConnection connection = connect();
  ASSERT_TRUE(connection.send(get("/throw") + get("/unavailable") + std::string(plain_get)));
  EXPECT_EQ(connection.read_response()->status, 500);
  EXPECT_EQ(connection.read_response()->status, 503);
  EXPECT_EQ(connection.read_response()->status, 200);
}

TEST_F(ServerTest, ContinuesTraces) {
  serve();
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const auto continued =
      document(ask(get("/echo", "traceparent: 00-" + trace + "-00f067aa0ba902b7-01\r\n")));
  const std::string seen(continued.at("trace").as_string());
  EXPECT_EQ(seen.substr(3, 32), trace);
  EXPECT_NE(seen.substr(36, 16), "00f067aa0ba902b7");
  EXPECT_TRUE(seen.ends_with("-01"));
  const std::string fresh(
      document(ask(get("/echo", "traceparent: no\r\n"))).at("trace").as_string());
  EXPECT_NE(fresh.substr(3, 32), trace);
  EXPECT_TRUE(observe::parse_traceparent(fresh).has_value());
}

// The lines that the log has of requests after `work`, at the level people run with.
template <class Work>
std::vector<json::object> said_while(Work work) {
  testing::internal::CaptureStderr();
  work();
  std::istringstream lines(testing::internal::GetCapturedStderr());
  std::vector<json::object> said;
  for (std::string line; std::getline(lines, line);) {
    json::object object = parse_json(line).value().as_object();
    if (object.contains("listener")) {  // not those of what a handler met
      said.push_back(std::move(object));
    }
  }
  return said;
}

TEST_F(ServerTest, SaysWhatFailedOrWasSlowWithItsTrace) {
  serve();
  const auto traced = [](std::string_view target) {
    return get(target, "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n");
  };
  const auto said = said_while([&] {
    ask(traced("/echo"));
    ask(traced("//"));
    ask(traced("/unavailable?token=secret"));
    ask(traced("/sleep?ms=1100"));
  });
  ASSERT_EQ(said.size(), 2U) << "and nothing of what went well or was the client's fault";
  const std::pair<std::string_view, int> expected[] = {{"a request failed", 503},
                                                       {"a request was slow", 200}};
  for (std::size_t i = 0; i < said.size(); ++i) {
    EXPECT_EQ(get_string(said[i], "message"), expected[i].first);
    EXPECT_EQ(get_string(said[i], "level"), "warn");
    EXPECT_EQ(get_int(said[i], "status"), expected[i].second);
    EXPECT_EQ(get_string(said[i], "trace_id"), "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_EQ(get_string(said[i], "target").find('?'), std::string::npos);
  }
}

TEST_F(ServerTest, CountsAFloodOfFailuresInsteadOfSayingEach) {
  serve({}, 1);
  constexpr std::int64_t flood = 300;
  std::int64_t counted = 0;
  const auto said = said_while([&] {
    for (int i = 0; i < flood; ++i) {
      ask(get("/unavailable"));
    }
    ask(get("/sleep?ms=600"));  // until the last sweep has counted
  });
  for (const json::object& line : said) {
    const json::value* more = line.if_contains("requests");
    counted += more != nullptr ? more->as_int64() : 1;
  }
  EXPECT_EQ(counted, flood);
  EXPECT_LT(said.size(), flood / 2);
}

constexpr std::string_view forwarded =
    "X-Forwarded-For: 203.0.113.9, 198.51.100.7, 10.1.2.3\r\nX-Forwarded-Host: Shop.Example\r\n";

TEST_F(ServerTest, BelievesProxyFieldsOnlyFromTrustedPeers) {
  ServerOptions options;
  options.trusted_proxies = {"127.0.0.0/8", "10.1.2.3"};
  serve(options);
  const auto seen = document(ask(get("/echo", forwarded)));
  EXPECT_EQ(seen.at("peer"), "198.51.100.7");
  EXPECT_EQ(seen.at("host"), "shop.example");
  EXPECT_EQ(document(ask(get("/echo", "X-Forwarded-Host: a/b\r\n"))).at("host"), "a");
  EXPECT_EQ(document(ask(get("/echo", "X-Forwarded-For: junk\r\n"))).at("peer"), "127.0.0.1");
}

TEST_F(ServerTest, IgnoresProxyFieldsOfStrangers) {
  ServerOptions options;
  options.trusted_proxies = {"10.0.0.0/8", "::1"};
  serve(options);
  const auto seen = document(ask(get("/echo", forwarded)));
  EXPECT_EQ(seen.at("peer"), "127.0.0.1");
  EXPECT_EQ(seen.at("host"), "a");
}

TEST_F(ServerTest, EndsSlowHeadersBodiesAndIdleConnections) {
  ServerOptions options;
  options.header_timeout = 300ms;
  options.body_timeout = 300ms;
  options.idle_timeout = 300ms;
  serve(options);
  RawConnection idle = connect();
  RawConnection after_one = connect();
  ASSERT_TRUE(after_one.send(plain_get));
  ASSERT_TRUE(after_one.read_response());
  RawConnection header = connect();
  ASSERT_TRUE(header.send("GET / HTTP/1.1\r\nHost:"));
  RawConnection body = connect();
  ASSERT_TRUE(body.send("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab"));
  for (RawConnection* slow : {&header, &body}) {
    const auto response = slow->read_response();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 408);
    EXPECT_EQ(code_of(*response), "request_timeout");
    EXPECT_EQ(response->header("connection"), "close");
    EXPECT_TRUE(slow->closed_by_peer());
  }
  EXPECT_TRUE(idle.closed_by_peer());
  EXPECT_TRUE(after_one.closed_by_peer());
  EXPECT_TRUE(test::eventually([this] { return server_->open_connections() == 0; }));
}

TEST_F(ServerTest, EndsASlowHeaderThoughBytesKeepComing) {
  ServerOptions options;
  options.header_timeout = 500ms;
  serve(options);
  RawConnection connection = connect();
  ASSERT_TRUE(connection.send("GET / HTTP/1.1\r\nHost: a\r\n"));
  // A field every few milliseconds never makes a whole header.
  std::atomic<bool> answered = false;
  std::thread dribble([&connection, &answered] {
    while (!answered && connection.send("X: y\r\n")) {
      std::this_thread::sleep_for(25ms);
    }
  });
  const auto response = connection.read_response();
  answered = true;
  dribble.join();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 408);
}

TEST_F(ServerTest, DropsAClientThatDoesNotRead) {
  ServerOptions options;
  options.write_timeout = 300ms;
  serve(options);
  RawConnection connection = connect();
  std::string requests;
  for (int i = 0; i < 20; ++i) {
    requests += get("/page");
  }
  ASSERT_TRUE(connection.send(requests));
  EXPECT_TRUE(
      test::eventually([this] { return handler_.begun > 0 && server_->open_connections() == 0; }));
}

TEST_F(ServerTest, AnswersWhenTheHandlerTakesTooLong) {
  ServerOptions options;
  options.request_deadline = 200ms;
  serve(options);
  RawConnection connection = connect();
  ASSERT_TRUE(connection.send(get("/sleep?ms=1500") + std::string(plain_get)));
  const auto response = connection.read_response();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 504);
  EXPECT_EQ(code_of(*response), "deadline_exceeded");
  EXPECT_EQ(document(*response).at("retryable"), true);
  EXPECT_TRUE(connection.closed_by_peer());
  EXPECT_EQ(handler_.ended, 0);
  EXPECT_TRUE(test::eventually([this] { return handler_.ended == 1; }));
  EXPECT_TRUE(test::eventually([this] { return server_->open_connections() == 0; }));
}

TEST_F(ServerTest, LetsTheHandlerEndWhenTheClientIsGone) {
  serve();
  for (int i = 0; i < 50; ++i) {
    RawConnection connection = connect();
    ASSERT_TRUE(connection.send(get("/sleep?ms=50")));
    ASSERT_TRUE(test::eventually([this, i] { return handler_.begun == i + 1; }));
    connection.reset();
  }
  EXPECT_TRUE(test::eventually([this] { return handler_.ended == 50; }));
  EXPECT_TRUE(test::eventually([this] { return server_->open_connections() == 0; }));
}

TEST_F(ServerTest, SurvivesAbruptDisconnectsAnywhere) {
  serve();
  const std::string request = post("/body", "0123456789");
  for (std::size_t cut = 0; cut <= request.size(); ++cut) {
    RawConnection connection = connect();
    ASSERT_TRUE(connection.send(std::string_view(request).substr(0, cut)));
    connection.reset();
    RawConnection half_closed = connect();
    ASSERT_TRUE(half_closed.send(std::string_view(request).substr(0, cut)));
    half_closed.shutdown_send();
    if (cut == request.size()) {
      EXPECT_EQ(half_closed.read_response()->body, "0123456789");
    }
    EXPECT_TRUE(half_closed.closed_by_peer());
  }
  EXPECT_TRUE(test::eventually([this] { return server_->open_connections() == 0; }));
}

TEST_F(ServerTest, RefusesConnectionsPastTheLimit) {
  ServerOptions options;
  options.connections_per_core = 3;
  serve(options, 1);
  std::vector<RawConnection> connections;
  for (int i = 0; i < 3; ++i) {
    connections.push_back(connect());
  }
  for (RawConnection& connection : connections) {
    ASSERT_TRUE(connection.send(plain_get));
    ASSERT_TRUE(connection.read_response());
  }
  RawConnection refused = connect();
  const auto response = refused.read_response();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 503);
  EXPECT_EQ(code_of(*response), "too_many_connections");
  EXPECT_EQ(response->header("retry-after"), "1");
  EXPECT_TRUE(refused.closed_by_peer());
  connections.pop_back();
  EXPECT_TRUE(test::eventually([this] { return server_->open_connections() == 2; }));
  EXPECT_EQ(ask(plain_get).status, 200);
}

// Without file descriptors the server waits for some to be free; nobody is turned away.
TEST_F(ServerTest, AcceptsAgainWhenDescriptorsAreFree) {
  serve({}, 1);
  ask(plain_get);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next_free = dup(0);
  ASSERT_GE(next_free, 0);
  close(next_free);
  rlimit scarce = before;
  scarce.rlim_cur = static_cast<rlim_t>(next_free) + 1;  // room for the client's end only
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &scarce), 0);
  RawConnection connection = connect();
  ASSERT_TRUE(connection.send(plain_get));
  EXPECT_TRUE(test::eventually([this] {
    return metrics_.prometheus_text().find(
               R"(securecart_http_accept_failures_total{listener="test"} 0)") == std::string::npos;
  }));
  EXPECT_EQ(handler_.begun, 1);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  const auto response = connection.read_response();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
}

TEST_F(ServerTest, CarriesAThousandConnections) {
  serve();
  std::vector<RawConnection> connections;
  for (int i = 0; i < 1'000; ++i) {
    connections.push_back(connect());
  }
  for (int round = 0; round < 3; ++round) {
    for (RawConnection& connection : connections) {
      ASSERT_TRUE(connection.send(get("/sleep?ms=1")));
    }
    for (RawConnection& connection : connections) {
      const auto response = connection.read_response();
      ASSERT_TRUE(response);
      ASSERT_EQ(response->status, 200);
    }
  }
  EXPECT_EQ(server_->open_connections(), 1'000U);
  connections.clear();
  EXPECT_TRUE(test::eventually([this] { return server_->open_connections() == 0; }));
}

TEST_F(ServerTest, CountsWhatItDoes) {
  serve();
  ask(plain_get);
  ask(get("/unavailable"));
  ask(get("//"));
  EXPECT_TRUE(test::eventually([this] { return server_->open_connections() == 0; }));
  const std::string text = metrics_.prometheus_text();
  for (const char* line : {
           R"(securecart_http_requests_total{class="2xx",listener="test"} 1)",
           R"(securecart_http_requests_total{class="4xx",listener="test"} 1)",
           R"(securecart_http_requests_total{class="5xx",listener="test"} 1)",
           R"(securecart_http_connections_open{listener="test"} 0)",
           R"(securecart_http_request_seconds_count{listener="test"} 3)",
       }) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  }
}

TEST_F(ServerTest, RefusesAPortInUse) {
  serve();
  ServerOptions options;
  options.port = server_->port();
  EXPECT_THROW(Server(*runtime_, options, handler_, metrics_), std::system_error);
  options.address = "no address";
  EXPECT_THROW(Server(*runtime_, options, handler_, metrics_), std::system_error);
}

// Clients that keep asking until the server says it closes, then connect anew, until they cannot.
// A connection that the kernel took in the instant between the last accept and the close is reset
// unheard; on one that the server has answered once, every request is answered.
TEST_F(ServerTest, LosesNoRequestWhileDraining) {
  serve();
  std::atomic<int> answered = 0;
  std::atomic<int> lost = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 16; ++i) {
    clients.emplace_back([this, &answered, &lost] {
      try {
        for (;;) {
          RawConnection connection = connect();
          bool heard = false;
          bool closing = false;
          while (!closing) {
            const bool sent = connection.send(get("/sleep?ms=2"));
            const auto response = connection.read_response();
            if (!sent || !response || response->status != 200) {
              lost += heard ? 1 : 0;
              return;
            }
            heard = true;
            ++answered;
            closing = response->header("connection") == "close";
          }
        }
      } catch (const std::runtime_error&) {
        // The port is closed: drained.
      }
    });
  }
  RawConnection silent = connect();
  ASSERT_TRUE(test::eventually([&answered] { return answered > 200; }));
  EXPECT_FALSE(server_->drained());
  server_->drain(300ms);
  for (std::thread& client : clients) {
    client.join();
  }
  EXPECT_TRUE(silent.closed_by_peer());
  EXPECT_TRUE(test::eventually([this] { return server_->drained(); }));
  EXPECT_EQ(handler_.begun, handler_.ended);
  EXPECT_EQ(answered, handler_.ended) << "whoever was heard";
  EXPECT_EQ(lost, 0);
}

TEST_F(ServerTest, FinishesARunningRequestBeforeItIsDrained) {
  serve();
  RawConnection connection = connect();
  ASSERT_TRUE(connection.send(get("/sleep?ms=300")));
  ASSERT_TRUE(test::eventually([this] { return handler_.begun == 1; }));
  server_->drain(0ms);
  ASSERT_TRUE(test::eventually([this] {
    try {
      connect();
      return false;
    } catch (const std::runtime_error&) {
      return true;
    }
  }));
  EXPECT_FALSE(server_->drained());
  const auto response = connection.read_response();
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->header("connection"), "close");
  EXPECT_TRUE(connection.closed_by_peer());
  EXPECT_TRUE(test::eventually([this] { return server_->drained(); }));
}

TEST_F(ServerTest, ShortensADrain) {
  serve();
  RawConnection idle = connect();
  ASSERT_TRUE(idle.send(plain_get));
  ASSERT_TRUE(idle.read_response());
  server_->drain(1h);
  EXPECT_EQ(ask(plain_get).header("connection"), "close");
  EXPECT_FALSE(server_->drained());
  server_->drain(0s);
  EXPECT_TRUE(idle.closed_by_peer());
  EXPECT_TRUE(test::eventually([this] { return server_->drained(); }));
}

TEST_F(ServerTest, CanBeDestroyedUnderLoad) {
  serve();
  std::atomic<bool> ended = false;
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&ended, port = server_->port()] {
      while (!ended) {
        try {
          RawConnection connection(port);
          connection.send(get("/sleep?ms=5") + get("/page"));
          connection.read_response();
        } catch (const std::runtime_error&) {
        }
      }
    });
  }
  ASSERT_TRUE(test::eventually([this] { return handler_.ended > 50; }));
  server_.reset();
  EXPECT_EQ(handler_.begun, handler_.ended);
  ended = true;
  for (std::thread& client : clients) {
    client.join();
  }
}

TEST_F(ServerTest, CanBeDestroyedBeforeTheRuntimeRuns) {
  runtime_ = std::make_unique<Runtime>(2, 1, clock_);
  Server(*runtime_, {}, handler_, metrics_).start();
  server_ = std::make_unique<Server>(*runtime_, ServerOptions{}, handler_, metrics_);
  server_->start();
  runtime_->run();
  EXPECT_EQ(ask(plain_get).status, 200);
}

// What a client sent ahead must not cost it the answer it is owed.
TEST_F(ServerTest, DrainsAPipeliningClientWithoutLosingAnAnswer) {
  serve();
  for (int i = 0; i < 20; ++i) {
    RawConnection connection = connect();
    ASSERT_TRUE(connection.send(get("/", "Connection: close\r\n")));
    connection.send(plain_get);
    const auto response = connection.read_response();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->header("connection"), "close");
    EXPECT_TRUE(connection.closed_by_peer());
  }
}

TEST_F(ServerTest, LeavesNothingBehindWhenStoppedInTheMiddle) {
  serve();
  std::vector<RawConnection> connections;
  for (int i = 0; i < 20; ++i) {
    connections.push_back(connect());
    ASSERT_TRUE(connections.back().send(i % 2 == 0 ? get("/sleep?ms=60000") : "GET / HT"));
  }
  ASSERT_TRUE(test::eventually([this] { return handler_.begun == 10; }));
  runtime_->stop();
  runtime_->join();
  server_.reset();  // the waiting handlers are destroyed: the leak checker watches
  EXPECT_EQ(handler_.ended, 0);
}

}  // namespace
}  // namespace securecart::net
