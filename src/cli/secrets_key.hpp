// The key that secrets in the database are sealed with: 32 random bytes in a file only we may read,
// beside the data or where the operator put it. Losing it loses the secrets, and nothing else.
#pragma once

#include <filesystem>
#include <string>

#include "base/ids.hpp"

namespace securecart::cli {

// Makes the file when it is not there. Throws std::runtime_error when it cannot be read or written,
// or holds something else.
std::string secrets_key(const std::filesystem::path& file, const Ids& ids);

}  // namespace securecart::cli
