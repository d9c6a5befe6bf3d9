#include "cluster/control/autoscaler.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace securecart::cluster {
namespace {

using namespace std::chrono_literals;

constexpr Timestamp start{std::chrono::milliseconds(1'767'571'200'000)};

// A service and its load, seconds passing.
struct Scaled {
  Scaled() {
    service.name = "orders";
    service.minimum = 2;
    service.maximum = 100;
    service.cores = 1.0;
    service.scaling = {200ms, 0.5, 0, 10s, 15s, 5min};
    load.most = 60;
    load.ready = 4;
    record.wanted = 4;
  }
  // One second a step with the load as it is.
  void pass(Duration span) {
    for (Duration passed{}; passed < span; passed += 1s) {
      now += 1'000ms;
      scale(service, settings, memory, record, load, now);
    }
  }
  // Cores used by what is ready; the instances share them.
  void use(double cores) {
    load.cores = cores;
    load.requests = cores * 40;
  }

  Service service;
  ControlSettings settings;
  ScalingMemory memory;
  ScalingRecord record;
  ServiceLoad load;
  Timestamp now = start;
};

TEST(Autoscaler, TracksTheCoresInUse) {
  Scaled scaled;
  scaled.use(2.0);
  scaled.pass(1h);
  EXPECT_EQ(scaled.record.wanted, 4);
  scaled.use(3.1);
  scaled.pass(20s);
  EXPECT_EQ(scaled.record.wanted, 7);
}

TEST(Autoscaler, GoesUpAtOnceAndDownSlowly) {
  Scaled scaled;
  scaled.use(5.0);
  scaled.pass(1s);
  EXPECT_EQ(scaled.record.wanted, 10);
  scaled.use(0.1);
  scaled.pass(4min);
  EXPECT_EQ(scaled.record.wanted, 10);
  scaled.pass(7min);
  EXPECT_EQ(scaled.record.wanted, 9);
  scaled.pass(3min);
  EXPECT_EQ(scaled.record.wanted, 9);
  scaled.pass(2h);
  EXPECT_EQ(scaled.record.wanted, 2) << "and never below the minimum";
}

TEST(Autoscaler, AStepUpWaitsForTheOneBefore) {
  Scaled scaled;
  scaled.load.ready = 2;
  scaled.record.wanted = 2;
  scaled.use(20);
  scaled.pass(1s);
  EXPECT_EQ(scaled.record.wanted, 6) << "three-fold at most";
  scaled.pass(10s);
  EXPECT_EQ(scaled.record.wanted, 6);
  scaled.pass(10s);
  EXPECT_EQ(scaled.record.wanted, 18);
}

TEST(Autoscaler, LatencyCountsWhenTheCoresAreBusyAndEverythingIsWarm) {
  Scaled scaled;
  scaled.use(1.2);
  scaled.load.latency_p99 = 300ms;
  scaled.pass(1s);
  EXPECT_EQ(scaled.record.wanted, 6);
  scaled.load.warming = 2;
  scaled.pass(1min);
  EXPECT_EQ(scaled.record.wanted, 6);
  scaled.load.warming = 0;
  scaled.pass(1s);
  EXPECT_EQ(scaled.record.wanted, 9);
  // Something else is slow: more instances would not help it.
  Scaled idle;
  idle.use(0.2);
  idle.load.latency_p99 = 3s;
  idle.pass(10min);
  EXPECT_EQ(idle.record.wanted, 4 - 1);
}

TEST(Autoscaler, QueuesCount) {
  Scaled scaled;
  scaled.service.scaling.queue = 100;
  scaled.load.queue = 750;
  scaled.pass(1s);
  EXPECT_EQ(scaled.record.wanted, 8);
}

TEST(Autoscaler, SaturatedCoresHideWhatIsAskedFor) {
  Scaled scaled;
  scaled.use(4.0);
  scaled.pass(1s);
  EXPECT_EQ(scaled.record.wanted, 8);
  scaled.service.scaling.cpu = 0.9;
  scaled.record.wanted = 4;
  scaled.pass(1min);
  EXPECT_GE(scaled.record.wanted, 8) << "4 / 0.9 would be 5";
}

TEST(Autoscaler, TakesNothingAwayDuringAnIncidentNorRightAfterIt) {
  Scaled scaled;
  scaled.load.incident = true;
  scaled.pass(3h);
  EXPECT_EQ(scaled.record.wanted, 4);
  scaled.use(5.0);
  scaled.pass(1s);
  EXPECT_EQ(scaled.record.wanted, 10) << "but it adds";
  scaled.use(0);
  scaled.pass(1h);
  scaled.load.incident = false;
  scaled.pass(7min);
  EXPECT_EQ(scaled.record.wanted, 10);
  scaled.pass(1min);
  EXPECT_EQ(scaled.record.wanted, 9);
}

TEST(Autoscaler, StaysWithinItsBounds) {
  Scaled scaled;
  scaled.load.most = 7;
  scaled.use(50);
  scaled.pass(5min);
  EXPECT_EQ(scaled.record.wanted, 7);
  scaled.load.most = 3;  // a zone is gone with its slots: nothing is taken away for that
  scaled.pass(1min);
  EXPECT_EQ(scaled.record.wanted, 7);
  scaled.record.wanted = 0;
  scaled.load.most = 60;
  scaled.use(0);
  scaled.pass(1s);
  EXPECT_EQ(scaled.record.wanted, 2);
}

TEST(Autoscaler, APinnedNumberStands) {
  Scaled scaled;
  scaled.load.pinned = 12;
  scaled.pass(20s);
  EXPECT_EQ(scaled.record.wanted, 12);
  scaled.use(30);
  scaled.pass(1h);
  EXPECT_EQ(scaled.record.wanted, 12);
}

TEST(Autoscaler, IsReadyBeforeAMorningItHasSeen) {
  Scaled scaled;
  scaled.settings.forecast_ahead = 15min;
  // Two days: nights of 20 requests a second, from eight o'clock on 400.
  const auto rate = [&] {
    return (scaled.now - start) % 24h >= 8h && (scaled.now - start) % 24h < 20h ? 400.0 : 20.0;
  };
  const auto live = [&](Duration span) {
    for (Duration passed{}; passed < span; passed += 30s) {
      scaled.use(rate() / 40);
      scaled.load.ready = scaled.record.wanted;
      scaled.now += 30'000ms;
      scale(scaled.service, scaled.settings, scaled.memory, scaled.record, scaled.load, scaled.now);
    }
  };
  live(48h);
  EXPECT_NEAR(scaled.record.capacity, 20, 1);
  live(7h + 20min);
  EXPECT_LT(scaled.record.wanted, 8);
  live(25min);  // a quarter of an hour before it begins
  EXPECT_GE(scaled.record.wanted, 12);
  EXPECT_LT(scaled.record.error, 0.3);
  // Forecasts that were wrong lately are not believed.
  ScalingRecord wrong = scaled.record;
  wrong.error = 0.8;
  wrong.wanted = 2;
  ScalingMemory memory;
  scaled.use(0.5);
  scale(scaled.service, scaled.settings, memory, wrong, scaled.load, scaled.now);
  EXPECT_EQ(wrong.wanted, 2);
}

TEST(Autoscaler, NeverLeavesItsBoundsWhateverHappens) {
  EXPECT_TRUE(rc::check("bounds", [] {
    Scaled scaled;
    int before = scaled.record.wanted;
    for (int i = 0; i < 50; ++i) {
      scaled.use(*rc::gen::inRange(0, 100));
      scaled.load.latency_p99 = std::chrono::milliseconds(*rc::gen::inRange(0, 5'000));
      scaled.load.queue = *rc::gen::inRange(0, 1'000);
      scaled.load.incident = *rc::gen::arbitrary<bool>();
      scaled.load.warming = *rc::gen::inRange(0, 3);
      scaled.pass(std::chrono::seconds(*rc::gen::inRange(1, 400)));
      RC_ASSERT(scaled.record.wanted >= scaled.service.minimum);
      RC_ASSERT(scaled.record.wanted <= scaled.load.most);
      RC_ASSERT(!scaled.load.incident || scaled.record.wanted >= before);
      before = scaled.record.wanted;
    }
  }));
}

}  // namespace
}  // namespace securecart::cluster
