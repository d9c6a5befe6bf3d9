#include "cluster/control/shell.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "cluster/store/limits.hpp"

namespace securecart::cluster {

ControllerShell::ControllerShell(const Topology& topology, Store& store, const Clock& clock,
                                 observe::Metrics& metrics, Options options)
    : topology_(topology),
      store_(store),
      clock_(clock),
      metrics_(metrics),
      options_(std::move(options)),
      keys_(topology.region),
      election_(store, clock, {keys_.seat(), options_.name, options_.seat_ttl}),
      reader_(topology.region) {}

Task<void> ControllerShell::step() {
  co_await election_.step();
  metrics_.gauge("securecart_controller_leading", "1 while this process holds the seat")
      .set(election_.leading() ? 1 : 0);
  if (!election_.leading()) {
    controller_.reset();
    co_return;
  }
  if (controller_ == nullptr || term_ != election_.token()) {
    begin_term();
  }
  co_await round();
}

Task<void> ControllerShell::resign() {
  controller_.reset();
  co_await election_.resign();
}

// What a leader remembers is how long things have been so; it has not seen what was before.
void ControllerShell::begin_term() {
  controller_ = std::make_unique<Controller>(topology_, options_.settings);
  term_ = election_.token();
  term_began_ = clock_.now();
  term_began_steady_ = clock_.steady();
  log::info("this process leads the region", {{"term", term_}});
}

Task<void> ControllerShell::round() {
  // A wall clock that jumps in the middle of a term moves nothing.
  const Timestamp now = term_began_ + std::chrono::duration_cast<std::chrono::milliseconds>(
                                          clock_.steady() - term_began_steady_);
  const SteadyTime began = clock_.steady();
  const Snapshot snapshot = co_await store_.range(keys_.root);
  if (!election_.leading()) {
    co_return;
  }
  Decision decision = controller_->decide(reader_.read(snapshot), now);
  tell(decision);
  co_await perform(std::move(decision.writes));
  metrics_.histogram("securecart_controller_round_seconds", "Reading, deciding and writing")
      .observe(std::chrono::duration<double>(clock_.steady() - began).count());
}

Task<void> ControllerShell::perform(std::vector<GuardedWrite> writes) {
  // The fence is a condition as well.
  const std::size_t most = limits::store_writes - 1;
  const Condition fence = election_.fence();
  for (std::size_t first = 0; first < writes.size(); first += most) {
    std::vector<Condition> conditions{fence};
    std::vector<Write> chunk;
    for (std::size_t i = first; i < std::min(first + most, writes.size()); ++i) {
      conditions.push_back(modified_at(writes[i].write.key, writes[i].modified));
      chunk.push_back(std::move(writes[i].write));
    }
    const Committed committed = co_await store_.commit(std::move(conditions), std::move(chunk));
    metrics_
        .counter("securecart_controller_commits_total", "Transactions of the controller",
                 {{"applied", committed.applied ? "true" : "false"}})
        .add();
    if (!committed.applied) {
      // The seat is another's, or somebody wrote one of the keys: look again.
      log::warn("a decision was not written", {{"writes", writes.size()}});
      co_return;
    }
  }
}

void ControllerShell::tell(const Decision& decision) {
  figures_ = decision.figures;
  for (const std::string& event : decision.events) {
    log::info(event);
  }
  metrics_.gauge("securecart_controller_blind", "1 while most reports are missing")
      .set(figures_.blind ? 1 : 0);
  metrics_.gauge("securecart_controller_alarms", "Alarms that are raised")
      .set(static_cast<std::int64_t>(decision.alarms.size()));
  metrics_.counter("securecart_controller_moves_total", "Orders added or drained")
      .add(static_cast<std::uint64_t>(figures_.moves));
  for (const RoundFigures::OfService& service : figures_.services) {
    const auto set = [&](const char* what, int value) {
      metrics_
          .gauge("securecart_service_instances", "Instances of a service",
                 {{"service", service.name}, {"what", what}})
          .set(value);
    };
    set("wanted", service.wanted);
    set("live", service.live);
    set("ready", service.ready);
  }
}

}  // namespace securecart::cluster
