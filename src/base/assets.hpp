// Files embedded at build (SQL, templates, sample shop, web pages): cmake/Assets.cmake.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace securecart {

struct Asset {
  std::string_view path;  // relative to the source tree: sql/0001_shops.sql
  std::string_view bytes;
};

// All of them, sorted by path. Bytes live as long as the program.
std::vector<Asset> embedded_assets();
// One by path; asserts when it is not there (the build embeds what the code names).
std::string_view embedded_asset(std::string_view path);

}  // namespace securecart
