#include "traffic/health/probe.hpp"

#include <future>

#include <gtest/gtest.h>

#include "net/runtime.hpp"
#include "net/server.hpp"
#include "tests/support/raw_listener.hpp"

namespace securecart::traffic::health {
namespace {

using namespace std::chrono_literals;

class Site final : public net::Handler {
 public:
  Task<net::Response> handle(net::Request request) override {
    net::Response response;
    response.status = request.path == "/broken" ? 500 : 200;
    response.body = request.path == "/metrics" ? "queue_depth 12\n" : "all is well";
    co_return response;
  }
};

net::ServerOptions named(std::string name) {
  net::ServerOptions options;
  options.name = std::move(name);
  return options;
}

class Probes : public testing::Test {
 protected:
  Probes() : runtime(1, 1, clock), server(runtime, named("site"), site, metrics), prober(runtime) {
    server.start();
    runtime.run();
  }
  ~Probes() override {
    runtime.stop();
    runtime.join();
  }

  ProbeResult probe(const std::string& text) {
    const HealthConfig config = parse_health("h.toml", "[[check]]\nname = \"c\"\n" + text).value();
    const auto check = std::make_shared<const CheckConfig>(config.checks[0]);
    std::promise<ProbeResult> promise;
    runtime.executor(0).post([&] {
      start(prober.probe(check, 500ms),
            [&promise](auto outcome) { promise.set_value(std::get<0>(std::move(outcome))); });
    });
    return promise.get_future().get();
  }
  std::string url(const std::string& path) const {
    return "url = \"http://127.0.0.1:" + std::to_string(server.port()) + path + "\"\n";
  }

  SystemClock clock;
  observe::Metrics metrics;
  Site site;
  net::Runtime runtime;
  net::Server server;
  NetworkProber prober;
};

TEST_F(Probes, JudgeHttpAnswers) {
  EXPECT_EQ(probe("type = \"http\"\n" + url("/ok")).answer, Answer::right);
  EXPECT_EQ(probe("type = \"http\"\n" + url("/broken")).answer, Answer::wrong);
  EXPECT_EQ(probe("type = \"http\"\nbody = \"is well\"\n" + url("/ok")).answer, Answer::right);
  const ProbeResult body = probe("type = \"http\"\nbody = \"is bad\"\n" + url("/ok"));
  EXPECT_EQ(body.answer, Answer::wrong);
  EXPECT_NE(body.reason.find("body"), std::string::npos);
}

TEST_F(Probes, JudgeMetrics) {
  const std::string metric = "type = \"metric\"\nmetric = \"queue_depth\"\n" + url("/metrics");
  EXPECT_EQ(probe(metric + "above = \"20\"\n").answer, Answer::right);
  EXPECT_EQ(probe(metric + "above = \"10\"\n").answer, Answer::wrong);
  EXPECT_EQ(probe(metric + "below = \"13\"\n").answer, Answer::wrong);
}

TEST_F(Probes, TellRefusalFromSilence) {
  std::uint16_t closed = 0;
  {
    test::RawListener listener;
    closed = listener.port();
  }
  const std::string port = std::to_string(closed);
  EXPECT_EQ(probe("type = \"tcp\"\nurl = \"tcp://127.0.0.1:" + port + "\"\n").answer,
            Answer::wrong);
  EXPECT_EQ(probe("type = \"http\"\nurl = \"http://127.0.0.1:" + port + "/\"\n").answer,
            Answer::wrong);
  test::RawListener mute;  // takes connections and says nothing
  const std::string open = std::to_string(mute.port());
  EXPECT_EQ(probe("type = \"tcp\"\nurl = \"tcp://127.0.0.1:" + open + "\"\n").answer,
            Answer::right);
  EXPECT_EQ(probe("type = \"http\"\nurl = \"http://127.0.0.1:" + open + "/\"\n").answer,
            Answer::silent);
}

}  // namespace
}  // namespace securecart::traffic::health
