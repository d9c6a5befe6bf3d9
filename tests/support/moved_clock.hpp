// A wall clock that jumps, for programs under test: moved_clock.cpp is loaded into them and adds
// what this says to the time of day. Their monotonic clock goes on as ever, as a machine's does.
#pragma once

#include <atomic>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include "tests/support/places.hpp"

namespace securecart::test {

class MovedClock {
 public:
  // `file` is made here, and shared with the programs. Throws std::runtime_error.
  explicit MovedClock(std::filesystem::path file) : file_(std::move(file)) {
    const int opened = open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    void* mapped = MAP_FAILED;
    if (opened >= 0 && ftruncate(opened, sizeof(*seconds_)) == 0) {
      mapped = mmap(nullptr, sizeof(*seconds_), PROT_READ | PROT_WRITE, MAP_SHARED, opened, 0);
    }
    close(opened);
    if (mapped == MAP_FAILED) {
      throw std::runtime_error("cannot share " + file_.string());
    }
    seconds_ = static_cast<std::atomic<std::int64_t>*>(mapped);
  }
  ~MovedClock() { munmap(seconds_, sizeof(*seconds_)); }
  MovedClock(const MovedClock&) = delete;
  MovedClock& operator=(const MovedClock&) = delete;

  // What a command starts with, so that its clock is this one.
  std::vector<std::string> wrap() const {
    return {"env", "LD_PRELOAD=" + binary_dir() + "/libmoved_clock.so",
            "SECURECART_MOVED_CLOCK=" + file_.string()};
  }
  // From the true time on.
  void move(std::chrono::seconds by) { *seconds_ = by.count(); }

 private:
  std::filesystem::path file_;
  std::atomic<std::int64_t>* seconds_ = nullptr;
};

}  // namespace securecart::test
