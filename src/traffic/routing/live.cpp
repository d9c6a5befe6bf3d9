#include "traffic/routing/live.hpp"

#include <cassert>

namespace securecart::traffic::routing {
namespace {

// Their counters are made before the first question; those of further threads at their first one.
constexpr std::uint32_t threads_expected = 16;

Bits target_bits(const Target& target, const TargetState& state) {
  const bool v4 = !target.v4.empty() || !target.alias.empty();
  const bool v6 = !target.v6.empty() || !target.alias.empty();
  Bits bits = 0;
  if (state.usable()) {
    bits |= (v4 ? usable_v4 : 0) | (v6 ? usable_v6 : 0);
  }
  if (state.open()) {
    bits |= (v4 ? open_v4 : 0) | (v6 ? open_v6 : 0);
  }
  return bits;
}

}  // namespace

std::string_view to_text(Health health) {
  return health == Health::up ? "up" : health == Health::down ? "down" : "unknown";
}

AllBits bits_of(const Snapshot& snapshot, const std::vector<TargetState>& states) {
  assert(states.size() == snapshot.targets.size());
  AllBits all;
  for (std::size_t i = 0; i < states.size(); ++i) {
    all.targets.push_back(target_bits(snapshot.targets[i], states[i]));
  }
  // A node comes after those it uses, so one pass is enough.
  for (const Node& node : snapshot.nodes) {
    const Member* const members = snapshot.members_of(node);
    Bits bits = 0;
    for (std::size_t k = 0; k < node.count; ++k) {
      bits |= members[k].is_target ? all.targets[members[k].child] : all.nodes[members[k].child];
    }
    all.nodes.push_back(bits);
  }
  return all;
}

Live::Live(std::shared_ptr<const Snapshot> snapshot, std::uint64_t start)
    : snapshot_(std::move(snapshot)),
      start_(start),
      target_bits_(snapshot_->targets.size()),
      node_bits_(snapshot_->nodes.size()),
      weights_(snapshot_->targets.size()),
      sheds_(snapshot_->targets.size()),
      node_sheds_(snapshot_->nodes.size()),
      learned_rtt_(std::make_shared<const RttTable>()) {
  for (std::uint32_t thread = 0; thread < threads_expected; ++thread) {
    make_counters(thread);
  }
  publish(std::vector<TargetState>(snapshot_->targets.size()));
}

void Live::publish(const std::vector<TargetState>& states) {
  const AllBits bits = bits_of(*snapshot_, states);
  for (std::size_t i = 0; i < states.size(); ++i) {
    const TargetState& state = states[i];
    weights_[i].store(state.weight ? std::int64_t{*state.weight} : -1, std::memory_order_relaxed);
    sheds_[i].store(state.shed, std::memory_order_relaxed);
    target_bits_[i].store(bits.targets[i], std::memory_order_relaxed);
  }
  // A query between two stores sees a mix of before and after; what it chooses is checked against
  // its target once more.
  for (std::size_t i = 0; i < bits.nodes.size(); ++i) {
    node_bits_[i].store(bits.nodes[i], std::memory_order_relaxed);
  }
}

void Live::publish_sheds(const std::vector<std::uint32_t>& nodes) {
  assert(nodes.size() == node_sheds_.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    node_sheds_[i].store(nodes[i], std::memory_order_relaxed);
  }
}

// Once a thread, at its first question.
Live::Counters& Live::make_counters(std::uint32_t thread) {
  auto made = std::make_unique<Counters>();
  made->turns = std::make_unique<std::atomic<std::uint64_t>[]>(snapshot_->nodes.size());
  made->decisions = std::make_unique<std::atomic<std::uint64_t>[]>(snapshot_->nodes.size());
  made->answers = std::make_unique<std::atomic<std::uint64_t>[]>(snapshot_->targets.size());
  for (std::size_t i = 0; i < snapshot_->nodes.size(); ++i) {
    made->turns[i].store(start_ + thread * std::uint64_t{7'919}, std::memory_order_relaxed);
  }
  owned_[thread] = std::move(made);
  counters_[thread].store(owned_[thread].get(), std::memory_order_release);
  return *owned_[thread];
}

std::uint64_t Live::sum(Numbers Counters::* numbers, std::uint32_t index) const {
  std::uint64_t sum = 0;
  for (const std::atomic<Counters*>& counters : counters_) {
    if (const Counters* const known = counters.load(std::memory_order_acquire)) {
      sum += (known->*numbers)[index].load(std::memory_order_relaxed);
    }
  }
  return sum;
}

}  // namespace securecart::traffic::routing
