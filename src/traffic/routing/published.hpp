// A value that one thread replaces now and then while many threads read it all the time.
//
// Each reading thread keeps the value it saw last. Reading costs one load of a counter; only the
// first read after a change takes a lock, for as long as it takes to copy a shared_ptr. The writer
// drops old values itself, so no reader ever pays for destroying one.
#pragma once

#include <array>
#include <atomic>
#include <cassert>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "traffic/model/limits.hpp"

namespace securecart::traffic::routing {

template <class T>
class Published {
 public:
  explicit Published(std::shared_ptr<const T> value)
      : slots_(limits::query_threads), value_(std::move(value)) {}

  // `thread` < limits::query_threads, used by one thread only. Valid until its next call.
  const T& read(std::uint32_t thread) const noexcept {
    assert(thread < limits::query_threads);
    Slot& slot = slots_[thread];
    const std::uint64_t now = generation_.load(std::memory_order_acquire);
    if (slot.generation != now) {
      const std::scoped_lock lock(mutex_);
      slot.value = value_;
      slot.generation = generation_.load(std::memory_order_relaxed);
    }
    return *slot.value;
  }

  // The current value, from any thread.
  std::shared_ptr<const T> get() const {
    const std::scoped_lock lock(mutex_);
    return value_;
  }

  void replace(std::shared_ptr<const T> value) {
    std::vector<std::shared_ptr<const T>> unused;
    const std::scoped_lock lock(mutex_);
    retired_.push_back(std::exchange(value_, std::move(value)));
    generation_.fetch_add(1, std::memory_order_release);
    // Nobody can take a retired value any more: one that only we hold stays so.
    std::erase_if(retired_, [&unused](std::shared_ptr<const T>& old) {
      const bool free = old.use_count() == 1;
      if (free) {
        unused.push_back(std::move(old));
      }
      return free;
    });
  }

 private:
  struct alignas(64) Slot {
    std::uint64_t generation = 0;
    std::shared_ptr<const T> value;
  };
  mutable std::vector<Slot> slots_;
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;                 // guarded by mutex_
  std::vector<std::shared_ptr<const T>> retired_;  // guarded by mutex_
  std::atomic<std::uint64_t> generation_ = 1;
};

}  // namespace securecart::traffic::routing
