// Consumers on a broker that several processes share, in simulated time: processes, the broker and
// the database come and go, and every event has its effect exactly once.
#include "events/shared_queue.hpp"

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "base/ids.hpp"
#include "events/events_fixture.hpp"
#include "events/limits.hpp"
#include "events/workers.hpp"
#include "tests/support/flaky_broker.hpp"
#include "tests/support/flaky_database.hpp"

namespace securecart::events {
namespace {

using namespace std::chrono_literals;
using storage::Batch;

class SharedQueueTest : public EventsTest {
 protected:
  using Behave = std::function<std::optional<ConsumerOutcome>(const Event&)>;

  // One process with one consumer.
  struct Process {
    Process(SharedQueueTest& given_test, const std::string& owner)
        : test(given_test),
          log(*given_test.database_),
          workers({given_test.flaky_, log, given_test.clock_, given_test.random_, metrics},
                  OutsideBroker{given_test.broker_, given_test.ids_, owner, 30s, 5s,
                                given_test.refill_}) {
      consumer = workers.add(
          {"tester", {{"wanted"}}, 4},
          [this](const Event& event) { return handle(test, *this, event); }, given_test.executor_,
          given_test.random_);
      workers.start();
    }
    ~Process() {
      workers.request_stop();
      test.executor_.run_until([this] { return workers.running() == 0; });
    }

    // Takes the process's own view: what it does is what reaches the database.
    static Task<ConsumerOutcome> handle(SharedQueueTest& test, Process& self, const Event& event) {
      self.seen.push_back(event.position);
      if (test.behave_) {
        if (auto outcome = test.behave_(event)) {
          co_return std::move(*outcome);
        }
      }
      Batch batch;
      batch.add("INSERT INTO effects (position) VALUES ($1)", {event.position});
      co_return batch;
    }

    SharedQueueTest& test;
    observe::Metrics metrics;
    Log log;
    Workers workers;
    std::shared_ptr<Consumer> consumer;
    std::vector<std::int64_t> seen;
  };

  void SetUp() override { run("CREATE TABLE effects (position BIGINT NOT NULL)"); }

  std::unique_ptr<Process> process() {
    return std::make_unique<Process>(*this, "proc_" + std::to_string(++processes_));
  }
  // Runs until it holds, at most so much simulated time.
  bool wait_for(const std::function<bool()>& holds, Duration patience = 300s) {
    const SteadyTime until = clock_.steady() + patience;
    while (!holds() && clock_.steady() < until) {
      executor_.advance(50ms);
    }
    return holds();
  }
  std::int64_t effects() { return count("SELECT count(*) FROM effects"); }
  std::int64_t distinct() { return count("SELECT count(DISTINCT position) FROM effects"); }
  std::int64_t cursor() { return count("SELECT coalesce(max(position), 0) FROM consumer_cursors"); }
  // Empty before the first.
  std::string life() {
    return rows("SELECT coalesce(max(life), '') FROM relay_positions")[0].text(0);
  }
  void expect_each_once(std::int64_t events) {
    EXPECT_TRUE(wait_for([&] { return effects() >= events && cursor() >= events; }))
        << effects() << " effects, cursor " << cursor();
    EXPECT_EQ(effects(), events);
    EXPECT_EQ(distinct(), events);
    EXPECT_EQ(count("SELECT count(*) FROM parked_events"), 0);
  }
  void append_wanted(int events) {
    for (int i = 0; i < events; ++i) {
      append("wanted", "s" + std::to_string(random_.below(7)));
    }
  }

  Ids ids_{clock_, random_};
  test::FlakyDatabase flaky_{*database_, random_};
  test::FlakyBroker broker_{random_};
  bool refill_ = true;
  Behave behave_;
  int processes_ = 0;
};

TEST_F(SharedQueueTest, EachEventHasItsEffectOnceAndTheCursorFollows) {
  append_wanted(20);
  const auto one = process();
  append_wanted(20);
  expect_each_once(40);
  EXPECT_EQ(count("SELECT count(*) FROM consumer_effects"), 0) << "guards below it are pruned";
  append("other", "x");
  EXPECT_TRUE(wait_for([&] { return cursor() == 41; }));
  EXPECT_TRUE(wait_for([&] { return one->consumer->settled() == 41; }));
}

TEST_F(SharedQueueTest, OneProcessRelaysAndAllConsume) {
  const auto one = process();
  const auto two = process();
  EXPECT_TRUE(wait_for([&] { return !life().empty(); }));
  append_wanted(100);
  expect_each_once(100);
  EXPECT_EQ(broker_.published, 100) << "both relayed";
  EXPECT_EQ(one->seen.size() + two->seen.size(), 100U) << "one event was handled twice";
}

TEST_F(SharedQueueTest, AnotherProcessTakesTheSeatOfOneThatIsGone) {
  append_wanted(5);
  auto one = process();
  expect_each_once(5);
  one.reset();  // it leaves the seat
  EXPECT_EQ(rows("SELECT owner FROM relay_positions")[0].text(0), "");
  run("UPDATE relay_positions SET owner = 'proc_dead'");  // as one killed would have left it
  const std::string before = life();
  const auto two = process();
  append_wanted(5);
  const SteadyTime start = clock_.steady();
  expect_each_once(10);
  EXPECT_GE(clock_.steady() - start, Duration(limits::relay_patience));
  EXPECT_LE(clock_.steady() - start, Duration(limits::relay_patience) + 5s);
  EXPECT_EQ(life(), before) << "the queue is the same";
}

TEST_F(SharedQueueTest, ABrokerThatComesBackEmptyIsFilledFromTheCursor) {
  behave_ = [this](const Event& event) -> std::optional<ConsumerOutcome> {
    // Nobody settles these before the broker is lost.
    if (event.position > 10 && broker_.published <= 30) {
      return Retry{"not yet", 1h, false};
    }
    return std::nullopt;
  };
  append_wanted(30);
  auto one = process();
  EXPECT_TRUE(wait_for([&] { return cursor() == 10 && broker_.published == 30; }, 20s));
  const std::string before = life();
  one.reset();
  broker_.lose_everything();
  append_wanted(1);
  one = process();
  expect_each_once(31);
  EXPECT_NE(life(), before);
  EXPECT_EQ(broker_.published, 30 + 21) << "from the cursor on";
}

TEST_F(SharedQueueTest, ABrokerLostUnderARunningProcessIsFilledToo) {
  const auto one = process();
  append_wanted(10);
  expect_each_once(10);
  broker_.away = true;
  append_wanted(10);
  executor_.advance(1s);
  broker_.lose_everything();
  broker_.away = false;
  expect_each_once(20);
}

TEST_F(SharedQueueTest, WithoutABrokerEventsAreTakenFromTheLog) {
  broker_.away = true;
  const auto one = process();
  append_wanted(50);
  const SteadyTime start = clock_.steady();
  expect_each_once(50);
  EXPECT_LE(clock_.steady() - start, 15s);
  EXPECT_EQ(broker_.published, 0);
}

TEST_F(SharedQueueTest, ALostMessageOnlyDelays) {
  broker_.lose_message = 0.3;
  const auto one = process();
  append_wanted(200);
  expect_each_once(200);
  EXPECT_LT(broker_.published, 200);
}

TEST_F(SharedQueueTest, WithTheProtectionsOffALostMessageIsNeverHandled) {
  refill_ = false;
  broker_.lose_message = 0.3;
  const auto one = process();
  append_wanted(200);
  EXPECT_FALSE(wait_for([&] { return effects() >= 200; }, 600s));
  EXPECT_LT(cursor(), 200) << "and the cursor shows it";
}

TEST_F(SharedQueueTest, AQueueThatConfirmsNothingIsReplaced) {
  const auto one = process();
  append_wanted(5);
  expect_each_once(5);
  const std::string before = life();
  broker_.confirms_nothing = true;
  append_wanted(5);
  EXPECT_TRUE(wait_for([&] { return life() != before; }, 60s));
  broker_.confirms_nothing = false;
  expect_each_once(10);
}

TEST_F(SharedQueueTest, EventsThatNeedNothingAreSettledInTheDatabase) {
  behave_ = [](const Event&) -> std::optional<ConsumerOutcome> { return Batch{}; };
  const auto one = process();
  append_wanted(10);
  EXPECT_TRUE(wait_for([&] { return cursor() == 10; }));
  EXPECT_EQ(one->seen.size(), 10U);
}

TEST_F(SharedQueueTest, AnEventTriedForLongLeavesTheQueueAndComesFromTheLog) {
  bool away = true;
  behave_ = [&away](const Event& event) -> std::optional<ConsumerOutcome> {
    if (event.position == 1 && away) {
      return Retry{"the provider is away", std::nullopt, false};
    }
    return std::nullopt;
  };
  const auto one = process();
  append_wanted(10);
  EXPECT_TRUE(wait_for([&] { return effects() == 9; }));
  executor_.advance(15min);
  EXPECT_EQ(count("SELECT count(*) FROM parked_events"), 0);
  away = false;
  expect_each_once(10);
}

TEST_F(SharedQueueTest, PoisonIsParkedAndReplayedWhenAsked) {
  bool broken = true;
  behave_ = [&broken](const Event& event) -> std::optional<ConsumerOutcome> {
    if (event.position == 3 && broken) {
      return Retry{"no such variant"};
    }
    return std::nullopt;
  };
  const auto one = process();
  append_wanted(10);
  EXPECT_TRUE(wait_for([&] { return cursor() == 10; }, 1h));
  EXPECT_EQ(rows("SELECT reason FROM parked_events")[0].text(0), "no such variant");
  // Asked for too early: it stays, and says so.
  run("UPDATE parked_events SET replay = 1");
  EXPECT_TRUE(wait_for([&] {
    return count("SELECT count(*) FROM parked_events WHERE replay = 0 AND attempts = 11") == 1;
  }));
  broken = false;
  executor_.advance(1min);
  EXPECT_EQ(effects(), 9) << "nobody asked";
  run("UPDATE parked_events SET replay = 1");
  expect_each_once(10);
}

// Processes come and go, the broker is away, loses messages, answers and all it has, the database
// refuses and forgets to answer.
TEST_F(SharedQueueTest, EffectsHappenExactlyOnceThroughItAll) {
  flaky_.lose_answer = 0.05;
  flaky_.refuse_service = 0.05;
  broker_.lose_message = 0.02;
  broker_.lose_answer = 0.05;
  std::vector<std::unique_ptr<Process>> living;
  std::int64_t events = 0;
  for (int step = 0; step < 150; ++step) {
    switch (random_.below(7)) {
      case 0:
        if (living.size() < 3) {
          living.push_back(process());
        }
        break;
      case 1:
        if (!living.empty()) {
          living.erase(living.begin() + static_cast<std::ptrdiff_t>(random_.below(living.size())));
        }
        break;
      case 2:
        broker_.lose_everything();
        break;
      case 3:
        broker_.away = !broker_.away;
        break;
      default:
        append_wanted(5);
        events += 5;
    }
    executor_.advance(std::chrono::milliseconds(random_.below(3'000)));
  }
  broker_.away = false;
  living.push_back(process());
  expect_each_once(events);
}

}  // namespace
}  // namespace securecart::events
