#include "cli/dns_state.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "base/crypto.hpp"
#include "base/files.hpp"

namespace securecart::cli {
namespace {

constexpr std::size_t digest_size = 64;

void write_all(const std::filesystem::path& path, const std::string& bytes) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  bool good = file >= 0;
  std::size_t done = 0;
  while (good && done < bytes.size()) {
    const ssize_t n = write(file, bytes.data() + done, bytes.size() - done);
    good = n > 0;
    done += good ? static_cast<std::size_t>(n) : 0;
  }
  good = good && fsync(file) == 0;
  if (file >= 0) {
    close(file);
  }
  if (!good) {
    throw std::runtime_error("cannot write " + path.string());
  }
}

}  // namespace

void write_checked_file(const std::filesystem::path& path, const json::value& value) {
  const std::string body = to_string(value);
  const std::filesystem::path beside = path.string() + ".new";
  write_all(beside, sha256_hex(body) + "\n" + body + "\n");
  std::filesystem::rename(beside, path);
}

std::optional<json::value> read_checked_file(const std::filesystem::path& path,
                                             std::size_t bytes_most) {
  const std::string bytes = read_file(path, bytes_most).value_or(std::string());
  if (bytes.size() < digest_size + 2) {
    return std::nullopt;
  }
  const std::string body = bytes.substr(digest_size + 1, bytes.size() - digest_size - 2);
  if (sha256_hex(body) != bytes.substr(0, digest_size)) {
    return std::nullopt;
  }
  Result<json::value> value = parse_json(body);
  return value ? std::optional(std::move(*value)) : std::nullopt;
}

}  // namespace securecart::cli
