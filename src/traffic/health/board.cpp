#include "traffic/health/board.hpp"

#include <algorithm>
#include <cassert>
#include <tuple>

#include <fmt/format.h>

#include "traffic/health/expression.hpp"
#include "traffic/model/fields.hpp"

namespace securecart::traffic::health {
namespace {

using namespace std::chrono_literals;

constexpr Duration stale_least = 3s;
constexpr int stale_intervals = 3;
constexpr std::size_t witnesses_asked = 2;
constexpr double rounds_most = 1'000;  // of a path, when read from a file

std::string id_text(std::uint64_t id) {
  return fmt::format("{:016x}", id);
}

Status parse_status(std::string_view text) {
  return text == "up" ? Status::up : text == "down" ? Status::down : Status::unknown;
}

// What a URL asks: a host that is silent takes all checks of it along.
std::string host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  std::string_view rest = scheme == std::string_view::npos ? url : url.substr(scheme + 3);
  rest = rest.substr(0, rest.find('/'));
  return std::string(rest.starts_with('[') ? rest.substr(0, rest.find(']'))
                                           : rest.substr(0, rest.find(':')));
}

}  // namespace

Board::Board(std::vector<CheckConfig> checks, std::vector<std::string> places, std::size_t quorum,
             std::uint64_t epoch, bool keep_when_cut_off)
    : places_(std::move(places)),
      heard_(places_.size()),
      quorum_(quorum),
      epoch_(epoch),
      keep_when_cut_off_(keep_when_cut_off) {
  assert(!places_.empty() && quorum >= 1 && quorum <= places_.size());
  std::unordered_map<std::string, std::size_t> hosts;
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
    entry.host = hosts.emplace(host_of(config.url), hosts.size() + 1).first->second;
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
  const auto* const result = std::get_if<Probed>(&event);
  if (result != nullptr && result->answer != Answer::silent) {
    hear(entry.host, now);
  }
  const bool was_quiet = entry.state.quiet > 0;
  entry.state.alone = result == nullptr && is_alone(entry);
  const CheckActions actions = health::step(entry.state, entry.config.settings, event, now, random);
  if (!was_quiet && entry.state.quiet > 0) {
    find_witnesses(entry, now);
  }
  const Status seen = entry.config.inverted ? opposite(entry.state.status) : entry.state.status;
  entry.votes[0] = {seen, entry.state.judged};
  entry.latencies[0] = entry.state.latency;
  return actions;
}

void Board::hear(std::size_t host, SteadyTime now) {
  if (heard_last_[0].host != host) {
    heard_last_[1] = heard_last_[0];
  }
  heard_last_[0] = {host, now};
}

// Whether `other` would be heard if only `entry` were dead.
bool Board::may_witness(const Entry& other, const Entry& entry) const {
  return other.config.probes() && other.host != entry.host && other.state.status == Status::up;
}

// Nobody else was heard since this silence began, though somebody was up. The first moments of it
// do not count: an answer of then may have come before the cut.
bool Board::is_alone(const Entry& entry) const {
  const CheckState& state = entry.state;
  if (!keep_when_cut_off_ || !state.looking || state.status == Status::down) {
    return false;
  }
  const SteadyTime silent = state.quiet > 0 ? state.quiet_since : state.began;
  const SteadyTime after = silent + entry.config.settings.timeout / 4;
  const Sound& other = heard_last_[heard_last_[0].host == entry.host ? 1 : 0];
  return other.at < after &&
         std::ranges::any_of(entries_, [&](const Entry& one) { return may_witness(one, entry); });
}

// Checks that are looked at rarely would leave a silence undecided until their turn comes.
void Board::find_witnesses(const Entry& entry, SteadyTime now) {
  const CheckState& state = entry.state;
  const SteadyTime decided = state.quiet_since + silence_span(entry.config.settings);
  std::vector<std::size_t> rare;
  for (std::size_t i = 0; i < entries_.size() && keep_when_cut_off_; ++i) {
    const CheckState& other = entries_[i].state;
    if (!may_witness(entries_[i], entry)) {
      continue;
    }
    if (other.looking || other.next_round + entries_[i].config.settings.timeout / 4 < decided) {
      return;
    }
    rare.push_back(i);
  }
  rare.resize(std::min(rare.size(), witnesses_asked));
  for (const std::size_t check : rare) {
    entries_[check].state.next_round = now;
  }
  witnesses_.insert(witnesses_.end(), rare.begin(), rare.end());
}

bool Board::cut_off() const {
  return std::ranges::any_of(entries_, [](const Entry& entry) { return entry.state.held; });
}

void Board::take_back(std::size_t check, int probes) {
  health::take_back(entries_[check].state, probes);
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
    const auto check = by_text.find(text_or(object, "check"));
    if (check == by_text.end()) {
      continue;
    }
    Entry& entry = entries_[check->second];
    entry.verdict = parse_status(text_or(object, "verdict"));
    entry.state.status = parse_status(text_or(object, "status"));
    entry.alarm = parse_status(text_or(object, "alarm"));
    const double rounds =
        std::clamp(number_or(object, "rounds", entry.state.rounds), 1.0, rounds_most);
    entry.state.lost = std::clamp(number_or(object, "lost", entry.state.lost), 0.0, rounds);
    entry.state.rounds = rounds;
  }
}

}  // namespace securecart::traffic::health
