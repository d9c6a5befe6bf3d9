#include "identity/private_file.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

#include "identity/limits.hpp"

namespace securecart::identity {

namespace {

// Closes the file it holds.
class Handle {
 public:
  explicit Handle(int number) : number_(number) {}
  ~Handle() {
    if (number_ >= 0) {
      ::close(number_);
    }
  }
  Handle(const Handle&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
  throw std::runtime_error(file.string() + ": " + why);
}

}  // namespace

std::string read_private(const std::filesystem::path& file) {
  const Handle handle(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat found{};
  if (handle.number() < 0 || ::fstat(handle.number(), &found) != 0) {
    refuse(file, std::strerror(errno));
  }
  if ((found.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    refuse(file, "others may read it; it holds a secret: chmod 600");
  }
  std::string text(limits::identity_bytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t n = ::read(handle.number(), text.data() + size, text.size() - size);
    if (n < 0) {
      refuse(file, std::strerror(errno));
    }
    if (n == 0) {
      break;
    }
    size += static_cast<std::size_t>(n);
  }
  if (size > limits::identity_bytes) {
    refuse(file, "larger than any identity");
  }
  text.resize(size);
  return text;
}

void write_private(const std::filesystem::path& file, const std::string& text) {
  const std::filesystem::path part = file.string() + ".part";
  {
    const Handle handle(::open(part.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600));
    const bool written =
        handle.number() >= 0 && ::fchmod(handle.number(), 0600) == 0 &&
        ::write(handle.number(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(handle.number()) == 0;
    if (!written) {
      refuse(part, std::strerror(errno));
    }
  }
  std::filesystem::rename(part, file);
}

}  // namespace securecart::identity
