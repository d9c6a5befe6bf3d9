// Countries, continents and distances on the globe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace securecart::traffic::routing {

struct Location {
  double latitude_degrees = 0;
  double longitude_degrees = 0;
  bool operator==(const Location&) const = default;
};

enum class Continent : std::uint8_t {
  africa,
  antarctica,
  asia,
  europe,
  north_america,
  oceania,
  south_america,
};
inline constexpr std::size_t continent_count = 7;

struct Country {
  std::array<char, 2> code;  // ISO 3166-1 alpha-2
  Continent continent;
  Location middle;

  constexpr std::string_view view() const { return {code.data(), code.size()}; }
};

// Sorted by code; a country is known by its place in this list.
std::span<const Country> all_countries();
std::optional<std::uint16_t> find_country(std::string_view code);
std::optional<Continent> find_continent(std::string_view code);
std::string_view to_text(Continent continent);

// Along the great circle (haversine).
double distance_km(Location a, Location b);

}  // namespace securecart::traffic::routing
