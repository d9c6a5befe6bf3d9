#include "storage/postgres/readers.hpp"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "storage/limits.hpp"
#include "storage/postgres/limits.hpp"

namespace securecart::storage::postgres {

namespace {

using Part = Place::Part;

// What a standby knows, and whether it is one still.
constexpr std::string_view sql_tail =
    "SELECT coalesce(max(position), 0), pg_is_in_recovery() FROM event_log WHERE origin = $1";
constexpr std::string_view sql_is_standby = "SELECT pg_is_in_recovery()";
constexpr std::string_view code_cancelled = "57014";

// A long read may be silent for as long as it may run.
constexpr Duration read_patience = limits::read_time_limit + std::chrono::seconds(1);

observe::Counter& fallbacks(observe::Metrics& metrics, const char* why) {
  return metrics.counter("securecart_storage_standby_fallbacks_total",
                         "Reads that went to the primary after a standby was asked.",
                         {{"why", why}});
}

using Connections = std::vector<std::unique_ptr<Connection>>;

Connections connections(const std::vector<Endpoint>& endpoints, Purpose purpose, std::size_t count,
                        const Clock& clock) {
  Connections made;
  for (std::size_t i = 0; !endpoints.empty() && i < count; ++i) {
    made.push_back(std::make_unique<Connection>(endpoints, purpose, "", clock));
  }
  return made;
}

// One to each host, of which those come up that are a standby: when one dies, another is there.
// Several to a single address, behind which there may be many.
Connections standby_connections(const std::vector<Endpoint>& hosts, std::size_t count,
                                const Clock& clock) {
  if (hosts.size() <= 1) {
    return connections(hosts, Purpose::standby, count, clock);
  }
  Connections made;
  for (const Endpoint& host : hosts) {
    made.push_back(
        std::make_unique<Connection>(std::vector<Endpoint>{host}, Purpose::standby, "", clock));
  }
  return made;
}

}  // namespace

std::vector<Rows> PendingRead::take() {
  if (auto* error = std::get_if<std::exception_ptr>(&result)) {
    std::rethrow_exception(*error);
  }
  return std::move(std::get<1>(result));
}

bool Readers::Pool::up() const {
  return std::ranges::any_of(connections, [](const auto& one) { return one->up(); });
}

Connection* Readers::Pool::idlest() const {
  Connection* best = nullptr;
  for (const auto& connection : connections) {
    if (connection->up() && connection->in_flight() < limits::postgres_reads_in_flight &&
        (best == nullptr || connection->in_flight() < best->in_flight())) {
      best = connection.get();
    }
  }
  return best;
}

Readers::Readers(const ReaderOptions& options, Loop& loop, Loop& writing, const Clock& clock,
                 observe::Metrics& metrics)
    : origin_(options.origin),
      primary_(options.primary),
      clock_(clock),
      loop_(loop),
      writing_(writing),
      points_{connections(options.endpoints, Purpose::read, options.point_connections, clock), {}},
      listings_{connections(options.endpoints, Purpose::read, options.listing_connections, clock),
                {}},
      standbys_{standby_connections(options.standbys, options.listing_connections, clock), {}},
      queue_length_(
          metrics.gauge("securecart_storage_read_queue_length", "Reads waiting for a connection.")),
      retried_(metrics.counter("securecart_storage_read_retries_total",
                               "Reads sent again because their connection broke.")),
      standby_behind_(fallbacks(metrics, "behind")),
      standby_failed_(fallbacks(metrics, "failed")),
      stale_(metrics.counter("securecart_storage_stale_reads_total",
                             "Reads answered by a standby that is behind, for want of a primary.")),
      from_standby_(metrics.counter("securecart_storage_standby_reads_total",
                                    "Reads that a standby answered.")) {}

bool Readers::submit(PendingRead& read) {
  read.queued_at = clock_.steady();
  {
    const std::scoped_lock lock(mutex_);
    if (closing_ || queue_.size() >= limits::read_queue) {
      return false;
    }
    queue_.push_back(&read);
  }
  loop_.wake();
  return true;
}

void Readers::close() {
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

SteadyTime Readers::step(SteadyTime now) {
  for (Pool* pool : {&points_, &listings_, &standbys_}) {
    collect(*pool, now);
  }
  take_queue();
  look_for_primary(now);
  SteadyTime due = now + limits::postgres_long_pause;
  for (Pool* pool : {&standbys_, &points_, &listings_}) {
    send_waiting(*pool, now);
    const bool more = may_begin(*pool);
    for (const auto& connection : pool->connections) {
      if (more || connection->up() || connection->connecting()) {
        due = std::min(due, connection->due());
      }
    }
  }
  wake_answered();
  std::size_t waiting = 0;
  for (const Pool* pool : {&standbys_, &points_, &listings_}) {
    waiting += pool->queue.size();
  }
  queue_length_.set(static_cast<std::int64_t>(waiting));
  if (idle()) {
    closed_told_ = true;
    closed_.set_value();
  }
  return waiting > 0 ? std::min(due, now + limits::postgres_short_pause) : due;
}

void Readers::watch(std::vector<pollfd>& sockets) {
  for (const Pool* pool : {&points_, &listings_, &standbys_}) {
    for (const auto& connection : pool->connections) {
      connection->watch(sockets);
    }
  }
}

void Readers::hear(std::span<const pollfd> sockets) {
  for (const Pool* pool : {&points_, &listings_, &standbys_}) {
    for (const auto& connection : pool->connections) {
      connection->hear(sockets);
    }
  }
}

bool Readers::closing() {
  const std::scoped_lock lock(mutex_);
  return closing_;
}

bool Readers::idle() {
  const std::scoped_lock lock(mutex_);
  return closing_ && !closed_told_ && queue_.empty() && sent_.empty() && points_.queue.empty() &&
         listings_.queue.empty() && standbys_.queue.empty();
}

void Readers::take_queue() {
  std::deque<PendingRead*> taken;
  {
    const std::scoped_lock lock(mutex_);
    taken.swap(queue_);
  }
  for (PendingRead* read : taken) {
    const bool replica = read->freshness == Freshness::replica;
    Pool& pool = !replica ? points_ : standbys_.up() ? standbys_ : listings_;
    pool.queue.push_back(read);
  }
}

void Readers::look_for_primary(SteadyTime now) {
  if (primary_ == nullptr) {
    return;
  }
  std::uint32_t known = 0;
  for (std::size_t i = 0; i < standbys_.connections.size(); ++i) {
    known |= standbys_.connections[i]->up() ? std::uint32_t{1} << i : 0U;
  }
  primary_->standbys = known;
  if (primary_->writer_at >= 0 || now < next_look_ || closing()) {
    return;
  }
  next_look_ = now + limits::postgres_look_for_primary;
  for (const auto& connection : standbys_.connections) {
    const bool under_way = std::ranges::any_of(sent_, [&](const auto& sent) {
      return sent->connection == connection.get() && sent->read == nullptr;
    });
    if (connection->up() && !under_way) {
      auto look = std::make_unique<Sent>(Sent{nullptr, connection.get(), {}});
      look->assembly.add({Part::frame}, sql_is_standby);
      look->assembly.end_segment();
      launch(*connection, std::move(look));
    }
  }
}

void Readers::on_look(Connection& connection, const Sent& look) {
  const Item& item = look.assembly.flight.items.front();
  if (item.state != Item::State::ok || item.rows[0].integer(0) != 0) {
    return;
  }
  was_promoted(connection);
}

void Readers::was_promoted(Connection& connection) {
  connection.drop("it is the primary now");
  if (primary_ == nullptr) {
    return;
  }
  const auto at = std::ranges::find_if(standbys_.connections,
                                       [&](const auto& one) { return one.get() == &connection; });
  const auto host = at - standbys_.connections.begin();
  primary_->standbys &= ~(std::uint32_t{1} << host);
  primary_->promoted = static_cast<int>(host);
  writing_.wake();
}

// Connections are made one after the other, and for listings only where no standby takes them: a
// server that is coming back, or is overwhelmed, is not helped by more of them.
bool Readers::may_begin(const Pool& pool) const {
  if (&pool == &standbys_) {
    return true;  // each goes elsewhere
  }
  if (primary_ != nullptr && primary_->writer_at < 0) {
    return false;
  }
  if (&pool == &listings_ &&
      (!points_.up() || (listings_.queue.empty() && !standbys_.connections.empty()))) {
    return false;
  }
  return std::ranges::none_of(pool.connections, [](const auto& one) { return one->connecting(); });
}

void Readers::collect(Pool& pool, SteadyTime now) {
  const int primary = primary_ == nullptr || &pool == &standbys_ ? -1 : primary_->writer_at.load();
  for (const auto& connection : pool.connections) {
    // One that was left alive, read only, would answer with what was true before it was left.
    if (primary >= 0 && connection->up() &&
        connection->host() != static_cast<std::size_t>(primary)) {
      connection->drop("the primary is another host");
    }
    if (primary >= 0 && !connection->up() && !connection->connecting()) {
      connection->prefer(static_cast<std::size_t>(primary));
    }
    connection->step(may_begin(pool));
    while (const Flight* flight = connection->take_answered()) {
      const std::unique_ptr<Sent> sent = sent_as(flight);
      if (sent->read == nullptr) {
        on_look(*connection, *sent);
      } else {
        on_answer(pool, *connection, std::move(*sent));
      }
    }
    const bool silent = std::ranges::any_of(sent_, [&](const auto& sent) {
      return sent->connection == connection.get() &&
             now - sent->assembly.flight.sent_at > read_patience;
    });
    if (silent) {
      connection->drop("the server does not answer");
    }
    while (const Flight* flight = connection->take_lost()) {
      if (PendingRead* const read = sent_as(flight)->read) {
        try_again(pool, *read);
      }
    }
  }
}

std::unique_ptr<Readers::Sent> Readers::sent_as(const Flight* flight) {
  const auto found = std::ranges::find_if(
      sent_, [flight](const auto& sent) { return &sent->assembly.flight == flight; });
  std::unique_ptr<Sent> sent = std::move(*found);
  sent_.erase(found);
  return sent;
}

void Readers::send_waiting(Pool& pool, SteadyTime now) {
  while (!pool.queue.empty()) {
    PendingRead& read = *pool.queue.front();
    if (now - read.queued_at > limits::commit_deadline) {
      pool.queue.pop_front();
      const std::string why = pool.connections.empty() ? "" : pool.connections.front()->problem();
      answer(read, std::make_exception_ptr(
                       Unavailable(pool.up() ? "waited too long for the database"
                                             : "the database cannot be reached: " + why)));
      continue;
    }
    if (&pool == &standbys_ && !pool.up()) {
      pool.queue.pop_front();
      fall_back(read, standby_failed_);
      continue;
    }
    Connection* connection = pool.idlest();
    if (connection == nullptr) {
      return;
    }
    pool.queue.pop_front();
    send(*connection, read);
  }
}

void Readers::send(Connection& connection, PendingRead& read) {
  auto sent = std::make_unique<Sent>(Sent{&read, &connection, {}});
  const bool standby = std::ranges::any_of(
      standbys_.connections, [&](const auto& one) { return one.get() == &connection; });
  if (standby) {
    sent->assembly.add_own({Part::frame}, sql_tail, {origin_});
  }
  for (const Query& query : read.queries) {
    sent->assembly.add({Part::statement}, query.sql, &query.parameters);
  }
  sent->assembly.end_segment();
  launch(connection, std::move(sent));
}

void Readers::launch(Connection& connection, std::unique_ptr<Sent> sent) {
  Flight& flight = sent->assembly.flight;
  sent_.push_back(std::move(sent));
  connection.submit(flight);
}

void Readers::on_answer(Pool& pool, Connection& connection, Sent sent) {
  PendingRead& read = *sent.read;
  std::vector<Item>& items = sent.assembly.flight.items;
  const bool standby = &pool == &standbys_;
  if (const Item* failure = sent.assembly.flight.first_failure()) {
    const Remedy remedy = remedy_for(failure->code);
    if (standby && remedy != Remedy::refuse) {
      fall_back(read, standby_failed_);
    } else if (failure->code == code_cancelled) {
      answer(read, std::make_exception_ptr(Unavailable("the read took too long and was stopped")));
    } else if (remedy == Remedy::refuse) {
      answer(read, std::make_exception_ptr(std::logic_error(fmt::format(
                       "{} ({}) in: {}", failure->message, failure->code, failure->sql))));
    } else {
      connection.drop(failure->message);
      try_again(pool, read);
    }
    return;
  }
  if (standby && items.front().rows[0].integer(0) < read.told) {
    if (points_.up()) {
      fall_back(read, standby_behind_);
      return;
    }
    stale_.add();
  }
  from_standby_.add(standby ? 1 : 0);
  std::vector<Rows> results;
  for (std::size_t i = standby ? 1 : 0; i < items.size(); ++i) {
    results.push_back(std::move(items[i].rows));
  }
  read.result = std::move(results);
  answered_.push_back(&read);
  if (standby && items.front().rows[0].integer(1) == 0) {
    was_promoted(connection);
  }
}

void Readers::try_again(Pool& pool, PendingRead& read) {
  retried_.add();
  if (&pool == &standbys_) {
    fall_back(read, standby_failed_);
  } else {
    pool.queue.push_front(&read);
  }
}

void Readers::fall_back(PendingRead& read, observe::Counter& why) {
  why.add();
  listings_.queue.push_back(&read);
}

void Readers::answer(PendingRead& read, std::exception_ptr error) {
  read.result = std::move(error);
  answered_.push_back(&read);
}

void Readers::wake_answered() {
  struct Home {
    Executor* executor;
    std::vector<std::coroutine_handle<>> waiting;
  };
  std::vector<Home> homes;
  for (PendingRead* read : std::exchange(answered_, {})) {
    if (read->blocked != nullptr) {
      std::promise<void> promise = std::move(*read->blocked);
      promise.set_value();
      continue;
    }
    auto home = std::ranges::find(homes, read->home, &Home::executor);
    if (home == homes.end()) {
      home = homes.insert(homes.end(), Home{read->home, {}});
    }
    home->waiting.push_back(read->waiting);
  }
  for (Home& home : homes) {
    home.executor->post([waiting = std::move(home.waiting)] {
      for (const std::coroutine_handle<> coroutine : waiting) {
        coroutine.resume();
      }
    });
  }
}

}  // namespace securecart::storage::postgres
