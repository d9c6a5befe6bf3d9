// The controller in simulation, with the numbers it promises:
//
//   control_bench [round] [stories [N [FIRST_SEED]]] [month [DAYS [FIRST_SEED [SEEDS]]]] [bites]
//   [tell SEED]
//
// round     a decision round with 10,000 instances on 1,000 hosts in 100 zones
// stories   N seeded stories of failures (1,000), every invariant checked in every second
// month     days of trade without a fault (30): nothing flaps
// bites     how many stories it takes to see each protection missing
// tell      one story, and what the controller said in it
//
// Without words it does all of them but tell. Exits with 1 when an invariant was broken.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "base/log.hpp"
#include "cluster/control/story_fixture.hpp"

namespace securecart::bench {
namespace {

using namespace std::chrono_literals;
using namespace cluster;
using namespace cluster::simulation;

double milliseconds(std::chrono::steady_clock::duration span) {
  return std::chrono::duration<double, std::milli>(span).count();
}

struct Times {
  std::vector<double> read;
  std::vector<double> decide;
  void tell(const char* name) {
    std::vector<double> both;
    for (std::size_t i = 0; i < read.size(); ++i) {
      both.push_back(read[i] + decide[i]);
    }
    const auto middle = [](std::vector<double> all) {
      std::ranges::sort(all);
      return all[all.size() / 2];
    };
    fmt::print("  {:<34} read {:6.1f} ms, decide {:6.1f} ms; both together at most {:6.1f} ms\n",
               name, middle(read), middle(decide), std::ranges::max(both));
    read.clear();
    decide.clear();
  }
};

void measure_rounds() {
  Region region({100, 10, 12, 4'950, 6'000, 5min}, 1, Sabotage::none);
  const Topology topology = region.topology();
  // A second leader that watches: it decides the same from the same keys, and writes nothing.
  RegionReader reader("sim");
  Controller controller(topology);
  Times times;
  std::size_t writes = 0;
  const auto rounds = [&](int count) {
    for (int i = 0; i < count; ++i) {
      region.tick();
      const Snapshot snapshot = region.snapshot();
      const auto began = std::chrono::steady_clock::now();
      const RegionState& state = reader.read(snapshot);
      const auto read = std::chrono::steady_clock::now();
      writes += controller.decide(state, region.time()).writes.size();
      const auto decided = std::chrono::steady_clock::now();
      times.read.push_back(milliseconds(read - began));
      times.decide.push_back(milliseconds(decided - read));
    }
  };
  region.requests = {{"catalog", 100'000}, {"orders", 100'000}};
  fmt::print("round: 100 zones, 1,000 hosts, 2 services\n");
  rounds(150);
  times.tell("growing from nothing");
  rounds(20);
  fmt::print("  {} instances serve; every report changes every second\n",
             region.serving("catalog") + region.serving("orders"));
  times.tell("nothing to do");
  for (Agent& agent : region.agents) {
    if (agent.host->zone == "z042") {
      agent.up = false;
      agent.slots.assign(agent.slots.size(), {});
    }
  }
  rounds(20);
  times.tell("a zone is lost");
  region.write(region.keys().services() + "orders", to_json(ServiceOrder{"orders", "v2", 0, 0}));
  rounds(20);
  times.tell("a rollout, a zone missing");
}

bool play_stories(std::uint64_t count, std::uint64_t first) {
  std::atomic<std::uint64_t> next = first;
  std::mutex mutex;
  std::map<std::string, int> events;
  std::uint64_t seconds = 0;
  std::uint64_t broken = 0;
  int most_moves = 0;
  const auto play = [&] {
    for (std::uint64_t seed = next++; seed < first + count; seed = next++) {
      const StoryResult story = Story(seed, Sabotage::none).tell();
      const std::scoped_lock lock(mutex);
      seconds += static_cast<std::uint64_t>(story.seconds);
      most_moves = std::max(most_moves, story.most_moves);
      for (const std::string& line : story.told) {
        const std::string what = line.substr(line.find(": ") + 2);
        const std::size_t colon = what.find(':');
        ++events[what.find("rolled out") != std::string::npos ? "rollout"
                 : what.starts_with("load times")             ? "load step"
                                                              : what.substr(0, colon)];
      }
      broken += story.violations.empty() ? 0 : 1;
      if (!story.violations.empty()) {
        const Violation& broke = story.violations.front();
        fmt::print("  story {} at {} s: {}: {}\n", seed, broke.at, broke.invariant, broke.what);
      }
    }
  };
  {
    std::vector<std::jthread> players;
    for (unsigned i = 0; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
      players.emplace_back(play);
    }
  }
  fmt::print("stories: {} from seed {}, {} simulated hours, {} with a broken invariant\n", count,
             first, seconds / 3'600, broken);
  for (const auto& [event, times] : events) {
    fmt::print("  {:>5} times: {}\n", times, event);
  }
  fmt::print("  most orders changed in one round: {}\n", most_moves);
  return broken == 0;
}

// One story, with all that the controller says meanwhile.
bool follow_story(std::uint64_t seed) {
  log::configure(log::Level::info, log::Format::text);
  std::string before;
  const auto tell = [&before](const Region& region) {
    std::string line;
    for (const Service& service : region.topology().services) {
      const auto scaling = region.state().scaling.find(service.name);
      line +=
          fmt::format(" {}: {} wanted, ", service.name,
                      scaling == region.state().scaling.end() ? 0 : scaling->second.value.wanted);
      std::string zones;
      for (const Zone& zone : region.topology().zones) {
        zones +=
            fmt::format("{}{}", zones.empty() ? "" : "+", region.serving(service.name, zone.name));
      }
      line += zones + " serve;";
    }
    for (const Alarm& alarm : region.state().alarms.value.alarms) {
      line += fmt::format(" [{} {}]", alarm.what, alarm.subject);
    }
    if (line != before) {
      fmt::print("{:5} s{}\n", region.now, line);
      before = std::move(line);
    }
  };
  const StoryResult result = Story(seed, Sabotage::none, tell).tell();
  log::configure(log::Level::error, log::Format::text);
  for (const std::string& line : result.told) {
    fmt::print("  {}\n", line);
  }
  for (const Violation& violation : result.violations) {
    fmt::print("  at {} s: {}: {}\n", violation.at, violation.invariant, violation.what);
  }
  return result.violations.empty();
}

bool play_trade(int days, std::uint64_t first, std::uint64_t seeds) {
  bool well = true;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const MonthResult month = play_month(seed, Sabotage::none, days);
    fmt::print(
        "month {}: {} days, {} times more and {} times less, {} turns ({:.1f} a day), "
        "{} orders changed, at least {} instances served, {} broken invariants\n",
        seed, days, month.scale_outs, month.scale_ins, month.reversals,
        static_cast<double>(month.reversals) / days, month.moves, month.least_serving,
        month.violations.size());
    for (const Violation& violation : month.violations) {
      fmt::print("  at {} s: {}: {}\n", violation.at, violation.invariant, violation.what);
    }
    well = well && month.violations.empty();
  }
  return well;
}

bool show_bites() {
  struct Bite {
    Sabotage sabotage;
    const char* what;
    const char* invariant;
  };
  const Bite bites[] = {
      {Sabotage::fencing, "fencing off", "fencing"},
      {Sabotage::provision, "no provision for a lost zone", "minimum"},
      {Sabotage::sight, "believes what it sees", "static stability"},
      {Sabotage::move_limit, "no limit of moves", "bounded moves"},
      {Sabotage::incident, "nothing is an incident", "no scale-in during an incident"},
      {Sabotage::bake, "zones are not baked", "a zone at a time"},
      {Sabotage::rollback, "breaches are not seen", "a bad version stays in one zone"},
      {Sabotage::drain_reports, "agents end too early", "one order a slot"},
      {Sabotage::hysteresis, "no patience when scaling in", "no flapping"}};
  bool all = true;
  fmt::print("bites: stories until a missing protection was seen\n");
  for (const Bite& bite : bites) {
    std::uint64_t seen = 0;
    for (std::uint64_t seed = 1; seed <= 100 && seen == 0; ++seed) {
      const StoryResult story = Story(seed, bite.sabotage).tell();
      const bool found = std::ranges::find(story.violations, bite.invariant,
                                           &Violation::invariant) != story.violations.end();
      seen = found ? seed : 0;
    }
    fmt::print("  {:<30} {:<34} {}\n", bite.what, bite.invariant,
               seen == 0 ? "NOT SEEN" : std::to_string(seen));
    all = all && seen != 0;
  }
  return all;
}

int run(int argc, char** argv) {
  log::configure(log::Level::error, log::Format::text);
  const auto number = [&](int i, long fallback) {
    const long value = i < argc ? std::strtol(argv[i], nullptr, 10) : 0;
    return value > 0 ? value : fallback;
  };
  bool well = true;
  const bool all = argc < 2;
  for (int i = all ? 0 : 1; i < std::max(argc, 1); ++i) {
    const std::string_view word = all ? "" : argv[i];
    if (all || word == "round") {
      measure_rounds();
    }
    if (all || word == "stories") {
      well = play_stories(static_cast<std::uint64_t>(number(i + 1, 1'000)),
                          static_cast<std::uint64_t>(number(i + 2, 1))) &&
             well;
    }
    if (word == "tell") {
      well = follow_story(static_cast<std::uint64_t>(number(i + 1, 1))) && well;
    }
    if (all || word == "month") {
      well = play_trade(static_cast<int>(number(i + 1, 30)),
                        static_cast<std::uint64_t>(number(i + 2, 1)),
                        static_cast<std::uint64_t>(number(i + 3, 1))) &&
             well;
    }
    if (all || word == "bites") {
      well = show_bites() && well;
    }
  }
  return well ? 0 : 1;
}

}  // namespace
}  // namespace securecart::bench

int main(int argc, char** argv) {
  return securecart::bench::run(argc, argv);
}
