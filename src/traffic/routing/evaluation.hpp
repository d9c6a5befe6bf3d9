// One question on its way through nested policies.
//
// Each policy kind is one function in a file of its own (policy_*.cpp). It picks members in its
// order of preference and takes the first that leads to a target. Nothing here allocates, locks or
// reads a clock, unless the path is traced for `explain`.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "traffic/routing/limits.hpp"
#include "traffic/routing/live.hpp"
#include "traffic/routing/snapshot.hpp"

namespace securecart::traffic::routing {

// What explain shows: one line a step, indented by depth.
struct Trace {
  struct Step {
    unsigned depth;
    std::string text;
  };
  std::vector<Step> steps;
};

struct Question {
  Address client;            // or its network, as far as it is known
  bool wants_v4 = true;      // a target with an IPv4 address will do
  bool wants_v6 = false;     // a target with an IPv6 address will do
  std::uint32_t thread = 0;  // of the asker, < limits::query_threads
};

struct Decision {
  std::array<std::uint32_t, limits::policy_answers> targets;
  std::uint8_t count = 0;    // 0: nothing is left to answer with
  std::uint8_t scope = 0;    // bits of the client's address the decision depends on
  bool failed_open = false;  // everything was down, so all count as healthy
};

class Evaluation {
 public:
  Evaluation(const Snapshot& snapshot, Live& live, const Question& question, Decision& decision,
             Trace* trace)
      : snapshot_(snapshot), live_(live), question_(question), decision_(decision), trace_(trace) {}

  // Follows one policy. True when it added a target.
  bool choose(std::uint32_t node);
  // From now on all that is open counts as healthy.
  void fail_open();

  // ---- for policies ----
  const Snapshot& snapshot() const { return snapshot_; }
  Live& live() { return live_; }
  std::uint32_t index_of(const Node& node) const {
    return static_cast<std::uint32_t>(&node - snapshot_.nodes.data());
  }
  bool usable(const Member& member) const {
    const Bits bits =
        member.is_target ? live_.target_bits(member.child) : live_.node_bits(member.child);
    return (bits & wanted_) != 0;
  }
  // Adds the member's target, or what its policy chooses.
  bool take(const Node& node, std::size_t member);
  // The members in turn until one leads somewhere: order[0], order[1], ...
  bool take_first(const Node& node, const std::uint8_t* order, std::size_t count);
  std::uint64_t next_turn(const Node& node) {
    return live_.next_turn(index_of(node), question_.thread);
  }
  // Equidistributed in [0, total) over the turns of the node, whatever the totals are: the Weyl
  // sequence of the golden ratio, whose error after n turns is of the order log(n).
  std::uint32_t spread(std::uint64_t turn, std::uint32_t total) const {
    const std::uint64_t fraction = turn * 0x9e37'79b9'7f4a'7c15U >> 32U;
    return static_cast<std::uint32_t>(fraction * total >> 32U);
  }
  bool full() const { return decision_.count == decision_.targets.size(); }

  const Address& client() const { return question_.client; }
  const Place* place();           // null: unknown. The answer then depends on it
  Rtt rtt(std::uint16_t region);  // unknown_rtt when nothing is known
  void depends_on(std::uint8_t scope) { decision_.scope = std::max(decision_.scope, scope); }

  bool traced() const { return trace_ != nullptr; }
  void note(std::string text) const { trace_->steps.push_back({depth_, std::move(text)}); }

 private:
  struct Sources {
    bool known = false;
    const Rtt* learned = nullptr;
    const Rtt* stated = nullptr;
    const Rtt* by_place = nullptr;
  };
  void find_place();

  const Snapshot& snapshot_;
  Live& live_;
  const Question& question_;
  Decision& decision_;
  Trace* const trace_;
  Bits wanted_ = bits_for(false);
  unsigned depth_ = 0;
  bool place_known_ = false;
  GeoIndex::Match place_;
  Sources rtts_;

  Bits bits_for(bool open) const {
    return static_cast<Bits>((question_.wants_v4 ? (open ? open_v4 : usable_v4) : 0) |
                             (question_.wants_v6 ? (open ? open_v6 : usable_v6) : 0));
  }
};

// The members of a node, best first, by a number that is smaller for better ones. Equal ones stay
// in the order of the file.
class Ranking {
 public:
  void add(std::size_t member, std::uint32_t cost) {
    std::size_t at = count_++;
    for (; at > 0 && costs_[at - 1] > cost; --at) {
      costs_[at] = costs_[at - 1];
      order_[at] = order_[at - 1];
    }
    costs_[at] = cost;
    order_[at] = static_cast<std::uint8_t>(member);
  }
  const std::uint8_t* order() const { return order_.data(); }
  std::size_t count() const { return count_; }

 private:
  std::size_t count_ = 0;
  std::array<std::uint32_t, limits::policy_members> costs_;
  std::array<std::uint8_t, limits::policy_members> order_;
};

bool choose_simple(Evaluation& evaluation, const Node& node);
bool choose_weighted(Evaluation& evaluation, const Node& node);
bool choose_latency(Evaluation& evaluation, const Node& node);
bool choose_geolocation(Evaluation& evaluation, const Node& node);
bool choose_geoproximity(Evaluation& evaluation, const Node& node);
bool choose_failover(Evaluation& evaluation, const Node& node);
bool choose_multivalue(Evaluation& evaluation, const Node& node);
bool choose_cidr(Evaluation& evaluation, const Node& node);
bool choose_spill(Evaluation& evaluation, const Node& node);

// The usable members by round-trip time, and by biased distance.
Ranking rank_by_rtt(Evaluation& evaluation, const Node& node);
Ranking rank_by_distance(Evaluation& evaluation, const Node& node);

// Answers one question: the policy's choice; when everything is down and the policy fails open, its
// choice as if all were healthy. Pure but for the turns it takes.
Decision decide(const Snapshot& snapshot, Live& live, std::uint32_t node, const Question& question,
                Trace* trace = nullptr);

}  // namespace securecart::traffic::routing
