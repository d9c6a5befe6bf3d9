// The one place where a new snapshot meets the threads that answer. Taking it costs them a glance
// at a number a batch; a lock only when it changed. What they let go of is freed by whoever
// publishes, since freeing a million records takes longer than a question may wait.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "traffic/dns/snapshot.hpp"

namespace securecart::traffic::dns {

class SnapshotBox {
 public:
  explicit SnapshotBox(std::shared_ptr<const Snapshot> first) : current_(std::move(first)) {}

  void publish(std::shared_ptr<const Snapshot> next) {
    const std::lock_guard lock(mutex_);
    old_.push_back(std::exchange(current_, std::move(next)));
    generation_.fetch_add(1, std::memory_order_release);
    free_unused();
  }
  // Frees what no thread holds any more.
  void collect() {
    const std::lock_guard lock(mutex_);
    free_unused();
  }
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  std::shared_ptr<const Snapshot> current() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }

 private:
  void free_unused() {
    std::erase_if(old_, [](const auto& one) { return one.use_count() == 1; });
  }

  mutable std::mutex mutex_;
  std::shared_ptr<const Snapshot> current_;
  std::vector<std::shared_ptr<const Snapshot>> old_;
  std::atomic<std::uint64_t> generation_ = 1;
};

}  // namespace securecart::traffic::dns
