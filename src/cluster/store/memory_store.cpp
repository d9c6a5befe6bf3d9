#include "cluster/store/memory_store.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "base/errors.hpp"
#include "cluster/store/limits.hpp"

namespace securecart::cluster {

class MemoryStore::MemoryWatch final : public Store::Watch {
 public:
  MemoryWatch(MemoryStore& store, std::string prefix, Changed changed)
      : store_(store), prefix_(std::move(prefix)), changed_(std::move(changed)) {
    store_.watches_.push_back(this);
    look();
  }
  ~MemoryWatch() override { std::erase(store_.watches_, this); }

  SteadyTime confirmed() const override {
    return store_.away_ ? confirmed_ : store_.clock_.steady();
  }

  void look() {
    if (store_.away_) {
      return;
    }
    confirmed_ = store_.clock_.steady();
    Snapshot now = store_.snapshot(prefix_);
    if (told_ && now.entries == last_) {
      return;
    }
    told_ = true;
    last_ = now.entries;
    changed_(now);
  }
  void freeze() { confirmed_ = store_.clock_.steady(); }

 private:
  MemoryStore& store_;
  const std::string prefix_;
  Changed changed_;
  bool told_ = false;
  std::vector<Entry> last_;
  SteadyTime confirmed_{};
};

Task<Snapshot> MemoryStore::range(std::string prefix) {
  arrive();
  co_return snapshot(prefix);
}

Task<std::optional<Entry>> MemoryStore::get(std::string key) {
  arrive();
  const auto found = entries_.find(key);
  co_return found == entries_.end() ? std::nullopt : std::optional(found->second);
}

Task<Committed> MemoryStore::commit(std::vector<Condition> conditions, std::vector<Write> writes) {
  arrive();
  assert(conditions.size() <= limits::store_writes && writes.size() <= limits::store_writes);
  const auto lease_gone = [this](const Write& write) {
    return write.lease != 0 && !leases_.contains(write.lease);
  };
  const bool good = std::ranges::all_of(conditions, [this](const auto& c) { return holds(c); }) &&
                    std::ranges::none_of(writes, lease_gone);
  if (!good) {
    co_return Committed{.applied = false, .revision = revision_};
  }
  ++revision_;
  for (const Write& write : writes) {
    apply(write);
  }
  const std::int64_t revision = revision_;
  tell_watches();
  co_return Committed{.applied = true, .revision = revision};
}

Task<Lease> MemoryStore::grant(Duration ttl) {
  arrive();
  leases_[++last_lease_] = {.ttl = ttl, .end = clock_.steady() + ttl};
  co_return Lease{.id = last_lease_, .ttl = ttl};
}

Task<bool> MemoryStore::keep_alive(LeaseId lease) {
  arrive();
  const auto found = leases_.find(lease);
  if (found == leases_.end()) {
    co_return false;
  }
  found->second.end = clock_.steady() + found->second.ttl;
  co_return true;
}

Task<void> MemoryStore::revoke(LeaseId lease) {
  arrive();
  if (const auto found = leases_.find(lease); found != leases_.end()) {
    found->second.end = clock_.steady();
    expire();
  }
  co_return;
}

std::unique_ptr<Store::Watch> MemoryStore::watch(std::string prefix, Changed changed) {
  return std::make_unique<MemoryWatch>(*this, std::move(prefix), std::move(changed));
}

void MemoryStore::set_away(bool away) {
  if (away && !away_) {
    for (MemoryWatch* watch : watches_) {
      watch->freeze();
    }
  }
  away_ = away;
  if (!away) {
    expire();
    tell_watches();
  }
}

void MemoryStore::expire() {
  const SteadyTime now = clock_.steady();
  bool changed = false;
  for (auto lease = leases_.begin(); lease != leases_.end();) {
    if (lease->second.end > now) {
      ++lease;
      continue;
    }
    const LeaseId id = lease->first;
    const auto gone = std::erase_if(entries_, [id](const auto& e) { return e.second.lease == id; });
    revision_ += gone > 0 ? 1 : 0;
    changed = changed || gone > 0;
    lease = leases_.erase(lease);
  }
  if (changed) {
    tell_watches();
  }
}

void MemoryStore::arrive() {
  expire();
  if (away_) {
    throw Unavailable("the store is away");
  }
}

bool MemoryStore::holds(const Condition& condition) const {
  const auto found = entries_.find(condition.key);
  if (found == entries_.end()) {
    return condition.revision == 0;
  }
  const Entry& entry = found->second;
  return condition.revision ==
         (condition.field == Condition::Field::created ? entry.created : entry.modified);
}

void MemoryStore::apply(const Write& write) {
  if (!write.value) {
    entries_.erase(write.key);
    return;
  }
  Entry& entry = entries_[write.key];
  entry.key = write.key;
  entry.value = *write.value;
  entry.created = entry.created == 0 ? revision_ : entry.created;
  entry.modified = revision_;
  entry.lease = write.lease;
}

Snapshot MemoryStore::snapshot(const std::string& prefix) const {
  Snapshot result{.revision = revision_, .entries = {}};
  for (auto entry = entries_.lower_bound(prefix);
       entry != entries_.end() && entry->first.starts_with(prefix); ++entry) {
    result.entries.push_back(entry->second);
  }
  return result;
}

void MemoryStore::tell_watches() {
  // Whoever is told may end watches, or begin some.
  const std::vector<MemoryWatch*> watches = watches_;
  for (MemoryWatch* watch : watches) {
    if (std::ranges::find(watches_, watch) != watches_.end()) {
      watch->look();
    }
  }
}

}  // namespace securecart::cluster
