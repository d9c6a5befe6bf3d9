// A consumer: a name, the event types it wants, and a handler that says what an event leads to.
//
// Events arrive at least once; their effect happens exactly once, because the batch the handler
// returns is committed together with a row (consumer, origin, position) that only fits once:
//
//   queue --> lane of its subject --> handler --> Batch + guard row --commit--> ack
//                  |  ^                  |
//                  |  +---- backoff -----+  Retry, exception, refused batch
//                  +--> parked_events after limits::delivery_attempts, and the lane goes on
//
// Events of one subject are handled in order, those of different subjects up to `concurrency` at a
// time. The cursor follows the contiguous prefix that is settled; guard rows below it are pruned.
// What a handler does outside the database must bear being done again (a key derived from the
// event).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/executor.hpp"
#include "base/prng.hpp"
#include "events/broker.hpp"
#include "events/limits.hpp"
#include "events/log.hpp"
#include "events/signal.hpp"
#include "observe/metrics.hpp"
#include "storage/database.hpp"
#include "storage/limits.hpp"

namespace securecart::events {

// Not now; try again after a pause.
struct Retry {
  std::string reason;
  std::optional<Duration> after = std::nullopt;  // else full jitter
  bool counts = true;  // towards limits::delivery_attempts; false: wait as long as it takes
};

// Never by itself: a person must look.
struct Park {
  std::string reason;
};

// What became of an event. An empty Batch: there is nothing to do. When the batch is refused the
// handler runs again, to decide on what it now reads.
using ConsumerOutcome = std::variant<storage::Batch, Retry, Park>;

// Runs on the consumer's executor. The event lives until the task ends. An exception is a Retry.
using Handler = std::function<Task<ConsumerOutcome>(const Event&)>;

struct ConsumerOptions {
  std::string name;  // also of its queue; never changes once it is in use
  EventTypes types;
  std::size_t concurrency = 8;
  // Other processes read the same queue (shared_queue.hpp). What is settled is then told by the
  // database alone: every event leaves its guard row, also one that leads to nothing, and the
  // cursor is moved by whoever leads.
  bool shared = false;
};

struct ParkedEvent {
  Event event;
  std::string reason;
  std::int64_t attempts;
  Timestamp parked_at;
};

struct ReplayResult {
  std::size_t done = 0;
  std::size_t still_parked = 0;
};

// What consumers need of the process; all must outlive them.
struct ConsumerContext {
  storage::Database& database;
  Log& log;
  const Clock& clock;
  Random& random;  // of the consumer's executor: it is used on that thread only
  observe::Metrics& metrics;
};

class Consumer : public std::enable_shared_from_this<Consumer> {
 public:
  static std::shared_ptr<Consumer> make(ConsumerOptions options, Handler handler,
                                        ConsumerContext context);

  const std::string& name() const { return options_.name; }
  const EventTypes& types() const { return options_.types; }

  // Where the relay has to start: everything up to here is settled for good. Throws Unavailable.
  Task<std::int64_t> load_cursor();

  // Takes events on the calling executor until stop(); then lets running handlers end, gives the
  // rest back and saves the cursor.
  Task<void> run(std::unique_ptr<Subscription> subscription);
  // From any thread.
  void stop();

  // Everything at or below has been settled. Never goes back.
  std::int64_t settled() const;

  // The cursor as another part of the process found it. On the consumer's executor.
  void note_cursor(std::int64_t position);

  // Parked events, oldest first, at most limits::event_page. Throws Unavailable.
  Task<std::vector<ParkedEvent>> parked();
  // Runs the handler on parked events once more, oldest first, outside the order of their subjects.
  Task<ReplayResult> replay_parked();
  // The same for those somebody asked to replay (securecart events parked replay). What fails again
  // stays parked, with its newest reason. Throws Unavailable.
  Task<ReplayResult> replay_requested();

 private:
  struct Lane {
    std::deque<Delivery> waiting;  // the first is the one at work
    int failures = 0;              // of the first, those that count
    bool tried = false;            // the first, at least once
    SteadyTime since;              // when that was
  };
  // What is to happen with an event after an attempt.
  struct Verdict {
    bool settled = true;
    Retry retry = {};  // when it is not
  };

  Consumer(ConsumerOptions options, Handler handler, ConsumerContext context);

  void admit(Delivery delivery);
  void pump();
  Task<Verdict> attempt(EventPtr event, int failures, bool looked_up, int returned);
  Task<bool> is_done(const Event& event);
  bool let_go(const Lane& lane) const;
  bool doubtful(const Delivery& delivery) const;
  Task<bool> keep(std::shared_ptr<const Malformed> message);
  void conclude(const std::string& subject, const Verdict& verdict);
  void plan_retry(const std::string& subject, const Retry& retry, int failures);
  void make_ready(const std::string& subject);
  void note_settled();
  void plan_save();
  void start_saving();
  void end_of_work();

  Task<ConsumerOutcome> handle(const Event& event);
  Task<Verdict> settle(const Event& event, ConsumerOutcome outcome, int failures);
  Task<Verdict> commit(storage::Batch batch);
  Task<Verdict> park(const Event& event, std::string reason, int failures);
  Task<std::vector<ParkedEvent>> parked(bool requested);
  Task<ReplayResult> replay_all(bool requested);
  Task<bool> replay(const ParkedEvent& parked);
  Task<void> keep_parked(const ParkedEvent& parked, std::string reason);
  Task<void> save_cursor();
  bool stopping() const;

  const ConsumerOptions options_;
  const Handler handler_;
  const ConsumerContext context_;

  // On the consumer's executor only.
  std::unique_ptr<Subscription> subscription_;
  Executor* home_ = nullptr;
  std::set<std::int64_t> done_before_;           // settled in an earlier life, above the cursor
  std::unordered_map<std::string, Lane> lanes_;  // by subject
  std::deque<std::string> ready_;                // subjects whose first event may start
  std::size_t running_ = 0;
  bool pumping_ = false;
  std::int64_t saved_ = 0;
  bool saving_ = false;
  bool save_planned_ = false;

  mutable std::mutex mutex_;  // of what follows
  Signal idle_;               // running_ and saving_ may have come to an end
  bool stopping_ = false;
  Subscription* open_ = nullptr;  // what stop() closes
  mutable std::int64_t settled_ = 0;

  observe::Counter& delivered_;
  observe::Counter& retried_;
  observe::Counter& parked_;
  observe::Histogram& delay_seconds_;
};

}  // namespace securecart::events
