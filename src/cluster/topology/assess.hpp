// What a region outlives: every single point of failure, and for each disruption what is expected
// and what drills measured last.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/errors.hpp"
#include "cluster/topology/model.hpp"

namespace securecart::cluster {

// One run of a drill, of docs/drills/results.json (`securecart gameday results`).
struct Drill {
  std::string name;  // "zone-cut"
  std::string at;    // RFC 3339
  std::string revision;
  bool passed = false;
  std::int64_t failed_orders = 0;
  std::optional<Duration> write_gap;
  std::optional<Duration> read_gap;
};
// Unknown fields are left alone.
Result<std::vector<Drill>> parse_drills(std::string_view json);

// Something whose loss alone ends more than what redundancy makes good.
struct SinglePoint {
  std::string what;
  std::string effect;
  std::string mend;
};

// Losing it and what then happens.
struct Disruption {
  std::string_view kind;  // "process", "host", "zone", "engine", "region"
  std::string what;
  std::string effect;                    // what shoppers notice
  std::optional<Duration> write_gap;     // RTO of orders, expected at most; none: by people
  std::optional<Duration> read_gap;      // RTO of browsing, likewise
  std::string lost;                      // RPO
  std::vector<std::string_view> drills;  // that measure it
};

struct Assessment {
  std::vector<SinglePoint> single_points;
  std::vector<Disruption> disruptions;
};

Assessment assess(const Topology& topology);
// As a page for the terminal. `drills` in any order; the last of each name is shown.
std::string assessment_text(const Topology& topology, const Assessment& assessment,
                            const std::vector<Drill>& drills);

}  // namespace securecart::cluster
