// A file system of its own with little room, in memory, for what happens when it is full. Mounting
// takes the rights of root, as the tests have them.
#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <pwd.h>
#include <stdexcept>
#include <string>
#include <sys/mount.h>
#include <unistd.h>

#include "tests/support/temp_dir.hpp"

namespace securecart::test {

class SmallVolume {
 public:
  explicit SmallVolume(std::size_t megabytes) {
    const std::string size = "size=" + std::to_string(megabytes) + "m";
    if (mount("small", path().c_str(), "tmpfs", 0, size.c_str()) != 0) {
      throw std::runtime_error(std::string("cannot mount a small volume: ") + strerror(errno));
    }
  }
  ~SmallVolume() { umount2(path().c_str(), MNT_DETACH); }
  SmallVolume(const SmallVolume&) = delete;
  SmallVolume& operator=(const SmallVolume&) = delete;

  const std::filesystem::path& path() const { return folder_.path(); }

  // An empty folder that belongs to `user`.
  std::filesystem::path folder_of(const char* user) const {
    std::filesystem::path folder = path() / user;
    std::filesystem::create_directory(folder);
    const passwd* entry = getpwnam(user);
    if (entry == nullptr || chown(folder.c_str(), entry->pw_uid, entry->pw_gid) != 0) {
      throw std::runtime_error("cannot give away " + folder.string());
    }
    return folder;
  }

  // Takes what room is left, and gives it back.
  void fill() const {
    const int file = open(ballast().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const std::array<char, 4096> page{};
    while (write(file, page.data(), page.size()) > 0) {
    }
    close(file);
  }
  void make_room() const { std::filesystem::remove(ballast()); }

 private:
  std::filesystem::path ballast() const { return path() / "ballast"; }

  TempDir folder_;
};

}  // namespace securecart::test
