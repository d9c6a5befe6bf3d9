// Small files that only their owner may read: keys, tokens.
#pragma once

#include <filesystem>
#include <string>

#include "identity/limits.hpp"

namespace securecart::identity {

// At most limits::identity_bytes. Refuses what group or others may read. Throws std::runtime_error.
std::string read_private(const std::filesystem::path& file);
// Mode 0600, written beside the file, made durable and renamed: a reader sees the old one or the
// new one, whole. Throws std::runtime_error.
void write_private(const std::filesystem::path& file, const std::string& text);

}  // namespace securecart::identity
