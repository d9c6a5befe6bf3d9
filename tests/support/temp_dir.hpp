// A folder that is gone with its test.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <stdlib.h>
#include <string>
#include <unistd.h>

namespace securecart::test {

class TempDir {
 public:
  explicit TempDir(const std::filesystem::path& in = std::filesystem::temp_directory_path()) {
    std::string name = (in / "securecart-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
      throw std::runtime_error("cannot make a temporary folder");
    }
    path_ = name;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A folder in memory, where there is room for `bytes`; else the temporary one. For engines that are
// killed as processes: nothing of theirs has to outlive the machine, and a sync costs nothing.
inline std::filesystem::path folder_in_memory(std::uintmax_t bytes) {
  const std::filesystem::path memory = "/dev/shm";
  std::error_code missing;
  const std::filesystem::space_info space = std::filesystem::space(memory, missing);
  return !missing && space.available >= bytes && access(memory.c_str(), W_OK) == 0
             ? memory
             : std::filesystem::temp_directory_path();
}

}  // namespace securecart::test
