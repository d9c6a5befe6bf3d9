// What a group of batches looks like on the wire, and what the answers mean. No sockets here.
//
// Plain: nothing is expected to be refused, one refusal spoils the whole transaction.
//
//   BEGIN | lock | marker | new events of others | batch 1 … batch n | events | COMMIT  sync
//
// Careful: each batch in a savepoint, so that a refusal spoils nothing but itself. A pipeline
// cannot branch on an error, but rolling back to a fresh savepoint does nothing, so it is always
// done:
//
//   BEGIN | lock | new events of others | SAVEPOINT                          sync
//   ROLLBACK TO | marker | batch k | its events | RELEASE | SAVEPOINT        sync   (each batch)
//   ROLLBACK TO | COMMIT                                                     sync
//
// The lock makes writers of all processes take turns (docs/adr/0008-postgres-writer.md). A marker
// is a row with a random id: a transaction whose answer was lost is found by it, or barred by it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "storage/pending.hpp"
#include "storage/postgres/connection.hpp"

namespace securecart::storage::postgres {

// Says which statement of a flight an item is.
struct Place {
  enum class Part { frame, lock, marker, others, key, statement, events, savepoint, commit };
  Part part;
  std::size_t member = 0;     // index into the group, of marker (careful), key, statement, events
  std::size_t statement = 0;  // index into the batch
};

// What a SQLSTATE asks for.
enum class Remedy {
  refuse,     // the statement is at fault
  again,      // the same once more: deadlock, lock timeout, stale plan
  elsewhere,  // this session is of no use any more
  give_up,    // the server cannot do it now: disk full, statement too slow
};
Remedy remedy_for(std::string_view sqlstate);
inline constexpr std::string_view code_unique = "23505";

struct Member {
  Pending* pending;
  std::string id;  // of its marker, when it is sent carefully
  // open: to be applied; known: its key is there, the answer has to be looked up
  enum class State { open, known, done };
  State state = State::open;
  std::int64_t last_position = 0;
};

// A flight with everything its items point to.
struct Assembly {
  Flight flight;
  std::vector<Place> places;  // of the items
  std::deque<Values> values;

  void add(Place place, std::string_view sql, const Values* parameters = nullptr);
  void add_own(Place place, std::string_view sql, Values parameters);
  void end_segment() { flight.items.back().sync = true; }
  // Before anything else, the transaction that failed in an earlier flight is rolled back.
  void roll_back_first();
};

// Statements with an expected number of rows, as texts that fail when it is another:
//   WITH changed AS (UPDATE … RETURNING 1) SELECT … FROM changed
class Guards {
 public:
  // The result lives as long as this object.
  std::string_view text(std::string_view sql, std::int64_t expected);

 private:
  std::unordered_map<std::string_view, std::map<std::int64_t, std::string>> by_text_;
  std::deque<std::string> texts_;
};

struct Writing {
  std::string origin;
  std::string instance;            // names this writer in notices
  std::string synchronous_commit;  // that the session must have
  std::int64_t now_millis = 0;
  std::int64_t told = 0;  // events up to here are known to this process
  bool skip_dedupe = false;
};

std::unique_ptr<Assembly> assemble_plain(const std::vector<Member>& members, const std::string& id,
                                         const Writing& writing, Guards& guards);
std::unique_ptr<Assembly> assemble_careful(const std::vector<Member>& members,
                                           const Writing& writing, Guards& guards);
// Finds out, for each id, whether it was applied, and bars it for ever when it was not: the tails
// come back in the rows of the marker items, `barred` for those not applied.
std::unique_ptr<Assembly> assemble_settling(const std::vector<std::string>& ids,
                                            const Writing& writing);
inline constexpr std::int64_t barred = -1;
// Looks up the keys of the members whose key is known.
std::unique_ptr<Assembly> assemble_lookup(const std::vector<Member>& members);
// Events after `told`.
std::unique_ptr<Assembly> assemble_others(const Writing& writing);
// Ends a connection whose client holds the lock and has fallen silent.
std::unique_ptr<Assembly> assemble_eviction(const Writing& writing);
std::unique_ptr<Assembly> assemble_pruning(const Writing& writing);

// The advisory lock that writers of an origin take: those of one take turns, those of two never
// meet.
std::int64_t lock_number(const std::string& origin);

// A batch that cannot be sent at all; empty when it can.
std::string defect_of(const Batch& batch);

// Why one statement of a batch failed, for its caller. `item` failed and is to be refused.
Outcome outcome_of(const Batch& batch, const Place& place, const Item& item);

std::vector<CommittedEvent> events_of(const Rows& rows, const std::string& origin);

}  // namespace securecart::storage::postgres
