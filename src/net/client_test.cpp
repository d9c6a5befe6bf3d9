#include "net/client.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

#include "base/log.hpp"
#include "net/errc.hpp"
#include "net/server.hpp"
#include "tests/support/raw_listener.hpp"
#include "tests/support/run_on.hpp"

namespace securecart::net {
namespace {

using namespace std::chrono_literals;
using test::RawConnection;
using test::RawListener;

class CountingHandler final : public Handler {
 public:
  Task<Response> handle(Request request) override {
    ++requests;
    if (request.path == "/wait") {
      co_await sleep_for(200ms);
    }
    Response response = json_response(request.path == "/missing" ? 404 : 200, request.body);
    response.headers.add("X-Method", std::string(to_string(request.method)));
    response.headers.add("X-Trace", request.trace.trace_id_hex());
    response.headers.add("X-Host", std::string(*request.header("Host")));
    if (request.path == "/large") {
      response.body.assign(1024 * 1024, 'x');
    }
    co_return response;
  }
  std::size_t body_limit(Method, std::string_view target) const override {
    return target == "/small" ? 10 : 64 * 1024 * 1024;
  }
  std::atomic<int> requests = 0;
};

class ClientTest : public testing::Test {
 protected:
  ClientTest() { start({}); }
  ~ClientTest() override {
    client_.reset();
    server_.reset();
  }

  void start(Client::Options options, ServerOptions server_options = {}) {
    client_.reset();
    server_.reset();
    runtime_ = std::make_unique<Runtime>(2, 1, clock_);
    server_options.name = "test";
    server_ = std::make_unique<Server>(*runtime_, server_options, handler_, metrics_);
    server_->start();
    client_ = std::make_unique<Client>(*runtime_, options);
    runtime_->run();
  }

  static ClientRequest request(Method method, std::string target, std::string body = {}) {
    ClientRequest request;
    request.method = method;
    request.target = std::move(target);
    request.body = std::move(body);
    request.timeout = 10s;
    return request;
  }

  // Sends on core 0; the future throws what send() throws.
  std::future<Response> send(Peer peer, ClientRequest request, std::size_t core = 0) {
    auto promise = std::make_shared<std::promise<Response>>();
    std::future<Response> future = promise->get_future();
    runtime_->executor(core).post([this, promise, peer, request = std::move(request)]() mutable {
      securecart::start(client_->send(peer, std::move(request)),
                        [promise](std::variant<Response, std::exception_ptr> outcome) {
                          if (outcome.index() == 1) {
                            promise->set_exception(std::get<1>(outcome));
                          } else {
                            promise->set_value(std::move(std::get<0>(outcome)));
                          }
                        });
    });
    return future;
  }

  // What went wrong; fails the test when nothing did.
  HttpError error_of(std::future<Response> future) {
    try {
      const Response response = future.get();
      ADD_FAILURE() << "an answer: " << response.status;
    } catch (const HttpError& error) {
      return error;
    }
    return HttpError("none", false);
  }

  Peer server() const { return {"127.0.0.1", server_->port(), false}; }

  SystemClock clock_;
  observe::Metrics metrics_;
  CountingHandler handler_;
  std::unique_ptr<Runtime> runtime_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<Client> client_;
};

TEST_F(ClientTest, ExchangesRequests) {
  const Response got = send(server(), request(Method::get, "/")).get();
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.headers.find("x-method"), "GET");
  EXPECT_EQ(got.headers.find("x-host"), "127.0.0.1:" + std::to_string(server_->port()));
  const Response posted = send(server(), request(Method::post, "/echo", "hello")).get();
  EXPECT_EQ(posted.body, "hello");
  EXPECT_EQ(send(server(), request(Method::get, "/missing")).get().status, 404);
  EXPECT_EQ(send(server(), request(Method::post, "/")).get().status, 200);
  const Response head = send(server(), request(Method::head, "/large")).get();
  EXPECT_EQ(head.headers.find("Content-Length"), "1048576");
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(send(server(), request(Method::get, "/large")).get().body.size(), 1'048'576U);
  // All of it on one connection.
  EXPECT_EQ(server_->open_connections(), 1U);
}

TEST_F(ClientTest, SendsTraceAndHost) {
  ClientRequest traced = request(Method::get, "/");
  traced.trace =
      observe::parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  traced.headers.add("Host", "shop.example");
  const Response response = send(server(), traced).get();
  EXPECT_EQ(response.headers.find("X-Trace"), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(response.headers.find("X-Host"), "shop.example");
}

Task<Response> send_within_a_trace(Client& client, Peer peer, ClientRequest request) {
  const log::TraceScope trace("4bf92f3577b34da6a3ce929d0e0e4736");
  Task<Response> sending = client.send(std::move(peer), std::move(request));
  co_return co_await sending;
}

TEST_F(ClientTest, CarriesTheTraceOfTheLog) {
  const Response response = test::run_on<Response>(runtime_->executor(0), [this] {
    return send_within_a_trace(*client_, server(), request(Method::get, "/"));
  });
  EXPECT_EQ(response.headers.find("X-Trace"), "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST_F(ClientTest, ResolvesNames) {
  Peer peer = server();
  peer.host = "localhost";
  EXPECT_EQ(send(peer, request(Method::get, "/")).get().status, 200);
  peer.host = "no-such-host.invalid";
  EXPECT_FALSE(error_of(send(peer, request(Method::get, "/"))).outcome_unknown);
}

TEST_F(ClientTest, SendsManyAtOnce) {
  std::vector<std::future<Response>> answers;
  for (int i = 0; i < 500; ++i) {
    answers.push_back(send(server(), request(Method::post, "/", std::to_string(i)),
                           static_cast<std::size_t>(i % 2)));
  }
  for (int i = 0; i < 500; ++i) {
    EXPECT_EQ(answers[static_cast<std::size_t>(i)].get().body, std::to_string(i));
  }
}

TEST_F(ClientTest, SendsLargeBodies) {
  const std::string large(20 * 1024 * 1024, 'b');
  EXPECT_EQ(send(server(), request(Method::put, "/", large)).get().body, large);
}

TEST_F(ClientTest, TakesAnAnswerGivenBeforeTheBodyIsSent) {
  const Response response =
      send(server(), request(Method::post, "/small", std::string(8 * 1024 * 1024, 'b'))).get();
  EXPECT_EQ(response.status, 413);
}

TEST_F(ClientTest, WaitsForAConnection) {
  start({.connections_per_peer = 2, .waiting_per_peer = 6});
  std::vector<std::future<Response>> answers;
  for (int i = 0; i < 8; ++i) {
    answers.push_back(send(server(), request(Method::get, "/wait")));
  }
  std::future<Response> one_too_many = send(server(), request(Method::get, "/wait"));
  EXPECT_FALSE(error_of(std::move(one_too_many)).outcome_unknown);
  ClientRequest impatient = request(Method::get, "/wait");
  impatient.timeout = 50ms;
  for (std::future<Response>& answer : answers) {
    EXPECT_EQ(answer.get().status, 200);
  }
  EXPECT_LE(server_->open_connections(), 2U);
}

TEST_F(ClientTest, GivesUpInTime) {
  ClientRequest impatient = request(Method::get, "/wait");
  impatient.timeout = 50ms;
  EXPECT_TRUE(error_of(send(server(), impatient)).outcome_unknown);
  // While it waits for a connection nothing was sent.
  start({.connections_per_peer = 1});
  std::future<Response> first = send(server(), request(Method::get, "/wait"));
  EXPECT_FALSE(error_of(send(server(), impatient)).outcome_unknown);
  EXPECT_EQ(first.get().status, 200);
}

// Its kernel's queue is full, which is what a host without power looks like.
TEST_F(ClientTest, LeavesAHostThatIsGoneSoonerThanOneThatIsSlow) {
  start({.connect_timeout = 50ms});
  const RawListener gone;
  std::vector<std::unique_ptr<RawConnection>> queue;
  for (int i = 0; i <= RawListener::backlog; ++i) {
    queue.push_back(std::make_unique<RawConnection>(gone.port()));
  }
  const HttpError error =
      error_of(send({"127.0.0.1", gone.port(), false}, request(Method::get, "/")));
  EXPECT_FALSE(error.outcome_unknown);
  EXPECT_NE(std::string(error.what()).find("cannot connect in time"), std::string::npos);
  EXPECT_EQ(send(server(), request(Method::get, "/wait")).get().status, 200);
}

TEST_F(ClientTest, TellsWhetherThePeerCanHaveActed) {
  std::uint16_t closed_port = 0;
  {
    const RawListener listener;
    closed_port = listener.port();
  }
  EXPECT_FALSE(
      error_of(send({"127.0.0.1", closed_port, false}, request(Method::get, "/"))).outcome_unknown);
  RawListener listener;
  std::future<Response> lost =
      send({"127.0.0.1", listener.port(), false}, request(Method::post, "/", "x"));
  {
    RawConnection connection = listener.accept();
    ASSERT_TRUE(connection.receive_until("\r\n\r\nx"));
  }
  EXPECT_TRUE(error_of(std::move(lost)).outcome_unknown);
}

TEST_F(ClientTest, ReplacesAnIdleConnectionThePeerClosed) {
  RawListener listener;
  const Peer peer{"127.0.0.1", listener.port(), false};
  for (int round = 0; round < 20; ++round) {
    std::future<Response> answer = send(peer, request(Method::post, "/", "x"));
    RawConnection connection = listener.accept();
    ASSERT_TRUE(connection.receive_until("\r\n\r\nx"));
    ASSERT_TRUE(connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    EXPECT_EQ(answer.get().body, "ok");
    // The connection is closed here while the client keeps it idle.
  }
}

struct Answer {
  const char* bytes;
  const char* body;  // null: not an answer
};

TEST_F(ClientTest, ReadsAnswersOfEveryKind) {
  const std::vector<Answer> answers{
      {"HTTP/1.1 200 OK\r\n\r\nuntil the end", "until the end"},
      {"HTTP/1.0 200 OK\r\n\r\nold", "old"},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na", "a"},
      {"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 204 No\r\n\r\n", ""},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\nT: "
       "t\r\n\r\n",
       "abc"},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n", ""},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", nullptr},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde", nullptr},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", nullptr},
      {"HTTP/1.1 200 OK\r\nX: y", nullptr},
      {"junk\r\n\r\n", nullptr},
      {"HTTP/3.0 200 OK\r\n\r\n", nullptr},
      {"", nullptr},
  };
  RawListener listener;
  for (const Answer& answer : answers) {
    std::future<Response> future =
        send({"127.0.0.1", listener.port(), false}, request(Method::get, "/"));
    {
      RawConnection connection = listener.accept();
      ASSERT_TRUE(connection.receive_until("\r\n\r\n"));
      ASSERT_TRUE(connection.send(answer.bytes));
    }
    if (answer.body == nullptr) {
      EXPECT_TRUE(error_of(std::move(future)).outcome_unknown) << answer.bytes;
    } else {
      EXPECT_EQ(future.get().body, answer.body) << answer.bytes;
    }
  }
}

TEST_F(ClientTest, LimitsAnswers) {
  start({.response_body_bytes = 1'000});
  RawListener listener;
  const std::vector<std::string> answers{
      "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",
      "HTTP/1.1 200 OK\r\n\r\n" + std::string(1'001, 'a'),
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3E9\r\n",
      "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'a'),
  };
  for (const std::string& answer : answers) {
    std::future<Response> future =
        send({"127.0.0.1", listener.port(), false}, request(Method::get, "/"));
    RawConnection connection = listener.accept();
    ASSERT_TRUE(connection.receive_until("\r\n\r\n"));
    connection.send(answer);
    error_of(std::move(future));
  }
  std::string many = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 201; ++i) {
    many += "X: y\r\n";
  }
  std::future<Response> future =
      send({"127.0.0.1", listener.port(), false}, request(Method::get, "/"));
  RawConnection connection = listener.accept();
  ASSERT_TRUE(connection.receive_until("\r\n\r\n"));
  connection.send(many + "\r\n");
  error_of(std::move(future));
}

TEST_F(ClientTest, RefusesToSendWhatWouldBecomeTwoRequests) {
  ClientRequest split = request(Method::get, "/");
  split.headers.add("X", "a\r\nHost: b");
  EXPECT_THROW(send(server(), split).get(), std::invalid_argument);
  EXPECT_THROW(send(server(), request(Method::get, "/ HTTP/1.1\r\n")).get(), std::invalid_argument);
  EXPECT_THROW(send(server(), request(Method::get, "x")).get(), std::invalid_argument);
}

TEST_F(ClientTest, CanBeStoppedInTheMiddle) {
  std::vector<std::future<Response>> lost;
  for (int i = 0; i < 10; ++i) {
    lost.push_back(send(server(), request(Method::get, "/")));
  }
  for (std::future<Response>& answer : lost) {
    answer.get();
  }
  runtime_->stop();
  runtime_->join();
  client_.reset();
  server_.reset();
}

TEST(ParseUrl, Splits) {
  const Url url = parse_url("http://127.0.0.1:8080/base/").value();
  EXPECT_EQ(url.peer.host, "127.0.0.1");
  EXPECT_EQ(url.peer.port, 8080);
  EXPECT_FALSE(url.peer.tls);
  EXPECT_EQ(url.path, "/base");
  const Url tls = parse_url("https://Shop.Example").value();
  EXPECT_EQ(tls.peer.host, "shop.example");
  EXPECT_EQ(tls.peer.port, 443);
  EXPECT_TRUE(tls.peer.tls);
  EXPECT_EQ(tls.path, "");
  const Url v6 = parse_url("http://[::1]:81/a/b").value();
  EXPECT_EQ(v6.peer.host, "::1");
  EXPECT_EQ(v6.peer.port, 81);
  EXPECT_EQ(v6.path, "/a/b");
  EXPECT_EQ(parse_url("http://[::1]").value().peer.port, 80);
  for (const char* bad :
       {"", "ftp://a", "http://", "http:///x", "http://a:0", "http://a:65536", "http://a:x",
        "http://a:", "http://u@a", "http://a/?q", "http://a/#f", "http://a b", "http://[::1",
        "http://a/%zz", "http://a/..", "a.example"}) {
    const Result<Url> url_or_error = parse_url(bad);
    ASSERT_FALSE(url_or_error.has_value()) << bad;
    EXPECT_TRUE(url_or_error.error().is(errc::invalid_url)) << bad;
  }
}

}  // namespace
}  // namespace securecart::net
