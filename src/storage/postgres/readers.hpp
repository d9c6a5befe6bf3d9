// Reads on PostgreSQL: a few connections, each with several reads in flight.
//
//   current  -> point connections to the primary
//   replica  -> a connection to a standby that knows every event this process has told its
//               observers; where there is none, listing connections to the primary. Without a
//               primary an older answer is better than none
//
// All queries of a read are one segment of the pipeline, which is one snapshot (address.cpp sets
// the isolation level). A read whose connection breaks is tried again, also on another server.
#pragma once

#include <coroutine>
#include <deque>
#include <exception>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <variant>
#include <vector>

#include "base/executor.hpp"
#include "observe/metrics.hpp"
#include "storage/postgres/group.hpp"
#include "storage/postgres/loop.hpp"
#include "storage/postgres/primary.hpp"

namespace securecart::storage::postgres {

// A read on its way. It lives in the frame of the coroutine that waits for it.
struct PendingRead {
  std::vector<Query> queries;
  Freshness freshness = Freshness::current;
  SteadyTime queued_at;
  std::int64_t told = 0;  // a standby must know the events up to here
  bool no_standby = false;
  Executor* home = nullptr;
  std::coroutine_handle<> waiting;
  std::promise<void>* blocked = nullptr;
  std::variant<std::monostate, std::vector<Rows>, std::exception_ptr> result;

  std::vector<Rows> take();
};

struct ReaderOptions {
  std::vector<Endpoint> endpoints;
  std::vector<Endpoint> standbys;  // empty: every read goes to the primary
  std::string origin;
  std::size_t point_connections;
  std::size_t listing_connections;
  // Shared with the writer when `standbys` are the endpoints, several hosts; null otherwise.
  Primary* primary = nullptr;
};

class Readers final : public Participant {
 public:
  // `writing` is the writer's loop. What is passed by reference outlives it.
  Readers(const ReaderOptions& options, Loop& loop, Loop& writing, const Clock& clock,
          observe::Metrics& metrics);

  // False when the queue is full or the database is closing: nobody will be woken.
  bool submit(PendingRead& read);
  // Refuses what comes and answers what is there, for at most the time a read may take.
  void close();

  SteadyTime step(SteadyTime now) override;
  void watch(std::vector<pollfd>& sockets) override;
  void hear(std::span<const pollfd> sockets) override;

 private:
  struct Sent {
    PendingRead* read;  // null: whether it is a standby still
    const Connection* connection;
    Assembly assembly;
  };
  // Connections of one purpose with the reads that wait for them.
  struct Pool {
    std::vector<std::unique_ptr<Connection>> connections;
    std::deque<PendingRead*> queue;
    bool up() const;
    Connection* idlest() const;
  };

  void take_queue();
  void look_for_primary(SteadyTime now);
  void on_look(Connection& connection, const Sent& look);
  void was_promoted(Connection& connection);
  bool may_begin(const Pool& pool) const;
  void collect(Pool& pool, SteadyTime now);
  void send_waiting(Pool& pool, SteadyTime now);
  void send(Connection& connection, PendingRead& read);
  void launch(Connection& connection, std::unique_ptr<Sent> sent);
  std::unique_ptr<Sent> sent_as(const Flight* flight);
  void on_answer(Pool& pool, Connection& connection, Sent sent);
  void try_again(Pool& pool, PendingRead& read);
  void fall_back(PendingRead& read, observe::Counter& why);
  void answer(PendingRead& read, std::exception_ptr error);
  void wake_answered();
  bool closing();
  bool idle();

  const std::string origin_;
  Primary* const primary_;
  const Clock& clock_;
  Loop& loop_;
  Loop& writing_;
  SteadyTime next_look_ = SteadyTime::min();
  Pool points_;
  Pool listings_;
  Pool standbys_;
  std::vector<std::unique_ptr<Sent>> sent_;
  std::vector<PendingRead*> answered_;

  std::mutex mutex_;  // of what follows
  std::deque<PendingRead*> queue_;
  bool closing_ = false;
  bool closed_told_ = false;
  std::promise<void> closed_;

  observe::Gauge& queue_length_;
  observe::Counter& retried_;
  observe::Counter& standby_behind_;
  observe::Counter& standby_failed_;
  observe::Counter& stale_;
  observe::Counter& from_standby_;
};

}  // namespace securecart::storage::postgres
