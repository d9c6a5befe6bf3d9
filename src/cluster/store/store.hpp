// Where hosts and controller leave word for each other: a small ordered map with revisions, guarded
// writes and leases. etcd (cluster/etcd) in a region, MemoryStore in tests and simulations; one
// contract for both (store_contract.hpp).
//
// Every write of the whole store has a revision of its own, counting up. An entry knows the
// revision that made it and the one that wrote it last, and a write can be made to depend on
// either:
//
//   Committed done = co_await store.commit({seat.fence()}, {put(key, value)});
//
// Calls that need an answer throw Unavailable when there is none in time (`outcome_unknown`: the
// write may have happened, or may still happen). Await them on the executor the store was made for.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/task.hpp"
#include "cluster/store/limits.hpp"

namespace securecart::cluster {

// Entries under a lease go when it is no longer kept alive. 0: none.
using LeaseId = std::int64_t;

struct Entry {
  std::string key;
  std::string value;
  std::int64_t created = 0;   // revision that made it
  std::int64_t modified = 0;  // revision that wrote it last
  LeaseId lease = 0;
  bool operator==(const Entry&) const = default;
};

// All entries below a prefix at one revision, sorted by key.
struct Snapshot {
  std::int64_t revision = 0;
  std::vector<Entry> entries;

  const Entry* find(std::string_view key) const;
};

// What must hold for a commit to happen. An absent key has created == modified == 0.
struct Condition {
  enum class Field : std::uint8_t { created, modified };
  std::string key;
  Field field = Field::modified;
  std::int64_t revision = 0;
};
Condition absent(std::string key);
Condition created_at(std::string key, std::int64_t revision);
Condition modified_at(std::string key, std::int64_t revision);

// Without a value the key is removed.
struct Write {
  std::string key;
  std::optional<std::string> value;
  LeaseId lease = 0;
};
Write put(std::string key, std::string value, LeaseId lease = 0);
Write remove(std::string key);

struct Committed {
  bool applied = false;       // false: a condition did not hold, and nothing was written
  std::int64_t revision = 0;  // of the writes when applied; else of the store, 0 if it is not said
};

struct Lease {
  LeaseId id = 0;
  Duration ttl{};  // as the store granted it; etcd counts whole seconds and rounds short ones up
};

class Store {
 public:
  virtual ~Store() = default;

  // Current: not older than any commit that was answered before.
  virtual Task<Snapshot> range(std::string prefix) = 0;
  // nullopt: there is no such key.
  virtual Task<std::optional<Entry>> get(std::string key) = 0;
  // All writes or none, in one revision. At most limits::store_writes of each; no key twice. A
  // lease that is not there (any more) makes it fail like a condition.
  virtual Task<Committed> commit(std::vector<Condition> conditions, std::vector<Write> writes) = 0;

  virtual Task<Lease> grant(Duration ttl) = 0;
  // Another `ttl` from now; false: it ended, and its entries are gone.
  virtual Task<bool> keep_alive(LeaseId lease) = 0;
  // Ends it, with its entries. Nothing happens when it is not there.
  virtual Task<void> revoke(LeaseId lease) = 0;

  // Follows what is below a prefix until the Watch is destroyed. `changed` gets each new state as a
  // whole, the first one as soon as it is known; states in between may be left out, and none comes
  // twice or out of order. While the store is away nothing is told, and the last state stands.
  class Watch {
   public:
    virtual ~Watch() = default;
    // When the last state told was last known to be the current one.
    virtual SteadyTime confirmed() const = 0;
  };
  using Changed = std::move_only_function<void(const Snapshot&)>;
  virtual std::unique_ptr<Watch> watch(std::string prefix, Changed changed) = 0;
};

}  // namespace securecart::cluster
