// Reads a topology file: docs/region.md says what is in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/errors.hpp"
#include "cluster/topology/model.hpp"

namespace securecart::cluster {

// `text` is the content of `file`. The Error holds everything that is wrong, each with file, line,
// column and how to mend it: what cannot be read, and what cannot work (check.hpp).
Result<Topology> parse_topology(std::string_view file, std::string_view text);
// "64MB", "2GB": powers of 1024; nullopt when it is no such size.
std::optional<std::int64_t> parse_bytes(std::string_view text);
// The shortest text that parses back to the same, in whole kilobytes.
std::string format_bytes(std::int64_t bytes);

}  // namespace securecart::cluster
