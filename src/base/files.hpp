// Whole files, read in one place.
#pragma once

#include <cstddef>
#include <filesystem>
#include <limits>
#include <string>

#include "base/errors.hpp"

namespace securecart {

// Fails with errc::not_found, the path and the system's reason when it cannot be read, and with
// errc::invalid_request when it has more bytes than that.
Result<std::string> read_file(const std::filesystem::path& path,
                              std::size_t most_bytes = std::numeric_limits<std::size_t>::max());

// Throws std::runtime_error, with the path and the reason.
std::string need_file(const std::filesystem::path& path);

// Empty when it cannot be read: a record that is not written yet, /proc's word on a process that
// ends between the opening and the reading.
std::string read_if_there(const std::filesystem::path& path);

}  // namespace securecart
