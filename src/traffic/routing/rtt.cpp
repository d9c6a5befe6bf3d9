#include "traffic/routing/rtt.hpp"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "traffic/routing/limits.hpp"

namespace securecart::traffic::routing {
namespace {

constexpr double tenths_per_km =
    0.15;  // 1 ms per 100 km of fibre there and back, half as much again
constexpr double last_mile_tenths = 50;
constexpr double weight_of_new = 0.2;
constexpr int samples_most = RttLearner::samples_needed * 1'000;
constexpr std::int64_t number_most = 1'000'000'000;  // in a saved row
constexpr unsigned v4_prefix = 24;
constexpr unsigned v6_prefix = 48;

Rtt clamp(double tenths) {
  return static_cast<Rtt>(std::clamp(tenths, 0.0, static_cast<double>(unknown_rtt - 1)));
}

}  // namespace

Rtt to_rtt(Duration round_trip) {
  return clamp(static_cast<double>(round_trip.count()) / 100'000.0);
}

Rtt rtt_of_distance(double km) {
  return clamp(last_mile_tenths + km * tenths_per_km);
}

void RttTable::Builder::add(const Network& network, std::span<const Rtt> row) {
  assert(row.size() == regions_ && regions_ > 0);
  networks_.add(network, static_cast<std::uint32_t>(rows_.size() / regions_));
  rows_.insert(rows_.end(), row.begin(), row.end());
}

RttTable RttTable::Builder::build() {
  RttTable table;
  table.regions_ = regions_;
  table.networks_ = networks_.build();
  table.rows_ = std::move(rows_);
  return table;
}

RttTable::Row RttTable::find(const Address& client) const noexcept {
  const NetworkMap::Match match = networks_.find(client);
  return {match.value == NetworkMap::none ? nullptr : &rows_[match.value * regions_], match.scope};
}

void RttLearner::observe(const Address& client, std::size_t region, Duration round_trip,
                         SteadyTime now) {
  assert(region < regions_);
  if (client.family == Family::none || round_trip <= Duration::zero()) {
    return;
  }
  const unsigned prefix = client.family == Family::v4 ? v4_prefix : v6_prefix;
  const Network network{masked(client, prefix), static_cast<std::uint8_t>(prefix)};
  if (rows_.size() >= limits::rtt_networks && !rows_.contains(network)) {
    make_room();
  }
  Row& row = rows_[network];
  row.cells.resize(regions_);
  row.seen = now;
  Cell& cell = row.cells[region];
  const auto tenths = static_cast<double>(to_rtt(round_trip));
  // The first samples are a plain mean; later ones move it slowly.
  const double weight = std::max(weight_of_new, 1.0 / (cell.samples + 1));
  cell.tenths += (tenths - cell.tenths) * weight;
  cell.samples = std::min(cell.samples + 1, samples_most);
}

// An eighth at once, the least recently seen: rarely, instead of a little each time.
void RttLearner::make_room() {
  std::vector<SteadyTime> seen;
  seen.reserve(rows_.size());
  for (const auto& [network, row] : rows_) {
    seen.push_back(row.seen);
  }
  const auto middle = seen.begin() + static_cast<std::ptrdiff_t>(seen.size() / 8);
  std::nth_element(seen.begin(), middle, seen.end());
  std::size_t left = seen.size() / 8 + 1;
  std::erase_if(rows_, [&](const auto& entry) {
    return entry.second.seen <= *middle && left > 0 && left-- > 0;
  });
}

void RttLearner::stand_for(const std::map<Network, std::vector<Rtt>>& rows, SteadyTime now) {
  std::erase_if(stood_for_, [&rows](const auto& entry) { return !rows.contains(entry.first); });
  for (const auto& [network, values] : rows) {
    assert(values.size() == regions_);
    Row& row = stood_for_[network];
    row.cells.resize(regions_);
    for (std::size_t region = 0; region < regions_; ++region) {
      if (values[region] != unknown_rtt) {
        row.cells[region] = {static_cast<double>(values[region]), samples_needed};
        row.seen = now;
      }
    }
  }
}

RttTable RttLearner::compile(SteadyTime now) {
  RttTable::Builder builder(regions_);
  std::vector<Rtt> values(regions_);
  for (Rows* const rows : {&stood_for_, &rows_}) {  // of equal networks the later one counts
    std::erase_if(
        *rows, [now](const auto& entry) { return now - entry.second.seen > limits::rtt_lifetime; });
    for (const auto& [network, row] : *rows) {
      std::ranges::transform(row.cells, values.begin(), [](const Cell& cell) {
        return cell.samples >= samples_needed ? clamp(cell.tenths) : unknown_rtt;
      });
      if (std::ranges::any_of(values, [](Rtt value) { return value != unknown_rtt; })) {
        builder.add(network, values);
      }
    }
  }
  return builder.build();
}

// A row is [network, age in seconds, then tenths and samples of each region]: there may be many.
json::value RttLearner::save(const std::vector<std::string>& regions, SteadyTime now) const {
  assert(regions.size() == regions_);
  json::object all;
  json::array& named = all["regions"].emplace_array();
  for (const std::string& region : regions) {
    named.emplace_back(region);
  }
  for (const auto& [name, rows] :
       {std::pair("shoppers", &rows_), std::pair("nodes", &stood_for_)}) {
    json::array& list = all[name].emplace_array();
    for (const auto& [network, row] : *rows) {
      json::array item{to_text(network),
                       std::chrono::duration_cast<std::chrono::seconds>(now - row.seen).count()};
      for (const Cell& cell : row.cells) {
        item.emplace_back(std::llround(cell.tenths));
        item.emplace_back(cell.samples);
      }
      list.push_back(std::move(item));
    }
  }
  return all;
}

void RttLearner::restore(const json::value& saved, const std::vector<std::string>& regions,
                         SteadyTime now, Duration ago) {
  const json::object* const all = saved.if_object();
  const json::value* const named = all == nullptr ? nullptr : all->if_contains("regions");
  if (named == nullptr || !named->is_array()) {
    return;
  }
  std::vector<std::size_t> places;  // of the saved regions among ours
  for (const json::value& name : named->as_array()) {
    const std::string_view text = name.is_string() ? std::string_view(name.as_string()) : "";
    const auto found = std::ranges::find(regions, text);
    places.push_back(static_cast<std::size_t>(found - regions.begin()));
  }
  for (const auto& [name, rows] :
       {std::pair("shoppers", &rows_), std::pair("nodes", &stood_for_)}) {
    const json::value* const list = all->if_contains(name);
    if (list == nullptr || !list->is_array()) {
      continue;
    }
    for (const json::value& item : list->as_array()) {
      restore_row(item, places, now - ago, *rows);
    }
  }
}

void RttLearner::restore_row(const json::value& item, const std::vector<std::size_t>& places,
                             SteadyTime saved_at, Rows& rows) const {
  const json::array* const fields = item.if_array();
  const bool sound =
      fields != nullptr && fields->size() == 2 + 2 * places.size() && (*fields)[0].is_string() &&
      std::all_of(fields->begin() + 1, fields->end(), [](const json::value& field) {
        return field.is_int64() && field.as_int64() >= 0 && field.as_int64() < number_most;
      });
  const std::optional<Network> network =
      sound ? parse_network(std::string_view((*fields)[0].as_string())) : std::nullopt;
  if (!network || rows.size() >= limits::rtt_networks) {
    return;
  }
  Row row{std::vector<Cell>(regions_), saved_at - std::chrono::seconds((*fields)[1].as_int64())};
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i] < regions_) {
      row.cells[places[i]] = {
          static_cast<double>((*fields)[2 + 2 * i].as_int64()),
          static_cast<int>(std::min<std::int64_t>((*fields)[3 + 2 * i].as_int64(), samples_most))};
    }
  }
  rows.insert_or_assign(*network, std::move(row));
}

}  // namespace securecart::traffic::routing
