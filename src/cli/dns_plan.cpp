#include "cli/dns_plan.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/files.hpp"

namespace securecart::cli {

using namespace std::chrono_literals;
using traffic::health::CheckConfig;
using traffic::health::Status;
namespace routing = traffic::routing;

namespace {

std::shared_ptr<const routing::GeoIndex> load_geo(const std::string& path) {
  if (path.empty()) {
    return std::make_shared<const routing::GeoIndex>();
  }
  Result<std::shared_ptr<const routing::GeoIndex>> index = routing::GeoIndex::load(need_file(path));
  if (!index) {
    throw std::runtime_error(path + ": " + index.error().detail);
  }
  return *index;
}

routing::Health to_health(Status status) {
  return status == Status::up     ? routing::Health::up
         : status == Status::down ? routing::Health::down
                                  : routing::Health::unknown;
}

}  // namespace

DnsPlan::DnsPlan(DnsPolicyFile file, std::shared_ptr<Leases> leases, std::uint64_t start_of_turns)
    : file_(std::move(file)),
      snapshot_(routing::compile(file_.routing, load_geo(file_.geo_database))),
      live_(std::make_shared<routing::Live>(snapshot_, start_of_turns)),
      source_(std::make_shared<routing::RoutingSource>(
          live_, file_.discovery ? std::move(leases) : nullptr)),
      states_(snapshot_->targets.size()),
      balance_(*snapshot_),
      answers_before_(snapshot_->targets.size()) {
  for (const CheckConfig& check : file_.health.checks) {
    if (!check.per_target()) {
      checks_.push_back(check);
      continue;
    }
    for (const routing::TargetConfig& target : file_.routing.targets) {
      if (target.check == check.name && !target.addresses.empty()) {
        checks_.push_back(for_target(check, target.name, target.addresses.front()));
      }
    }
  }
}

std::string DnsPlan::check_of(const routing::Target& target) const {
  const CheckConfig* const check = file_.health.find(target.check);
  return check != nullptr && check->per_target() ? target.check + "@" + target.name : target.check;
}

void DnsPlan::publish(const traffic::health::Board& board, const routing::Steering& steering) {
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const std::string name = check_of(snapshot_->targets[i]);
    const std::optional<std::size_t> check = board.find(name);
    states_[i].health = name.empty() ? routing::Health::up
                        : check      ? to_health(board.verdict(*check))
                                     : states_[i].health;  // as it was, in an old plan
  }
  steering.impose(*snapshot_, states_);
  live_->publish(states_);
}

std::vector<routing::Rtt> DnsPlan::seen_from(const traffic::health::Board& board,
                                             std::size_t place) const {
  std::vector<routing::Rtt> row(snapshot_->regions.size(), routing::unknown_rtt);
  for (const routing::Target& target : snapshot_->targets) {
    const std::optional<std::size_t> check = board.find(check_of(target));
    if (target.region != routing::no_region && check &&
        board.latency(*check, place) > Duration::zero()) {
      row[target.region] =
          std::min(row[target.region], routing::to_rtt(board.latency(*check, place)));
    }
  }
  return row;
}

bool DnsPlan::balance(const LoadReports& reported, SteadyTime now) {
  const Duration passed = balanced_ == SteadyTime{} ? Duration{} : now - balanced_;
  balanced_ = now;
  std::vector<double> loads(states_.size());
  for (std::uint32_t i = 0; i < states_.size(); ++i) {
    const std::uint64_t answers = live_->answers(i);
    const auto given = answers - std::exchange(answers_before_[i], answers);
    const auto report = reported.find(snapshot_->targets[i].name);
    const bool fresh =
        report != reported.end() && now - report->second.second <= load_report_lifetime;
    loads[i] = fresh ? report->second.first
                     : static_cast<double>(given) /
                           std::max(std::chrono::duration<double>(passed).count(), 1e-3);
  }
  if (passed <= Duration{} || !balance_.step(loads, states_, passed)) {
    return false;
  }
  live_->publish(states_);
  live_->publish_sheds(balance_.node_sheds());
  return true;
}

void DnsPlan::restore_spill(const json::value& saved) {
  balance_.restore(saved, states_);
  live_->publish(states_);
  live_->publish_sheds(balance_.node_sheds());
}

}  // namespace securecart::cli
