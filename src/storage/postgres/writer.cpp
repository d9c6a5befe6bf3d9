#include "storage/postgres/writer.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "base/ids.hpp"
#include "base/log.hpp"
#include "storage/limits.hpp"
#include "storage/postgres/limits.hpp"
#include "storage/postgres/messages.hpp"

namespace securecart::storage::postgres {

namespace {

using Part = Place::Part;

constexpr std::size_t careful_groups = 8;  // after a refusal
constexpr std::string_view sql_listen = "LISTEN securecart_events";

double seconds(Duration span) {
  return std::chrono::duration<double>(span).count();
}

std::span<const double> group_buckets() {
  static constexpr double bounds[] = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512};
  return bounds;
}

observe::Counter& batches(observe::Metrics& metrics, const char* outcome) {
  return metrics.counter("securecart_storage_batches_total", "Batches by what became of them.",
                         {{"outcome", outcome}});
}

std::string random_name(const Clock& clock) {
  SecureRandom random;
  return Ids(clock, random).make("wr");
}

// Of "instance position".
std::int64_t position_in(std::string_view payload) {
  const std::string_view digits = payload.substr(payload.rfind(' ') + 1);
  std::int64_t position = 0;
  std::from_chars(digits.begin(), digits.end(), position);
  return position;
}

std::int64_t tail_of(const Item& item) {
  return item.rows.empty() ? barred : item.rows[0].integer(0);
}

}  // namespace

Writer::Writer(WriterOptions options, std::int64_t tail, Primary& primary, Loop& loop,
               const Clock& clock, observe::Metrics& metrics)
    : options_(std::move(options)),
      instance_(random_name(clock)),
      clock_(clock),
      primary_(primary),
      loop_(loop),
      connection_(options_.endpoints, Purpose::write, options_.synchronous_commit, clock),
      notices_(options_.endpoints, Purpose::notices, "", clock),
      told_(tail),
      next_pruning_(clock.steady()),
      applied_(batches(metrics, "committed")),
      refused_(batches(metrics, "refused")),
      replayed_(batches(metrics, "replayed")),
      failed_(batches(metrics, "failed")),
      turned_away_(batches(metrics, "turned_away")),
      careful_(metrics.counter("securecart_storage_careful_groups_total",
                               "Groups sent with a savepoint for each batch.")),
      retried_(metrics.counter("securecart_storage_retries_total",
                               "Groups sent again after a deadlock, a lost connection or the "
                               "like.")),
      settled_(metrics.counter("securecart_storage_settled_total",
                               "Groups whose answer was lost, and what became of them found out "
                               "through their markers.")),
      queue_length_(
          metrics.gauge("securecart_storage_queue_length", "Batches waiting for the writer.")),
      connected_(metrics.gauge("securecart_storage_connected",
                               "1 while the writer has a session on the primary.")),
      group_size_(metrics.histogram("securecart_storage_group_size",
                                    "Batches that shared one transaction and one fsync.", {},
                                    group_buckets())),
      queue_seconds_(metrics.histogram("securecart_storage_queue_seconds",
                                       "Time a batch waited for the writer.")),
      commit_seconds_(metrics.histogram("securecart_storage_commit_seconds",
                                        "Time a group took, from its first batch to its "
                                        "answers.")) {}

// Any thread --------------------------------------------------------------------------------------

Writer::Submitted Writer::submit(Pending& pending) {
  pending.queued_at = clock_.steady();
  if (std::string defect = defect_of(pending.batch); !defect.empty()) {
    failed_.add();
    pending.outcome = Failure{Failure::Kind::defect, std::move(defect)};
    return Submitted::answered;
  }
  {
    const std::scoped_lock lock(mutex_);
    if (closing_ || queue_.size() >= limits::batch_queue) {
      turned_away_.add();
      pending.outcome =
          Failure{Failure::Kind::unavailable,
                  closing_ ? "the database is closing" : "the database is busy: queue full"};
      return Submitted::answered;
    }
    queue_.push_back(&pending);
    queue_length_.set(static_cast<std::int64_t>(queue_.size()));
  }
  loop_.wake();
  return Submitted::queued;
}

void Writer::on_commit(CommitObserver observer) {
  const std::scoped_lock lock(observers_mutex_);
  observers_.push_back(std::move(observer));
}

void Writer::close() {
  {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(closing_, true)) {
      return;
    }
  }
  loop_.wake();
  closed_.get_future().wait();
}

// The loop ----------------------------------------------------------------------------------------

SteadyTime Writer::step(SteadyTime now) {
  watch_session();
  step_notices();
  while (connection_.take_lost() != nullptr) {
    on_lost();
  }
  while (connection_.take_answered() != nullptr) {
    on_answer();
  }
  if (sent_ && connection_.in_flight() > 0) {
    const Duration patience =
        limits::postgres_answer_timeout +
        std::chrono::milliseconds(static_cast<std::int64_t>(sent_->flight.items.size()));
    if (now - sent_->flight.sent_at > patience) {
      connection_.drop("the server does not answer");
      while (connection_.take_lost() != nullptr) {
        on_lost();
      }
    }
  }
  expire_queue(now);
  connected_.set(connection_.up() ? 1 : 0);
  move_on(now);
  if (finished()) {
    closed_told_ = true;
    closed_.set_value();
  }
  const bool waiting = group_ || sent_ || behind_ || !connection_.up();
  const SteadyTime soon =
      now + (waiting ? limits::postgres_short_pause : limits::postgres_long_pause);
  return std::min({soon, connection_.due(), connection_.up() ? notices_.due() : soon});
}

void Writer::watch_session() {
  if (const int promoted = primary_.promoted.exchange(-1); promoted >= 0 && !connection_.up()) {
    connection_.prefer(static_cast<std::size_t>(promoted));
  }
  connection_.skip(primary_.standbys);
  connection_.step();
  primary_.writer_at = connection_.up() ? static_cast<int>(connection_.host()) : -1;
  if (connection_.up() && std::exchange(session_, connection_.session()) != connection_.session() &&
      session_ > 1) {  // the first one is nothing to tell of
    log::info("database_connected", {{"database", std::string_view(connection_.label())}});
  }
}

void Writer::watch(std::vector<pollfd>& sockets) {
  connection_.watch(sockets);
  notices_.watch(sockets);
}

void Writer::hear(std::span<const pollfd> sockets) {
  connection_.hear(sockets);
  notices_.hear(sockets);
}

bool Writer::finished() {
  const std::scoped_lock lock(mutex_);
  return closing_ && queue_.empty() && !group_ && !closed_told_;
}

void Writer::expire_queue(SteadyTime now) {
  std::vector<Pending*> late;
  {
    const std::scoped_lock lock(mutex_);
    while (!queue_.empty() && now - queue_.front()->queued_at > limits::commit_deadline) {
      late.push_back(queue_.front());
      queue_.pop_front();
    }
    queue_length_.set(static_cast<std::int64_t>(queue_.size()));
  }
  for (Pending* pending : late) {
    failed_.add();
    pending->outcome =
        Failure{Failure::Kind::unavailable,
                connection_.up() ? "waited too long for the database"
                                 : "the database cannot be reached: " + connection_.problem()};
  }
  wake(late);
}

// What to do next, when nothing is under way.
void Writer::move_on(SteadyTime now) {
  if (sent_) {
    return;
  }
  if (group_ && now > group_->deadline) {
    behind_ = true;
    fail_open_members(
        group_->unsettled ? Failure::Kind::outcome_unknown : Failure::Kind::unavailable,
        connection_.up() ? "the database was too slow"
                         : "the database went away: " + connection_.problem());
    finish_group();
  }
  if (!connection_.up()) {
    return;
  }
  if (!group_) {
    take_group(now);
  }
  if (group_ && now >= group_->not_before) {
    pursue();
  } else if (!group_ && now >= next_pruning_) {
    next_pruning_ = now + limits::postgres_marker_pruning;
    send(Phase::pruning, assemble_pruning(writing()));
  }
}

// Sends what the group needs next, or answers it. The connection is up.
void Writer::pursue() {
  const auto any = [this](Member::State state) {
    return std::ranges::find(group_->members, state, &Member::state) != group_->members.end();
  };
  if (group_->evict) {
    group_->evict = false;
    send(Phase::evicting, assemble_eviction(writing()));
  } else if (group_->unsettled) {
    send_settling();
  } else if (any(Member::State::open)) {
    send_group();
  } else if (told() < group_->last_position) {
    send(Phase::catching_up, assemble_others(writing()));
  } else if (any(Member::State::known)) {
    send(Phase::looking_up, assemble_lookup(group_->members));
  } else {
    finish_group();
  }
}

void Writer::take_group(SteadyTime now) {
  std::vector<Pending*> taken;
  {
    const std::scoped_lock lock(mutex_);
    std::size_t statements = 0;
    while (!queue_.empty() && taken.size() < options_.group_commit) {
      statements += queue_.front()->batch.statements.size();
      if (!taken.empty() && statements > limits::group_statements) {
        break;
      }
      taken.push_back(queue_.front());
      queue_.pop_front();
    }
    queue_length_.set(static_cast<std::int64_t>(queue_.size()));
  }
  if (taken.empty()) {
    return;
  }
  group_.emplace();
  group_->deadline = taken.front()->queued_at + limits::commit_deadline;
  for (Pending* pending : taken) {
    queue_seconds_.observe(seconds(now - pending->queued_at));
    group_->members.push_back({pending, {}});
  }
  new_markers();
  group_size_.observe(static_cast<double>(taken.size()));
  if (taken.size() > 1) {
    group_->careful = careful_groups_ > 0 || has_twins();
    careful_groups_ -= careful_groups_ > 0 ? 1 : 0;
  }
}

// Two batches with one key: the second is certain to be refused.
bool Writer::has_twins() const {
  using Key = std::tuple<std::string_view, std::string_view, std::string_view>;
  std::set<Key> keys;
  return std::ranges::any_of(group_->members, [&keys](const Member& member) {
    const auto& key = member.pending->batch.key;
    return key && !keys.insert(Key(key->shop_id, key->scope, key->key)).second;
  });
}

void Writer::new_markers() {
  group_->id = make_id();
  for (Member& member : group_->members) {
    member.id = make_id();
  }
}

std::string Writer::make_id() {
  return fmt::format("{}/{}", instance_, ++ids_);
}

Writing Writer::writing() const {
  return {options_.origin,         instance_, options_.synchronous_commit,
          to_millis(clock_.now()), told(),    options_.skip_dedupe};
}

void Writer::send(Phase phase, std::unique_ptr<Assembly> assembly) {
  phase_ = phase;
  sent_ = std::move(assembly);
  if (std::exchange(broken_, false)) {
    sent_->roll_back_first();
  }
  connection_.submit(sent_->flight);
}

void Writer::send_group() {
  careful_.add(group_->careful ? 1 : 0);
  group_->told_before = told();
  send(Phase::applying, group_->careful
                            ? assemble_careful(group_->members, writing(), guards_)
                            : assemble_plain(group_->members, group_->id, writing(), guards_));
}

void Writer::send_settling() {
  std::vector<std::string> ids;
  if (group_->careful) {
    for (const Member& member : group_->members) {
      ids.push_back(member.id);
    }
  } else {
    ids.push_back(group_->id);
  }
  send(Phase::settling, assemble_settling(ids, writing()));
}

void Writer::on_lost() {
  const std::unique_ptr<Assembly> lost = std::move(sent_);
  broken_ = false;
  log::warn("database_connection_lost", {{"database", std::string_view(connection_.label())},
                                         {"problem", std::string_view(connection_.problem())}});
  if (phase_ == Phase::applying && group_) {
    retried_.add();
    group_->unsettled = true;
  }
}

void Writer::on_answer() {
  const std::unique_ptr<Assembly> sent = std::move(sent_);
  const Item* failure = sent->flight.first_failure();
  switch (phase_) {
    case Phase::applying:
      group_->careful ? on_applied_carefully(*sent) : on_applied_plain(*sent);
      break;
    case Phase::settling:
      on_settled(*sent);
      break;
    case Phase::looking_up:
      on_lookup(*sent);
      break;
    case Phase::catching_up:
      if (failure != nullptr) {
        elsewhere(failure->message);
      } else {
        hear_of(events_of(sent->flight.items.back().rows, options_.origin));
      }
      break;
    case Phase::evicting:
      on_evicted(*sent);
      break;
    case Phase::pruning:
    case Phase::idle:
      break;
  }
}

void Writer::on_evicted(const Assembly& sent) {
  const Item& item = sent.flight.items.back();
  if (item.state == Item::State::failed) {
    log::warn("database_writer_not_evicted", {{"message", std::string_view(item.message)}});
  } else if (!item.rows.empty()) {
    log::warn("database_writer_evicted",
              {{"reason", "it held the writers' lock and its client was silent"}});
  }
}

// Applied -----------------------------------------------------------------------------------------

void Writer::on_applied_plain(const Assembly& sent) {
  const std::vector<Item>& items = sent.flight.items;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].state == Item::State::failed) {
      on_group_failure(sent.places[i], items[i]);
      return;
    }
  }
  if (items.back().tag != "COMMIT" || connection_.take_unconfirmed()) {
    group_->unsettled = true;
    elsewhere("a commit was not confirmed by the standby");
    return;
  }
  std::int64_t tail = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (sent.places[i].part == Part::marker) {
      tail = tail_of(items[i]);
    } else if (sent.places[i].part == Part::others) {
      hear_of(events_of(items[i].rows, options_.origin));
    }
  }
  settle_plain(tail);
}

// The group was applied behind `tail`.
void Writer::settle_plain(std::int64_t tail) {
  // Meanwhile others may have committed, and their notice may have come first: what counts is what
  // was known when the group was sent.
  if (tail < group_->told_before) {
    log::error("event_log_went_back", {{"told", group_->told_before}, {"tail", tail}});
    told_ = tail;
  }
  for (Member& member : group_->members) {
    if (member.state == Member::State::open) {
      commit_member(member, tail + 1, true);
      tail += static_cast<std::int64_t>(member.pending->batch.events.size());
    }
  }
  hear_of(std::exchange(group_->events, {}));
}

void Writer::on_applied_carefully(const Assembly& sent) {
  const std::vector<Item>& items = sent.flight.items;
  const auto& places = sent.places;
  // A failure outside of the batches concerns all of them.
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool frame = places[i].part == Part::frame || places[i].part == Part::lock ||
                       places[i].part == Part::others || places[i].part == Part::commit ||
                       places[i].part == Part::savepoint;
    const bool gone =
        items[i].state == Item::State::failed && remedy_for(items[i].code) == Remedy::elsewhere;
    if (items[i].state == Item::State::failed && (frame || gone)) {
      on_group_failure(places[i], items[i]);
      return;
    }
  }
  if (items.back().tag != "COMMIT" || connection_.take_unconfirmed()) {
    group_->unsettled = true;
    elsewhere("a commit was not confirmed by the standby");
    return;
  }
  std::vector<std::size_t> failed(group_->members.size(), items.size());
  std::vector<std::int64_t> tails(group_->members.size(), barred);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const Place& place = places[i];
    if (place.part == Part::others) {
      hear_of(events_of(items[i].rows, options_.origin));
    } else if (items[i].state == Item::State::failed) {
      failed[place.member] = i;
    } else if (place.part == Part::marker && items[i].state == Item::State::ok) {
      tails[place.member] = tail_of(items[i]);
    }
  }
  for (std::size_t i = 0; i < group_->members.size(); ++i) {
    Member& member = group_->members[i];
    if (member.state != Member::State::open) {
      continue;
    }
    if (failed[i] < items.size()) {
      conclude(member, places[failed[i]], items[failed[i]]);
    } else {
      commit_member(member, tails[i] + 1, true);
    }
  }
  hear_of(std::exchange(group_->events, {}));
}

void Writer::commit_member(Member& member, std::int64_t first, bool collect) {
  Batch& batch = member.pending->batch;
  Committed committed;
  if (batch.key) {
    committed.response = std::move(batch.key->response);
  }
  std::int64_t next = first;
  for (EventDraft& draft : batch.events) {
    if (collect) {
      group_->events.push_back({options_.origin, next, std::move(draft.shop_id),
                                std::move(draft.type), std::move(draft.subject),
                                std::move(draft.payload), clock_.now(), batch.trace});
    }
    ++next;
  }
  committed.position = batch.events.empty() ? 0 : next - 1;
  group_->last_position = std::max(group_->last_position, committed.position);
  member.state = Member::State::done;
  member.pending->outcome = Commit(std::move(committed));
}

// One batch failed in its own savepoint, or alone in its transaction.
void Writer::conclude(Member& member, const Place& place, const Item& item) {
  if (place.part == Part::key && item.code == code_unique) {
    member.state = Member::State::known;
    return;
  }
  switch (remedy_for(item.code)) {
    case Remedy::again:
    case Remedy::elsewhere:
      return;  // stays open: sent again
    case Remedy::give_up:
      member.pending->outcome =
          Failure{Failure::Kind::unavailable, "the database could not commit: " + item.message};
      break;
    case Remedy::refuse:
      member.pending->outcome = outcome_of(member.pending->batch, place, item);
      careful_groups_ = careful_groups;
      break;
  }
  member.state = Member::State::done;
}

// The transaction as a whole was not applied, for certain.
void Writer::on_group_failure(const Place& place, const Item& item) {
  const bool of_a_batch = place.part == Part::key || place.part == Part::statement ||
                          place.part == Part::events || place.part == Part::marker;
  broken_ = true;
  switch (remedy_for(item.code)) {
    case Remedy::elsewhere:
      group_->unsettled = true;  // an error of COMMIT itself says nothing about its effect
      elsewhere(item.message);
      return;
    case Remedy::again:
      again(item, place);
      return;
    case Remedy::give_up:
    case Remedy::refuse:
      break;
  }
  const auto open = std::ranges::count(group_->members, Member::State::open, &Member::state);
  if (of_a_batch && open > 1) {
    group_->careful = true;
    careful_groups_ = careful_groups;
  } else if (of_a_batch) {
    conclude(*std::ranges::find(group_->members, Member::State::open, &Member::state), place, item);
  } else {
    fail_open_members(Failure::Kind::unavailable, "the database could not commit: " + item.message);
  }
}

// The same once more, after a pause.
void Writer::again(const Item& item, const Place& place) {
  retried_.add();
  log::info("database_group_sent_again",
            {{"code", std::string_view(item.code)}, {"message", std::string_view(item.message)}});
  group_->not_before = clock_.steady() + limits::postgres_retry_pause;
  group_->evict = place.part == Part::lock && item.code == code_lock;
  if (item.code == "26000" || item.code == "0A000") {
    elsewhere("a statement has to be prepared anew");
  }
}

// The session is of no use any more: another one, perhaps on another host, takes over.
void Writer::elsewhere(const std::string& why) {
  retried_.add();
  broken_ = false;
  connection_.drop(why);
}

// Lost answers ------------------------------------------------------------------------------------

void Writer::on_settled(const Assembly& sent) {
  const std::vector<Item>& items = sent.flight.items;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (items[i].state == Item::State::failed) {
      broken_ = true;
      remedy_for(items[i].code) == Remedy::again ? again(items[i], sent.places[i])
                                                 : elsewhere(items[i].message);
      return;
    }
  }
  if (items.back().tag != "COMMIT" || connection_.take_unconfirmed()) {
    elsewhere("a commit was not confirmed by the standby");
    return;
  }
  settled_.add();
  group_->unsettled = false;
  group_->events.clear();
  const bool careful = group_->careful;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (sent.places[i].part != Part::marker || tail_of(items[i]) == barred) {
      continue;
    }
    std::int64_t tail = tail_of(items[i]);
    for (std::size_t m = 0; m < group_->members.size(); ++m) {
      Member& member = group_->members[m];
      if (member.state == Member::State::open && (!careful || m == sent.places[i].member)) {
        const auto count = static_cast<std::int64_t>(member.pending->batch.events.size());
        commit_member(member, tail + 1, false);
        tail += count;
      }
    }
  }
  new_markers();
}

// Known keys --------------------------------------------------------------------------------------

void Writer::on_lookup(const Assembly& sent) {
  if (const Item* failure = sent.flight.first_failure()) {
    elsewhere(failure->message);
    return;
  }
  for (std::size_t i = 0; i < sent.places.size(); ++i) {
    if (sent.places[i].part == Part::key) {
      take_key(group_->members[sent.places[i].member], sent.flight.items[i]);
    }
  }
}

void Writer::take_key(Member& member, const Item& item) {
  if (item.rows.empty()) {
    member.state = Member::State::open;  // it was pruned this moment
    return;
  }
  const Row row = item.rows[0];
  member.state = Member::State::done;
  if (row.text(0) != member.pending->batch.key->fingerprint) {
    member.pending->outcome = Commit(KeyReused());
    return;
  }
  Committed first;
  first.replayed = true;
  first.response = {static_cast<int>(row.integer(1)), row.text(2)};
  member.pending->outcome = Commit(std::move(first));
}

// Telling and answering ---------------------------------------------------------------------------

void Writer::finish_group() {
  std::vector<Pending*> answered;
  const SteadyTime now = clock_.steady();
  for (const Member& member : group_->members) {
    record(member);
    answered.push_back(member.pending);
  }
  commit_seconds_.observe(seconds(now - group_->members.front().pending->queued_at));
  group_.reset();
  wake(answered);
}

void Writer::fail_open_members(Failure::Kind kind, const std::string& message) {
  for (Member& member : group_->members) {
    if (member.state != Member::State::done) {
      member.state = Member::State::done;
      member.pending->outcome = Failure{kind, message};
    }
  }
}

void Writer::record(const Member& member) {
  const auto* commit = std::get_if<Commit>(&member.pending->outcome);
  if (commit == nullptr) {
    failed_.add();
  } else if (const auto* committed = std::get_if<Committed>(commit)) {
    (committed->replayed ? replayed_ : applied_).add();
  } else {
    refused_.add();
  }
}

// Tells observers of what they do not know yet. `events` are in order and dense.
void Writer::hear_of(std::vector<CommittedEvent> events) {
  const std::int64_t told_before = told();
  std::erase_if(
      events, [told_before](const CommittedEvent& event) { return event.position <= told_before; });
  if (events.empty() || events.front().position != told_before + 1) {
    behind_ = behind_ || !events.empty();
    return;
  }
  const std::int64_t tail = events.back().position;
  {
    const std::scoped_lock lock(observers_mutex_);
    for (const CommitObserver& observer : observers_) {
      observer(tail, events);
    }
  }
  told_.store(tail, std::memory_order_release);
}

// Commits of other processes ----------------------------------------------------------------------

void Writer::step_notices() {
  notices_.step(connection_.up());
  while (const auto notice = notices_.take_notice()) {
    // Its own commits are told with their answers.
    const bool own = notice->payload.starts_with(instance_);
    behind_ = behind_ || (position_in(notice->payload) > told() && !(own && group_));
  }
  while (notices_.take_lost() != nullptr) {
    reading_notices_.reset();
  }
  while (notices_.take_answered() != nullptr) {
    const std::unique_ptr<Assembly> read = std::move(reading_notices_);
    if (const Item* failure = read->flight.first_failure()) {
      notices_.drop(failure->message);
      return;
    }
    const Rows& rows = read->flight.items.back().rows;
    hear_of(events_of(rows, options_.origin));
    behind_ = behind_ || rows.size() >= limits::event_page;
  }
  if (!notices_.up() || reading_notices_) {
    return;
  }
  if (listening_session_ != notices_.session()) {
    listening_session_ = notices_.session();
    reading_notices_ = std::make_unique<Assembly>();
    reading_notices_->add({Part::frame}, sql_listen);
    reading_notices_->end_segment();
    auto others = assemble_others(writing());
    reading_notices_->add_own({Part::others}, others->flight.items[0].sql,
                              std::move(others->values[0]));
    reading_notices_->end_segment();
    notices_.submit(reading_notices_->flight);
  } else if (behind_) {
    behind_ = false;
    reading_notices_ = assemble_others(writing());
    notices_.submit(reading_notices_->flight);
  }
}

}  // namespace securecart::storage::postgres
