#include "events/consumer.hpp"

#include <algorithm>
#include <cassert>
#include <stdexcept>
#include <utility>

#include "base/crypto.hpp"
#include "base/log.hpp"
#include "events/consumer_rows.hpp"
#include "events/limits.hpp"
#include "resilience/backoff.hpp"
#include "storage/limits.hpp"

namespace securecart::events {

namespace {

using storage::Batch;
using storage::Rows;

constexpr resilience::Backoff pauses{.first = limits::delivery_retry_first,
                                     .most = limits::delivery_retry_most};

// The guard did not fit: the event has been settled before.
constexpr ErrorKind already_done{"already_done", 409, "The event has been handled before."};
// Another replay of the parked event was faster.
constexpr ErrorKind not_parked{"not_parked", 409, "The event is not parked any more."};

constexpr std::string_view sql_cursor =
    "SELECT position FROM consumer_cursors WHERE consumer = $1 AND origin = $2";
constexpr std::string_view sql_done_before =
    "SELECT position FROM consumer_effects WHERE consumer = $1 AND origin = $2 AND position > $3";
// Fits once, and not at all below the cursor, where the rows that would refuse it have been pruned.
constexpr std::string_view sql_guard =
    "INSERT INTO consumer_effects (consumer, origin, position) "
    "SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS BIGINT) WHERE NOT EXISTS "
    "(SELECT 1 FROM consumer_cursors WHERE consumer = $1 AND origin = $2 AND position >= $3)";
constexpr std::string_view sql_park =
    "INSERT INTO parked_events (consumer, origin, position, reason, attempts, parked_at) "
    "VALUES ($1, $2, $3, $4, $5, $6)";
constexpr std::string_view sql_unpark =
    "DELETE FROM parked_events WHERE consumer = $1 AND origin = $2 AND position = $3";
// $4: 1 for those to replay alone.
constexpr std::string_view sql_parked =
    "SELECT p.position, e.shop_id, e.type, e.subject, e.payload, e.at, e.trace, p.reason, "
    "p.attempts, p.parked_at FROM parked_events p JOIN event_log e "
    "ON e.origin = p.origin AND e.position = p.position "
    "WHERE p.consumer = $1 AND p.origin = $2 AND p.replay >= $4 ORDER BY p.position LIMIT $3";
constexpr std::string_view sql_keep_parked =
    "UPDATE parked_events SET replay = 0, reason = $4, attempts = attempts + 1 "
    "WHERE consumer = $1 AND origin = $2 AND position = $3";
constexpr std::string_view sql_is_done =
    "SELECT 1 FROM consumer_effects WHERE consumer = $1 AND origin = $2 AND position = $3 "
    "UNION ALL "
    "SELECT 1 FROM consumer_cursors WHERE consumer = $1 AND origin = $2 AND position >= $3";
constexpr std::string_view sql_keep_message =
    "INSERT INTO parked_messages (id, consumer, reason, body, parked_at) "
    "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING";

bool is_empty(const Batch& batch) {
  return batch.statements.empty() && batch.events.empty() && !batch.key;
}

observe::Counter& events_counter(observe::Metrics& metrics, const char* name, const char* help,
                                 const std::string& consumer) {
  return metrics.counter(name, help, {{"consumer", consumer}});
}

}  // namespace

std::shared_ptr<Consumer> Consumer::make(ConsumerOptions options, Handler handler,
                                         ConsumerContext context) {
  std::shared_ptr<Consumer> consumer(new Consumer(std::move(options), std::move(handler), context));
  const std::weak_ptr<Consumer> weak = consumer;
  Log* log = &context.log;
  context.metrics.gauge_from("securecart_consumer_lag_events",
                             "Events between the tail of the log and what the consumer settled.",
                             {{"consumer", consumer->name()}}, [weak, log] {
                               const std::shared_ptr<Consumer> alive = weak.lock();
                               return alive ? static_cast<double>(log->tail() - alive->settled())
                                            : 0.0;
                             });
  return consumer;
}

Consumer::Consumer(ConsumerOptions options, Handler handler, ConsumerContext context)
    : options_(std::move(options)),
      handler_(std::move(handler)),
      context_(context),
      delivered_(events_counter(context.metrics, "securecart_consumer_delivered_total",
                                "Events settled by their handler.", options_.name)),
      retried_(events_counter(context.metrics, "securecart_consumer_retried_total",
                              "Attempts that have to be made again.", options_.name)),
      parked_(events_counter(context.metrics, "securecart_consumer_parked_total",
                             "Events given up on until a person looks.", options_.name)),
      delay_seconds_(context.metrics.histogram("securecart_consumer_delay_seconds",
                                               "From an event's commit to its first handling.",
                                               {{"consumer", options_.name}})) {
  assert(options_.concurrency > 0);
}

// Life --------------------------------------------------------------------------------------------

Task<std::int64_t> Consumer::load_cursor() {
  storage::Query cursor{sql_cursor, {options_.name, context_.log.origin()}};
  Task<Rows> reading_cursor = context_.database.read(std::move(cursor));
  const Rows cursors = co_await reading_cursor;
  const std::int64_t position = cursors.empty() ? 0 : cursors[0].integer(0);
  storage::Query done{sql_done_before, {options_.name, context_.log.origin(), position}};
  Task<Rows> reading_done = context_.database.read(std::move(done));
  const Rows rows = co_await reading_done;
  done_before_.clear();
  for (const storage::Row row : rows) {
    done_before_.insert(row.integer(0));
  }
  saved_ = position;
  const std::scoped_lock lock(mutex_);
  settled_ = position;
  co_return position;
}

Task<void> Consumer::run(std::unique_ptr<Subscription> subscription) {
  const std::shared_ptr<Consumer> self = shared_from_this();
  home_ = &Executor::current();
  subscription_ = std::move(subscription);
  {
    const std::scoped_lock lock(mutex_);
    open_ = subscription_.get();
    if (stopping_) {
      open_->close();
    }
  }
  while (true) {
    Task<Delivery> taking = subscription_->next();
    Delivery delivery = co_await taking;
    if (delivery.malformed) {
      Task<bool> keeping = keep(delivery.malformed);
      if (co_await keeping) {
        subscription_->ack(delivery.tag);
      }
      continue;
    }
    if (delivery.event == nullptr) {
      break;
    }
    admit(std::move(delivery));
  }
  std::unique_lock lock(mutex_);
  stopping_ = true;
  while (running_ > 0 || saving_) {
    Signal::Wait waiting = idle_.wait(lock);
    co_await waiting;
  }
  open_ = nullptr;
  lock.unlock();
  lanes_.clear();
  ready_.clear();
  if (!options_.shared) {
    Task<void> saving = save_cursor();
    co_await saving;
  }
  subscription_.reset();
}

void Consumer::stop() {
  const std::scoped_lock lock(mutex_);
  stopping_ = true;
  if (open_ != nullptr) {
    open_->close();
  }
}

std::int64_t Consumer::settled() const {
  const std::scoped_lock lock(mutex_);
  if (open_ != nullptr) {
    settled_ = std::max(settled_, open_->settled());
  }
  return settled_;
}

bool Consumer::stopping() const {
  const std::scoped_lock lock(mutex_);
  return stopping_;
}

void Consumer::end_of_work() {
  const std::scoped_lock lock(mutex_);
  idle_.notify_all();
}

// Lanes -------------------------------------------------------------------------------------------

void Consumer::admit(Delivery delivery) {
  if (done_before_.erase(delivery.event->position) > 0) {
    subscription_->ack(delivery.tag);
    note_settled();
    return;
  }
  const std::string subject = delivery.event->subject;
  Lane& lane = lanes_[subject];
  lane.waiting.push_back(std::move(delivery));
  if (lane.waiting.size() == 1) {
    make_ready(subject);
  }
}

void Consumer::make_ready(const std::string& subject) {
  ready_.push_back(subject);
  pump();
}

void Consumer::pump() {
  if (std::exchange(pumping_, true)) {
    return;  // the loop below us goes on: no recursion when handlers end at once
  }
  while (!ready_.empty() && running_ < options_.concurrency && !stopping()) {
    const std::string subject = std::move(ready_.front());
    ready_.pop_front();
    Lane& lane = lanes_.at(subject);
    const Delivery& first = lane.waiting.front();
    const bool again = std::exchange(lane.tried, true);
    if (!again) {
      lane.since = context_.clock.steady();
    }
    ++running_;
    start(attempt(first.event, lane.failures, again || !doubtful(first), first.returned),
          [self = shared_from_this(), subject](std::variant<Verdict, std::exception_ptr> outcome) {
            const Verdict* verdict = std::get_if<Verdict>(&outcome);
            self->conclude(subject,
                           verdict != nullptr ? *verdict : Verdict{false, {"unknown exception"}});
          });
  }
  pumping_ = false;
}

void Consumer::conclude(const std::string& subject, const Verdict& verdict) {
  --running_;
  Lane& lane = lanes_.at(subject);
  if (verdict.settled || let_go(lane)) {
    subscription_->ack(lane.waiting.front().tag);
    lane.waiting.pop_front();
    lane.failures = 0;
    lane.tried = false;
    if (lane.waiting.empty()) {
      lanes_.erase(subject);
    } else {
      ready_.push_back(subject);
    }
    note_settled();
  } else {
    retried_.add();
    lane.failures += verdict.retry.counts ? 1 : 0;
    plan_retry(subject, verdict.retry, std::max(lane.failures, 1));
  }
  pump();
  end_of_work();
}

// An event of a shared queue that has been tried for long goes back to the log, where the sweep
// finds it: it would hold a place of the prefetch, and count as returned with every restart.
bool Consumer::let_go(const Lane& lane) const {
  return options_.shared && context_.clock.steady() - lane.since >= Duration(limits::broker_hold);
}

// Whether it may have been settled already: it came before, or it comes late, as from a queue that
// was filled anew.
bool Consumer::doubtful(const Delivery& delivery) const {
  return options_.shared && (delivery.redelivered ||
                             context_.clock.now() - delivery.event->at >= limits::recheck_after);
}

// The lane waits without holding one of the places that `concurrency` counts.
void Consumer::plan_retry(const std::string& subject, const Retry& retry, int failures) {
  // Two that settle the same thing meet often, and the second try finds it settled.
  const log::Level level = failures > 1 ? log::Level::warn : log::Level::debug;
  log::write(level, "consumer_retries",
             {{"consumer", options_.name},
              {"subject", subject},
              {"failures", failures},
              {"reason", retry.reason}});
  const Duration pause = retry.after.value_or(pauses.wait(failures - 1, context_.random));
  home_->post_after(pause, [self = shared_from_this(), subject] {
    if (!self->stopping()) {
      self->make_ready(subject);
    }
  });
}

// Handling ----------------------------------------------------------------------------------------

Task<Consumer::Verdict> Consumer::attempt(EventPtr event, int failures, bool looked_up,
                                          int returned) {
  const log::TraceScope trace(event->trace);
  if (!looked_up) {
    Task<bool> looking = is_done(*event);
    if (co_await looking) {
      co_return Verdict{};
    }
  }
  if (returned >= limits::broker_returns) {
    // Whoever took it ended before it could say anything: it may be the event that ends them.
    Task<Verdict> parking = park(*event, "it was taken and given back too often", returned);
    co_return co_await parking;
  }
  if (failures == 0) {
    delay_seconds_.observe(std::chrono::duration<double>(context_.clock.now() - event->at).count());
  }
  Task<ConsumerOutcome> handling = handle(*event);
  ConsumerOutcome outcome = co_await handling;
  Task<Verdict> settling = settle(*event, std::move(outcome), failures);
  co_return co_await settling;
}

// A database that is away answers no: the guard row decides in the end.
Task<bool> Consumer::is_done(const Event& event) {
  try {
    storage::Query query{sql_is_done, {options_.name, event.origin, event.position}};
    Task<Rows> reading = context_.database.read(std::move(query));
    const Rows rows = co_await reading;
    co_return !rows.empty();
  } catch (const Unavailable&) {
    co_return false;
  }
}

// Stored for a person, as long as it takes. False: this consumer ends.
Task<bool> Consumer::keep(std::shared_ptr<const Malformed> message) {
  const std::string body = base64url(message->body);
  const std::string id = sha256_hex(options_.name + ":" + body).substr(0, 32);
  log::error("message_parked", {{"consumer", options_.name}, {"reason", message->reason}});
  for (int tries = 0; !stopping(); ++tries) {
    Batch batch;
    batch.add(sql_keep_message,
              {id, options_.name, message->reason, body, to_millis(context_.clock.now())});
    Task<Verdict> committing = commit(std::move(batch));
    const Verdict verdict = co_await committing;
    if (verdict.settled) {
      parked_.add();
      co_return true;
    }
    Task<void> pausing = sleep_for(pauses.wait(tries, context_.random));
    co_await pausing;
  }
  co_return false;
}

Task<ConsumerOutcome> Consumer::handle(const Event& event) {
  try {
    Task<ConsumerOutcome> handling = handler_(event);
    co_return co_await handling;
  } catch (const std::exception& error) {
    Retry again{error.what()};
    co_return again;
  }
}

Task<Consumer::Verdict> Consumer::settle(const Event& event, ConsumerOutcome outcome,
                                         int failures) {
  Verdict verdict;
  std::string park_reason;
  if (auto* batch = std::get_if<Batch>(&outcome)) {
    if (options_.shared || !is_empty(*batch)) {
      storage::Statement guard;
      guard.sql = sql_guard;
      guard.parameters = {options_.name, event.origin, event.position};
      guard.expect(1, already_done);
      batch->statements.insert(batch->statements.begin(), std::move(guard));
      if (batch->trace.empty()) {
        batch->trace = event.trace;
      }
      Task<Verdict> committing = commit(std::move(*batch));
      verdict = co_await committing;
    }
  } else if (const auto* retry = std::get_if<Retry>(&outcome)) {
    verdict = {false, *retry};
  } else {
    park_reason = std::get<Park>(outcome).reason;
  }
  if (!verdict.settled && verdict.retry.counts && failures + 1 >= limits::delivery_attempts) {
    park_reason = verdict.retry.reason.empty() ? "no reason given" : verdict.retry.reason;
  }
  if (!park_reason.empty() || std::holds_alternative<Park>(outcome)) {
    Task<Verdict> parking = park(event, std::move(park_reason), failures + 1);
    co_return co_await parking;
  }
  if (verdict.settled) {
    delivered_.add();
  }
  co_return verdict;
}

Task<Consumer::Verdict> Consumer::commit(Batch batch) {
  Verdict verdict;
  try {
    Task<storage::Commit> committing = context_.database.commit(std::move(batch));
    const storage::Commit outcome = co_await committing;
    if (const auto* refused = std::get_if<storage::Refused>(&outcome)) {
      verdict.settled = refused->kind == &already_done || refused->kind == &not_parked;
      verdict.retry.reason = "its batch was refused: " + std::string(refused->kind->code);
    } else if (std::holds_alternative<storage::KeyReused>(outcome)) {
      verdict = {false, {"its key is known with another fingerprint"}};
    }
  } catch (const Unavailable& error) {
    // Our own database is away: that is not the event's fault, so it does not count.
    verdict = {false, {error.what(), std::nullopt, false}};
  } catch (const std::logic_error& error) {
    verdict = {false, {error.what()}};
  }
  co_return verdict;
}

Task<Consumer::Verdict> Consumer::park(const Event& event, std::string reason, int failures) {
  reason.resize(std::min(reason.size(), limits::park_reason_bytes));
  Batch batch;
  batch.add(sql_guard, {options_.name, event.origin, event.position}).expect(1, already_done);
  batch.add(sql_park, {options_.name, event.origin, event.position, reason, std::int64_t{failures},
                       to_millis(context_.clock.now())});
  Task<Verdict> committing = commit(std::move(batch));
  Verdict verdict = co_await committing;
  if (verdict.settled) {
    parked_.add();
    log::error("event_parked", {{"consumer", options_.name},
                                {"position", event.position},
                                {"type", event.type},
                                {"subject", event.subject},
                                {"reason", reason}});
  }
  verdict.retry.counts = false;  // parking itself is tried as long as it takes
  co_return verdict;
}

// Cursor ------------------------------------------------------------------------------------------

void Consumer::note_cursor(std::int64_t position) {
  const std::scoped_lock lock(mutex_);
  settled_ = std::max(settled_, position);
}

void Consumer::note_settled() {
  if (options_.shared) {
    return;
  }
  if (settled() - saved_ >= limits::cursor_stride) {
    start_saving();
  } else {
    plan_save();
  }
}

void Consumer::plan_save() {
  if (std::exchange(save_planned_, true)) {
    return;
  }
  home_->post_after(limits::cursor_pause, [self = shared_from_this()] {
    self->save_planned_ = false;
    if (!self->stopping()) {
      self->start_saving();
    }
  });
}

void Consumer::start_saving() {
  if (saving_ || settled() <= saved_) {
    return;
  }
  saving_ = true;
  start(save_cursor(), [self = shared_from_this()](std::exception_ptr) {
    self->saving_ = false;
    self->end_of_work();
  });
}

// A cursor that stays behind costs some work after a restart, nothing else: errors are not passed
// on.
Task<void> Consumer::save_cursor() {
  const std::int64_t position = settled();
  if (position <= saved_) {
    co_return;
  }
  Batch batch = cursor_batch(options_.name, context_.log.origin(), position);
  Task<Verdict> committing = commit(std::move(batch));
  const Verdict verdict = co_await committing;
  if (verdict.settled) {
    saved_ = position;
  }
}

// Parked ------------------------------------------------------------------------------------------

Task<std::vector<ParkedEvent>> Consumer::parked() {
  return parked(false);
}

Task<std::vector<ParkedEvent>> Consumer::parked(bool requested) {
  storage::Query query{sql_parked,
                       {options_.name, context_.log.origin(),
                        static_cast<std::int64_t>(limits::event_page), requested ? 1 : 0}};
  Task<Rows> reading = context_.database.read(std::move(query));
  const Rows rows = co_await reading;
  std::vector<ParkedEvent> events;
  for (const storage::Row row : rows) {
    events.push_back({{context_.log.origin(), row.integer(0), row.text(1), row.text(2), row.text(3),
                       row.text(4), from_millis(row.integer(5)), row.text(6)},
                      row.text(7),
                      row.integer(8),
                      from_millis(row.integer(9))});
  }
  co_return events;
}

Task<ReplayResult> Consumer::replay_parked() {
  return replay_all(false);
}

Task<ReplayResult> Consumer::replay_requested() {
  return replay_all(true);
}

Task<ReplayResult> Consumer::replay_all(bool requested) {
  const std::shared_ptr<Consumer> self = shared_from_this();
  Task<std::vector<ParkedEvent>> reading = parked(requested);
  const std::vector<ParkedEvent> events = co_await reading;
  ReplayResult result;
  for (const ParkedEvent& event : events) {
    Task<bool> replaying = replay(event);
    const bool done = co_await replaying;
    ++(done ? result.done : result.still_parked);
  }
  co_return result;
}

// The parked row is the guard here: the cursor is beyond the event already.
Task<bool> Consumer::replay(const ParkedEvent& parked) {
  Task<ConsumerOutcome> handling = handle(parked.event);
  ConsumerOutcome outcome = co_await handling;
  auto* batch = std::get_if<Batch>(&outcome);
  if (batch == nullptr) {
    const auto* retry = std::get_if<Retry>(&outcome);
    Task<void> keeping =
        keep_parked(parked, retry != nullptr ? retry->reason : std::get<Park>(outcome).reason);
    co_await keeping;
    co_return false;
  }
  storage::Statement guard;
  guard.sql = sql_unpark;
  guard.parameters = {options_.name, parked.event.origin, parked.event.position};
  guard.expect(1, not_parked);
  batch->statements.insert(batch->statements.begin(), std::move(guard));
  Task<Verdict> committing = commit(std::move(*batch));
  Verdict verdict = co_await committing;
  if (!verdict.settled) {
    Task<void> keeping = keep_parked(parked, std::move(verdict.retry.reason));
    co_await keeping;
  }
  co_return verdict.settled;
}

Task<void> Consumer::keep_parked(const ParkedEvent& parked, std::string reason) {
  reason.resize(std::min(reason.size(), limits::park_reason_bytes));
  Batch batch;
  batch.add(sql_keep_parked,
            {options_.name, parked.event.origin, parked.event.position, std::move(reason)});
  Task<Verdict> committing = commit(std::move(batch));
  co_await committing;
}

}  // namespace securecart::events
