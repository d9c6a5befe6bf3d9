// Reads zone files (RFC 1035 section 5, RFC 2308 section 4, RFC 3597), with all problems at once.
//
//   file    = { line }
//   line    = [entry] [";" comment] newline          ( ... ) joins lines
//   entry   = "$ORIGIN" name | "$TTL" ttl | "$INCLUDE" path [name]
//           | [owner] [ttl] ["IN"] type rdata | [owner] ["IN"] [ttl] type rdata
//   owner   = name | "@" | blank: the owner before
//
// Pure but for `read_file`, which the caller gives.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/errors.hpp"
#include "traffic/dns/limits.hpp"
#include "traffic/dns/name.hpp"
#include "traffic/dns/rdata.hpp"

namespace securecart::traffic::dns {

struct Place {
  std::uint32_t file = 0;  // index into ZoneProblems::files
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

// What is wrong with a zone, each with "file:line:column", up to limits::dns_zone_problems.
class ZoneProblems {
 public:
  std::uint32_t add_file(std::string path);
  void add(const Place& place, std::string what);
  bool full() const;
  bool empty() const { return found_.empty(); }
  std::size_t files() const { return files_.size(); }
  // invalid_request, one field a problem.
  Error error() const;

 private:
  std::vector<std::string> files_;
  std::vector<FieldError> found_;
};

struct ZoneRecord {
  Name owner;
  std::uint16_t type = 0;
  std::uint32_t ttl_seconds = 0;
  RdataBytes rdata;
  Place place;
};

using RecordSink = std::function<void(const ZoneRecord&)>;
using ReadFile = std::function<Result<std::string>(const std::string& path)>;

// Each record of the file goes to `sink` in the order of the file; `origin` is the zone's name.
void parse_zone_file(const std::string& path, std::string_view text, const Name& origin,
                     const ReadFile& read_file, const RecordSink& sink, ZoneProblems& problems);

}  // namespace securecart::traffic::dns
