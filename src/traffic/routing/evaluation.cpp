#include "traffic/routing/evaluation.hpp"

#include <cassert>

#include <fmt/format.h>

namespace securecart::traffic::routing {

bool Evaluation::choose(std::uint32_t index) {
  const Node& node = snapshot_.nodes[index];
  if (traced()) {
    note(fmt::format("policy {} ({})", node.name, to_text(node.kind)));
  }
  ++depth_;
  bool chosen = false;
  switch (node.kind) {
    case PolicyKind::simple:
      chosen = choose_simple(*this, node);
      break;
    case PolicyKind::weighted:
      chosen = choose_weighted(*this, node);
      break;
    case PolicyKind::latency:
      chosen = choose_latency(*this, node);
      break;
    case PolicyKind::geolocation:
      chosen = choose_geolocation(*this, node);
      break;
    case PolicyKind::geoproximity:
      chosen = choose_geoproximity(*this, node);
      break;
    case PolicyKind::failover:
      chosen = choose_failover(*this, node);
      break;
    case PolicyKind::multivalue:
      chosen = choose_multivalue(*this, node);
      break;
    case PolicyKind::cidr:
      chosen = choose_cidr(*this, node);
      break;
    case PolicyKind::spill:
      chosen = choose_spill(*this, node);
      break;
  }
  if (traced() && !chosen) {
    note("leads to no usable target");
  }
  --depth_;
  return chosen;
}

void Evaluation::fail_open() {
  wanted_ = bits_for(true);
  decision_.failed_open = true;
  if (traced()) {
    note("everything is down: fail open, all targets count as healthy");
  }
}

bool Evaluation::take(const Node& node, std::size_t index) {
  const Member& member = snapshot_.members_of(node)[index];
  if (!usable(member)) {
    return false;
  }
  if (!member.is_target) {
    return choose(member.child);
  }
  if (full()) {
    return false;
  }
  for (std::size_t i = 0; i < decision_.count; ++i) {
    if (decision_.targets[i] == member.child) {
      return false;  // named by another branch already
    }
  }
  if (traced()) {
    note(fmt::format("takes target {}", snapshot_.targets[member.child].name));
  } else {
    live_.count_answer(member.child, question_.thread);  // explaining is not answering
  }
  decision_.targets[decision_.count++] = member.child;
  return true;
}

bool Evaluation::take_first(const Node& node, const std::uint8_t* order, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (take(node, order[i])) {
      return true;
    }
  }
  return false;
}

void Evaluation::find_place() {
  if (!place_known_) {
    place_ = snapshot_.geo->find(question_.client);
    place_known_ = true;
  }
}

const Place* Evaluation::place() {
  find_place();
  depends_on(place_.scope);
  return place_.place;
}

Rtt Evaluation::rtt(std::uint16_t region) {
  if (region == no_region) {
    return unknown_rtt;
  }
  if (!rtts_.known) {
    const RttTable::Row learned = live_.learned_rtt().read(question_.thread).find(question_.client);
    const RttTable::Row stated = snapshot_.stated_rtt.find(question_.client);
    find_place();
    depends_on(std::max({learned.scope, stated.scope, place_.scope}));
    rtts_ = {true, learned.values, stated.values,
             place_.place == nullptr
                 ? snapshot_.nowhere_rtt.data()
                 : &snapshot_.place_rtt[place_.index * snapshot_.regions.size()]};
  }
  for (const Rtt* const source : {rtts_.learned, rtts_.stated, rtts_.by_place}) {
    if (source != nullptr && source[region] != unknown_rtt) {
      return source[region];
    }
  }
  return unknown_rtt;
}

Decision decide(const Snapshot& snapshot, Live& live, std::uint32_t node, const Question& question,
                Trace* trace) {
  assert(node < snapshot.nodes.size());
  Decision decision;
  Evaluation evaluation(snapshot, live, question, decision, trace);
  if (!evaluation.choose(node) && snapshot.nodes[node].fail_open) {
    evaluation.fail_open();
    evaluation.choose(node);
  }
  return decision;
}

}  // namespace securecart::traffic::routing
