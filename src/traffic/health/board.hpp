// All checks of one node: its own looks, the votes of its peers, and the verdict they come to.
// Pure: the shell (monitor.hpp) brings time, probes and messages; the simulation brings its own.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "traffic/health/check_machine.hpp"
#include "traffic/health/config.hpp"
#include "traffic/health/quorum.hpp"
#include "traffic/health/vote_message.hpp"

namespace securecart::traffic::health {

class Board {
 public:
  // `checks`: a calculated one comes after those it looks at; names are unique. `places` are the
  // names of the nodes that look, this one first.
  // With `keep_when_cut_off` silence is believed only while something else is heard: when all that
  // was up, at two addresses or more, goes silent together, it is we who are cut off, and no vote
  // changes until one of them answers.
  Board(std::vector<CheckConfig> checks, std::vector<std::string> places, std::size_t quorum,
        std::uint64_t epoch, bool keep_when_cut_off = true);

  std::size_t size() const { return entries_.size(); }
  const CheckConfig& config(std::size_t check) const { return entries_[check].config; }
  const CheckState& state(std::size_t check) const { return entries_[check].state; }
  Status verdict(std::size_t check) const { return entries_[check].verdict; }
  std::optional<std::size_t> find(std::string_view name) const;
  // What one place says of a check, and how long its answers took; the place is an index.
  const Vote& vote(std::size_t check, std::size_t place) const;
  Duration latency(std::size_t check, std::size_t place) const;
  const std::vector<std::string>& places() const { return places_; }

  // One event of a check that probes. `changed` of the actions: our own vote is another.
  CheckActions step(std::size_t check, const CheckEvent& event, SteadyTime now, Random& random);
  // So many of the probes step() told of could not be sent.
  void take_back(std::size_t check, int probes);
  // Checks that are to be asked now, since another one's silence needs somebody who is heard: send
  // each a Tick.
  std::vector<std::size_t> take_witnesses() { return std::exchange(witnesses_, {}); }
  // Some silence is not believed, for nothing is heard.
  bool cut_off() const;
  // An alarm is raised or over; false when there is no alarm of this name.
  bool set_alarm(std::string_view name, Status status);
  // Our votes, to be sent to every peer. Votes of checks we have not looked at lately are left out.
  VoteMessage votes(SteadyTime now);
  // A peer's votes; false when the peer is unknown or the message is an old one again.
  bool take(const VoteMessage& message, SteadyTime now);
  // Works the verdicts out anew; true when one changed.
  bool refresh(SteadyTime now);

  // Verdicts, and what was learned of the paths, for the next start.
  json::value save() const;
  // What save() wrote; checks that are not the same any more begin anew.
  void restore(const json::value& saved);

 private:
  struct Entry {
    CheckConfig config;
    std::uint64_t id = 0;
    CheckState state;
    Status alarm = Status::unknown;
    Status verdict = Status::unknown;
    std::vector<Vote> votes;          // one a place
    std::vector<Duration> latencies;  // one a place
    std::vector<std::size_t> of;      // of a calculated check
    std::size_t host = 0;             // that it asks, by number
  };
  struct Sound {
    std::size_t host = 0;
    SteadyTime at{};
  };
  struct Heard {
    std::uint64_t epoch = 0;
    std::uint64_t sequence = 0;
  };
  void hear(std::size_t host, SteadyTime now);
  bool is_alone(const Entry& entry) const;
  bool may_witness(const Entry& other, const Entry& entry) const;
  void find_witnesses(const Entry& entry, SteadyTime now);
  Status decide(const Entry& entry, SteadyTime now) const;
  static Duration stale(const Entry& entry);

  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> by_name_;
  std::unordered_map<std::uint64_t, std::size_t> by_id_;
  std::vector<std::string> places_;
  std::vector<Heard> heard_;
  std::size_t quorum_;
  std::uint64_t epoch_;
  std::uint64_t sequence_ = 0;
  const bool keep_when_cut_off_;
  std::array<Sound, 2> heard_last_;  // the latest answers of two hosts, the latest first
  std::vector<std::size_t> witnesses_;
};

}  // namespace securecart::traffic::health
