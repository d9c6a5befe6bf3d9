#include "traffic/health/board.hpp"

#include <algorithm>
#include <cassert>
#include <tuple>

#include <fmt/format.h>

#include "traffic/health/expression.hpp"

namespace securecart::traffic::health {
namespace {

using namespace std::chrono_literals;

constexpr Duration stale_least = 3s;
constexpr int stale_intervals = 3;
constexpr double rounds_most = 1'000;  // of a path, when read from a file

std::string id_text(std::uint64_t id) {
  return fmt::format("{:016x}", id);
}

Status parse_status(std::string_view text) {
  return text == "up" ? Status::up : text == "down" ? Status::down : Status::unknown;
}

double number(const json::object& object, std::string_view name, double fallback) {
  const json::value* const member = object.if_contains(name);
  return member != nullptr && member->is_number() ? member->to_number<double>() : fallback;
}

}  // namespace

Board::Board(std::vector<CheckConfig> checks, std::vector<std::string> places, std::size_t quorum,
             std::uint64_t epoch)
    : places_(std::move(places)), heard_(places_.size()), quorum_(quorum), epoch_(epoch) {
  assert(!places_.empty() && quorum >= 1 && quorum <= places_.size());
  for (CheckConfig& config : checks) {
    Entry entry;
    entry.id = check_id(config.fingerprint());
    for (const std::string& name : config.of) {
      entry.of.push_back(by_name_.at(name));
    }
    entry.votes.resize(places_.size());
    entry.latencies.resize(places_.size());
    by_name_.emplace(config.name, entries_.size());
    by_id_.emplace(entry.id, entries_.size());
    entry.config = std::move(config);
    entries_.push_back(std::move(entry));
  }
  refresh(SteadyTime{});
}

std::optional<std::size_t> Board::find(std::string_view name) const {
  const auto found = by_name_.find(std::string(name));
  return found == by_name_.end() ? std::nullopt : std::optional(found->second);
}

const Vote& Board::vote(std::size_t check, std::size_t place) const {
  return entries_[check].votes[place];
}

Duration Board::latency(std::size_t check, std::size_t place) const {
  return entries_[check].latencies[place];
}

CheckActions Board::step(std::size_t check, const CheckEvent& event, SteadyTime now,
                         Random& random) {
  Entry& entry = entries_[check];
  assert(entry.config.probes());
  const CheckActions actions = health::step(entry.state, entry.config.settings, event, now, random);
  const Status seen = entry.config.inverted ? opposite(entry.state.status) : entry.state.status;
  entry.votes[0] = {seen, entry.state.judged};
  entry.latencies[0] = entry.state.latency;
  return actions;
}

bool Board::set_alarm(std::string_view name, Status status) {
  const std::optional<std::size_t> check = find(name);
  if (!check || entries_[*check].config.kind != CheckKind::alarm) {
    return false;
  }
  entries_[*check].alarm = status;
  return true;
}

// A slow check is looked at rarely, so its votes live longer.
Duration Board::stale(const Entry& entry) {
  return std::max(stale_least, entry.config.settings.interval * stale_intervals);
}

VoteMessage Board::votes(SteadyTime now) {
  VoteMessage message{places_[0], epoch_, ++sequence_, {}};
  for (const Entry& entry : entries_) {
    const Vote& own = entry.votes[0];
    if (own.status != Status::unknown && now - own.seen <= stale(entry)) {
      const auto tenths = std::clamp<std::int64_t>(entry.latencies[0] / 100us, 1, UINT16_MAX);
      message.entries.push_back({entry.id, own.status, static_cast<std::uint16_t>(tenths)});
    }
  }
  return message;
}

bool Board::take(const VoteMessage& message, SteadyTime now) {
  const auto found = std::ranges::find(places_, message.node);
  if (found == places_.begin() || found == places_.end()) {
    return false;
  }
  const auto place = static_cast<std::size_t>(found - places_.begin());
  Heard& heard = heard_[place];
  if (std::tie(message.epoch, message.sequence) <= std::tie(heard.epoch, heard.sequence)) {
    return false;
  }
  heard = {message.epoch, message.sequence};
  for (const VoteEntry& entry : message.entries) {
    if (const auto check = by_id_.find(entry.check); check != by_id_.end()) {
      entries_[check->second].votes[place] = {entry.status, now};
      entries_[check->second].latencies[place] = entry.rtt_tenths * Duration(100us);
    }
  }
  return true;
}

Status Board::decide(const Entry& entry, SteadyTime now) const {
  const CheckConfig& config = entry.config;
  if (config.disabled) {
    return Status::up;
  }
  if (config.calculated()) {
    std::vector<Status> statuses;
    for (const std::size_t other : entry.of) {
      statuses.push_back(entries_[other].verdict);
    }
    const Status status = combine(config.kind, config.least, statuses);
    return config.inverted ? opposite(status) : status;
  }
  if (config.kind == CheckKind::alarm) {
    return config.inverted ? opposite(entry.alarm) : entry.alarm;
  }
  return judge(entry.votes, {quorum_, stale(entry)}, entry.verdict, now);
}

bool Board::refresh(SteadyTime now) {
  bool changed = false;
  for (Entry& entry : entries_) {
    const Status verdict = decide(entry, now);
    changed = changed || verdict != entry.verdict;
    entry.verdict = verdict;
  }
  return changed;
}

json::value Board::save() const {
  json::array all;
  for (const Entry& entry : entries_) {
    all.push_back(json::object{{"check", id_text(entry.id)},
                               {"name", entry.config.name},
                               {"verdict", to_text(entry.verdict)},
                               {"status", to_text(entry.state.status)},
                               {"alarm", to_text(entry.alarm)},
                               {"lost", entry.state.lost},
                               {"rounds", entry.state.rounds}});
  }
  return all;
}

void Board::restore(const json::value& saved) {
  if (!saved.is_array()) {
    return;
  }
  std::unordered_map<std::string, std::size_t> by_text;
  for (const auto& [id, check] : by_id_) {
    by_text.emplace(id_text(id), check);
  }
  for (const json::value& item : saved.as_array()) {
    if (!item.is_object()) {
      continue;
    }
    const json::object& object = item.as_object();
    const auto text = [&object](std::string_view name) {
      const json::value* const member = object.if_contains(name);
      return std::string(member != nullptr && member->is_string() ? member->as_string() : "");
    };
    const auto check = by_text.find(text("check"));
    if (check == by_text.end()) {
      continue;
    }
    Entry& entry = entries_[check->second];
    entry.verdict = parse_status(text("verdict"));
    entry.state.status = parse_status(text("status"));
    entry.alarm = parse_status(text("alarm"));
    const double rounds =
        std::clamp(number(object, "rounds", entry.state.rounds), 1.0, rounds_most);
    entry.state.lost = std::clamp(number(object, "lost", entry.state.lost), 0.0, rounds);
    entry.state.rounds = rounds;
  }
}

}  // namespace securecart::traffic::health
