#include "traffic/health/board.hpp"

#include <map>

#include <gtest/gtest.h>

#include "base/crypto.hpp"
#include "tests/support/seed.hpp"
#include "traffic/health/expression.hpp"

namespace securecart::traffic::health {
namespace {

using namespace std::chrono_literals;

constexpr SteadyTime start{std::chrono::hours(10)};

std::vector<CheckConfig> checks(const std::string& text) {
  const Result<HealthConfig> config = parse_health("h.toml", text);
  if (!config) {
    throw std::runtime_error(config.error().detail);
  }
  return config->checks;
}

const std::string web = "[[check]]\nname = \"web\"\ntype = \"tcp\"\nurl = \"tcp://10.0.0.1:80\"\n";

VoteMessage votes_of(Board& board, Status status, SteadyTime now) {
  VoteMessage message = board.votes(now);
  message.entries = {{check_id(board.config(0).fingerprint()), status, 50}};
  return message;
}

TEST(Judge, NeedsFreshVotesToChangeItsMind) {
  const QuorumSettings two_of_three{2, 3s};
  const SteadyTime now = start;
  const Vote up{Status::up, now - 1s};
  const Vote down{Status::down, now - 1s};
  const Vote old_down{Status::down, now - 4s};
  const Vote never{};
  const auto verdict = [&](Vote a, Vote b, Vote c, Status before) {
    const Vote votes[] = {a, b, c};
    return judge(votes, two_of_three, before, now);
  };
  EXPECT_EQ(verdict(down, down, up, Status::up), Status::down);
  EXPECT_EQ(verdict(down, up, up, Status::down), Status::up);
  EXPECT_EQ(verdict(down, old_down, old_down, Status::up), Status::up);  // cut off: as it was
  EXPECT_EQ(verdict(up, old_down, never, Status::down), Status::down);
  EXPECT_EQ(verdict(never, never, never, Status::unknown), Status::unknown);
  EXPECT_EQ(verdict(never, down, down, Status::up), Status::down);  // our own checker is dead
}

TEST(Board, PartitionKeepsTheVerdict) {
  Board one(checks(web), {"a", "b", "c"}, 2, 1);
  Board two(checks(web), {"b", "a", "c"}, 2, 1);
  Board three(checks(web), {"c", "a", "b"}, 2, 1);
  SteadyTime now = start;
  EXPECT_TRUE(one.take(votes_of(two, Status::up, now), now));
  EXPECT_TRUE(one.take(votes_of(three, Status::up, now), now));
  EXPECT_TRUE(one.refresh(now));
  EXPECT_EQ(one.verdict(0), Status::up);
  now += 1h;  // nobody is heard of any more
  EXPECT_FALSE(one.refresh(now));
  EXPECT_EQ(one.verdict(0), Status::up);
  one.take(votes_of(two, Status::down, now), now);
  EXPECT_FALSE(one.refresh(now));  // one voice is not enough
  one.take(votes_of(three, Status::down, now), now);
  EXPECT_TRUE(one.refresh(now));
  EXPECT_EQ(one.verdict(0), Status::down);
  EXPECT_EQ(one.latency(0, 1), 5ms);
}

TEST(Board, RefusesStrangersAndReplays) {
  Board one(checks(web), {"a", "b"}, 1, 1);
  Board two(checks(web), {"b", "a"}, 1, 5);
  Board stranger(checks(web), {"x", "a"}, 1, 1);
  const VoteMessage first = votes_of(two, Status::up, start);
  const VoteMessage second = votes_of(two, Status::down, start);
  EXPECT_TRUE(one.take(second, start));
  EXPECT_FALSE(one.take(first, start));
  EXPECT_FALSE(one.take(second, start));
  EXPECT_FALSE(one.take(votes_of(stranger, Status::up, start), start));
  Board restarted(checks(web), {"b", "a"}, 1, 6);
  EXPECT_TRUE(one.take(votes_of(restarted, Status::up, start), start));
}

TEST(Board, CalculatesFromVerdicts) {
  Board board(checks(R"(
[[check]]
name = "fire"
type = "alarm"
[[check]]
name = "water"
type = "alarm"
[[check]]
name = "off"
type = "tcp"
url = "tcp://10.0.0.1:80"
disabled = true
[[check]]
name = "both"
type = "all"
of = ["fire", "water"]
[[check]]
name = "none"
type = "any"
of = ["fire", "water"]
inverted = true
[[check]]
name = "two"
type = "at-least"
least = 2
of = ["fire", "water", "off"]
)"),
              {"a"}, 1, 1);
  const auto verdict = [&](std::string_view name) { return board.verdict(*board.find(name)); };
  EXPECT_EQ(verdict("both"), Status::unknown);
  EXPECT_EQ(verdict("off"), Status::up);
  EXPECT_TRUE(board.set_alarm("fire", Status::up));
  EXPECT_FALSE(board.set_alarm("off", Status::up));
  board.refresh(start);
  EXPECT_EQ(verdict("both"), Status::unknown);
  EXPECT_EQ(verdict("two"), Status::up);
  EXPECT_EQ(verdict("none"), Status::down);
  board.set_alarm("water", Status::down);
  board.refresh(start);
  EXPECT_EQ(verdict("both"), Status::down);
  board.set_alarm("fire", Status::down);
  board.refresh(start);
  EXPECT_EQ(verdict("two"), Status::down);
  EXPECT_EQ(verdict("none"), Status::up);
}

TEST(Board, RestartInAnOutageKeepsItDown) {
  Board before(checks(web), {"a"}, 1, 1);
  Prng random(test::seed());
  SteadyTime now = start;
  for (int i = 0; i < 10; ++i) {
    const CheckActions actions = before.step(0, Tick{}, now, random);
    if (actions.probes > 0) {
      before.step(0, Probed{before.state(0).round, Answer::wrong, 1ms, "refused"}, now, random);
    }
    now += 1s;
  }
  before.refresh(now);
  ASSERT_EQ(before.verdict(0), Status::down);
  Board after(checks(web), {"a"}, 1, 2);
  after.restore(before.save());
  EXPECT_EQ(after.verdict(0), Status::down);
  EXPECT_EQ(after.state(0).status, Status::down);
  EXPECT_FALSE(after.refresh(now));
  Board changed(checks(web + "interval = \"2s\"\n"), {"a"}, 1, 2);
  changed.restore(before.save());
  EXPECT_EQ(changed.verdict(0), Status::unknown);  // another check under the same name
}

// A node alone with its checks, against hosts that answer as they are told to.
struct Lonely {
  explicit Lonely(const std::string& text, bool keep = true)
      : board(checks(text), {"a"}, 1, 1, keep), wake(board.size(), start) {}

  void run(Duration span) {
    const SteadyTime end = now + span;
    while (true) {
      const auto timer = std::ranges::min_element(wake);
      const bool arrives = !under_way.empty() && under_way.begin()->first <= *timer;
      const SteadyTime next = arrives ? under_way.begin()->first : *timer;
      if (next >= end) {
        now = end;
        return;
      }
      now = std::max(now, next);
      if (arrives) {
        const auto [check, result] = under_way.begin()->second;
        under_way.erase(under_way.begin());
        act(check, board.step(check, result, now, random));
      } else {
        tick(static_cast<std::size_t>(timer - wake.begin()));
      }
    }
  }
  void tick(std::size_t check) { act(check, board.step(check, Tick{}, now, random)); }
  void act(std::size_t check, const CheckActions& actions) {
    for (int i = 0; i < actions.probes; ++i) {
      const Answer answer = answers[board.config(check).name];
      const Duration after = answer == Answer::silent ? actions.probe_timeout : Duration(5ms);
      under_way.emplace(now + after,
                        std::pair(check, Probed{board.state(check).round, answer, after, {}}));
    }
    wake[check] = actions.wake;
    for (const std::size_t witness : board.take_witnesses()) {
      tick(witness);
    }
    board.refresh(now);
  }
  std::string verdicts() const {
    std::string text;
    for (std::size_t i = 0; i < board.size(); ++i) {
      text.append(i > 0 ? " " : "").append(to_text(board.verdict(i)));
    }
    return text;
  }
  void all(Answer answer) {
    for (std::size_t i = 0; i < board.size(); ++i) {
      answers[board.config(i).name] = answer;
    }
  }

  Board board;
  Prng random{test::seed()};
  SteadyTime now = start;
  std::vector<SteadyTime> wake;
  std::map<std::string, Answer> answers;
  std::multimap<SteadyTime, std::pair<std::size_t, Probed>> under_way;
};

std::string check_at(const std::string& name, const std::string& host,
                     const std::string& interval = "1s") {
  return "[[check]]\nname = \"" + name + "\"\ntype = \"tcp\"\nurl = \"tcp://" + host +
         "\"\ninterval = \"" + interval + "\"\n";
}

const std::string three_hosts = check_at("one", "10.0.0.1:80") + check_at("two", "10.0.0.2:80") +
                                check_at("three", "[fd00::3]:80", "250ms");

TEST(CutOff, SilenceOfEverythingIsOurOwn) {
  Lonely node(three_hosts);
  node.run(200s);
  ASSERT_EQ(node.verdicts(), "up up up");
  node.all(Answer::silent);
  for (int i = 0; i < 60; ++i) {
    node.run(10s);
    ASSERT_EQ(node.verdicts(), "up up up");
  }
  EXPECT_TRUE(node.board.cut_off());
  EXPECT_TRUE(node.board.votes(node.now).entries.empty());  // others are not told they are up
  // One answers again, and that shows which are dead.
  node.answers["two"] = Answer::right;
  node.run(4s);
  EXPECT_EQ(node.verdicts(), "down up down");
  EXPECT_FALSE(node.board.cut_off());
  node.all(Answer::right);
  node.run(5s);
  EXPECT_EQ(node.verdicts(), "up up up");
}

TEST(CutOff, OneThatAnswersIsWitnessEnough) {
  for (const char* silent : {"one", "three"}) {
    Lonely node(three_hosts);
    node.run(200s);
    node.answers[silent] = Answer::silent;
    node.run(2'450ms);
    EXPECT_EQ(node.verdicts(), silent == std::string("one") ? "down up up" : "up up down");
  }
}

// Refused is an answer: it comes over a path that works.
TEST(CutOff, EvidenceIsBelievedAtOnce) {
  Lonely node(three_hosts);
  node.run(200s);
  node.all(Answer::wrong);
  node.run(2'450ms);
  EXPECT_EQ(node.verdicts(), "down down down");
}

TEST(CutOff, OneAddressAloneCannotTell) {
  Lonely node(check_at("one", "10.0.0.1:80") + check_at("two", "10.0.0.1:81"));
  node.run(200s);
  node.all(Answer::silent);
  node.run(2'450ms);
  EXPECT_EQ(node.verdicts(), "down down");
}

TEST(CutOff, TheLastOneUpIsBelievedToBeDead) {
  Lonely node(three_hosts);
  node.run(200s);
  node.answers["one"] = node.answers["two"] = Answer::wrong;
  node.run(10s);
  ASSERT_EQ(node.verdicts(), "down down up");
  node.all(Answer::silent);
  node.run(2s);
  EXPECT_EQ(node.verdicts(), "down down down");
}

TEST(CutOff, CanBeSwitchedOff) {
  Lonely node(three_hosts, false);
  node.run(200s);
  node.all(Answer::silent);
  node.run(2'450ms);
  EXPECT_EQ(node.verdicts(), "down down down");
}

// One that is looked at rarely is asked at once, so that nobody waits for its turn.
TEST(CutOff, AsksAWitnessThatWouldBeLate) {
  Lonely node(check_at("one", "10.0.0.1:80") + check_at("two", "10.0.0.2:80", "1m"));
  node.run(10min);
  ASSERT_EQ(node.verdicts(), "up up");
  node.answers["one"] = Answer::silent;
  node.run(2'450ms);
  EXPECT_EQ(node.verdicts(), "down up");
}

TEST(Board, RestoreTakesAnyJson) {
  Board board(checks(web), {"a"}, 1, 1);
  for (const char* text : {"1", "[1]", "[{}]", "[{\"check\": 3}]"}) {
    board.restore(parse_json(text).value());
  }
  EXPECT_EQ(board.verdict(0), Status::unknown);
}

TEST(VoteMessage, ComesBackAndIsChecked) {
  const VoteMessage message{"node-1", 7, 9, {{1, Status::up, 3}, {2, Status::down, 65'535}}};
  const std::string bytes = encode(message, "secret");
  EXPECT_EQ(decode(bytes, "secret").value(), message);
  EXPECT_FALSE(decode(bytes, "other").has_value());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(decode(damaged, "secret").has_value());
    EXPECT_FALSE(decode(bytes.substr(0, i), "secret").has_value());
  }
}

TEST(MetricValue, FindsTheSample) {
  const std::string text =
      "# HELP a_total x\na_total_more 9\na_total 3\nb{x=\"1\"} 0.5 1700000000\nc nan\n";
  EXPECT_EQ(metric_value(text, "a_total"), 3);
  EXPECT_EQ(metric_value(text, "b{x=\"1\"}"), 0.5);
  EXPECT_FALSE(metric_value(text, "b").has_value());
  EXPECT_FALSE(metric_value(text, "d").has_value());
  EXPECT_FALSE(metric_value("", "d").has_value());
}

TEST(HealthConfig, NamesProblems) {
  const auto problem = [](const std::string& text) {
    const Result<HealthConfig> config = parse_health("h.toml", text);
    return config ? std::string() : config.error().detail;
  };
  struct Case {
    const char* text;
    const char* problem;
  };
  const Case cases[] = {
      {"[[check]]\nname = \"a\"\ntype = \"http\"\nurl = \"ftp://x\"\n", "h.toml:4:7 check[0].url"},
      {"[[check]]\nname = \"a\"\ntype = \"tcp\"\nurl = \"tcp://10.0.0.1\"\n", "must be as \"tcp:"},
      {"[[check]]\nname = \"a\"\ntype = \"all\"\nof = [\"b\"]\n", "no [[check]] \"b\""},
      {"[[check]]\nname = \"a\"\ntype = \"http\"\nurl = \"http://x/\"\ninterval = \"10ms\"\n",
       "must be from 250ms"},
      {"[[check]]\nname = \"a\"\ntype = \"metric\"\nmetric = \"m\"\nurl = \"http://x/\"\n",
       "say when it is wrong"},
      {"[[check]]\nname = \"a\"\ntype = \"alarm\"\n[[check]]\nname = \"a\"\ntype = \"alarm\"\n",
       "name of its own"},
      {"[[peer]]\nname = \"b\"\nurl = \"http://10.0.0.2:8053\"\n", "secret_file"},
      {"[health]\nquorum = 3\n", "must be from 1 to 1"},
  };
  for (const Case& one : cases) {
    EXPECT_NE(problem(one.text).find(one.problem), std::string::npos) << one.text << "\n"
                                                                      << problem(one.text);
  }
}

TEST(HealthConfig, MakesOneCheckATarget) {
  const std::vector<CheckConfig> all = checks(
      "[[check]]\nname = \"web\"\ntype = \"http\"\nurl = \"http://{address}:8080/readyz\"\n");
  ASSERT_TRUE(all[0].per_target());
  const CheckConfig v4 = for_target(all[0], "eu-1", parse_address("10.0.0.1").value());
  EXPECT_EQ(v4.name, "web@eu-1");
  EXPECT_EQ(v4.url, "http://10.0.0.1:8080/readyz");
  EXPECT_EQ(for_target(all[0], "x", parse_address("fd00::1").value()).url,
            "http://[fd00::1]:8080/readyz");
  EXPECT_EQ(v4.settings.timeout, 650ms);
}

}  // namespace
}  // namespace securecart::traffic::health
