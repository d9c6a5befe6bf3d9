#include "traffic/routing/geo.hpp"

#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "traffic/routing/limits.hpp"
#include "traffic/routing/mmdb.hpp"

namespace securecart::traffic::routing {
namespace {

Place place_of(const MmdbFields& fields) {
  Place place;
  if (const std::optional<std::uint16_t> country = find_country(fields.country)) {
    place.country = *country;
    place.continent = all_countries()[*country].continent;
    place.location = all_countries()[*country].middle;
    place.has_continent = place.has_location = true;
  }
  if (const std::optional<Continent> continent = find_continent(fields.continent)) {
    place.continent = *continent;
    place.has_continent = true;
  }
  const double latitude = fields.latitude_degrees.value_or(1'000);
  const double longitude = fields.longitude_degrees.value_or(1'000);
  if (latitude >= -90 && latitude <= 90 && longitude >= -180 && longitude <= 180) {
    place.location = {latitude, longitude};
    place.has_location = true;
  }
  return place;
}

// Equal places of different records become one, so that neighbouring networks join.
class Places {
 public:
  explicit Places(const Mmdb& database) : database_(database) {}

  Result<std::uint32_t> at(std::uint32_t offset) {
    if (const auto known = by_offset_.find(offset); known != by_offset_.end()) {
      return known->second;
    }
    const Result<MmdbFields> fields = database_.fields(offset);
    if (!fields) {
      return std::unexpected(fields.error());
    }
    if (by_offset_.size() == limits::geo_places) {
      return fail(errc::invalid_request, "The geo database has too many places.");
    }
    const Place place = place_of(*fields);
    const Key key{place.country,
                  place.has_continent,
                  place.continent,
                  place.has_location,
                  place.location.latitude_degrees,
                  place.location.longitude_degrees};
    const auto [known, is_new] =
        by_value_.try_emplace(key, static_cast<std::uint32_t>(places.size()));
    if (is_new) {
      places.push_back(place);
    }
    by_offset_.emplace(offset, known->second);
    return known->second;
  }

  std::vector<Place> places;

 private:
  using Key = std::tuple<std::uint16_t, bool, Continent, bool, double, double>;
  const Mmdb& database_;
  std::unordered_map<std::uint32_t, std::uint32_t> by_offset_;
  std::map<Key, std::uint32_t> by_value_;
};

}  // namespace

Result<std::shared_ptr<const GeoIndex>> GeoIndex::load(std::string bytes) {
  const Result<Mmdb> database = Mmdb::parse(std::move(bytes));
  if (!database) {
    return std::unexpected(database.error());
  }
  Places places(*database);
  NetworkMap::Builder builder;
  std::optional<Error> broken;
  const Result<void> walked = database->walk([&](const Network& network, std::uint32_t offset) {
    const Result<std::uint32_t> place = places.at(offset);
    if (place) {
      builder.add(network, *place);
    } else if (!broken) {
      broken = place.error();
    }
  });
  if (!walked || broken) {
    return std::unexpected(walked ? *broken : walked.error());
  }
  auto index = std::make_shared<GeoIndex>();
  index->networks_ = builder.build();
  index->places_ = std::move(places.places);
  return index;
}

GeoIndex::Match GeoIndex::find(const Address& address) const noexcept {
  const NetworkMap::Match match = networks_.find(address);
  return {match.value == NetworkMap::none ? nullptr : &places_[match.value], match.value,
          match.scope};
}

}  // namespace securecart::traffic::routing
