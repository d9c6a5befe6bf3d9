#include "lab/faults/wire.hpp"

#include <gtest/gtest.h>

#include "lab/limits.hpp"

namespace securecart::lab {
namespace {

using namespace std::chrono_literals;

const SteadyTime zero{};

TEST(WireQueue, KeepsEachFrameForItsTime) {
  Prng random(1);
  WireQueue queue(20ms, 0ms, random);
  EXPECT_FALSE(queue.next());
  queue.push({1}, zero);
  queue.push({2}, zero + 5ms);
  EXPECT_EQ(queue.next(), zero + 20ms);
  EXPECT_FALSE(queue.pop(zero + 19ms));
  EXPECT_EQ(queue.pop(zero + 20ms), WireQueue::Frame{1});
  EXPECT_FALSE(queue.pop(zero + 24ms));
  EXPECT_EQ(queue.pop(zero + 25ms), WireQueue::Frame{2});
  EXPECT_FALSE(queue.next());
}

TEST(WireQueue, JitterChangesTheTimeButNotTheOrder) {
  Prng random(7);
  WireQueue queue(10ms, 500ms, random);
  std::vector<SteadyTime> left;
  for (int i = 0; i < 200; ++i) {
    queue.push({static_cast<std::uint8_t>(i)}, zero + i * 10ms);
  }
  int expected = 0;
  bool varied = false;
  SteadyTime before{};
  while (const auto next = queue.next()) {
    const SteadyTime sent = zero + expected * 10ms;
    EXPECT_GE(*next, sent + 10ms);
    EXPECT_LE(*next, zero + 200 * 10ms + 510ms);
    EXPECT_GE(*next, before) << "no frame overtakes another";
    varied = varied || *next - sent > 100ms;
    before = *next;
    EXPECT_EQ(queue.pop(*next)->front(), static_cast<std::uint8_t>(expected));
    ++expected;
  }
  EXPECT_EQ(expected, 200);
  EXPECT_TRUE(varied);
}

TEST(WireQueue, DropsWhatDoesNotFit) {
  Prng random(1);
  WireQueue queue(1s, 0ms, random);
  for (std::size_t i = 0; i < limits::wire_frames + 10; ++i) {
    queue.push({0}, zero);
  }
  std::size_t count = 0;
  while (queue.pop(zero + 1s)) {
    ++count;
  }
  EXPECT_EQ(count, limits::wire_frames);
}

}  // namespace
}  // namespace securecart::lab
