#include "base/assets.hpp"

#include <algorithm>
#include <cassert>

namespace securecart {

std::string_view embedded_asset(std::string_view path) {
  static const std::vector<Asset> assets = embedded_assets();
  const auto found = std::find_if(assets.begin(), assets.end(),
                                  [path](const Asset& asset) { return asset.path == path; });
  assert(found != assets.end() && "the build embeds every file the code names");
  return found->bytes;
}

}  // namespace securecart
