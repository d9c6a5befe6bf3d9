// Kills and starts again what it keeps, as often as it is told, on a thread of its own. Processes
// of tests die with the thread that started them (PR_SET_PDEATHSIG): this one lives as long as
// they.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace securecart::test {

class Keeper {
 public:
  // `restart` kills and starts, until what is kept answers; it throws when it does not come up.
  Keeper(std::string name, std::function<void()> restart)
      : name_(std::move(name)), restart_(std::move(restart)), thread_([this] { run(); }) {}
  ~Keeper() {
    {
      const std::scoped_lock lock(mutex_);
      ending_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  const std::string& name() const { return name_; }
  bool idle() const {
    const std::scoped_lock lock(mutex_);
    return !struck_;
  }
  // Returns at once: the index into restarts() that this one will have. Only when idle.
  std::size_t strike() {
    std::size_t restart = 0;
    {
      const std::scoped_lock lock(mutex_);
      struck_ = true;
      restart = restarts_.size();
    }
    wake_.notify_one();
    return restart;
  }
  // From each kill until it answered again, the first one first.
  std::vector<std::chrono::milliseconds> restarts() const {
    const std::scoped_lock lock(mutex_);
    return restarts_;
  }
  bool gave_up() const {
    const std::scoped_lock lock(mutex_);
    return gave_up_;
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return struck_ || ending_; });
      if (!struck_) {
        return;
      }
      lock.unlock();
      const auto began = std::chrono::steady_clock::now();
      const bool up = try_to_restart();
      const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
          std::chrono::steady_clock::now() - began);
      lock.lock();
      restarts_.push_back(took);
      gave_up_ = gave_up_ || !up;
      struck_ = false;
    }
  }

  // What does not come up is started again, as a supervisor does: others may be dead as well.
  bool try_to_restart() const {
    constexpr int attempts = 20;
    for (int attempt = 0; attempt < attempts; ++attempt) {
      try {
        restart_();
        return true;
      } catch (const std::exception& error) {
        std::printf("%s: %s\n", name_.c_str(), error.what());
      }
    }
    return false;
  }

  const std::string name_;
  const std::function<void()> restart_;
  mutable std::mutex mutex_;  // of what follows
  std::condition_variable wake_;
  bool struck_ = false;
  bool ending_ = false;
  bool gave_up_ = false;
  std::vector<std::chrono::milliseconds> restarts_;
  std::thread thread_;
};

}  // namespace securecart::test
