// How a test waits for threads, processes and engines.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace securecart::test {

// Asks again and again until it is so. False when it still is not after `patience`, which is there
// for machines that are busy: it costs nothing where things go well.
inline bool eventually(const std::function<bool()>& is_so,
                       std::chrono::nanoseconds patience = std::chrono::minutes(1)) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

}  // namespace securecart::test
