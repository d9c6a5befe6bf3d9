// Where a client is: a geo database compiled for look-ups on the query path.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "base/errors.hpp"
#include "traffic/routing/countries.hpp"
#include "traffic/routing/network_map.hpp"

namespace securecart::traffic::routing {

inline constexpr std::uint16_t no_country = std::numeric_limits<std::uint16_t>::max();

struct Place {
  std::uint16_t country = no_country;  // index of all_countries()
  Continent continent = Continent::africa;
  bool has_continent = false;
  bool has_location = false;
  Location location;  // of the city when the database knows it, else the middle of the country
};

class GeoIndex {
 public:
  struct Match {
    const Place* place = nullptr;  // null: unknown
    std::uint32_t index = NetworkMap::none;
    std::uint8_t scope = 0;
  };

  // Compiles the bytes of a MaxMind database (mmdb.hpp).
  static Result<std::shared_ptr<const GeoIndex>> load(std::string bytes);
  // Knows no address.
  GeoIndex() = default;

  Match find(const Address& address) const noexcept;
  const std::vector<Place>& places() const { return places_; }
  const NetworkMap& networks() const { return networks_; }

 private:
  NetworkMap networks_;
  std::vector<Place> places_;
};

}  // namespace securecart::traffic::routing
