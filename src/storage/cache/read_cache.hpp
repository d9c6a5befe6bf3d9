// Rows kept in memory for reads that happen on every request: keys, sessions, hosts, shop settings.
//
// The database stays the truth. Whoever fills an entry takes generation() *before* reading the
// database; an erase in between (a commit observer saw the row change) makes put() do nothing, so
// an old row can never settle in the cache behind the change that outdated it:
//
//   reader:  g = generation()   read row ................ put(key, row, g)  refused: g is old
//   writer:                         commit   erase(key)
//
// Safe from several threads; a hit takes a shared lock and copies a pointer. When it is full, the
// entry that came first goes.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace securecart::storage {

template <class Value>
class ReadCache {
 public:
  using Pointer = std::shared_ptr<const Value>;

  explicit ReadCache(std::size_t most_entries) : most_entries_(most_entries) {
    assert(most_entries > 0);
  }

  // Null when it is not there.
  Pointer find(std::string_view key) const {
    const std::shared_lock lock(mutex_);
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : found->second.value;
  }

  std::uint64_t generation() const {
    const std::shared_lock lock(mutex_);
    return generation_;
  }

  // Keeps `value` unless something was erased since `generation` was taken.
  void put(std::string_view key, Pointer value, std::uint64_t generation) {
    const std::unique_lock lock(mutex_);
    if (generation != generation_) {
      return;
    }
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
      found->second.value = std::move(value);
      return;
    }
    const std::uint64_t number = ++last_number_;
    entries_.emplace(std::string(key), Entry{std::move(value), number});
    order_.emplace_back(number, std::string(key));
    trim();
  }

  void erase(std::string_view key) {
    const std::unique_lock lock(mutex_);
    ++generation_;
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
      entries_.erase(found);
    }
    trim();
  }

  // Erases every entry of which `predicate(value)` is true. Walks all of them: for rare changes.
  template <class Predicate>
  void erase_if(Predicate predicate) {
    const std::unique_lock lock(mutex_);
    ++generation_;
    std::erase_if(entries_, [&](const auto& item) { return predicate(*item.second.value); });
    trim();
  }

  std::size_t size() const {
    const std::shared_lock lock(mutex_);
    return entries_.size();
  }

 private:
  struct Entry {
    Pointer value;
    std::uint64_t number;  // which place in order_ is its own
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  // order_ also holds places of entries that were erased; they fall out at its front or, once they
  // are the greater part, all together.
  void trim() {
    while (entries_.size() > most_entries_) {
      const auto found = entries_.find(order_.front().second);
      if (found != entries_.end() && found->second.number == order_.front().first) {
        entries_.erase(found);
      }
      order_.pop_front();
    }
    if (order_.size() > 2 * entries_.size() + 64) {
      std::erase_if(order_, [this](const auto& place) {
        const auto found = entries_.find(place.second);
        return found == entries_.end() || found->second.number != place.first;
      });
    }
  }

  const std::size_t most_entries_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries_;
  std::deque<std::pair<std::uint64_t, std::string>> order_;
  std::uint64_t last_number_ = 0;
  std::uint64_t generation_ = 0;
};

}  // namespace securecart::storage
