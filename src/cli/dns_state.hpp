// A small checked file: what a DNS node remembers over a restart.
#pragma once

#include <filesystem>
#include <optional>

#include "base/json.hpp"

namespace securecart::cli {

// Writes beside it and renames, so that a crash leaves the old file or the new one; only the owner
// can read it. Throws std::runtime_error.
void write_checked_file(const std::filesystem::path& path, const json::value& value);
// nullopt when there is none, when it is longer, or when it is not what was written.
std::optional<json::value> read_checked_file(const std::filesystem::path& path,
                                             std::size_t bytes_most);

}  // namespace securecart::cli
