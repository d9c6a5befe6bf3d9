#include "cli/secrets_key.hpp"

#include <fcntl.h>
#include <optional>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.hpp"
#include "base/files.hpp"
#include "base/text.hpp"

namespace securecart::cli {
namespace {

// Whole or not at all, and never over one that another process made meanwhile.
void make(const std::filesystem::path& file, const Ids& ids) {
  std::filesystem::create_directories(std::filesystem::absolute(file).parent_path());
  const std::string part = file.string() + "." + ids.make("part");
  const std::string text = ids.secret(sealing_key_bytes) + "\n";
  const int handle = ::open(part.c_str(), O_CREAT | O_WRONLY | O_EXCL | O_CLOEXEC, 0600);
  const bool written =
      handle >= 0 &&
      ::write(handle, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(handle) == 0;
  if (handle >= 0) {
    ::close(handle);
  }
  const bool placed = written && (::link(part.c_str(), file.c_str()) == 0 || errno == EEXIST);
  ::unlink(part.c_str());
  if (!placed) {
    throw std::runtime_error("cannot write " + file.string());
  }
}

}  // namespace

std::string secrets_key(const std::filesystem::path& file, const Ids& ids) {
  if (!std::filesystem::exists(file)) {
    make(file, ids);
  }
  const std::optional<std::string> key = from_base64url(trim(need_file(file)));
  if (!key || key->size() != sealing_key_bytes) {
    throw std::runtime_error(file.string() +
                             " is not a secrets key: 32 bytes in base64url are needed");
  }
  return *key;
}

}  // namespace securecart::cli
