#include "storage/sqlite/data_lock.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/file.h>
#include <unistd.h>

#include "storage/migrations.hpp"

namespace securecart::storage::sqlite {

namespace {

std::string holder_of(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t size = pread(descriptor, text.data(), text.size() - 1, 0);
  const std::string pid(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return pid.empty() ? "another process" : "process " + pid.substr(0, pid.find('\n'));
}

}  // namespace

DataLock::DataLock(const std::filesystem::path& file) {
  descriptor_ = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor_ < 0) {
    const std::string reason = std::strerror(errno);
    throw OpenError("cannot write in the data folder " + file.parent_path().string() + " (" +
                    reason + "): make it writable for this user, or choose another folder");
  }
  if (flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
    const std::string holder = holder_of(descriptor_);
    close(descriptor_);
    throw OpenError("the data folder " + file.parent_path().string() + " is in use by " + holder +
                    ": stop that SecureCart first, or choose another folder");
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  // Only for the message above: the lock holds without it, on a full disk too.
  if (ftruncate(descriptor_, 0) == 0) {
    [[maybe_unused]] const ssize_t written = pwrite(descriptor_, pid.data(), pid.size(), 0);
  }
}

DataLock::~DataLock() {
  close(descriptor_);
}

}  // namespace securecart::storage::sqlite
