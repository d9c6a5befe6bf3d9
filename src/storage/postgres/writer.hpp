// Commits waiting batches on PostgreSQL, a group at a time, and tells observers of every event,
// also of those that other processes commit.
//
//   io threads --submit--> [ bounded queue ] --> group --one round trip--> observers --> answers
//
// The life of a group:
//
//   applying --committed--------------------------------> telling --> answered
//      |  \--refused, keys known--> applying carefully --> looking up --^
//      |
//      \--connection lost, commit not confirmed--> settling --> applied: telling
//                                                      \--> barred: applying with new markers
//
// Everything but submit() and close() runs on the thread of the loop.
#pragma once

#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/prng.hpp"
#include "observe/metrics.hpp"
#include "storage/pending.hpp"
#include "storage/postgres/group.hpp"
#include "storage/postgres/loop.hpp"
#include "storage/postgres/primary.hpp"

namespace securecart::storage::postgres {

struct WriterOptions {
  std::vector<Endpoint> endpoints;
  std::string origin;
  std::string synchronous_commit;
  std::size_t group_commit;
  bool skip_dedupe = false;
};

// Batches that share a transaction. Lives until all of them are answered.
struct Group {
  std::vector<Member> members;
  std::string id;  // of the marker when it is sent plainly
  bool careful = false;
  bool unsettled = false;  // sent, and nobody knows whether it was applied
  SteadyTime deadline;
  SteadyTime not_before;  // a pause after a deadlock
  bool evict = false;     // somebody holds the lock for too long
  std::int64_t last_position = 0;
  std::int64_t told_before = 0;        // when it was sent
  std::vector<CommittedEvent> events;  // dense up to last_position; empty: to be read back
};

class Writer final : public Participant {
 public:
  // `tail` is the position of the last event: observers are told of those behind it.
  // Says in `primary`, which outlives it, where it is connected.
  Writer(WriterOptions options, std::int64_t tail, Primary& primary, Loop& loop, const Clock& clock,
         observe::Metrics& metrics);

  enum class Submitted { queued, answered };
  // Takes a batch. `answered`: its outcome is set already and nobody will be woken. The Pending
  // must live until it is answered.
  Submitted submit(Pending& pending);
  void on_commit(CommitObserver observer);
  // Position up to which observers were told.
  std::int64_t told() const { return told_.load(std::memory_order_acquire); }

  // Refuses what comes, commits what is queued, and returns. The loop must still run.
  void close();

  SteadyTime step(SteadyTime now) override;
  void watch(std::vector<pollfd>& sockets) override;
  void hear(std::span<const pollfd> sockets) override;

 private:
  enum class Phase { idle, applying, evicting, settling, looking_up, catching_up, pruning };
  void take_group(SteadyTime now);
  bool has_twins() const;
  void move_on(SteadyTime now);
  void pursue();
  void send(Phase phase, std::unique_ptr<Assembly> assembly);
  void send_group();
  void send_settling();
  void on_answer();
  void on_lost();
  void watch_session();

  void on_applied();
  void on_applied_plain(const Assembly& sent);
  void on_applied_carefully(const Assembly& sent);
  void commit_member(Member& member, std::int64_t first, bool collect);
  void conclude(Member& member, const Place& place, const Item& item);
  void on_group_failure(const Place& place, const Item& item);
  void again(const Item& item, const Place& place);
  void elsewhere(const std::string& why);
  void on_settled(const Assembly& sent);
  void settle_plain(std::int64_t tail);
  void on_lookup(const Assembly& sent);
  void on_evicted(const Assembly& sent);
  void take_key(Member& member, const Item& item);
  void finish_group();
  void fail_open_members(Failure::Kind kind, const std::string& message);
  void new_markers();

  void hear_of(std::vector<CommittedEvent> events);
  void step_notices();
  void expire_queue(SteadyTime now);
  void answer_now(Pending& pending, Outcome outcome);
  void record(const Member& member);
  Writing writing() const;
  std::string make_id();
  bool finished();

  const WriterOptions options_;
  const std::string instance_;  // random: names this writer among others
  const Clock& clock_;
  Primary& primary_;
  Loop& loop_;
  Connection connection_;
  Connection notices_;
  std::uint64_t session_ = 0;  // that was told of
  Guards guards_;

  std::mutex mutex_;  // of what follows
  std::deque<Pending*> queue_;
  bool closing_ = false;
  std::promise<void> closed_;
  bool closed_told_ = false;

  std::mutex observers_mutex_;
  std::vector<CommitObserver> observers_;
  std::atomic<std::int64_t> told_;

  Phase phase_ = Phase::idle;
  std::optional<Group> group_;
  std::unique_ptr<Assembly> sent_;
  bool broken_ = false;  // a failed transaction has to be rolled back first
  std::uint64_t ids_ = 0;
  std::size_t careful_groups_ = 0;  // to come, since refusals tend to come together
  SteadyTime next_pruning_;

  std::uint64_t listening_session_ = 0;
  std::unique_ptr<Assembly> reading_notices_;
  bool behind_ = false;  // there may be events of others to read

  observe::Counter& applied_;
  observe::Counter& refused_;
  observe::Counter& replayed_;
  observe::Counter& failed_;
  observe::Counter& turned_away_;
  observe::Counter& careful_;
  observe::Counter& retried_;
  observe::Counter& settled_;
  observe::Gauge& queue_length_;
  observe::Gauge& connected_;
  observe::Histogram& group_size_;
  observe::Histogram& queue_seconds_;
  observe::Histogram& commit_seconds_;
};

}  // namespace securecart::storage::postgres
