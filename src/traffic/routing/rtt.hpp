// How far away each region is from a client, in milliseconds of round trip.
//
// Asked in this order, per region, until one knows:
//   learned      measured for the client's network (real-user timing)
//   by network   stated in the policy file
//   by country, by continent      stated in the policy file
//   by distance  from the client's place to the region's
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "traffic/routing/geo.hpp"
#include "traffic/routing/limits.hpp"
#include "traffic/routing/network_map.hpp"

namespace securecart::traffic::routing {

// Tenths of a millisecond; up to 6.5 seconds.
using Rtt = std::uint16_t;
inline constexpr Rtt unknown_rtt = std::numeric_limits<Rtt>::max();

Rtt to_rtt(Duration round_trip);
// What light in fibre and its detours cost: an estimate, never better than a measurement.
Rtt rtt_of_distance(double km);

// Rows of `regions` numbers, found by network. Immutable.
class RttTable {
 public:
  class Builder {
   public:
    explicit Builder(std::size_t regions) : regions_(regions) {}
    // `row` has one number a region.
    void add(const Network& network, std::span<const Rtt> row);
    RttTable build();

   private:
    std::size_t regions_;
    NetworkMap::Builder networks_;
    std::vector<Rtt> rows_;
  };

  struct Row {
    const Rtt* values = nullptr;  // null: nothing known of this network
    std::uint8_t scope = 0;
  };

  RttTable() = default;
  Row find(const Address& client) const noexcept;
  std::size_t networks() const { return regions_ == 0 ? 0 : rows_.size() / regions_; }

 private:
  std::size_t regions_ = 0;
  NetworkMap networks_;
  std::vector<Rtt> rows_;
};

// Collects measurements a network: /24 and /48 (RFC 7871 section 11.1), a moving average that a few
// samples must agree on before it counts. One thread's.
class RttLearner {
 public:
  static constexpr int samples_needed = 3;
  static constexpr std::size_t saved_bytes = 64 * 1024 * 1024;  // the most that save() comes to

  explicit RttLearner(std::size_t regions) : regions_(regions) {}
  // `region` < regions. Measurements of zero or less are not believed.
  void observe(const Address& client, std::size_t region, Duration round_trip, SteadyTime now);
  // What DNS nodes measure themselves counts for the clients they stand for, until shoppers of a
  // network in there have measured. A row has one number a region; one that is unknown now keeps
  // what it was. Networks that are not named are forgotten.
  void stand_for(const std::map<Network, std::vector<Rtt>>& rows, SteadyTime now);
  // What is known and younger than limits::rtt_lifetime.
  RttTable compile(SteadyTime now);
  std::size_t networks() const { return rows_.size(); }

  // Everything, for the next start. `regions` are the names behind the indices.
  json::value save(const std::vector<std::string>& regions, SteadyTime now) const;
  // What save() wrote `ago`; regions are found by their names, what is not understood is left out.
  void restore(const json::value& saved, const std::vector<std::string>& regions, SteadyTime now,
               Duration ago);

 private:
  struct Cell {
    double tenths = 0;
    int samples = 0;
  };
  struct Row {
    std::vector<Cell> cells;
    SteadyTime seen;
  };
  using Rows = std::map<Network, Row>;
  void make_room();
  void restore_row(const json::value& item, const std::vector<std::size_t>& places,
                   SteadyTime saved_at, Rows& rows) const;

  std::size_t regions_;
  Rows rows_;       // of shoppers
  Rows stood_for_;  // of nodes
};

}  // namespace securecart::traffic::routing
