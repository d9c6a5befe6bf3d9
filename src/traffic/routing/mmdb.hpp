// Reads the MaxMind DB file format (https://maxmind.github.io/MaxMind-DB/, version 2.0): a binary
// tree over address bits, whose leaves point into a data section.
//
// The file comes from elsewhere, so nothing in it is believed: every offset is checked, depth, work
// and size have limits, and a damaged file is an Error, never a crash.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/errors.hpp"
#include "traffic/model/address.hpp"

namespace securecart::traffic::routing {

// What routing wants to know of a place; absent fields are empty.
struct MmdbFields {
  std::string country;    // ISO 3166-1 alpha-2, upper case
  std::string continent;  // AF AN AS EU NA OC SA
  std::optional<double> latitude_degrees;
  std::optional<double> longitude_degrees;
};

class Mmdb {
 public:
  // Checks the metadata and the frame of the file; the leaves are checked as they are read.
  static Result<Mmdb> parse(std::string bytes);

  const std::string& database_type() const { return type_; }
  // Visits each network that has data, in the order of addresses. The IPv4 part of an IPv6 tree
  // comes as IPv4 networks, once (its aliases, as ::ffff:0:0/96, are left out). `visit` gets the
  // offset of the data, the same for equal data.
  Result<void> walk(const std::function<void(const Network&, std::uint32_t offset)>& visit) const;
  // Data at an offset that walk() gave: the fields of a GeoIP2 country or city database
  // (country.iso_code), or of a flat one (country_code).
  Result<MmdbFields> fields(std::uint32_t offset) const;

 private:
  struct Walk;
  Mmdb() = default;
  std::uint32_t record(std::uint32_t node, unsigned side) const;
  std::uint32_t ipv4_root() const;
  std::string_view data() const;

  std::string bytes_;
  std::string type_;
  std::uint32_t node_count_ = 0;
  unsigned record_bits_ = 0;
  bool v6_ = false;
  std::size_t tree_bytes_ = 0;
  std::size_t metadata_at_ = 0;
};

}  // namespace securecart::traffic::routing
