#include "traffic/health/monitor.hpp"

#include <map>

#include <gtest/gtest.h>

#include "base/executor.hpp"
#include "tests/support/seed.hpp"

namespace securecart::traffic::health {
namespace {

using namespace std::chrono_literals;

// Answers after a while, or not at all.
class FakeProber final : public Prober {
 public:
  Task<ProbeResult> probe(std::shared_ptr<const CheckConfig> check, Duration timeout) override {
    const Answer answer = answers[check->name];
    most = std::max(most, ++under_way);
    co_await sleep_for(answer == Answer::silent ? timeout : std::min(delay, timeout));
    --under_way;
    co_return ProbeResult{answer, "fake"};
  }
  std::map<std::string, Answer> answers;
  Duration delay = 2ms;
  int under_way = 0;
  int most = 0;  // at once
};

// Carries messages to the other monitor on the same executor, unless cut.
class FakeLink final : public PeerLink {
 public:
  Task<void> send(std::string, std::string message) override {
    co_await sleep_for(5ms);
    if (cut || other == nullptr) {
      throw Unavailable("cut");
    }
    believed += other->take(message) ? 1 : 0;
  }
  Monitor* other = nullptr;
  bool cut = false;
  int believed = 0;
};

struct Node {
  Node(ManualExecutor& home, const Clock& clock, const std::string& name, const std::string& peer,
       std::size_t quorum, std::size_t probes_most = limits::probes_in_doubt)
      : random(test::seed()),
        monitor(Board(checks(), {name, peer}, quorum, 1), {{peer, "http://127.0.0.1:1", {}}},
                "secret", {home, clock, random, prober, link, metrics, probes_most},
                [this] { ++changes; }) {}
  static std::vector<CheckConfig> checks() {
    return parse_health("h.toml",
                        "[[check]]\nname = \"web\"\ntype = \"tcp\"\nurl = \"tcp://10.0.0.1:80\"\n"
                        "interval = \"250ms\"\n")
        .value()
        .checks;
  }
  Prng random;
  FakeProber prober;
  FakeLink link;
  observe::Metrics metrics;
  int changes = 0;
  Monitor monitor;
};

// Somebody sets the clock on the wall; the steady one goes on.
struct JumpyClock final : Clock {
  explicit JumpyClock(const ManualClock& the_real) : real(the_real) {}
  Timestamp now() const override { return real.now() + jump; }
  SteadyTime steady() const override { return real.steady(); }
  const ManualClock& real;
  std::chrono::hours jump{};
};

struct Pair {
  Pair() {
    one.link.other = &two.monitor;
    two.link.other = &one.monitor;
    home.post([this] {
      one.monitor.start();
      two.monitor.start();
    });
  }
  ~Pair() {
    one.monitor.stop();
    two.monitor.stop();
    home.run_until([this] { return one.monitor.ended() && two.monitor.ended(); });
  }
  void advance(Duration span) { home.advance(span); }
  Status verdict(const Node& node) const { return node.monitor.board().verdict(0); }

  ManualClock clock;
  ManualExecutor home{clock};
  JumpyClock jumpy{clock};
  Node one{home, jumpy, "a", "b", 2};
  Node two{home, clock, "b", "a", 2};
};

TEST(Monitor, AgreesWithItsPeer) {
  Pair pair;
  pair.advance(5s);
  EXPECT_EQ(pair.verdict(pair.one), Status::up);
  EXPECT_GT(pair.one.link.believed, 0);
  pair.one.prober.answers["web"] = Answer::wrong;
  pair.advance(5s);
  EXPECT_EQ(pair.verdict(pair.one), Status::up);  // only one of two sees it down
  pair.two.prober.answers["web"] = Answer::wrong;
  pair.advance(1s);
  EXPECT_EQ(pair.verdict(pair.one), Status::down);
  EXPECT_EQ(pair.verdict(pair.two), Status::down);
  EXPECT_GE(pair.one.changes, 2);
}

TEST(Monitor, CutOffItKeepsItsVerdict) {
  Pair pair;
  pair.advance(5s);
  pair.one.link.cut = pair.two.link.cut = true;
  pair.one.prober.answers["web"] = Answer::wrong;
  pair.advance(60s);
  EXPECT_EQ(pair.verdict(pair.one), Status::up);
  pair.one.link.cut = pair.two.link.cut = false;
  pair.two.prober.answers["web"] = Answer::wrong;
  pair.advance(3s);
  EXPECT_EQ(pair.verdict(pair.one), Status::down);
}

TEST(Monitor, AJumpOfTheClockChangesNothing) {
  Pair pair;
  pair.advance(5s);
  for (const int days : {30, -60, 0}) {
    pair.jumpy.jump = days * 24h;
    pair.advance(60s);
    EXPECT_EQ(pair.verdict(pair.one), Status::up);
    EXPECT_EQ(pair.one.changes, 1);
  }
  pair.jumpy.jump = -48h;
  pair.one.prober.answers["web"] = pair.two.prober.answers["web"] = Answer::wrong;
  pair.advance(3s);
  EXPECT_EQ(pair.verdict(pair.one), Status::down);
}

// A burst needs sockets, and takes no more of them than there are: then silence is found later.
TEST(Monitor, ABurstKeepsWithinItsSockets) {
  for (const std::size_t sockets : {std::size_t{8}, limits::probes_in_doubt}) {
    ManualClock clock;
    ManualExecutor home(clock);
    Node node(home, clock, "a", "b", 1, sockets);
    home.post([&node] { node.monitor.start(); });
    home.advance(60s);
    ASSERT_EQ(node.monitor.board().verdict(0), Status::up);
    node.prober.most = 0;
    node.prober.answers["web"] = Answer::silent;
    home.advance(1s);
    const bool scarce = sockets == 8;
    EXPECT_EQ(node.monitor.board().verdict(0), scarce ? Status::up : Status::down);
    EXPECT_EQ(node.prober.most > 60, !scarce);
    home.advance(60s);
    EXPECT_EQ(node.monitor.board().verdict(0), Status::down);
    EXPECT_LE(node.prober.most, scarce ? 24 : 80);
    node.monitor.stop();
    home.run_until([&node] { return node.monitor.ended(); });
  }
}

TEST(Monitor, RefusesForgedMessages) {
  Pair pair;
  const VoteMessage forged{"b", 99, 1, {}};
  EXPECT_FALSE(pair.one.monitor.take(encode(forged, "guess")));
  EXPECT_FALSE(pair.one.monitor.take("junk"));
}

}  // namespace
}  // namespace securecart::traffic::health
