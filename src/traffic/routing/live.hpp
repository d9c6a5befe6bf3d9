// What changes while policies stay: health, weights, drains, load. Written by one control thread,
// read by every query; each number is an atomic of its own.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "traffic/routing/limits.hpp"
#include "traffic/routing/published.hpp"
#include "traffic/routing/snapshot.hpp"

namespace securecart::traffic::routing {

enum class Health : std::uint8_t { unknown, up, down };
std::string_view to_text(Health health);

// All that is known of one target besides its configuration.
struct TargetState {
  Health health = Health::unknown;      // unknown is not down
  bool drained = false;                 // no answers, also not when all others are down
  bool shifted = false;                 // its zone is shifted away: the same
  std::optional<Health> forced;         // an operator knows better: up or down
  std::optional<std::uint32_t> weight;  // instead of the one in the policy
  std::uint32_t shed = 0;               // part of its share to hand on, of shed_all

  bool open() const { return !drained && !shifted; }
  bool usable() const { return open() && forced.value_or(health) != Health::down; }
  bool operator==(const TargetState&) const = default;
};
inline constexpr std::uint32_t shed_all = 1U << 16U;

// What a question needs: a target with an IPv4 address, one with an IPv6 address. An alias is both.
using Bits = std::uint8_t;
inline constexpr Bits usable_v4 = 1;
inline constexpr Bits usable_v6 = 2;
inline constexpr Bits open_v4 = 4;  // for failing open
inline constexpr Bits open_v6 = 8;

// The bits of every target and node when targets are in these states; one entry a target.
struct AllBits {
  std::vector<Bits> targets;
  std::vector<Bits> nodes;
};
AllBits bits_of(const Snapshot& snapshot, const std::vector<TargetState>& states);

class Live {
 public:
  // `start` lets processes begin their turns at different points.
  Live(std::shared_ptr<const Snapshot> snapshot, std::uint64_t start);

  // The control thread: `states` has one entry a target.
  void publish(const std::vector<TargetState>& states);
  // And what members that are policies hand on; one entry a node.
  void publish_sheds(const std::vector<std::uint32_t>& nodes);

  Bits target_bits(std::uint32_t target) const {
    return target_bits_[target].load(std::memory_order_relaxed);
  }
  Bits node_bits(std::uint32_t node) const {
    return node_bits_[node].load(std::memory_order_relaxed);
  }
  std::uint32_t weight(std::uint32_t target, std::uint32_t configured) const {
    const std::int64_t set = weights_[target].load(std::memory_order_relaxed);
    return set < 0 ? configured : static_cast<std::uint32_t>(set);
  }
  std::uint32_t shed(std::uint32_t target) const {
    return sheds_[target].load(std::memory_order_relaxed);
  }
  std::uint32_t node_shed(std::uint32_t node) const {
    return node_sheds_[node].load(std::memory_order_relaxed);
  }

  // The turns of a node, counted for each thread by itself: no cache line is shared.
  std::uint64_t next_turn(std::uint32_t node, std::uint32_t thread) {
    std::atomic<std::uint64_t>& turn = counters_for(thread).turns[node];
    const std::uint64_t now = turn.load(std::memory_order_relaxed);
    turn.store(now + 1, std::memory_order_relaxed);  // one thread writes it
    return now;
  }
  void count_answer(std::uint32_t target, std::uint32_t thread) {
    std::atomic<std::uint64_t>& count = counters_for(thread).answers[target];
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  void count_decision(std::uint32_t node, std::uint32_t thread) {
    std::atomic<std::uint64_t>& count = counters_for(thread).decisions[node];
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  // Answers that named the target so far, of all threads.
  std::uint64_t answers(std::uint32_t target) const { return sum(&Counters::answers, target); }
  // Questions that a zone asked of the policy so far, of all threads.
  std::uint64_t decisions(std::uint32_t node) const { return sum(&Counters::decisions, node); }

  Published<RttTable>& learned_rtt() { return learned_rtt_; }
  const Snapshot& snapshot() const { return *snapshot_; }

 private:
  using Numbers = std::unique_ptr<std::atomic<std::uint64_t>[]>;
  struct Counters {
    Numbers turns;      // of nodes
    Numbers decisions;  // of nodes
    Numbers answers;    // of targets
  };
  Counters& counters_for(std::uint32_t thread) {
    Counters* const known = counters_[thread].load(std::memory_order_acquire);
    return known != nullptr ? *known : make_counters(thread);
  }
  Counters& make_counters(std::uint32_t thread);
  std::uint64_t sum(Numbers Counters::* numbers, std::uint32_t index) const;

  const std::shared_ptr<const Snapshot> snapshot_;
  const std::uint64_t start_;
  std::vector<std::atomic<Bits>> target_bits_;
  std::vector<std::atomic<Bits>> node_bits_;
  std::vector<std::atomic<std::int64_t>> weights_;  // -1: as configured
  std::vector<std::atomic<std::uint32_t>> sheds_;
  std::vector<std::atomic<std::uint32_t>> node_sheds_;
  std::array<std::atomic<Counters*>, limits::query_threads> counters_{};
  std::array<std::unique_ptr<Counters>, limits::query_threads> owned_;
  Published<RttTable> learned_rtt_;
};

}  // namespace securecart::traffic::routing
