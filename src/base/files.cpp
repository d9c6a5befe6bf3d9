#include "base/files.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>

#include <fmt/format.h>

namespace securecart {

Result<std::string> read_file(const std::filesystem::path& path, std::size_t most_bytes) {
  std::FILE* const file = std::fopen(path.c_str(), "re");
  if (file == nullptr) {
    return fail(errc::not_found, fmt::format("{}: {}", path.string(), std::strerror(errno)));
  }
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> closing(file, std::fclose);
  std::string text;
  std::array<char, 64 * 1024> piece;
  while (const std::size_t size = std::fread(piece.data(), 1, piece.size(), file)) {
    text.append(piece.data(), size);
    if (text.size() > most_bytes) {
      return fail(errc::invalid_request,
                  fmt::format("{}: more than {} bytes", path.string(), most_bytes));
    }
  }
  if (std::ferror(file) != 0) {
    return fail(errc::not_found, fmt::format("{}: {}", path.string(), std::strerror(errno)));
  }
  return text;
}

std::string need_file(const std::filesystem::path& path) {
  Result<std::string> text = read_file(path);
  if (!text) {
    throw std::runtime_error("cannot read " + text.error().detail);
  }
  return std::move(*text);
}

std::string read_if_there(const std::filesystem::path& path) {
  return read_file(path).value_or(std::string());
}

}  // namespace securecart
