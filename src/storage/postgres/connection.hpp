// One connection to PostgreSQL in pipeline mode, driven by the thread of a Loop.
//
//   Flight: item item item|sync item item|sync        sent at once, answered in order
//
// A failed item makes the server skip what follows up to the next sync. Statements are prepared
// once for the connection, under their text; the first use sends the preparation ahead.
//
//   down --a Seeker finds a server--> up --error, silence--> down
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <poll.h>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "storage/database.hpp"
#include "storage/postgres/address.hpp"
#include "storage/postgres/seeker.hpp"

struct pg_conn;
struct pg_result;

namespace securecart::storage::postgres {

// One statement of a flight, and what became of it.
struct Item {
  std::string_view sql;                // outlives the connection, or at least the flight
  const Values* parameters = nullptr;  // outlive the flight; null: none
  bool sync = false;                   // the segment ends behind it

  enum class State { waiting, ok, failed, skipped };
  State state = State::waiting;
  std::int64_t changed = 0;  // rows, as the server counts them
  std::string tag = {};      // "COMMIT", "INSERT 0 1"
  std::string code = {};     // SQLSTATE of a failure
  std::string message = {};
  Rows rows = Rows(0);
};

struct Flight {
  std::vector<Item> items;  // the last one has sync set
  SteadyTime sent_at;

  // The first item that failed by itself; null when none did.
  const Item* first_failure() const;
};

struct Notice {
  std::string channel;
  std::string payload;
};

class Connection {
 public:
  // Begins to connect at the first step(). `endpoints` is not empty.
  Connection(std::vector<Endpoint> endpoints, Purpose purpose, std::string synchronous_commit,
             const Clock& clock);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool up() const { return connection_ != nullptr; }
  bool connecting() const { return seeker_.seeking(); }
  // Flights sent and not answered.
  std::size_t in_flight() const { return flights_.size(); }
  // Counts how often it came up: another number is another session.
  std::uint64_t session() const { return session_; }
  // Why it is not up, for people.
  std::string problem() const { return seeker_.problem(); }
  const std::string& label() const { return endpoints_[endpoint_].label; }
  // The host it is, or was last, connected to.
  std::size_t host() const { return endpoint_; }
  // Where to look next, while it is not up.
  void prefer(std::size_t host) { seeker_.prefer(host); }
  void skip(std::uint32_t hosts) { seeker_.skip(hosts); }
  // Sends. The flight must live until take_answered() or take_lost() hands it back.
  void submit(Flight& flight);
  // The oldest answered flight, once; null: none.
  Flight* take_answered();
  // A flight whose connection broke before it was answered, once; null: none.
  Flight* take_lost();
  std::optional<Notice> take_notice();
  // True once, after the server said that a commit may not have reached the standby.
  bool take_unconfirmed();

  // Gives the session up: flights without an answer are lost. It connects again by itself.
  void drop(std::string why);

  // For poll(): adds what to wait for, if there is anything.
  void watch(std::vector<pollfd>& sockets);
  // What came of it. step() reads only when something happened.
  void hear(std::span<const pollfd> sockets);
  // Moves on as far as it goes without waiting. Seeks a server only with `may_begin`.
  void step(bool may_begin = true);
  // When step() is due although nothing happens on the socket.
  SteadyTime due() const { return connection_ ? SteadyTime::max() : seeker_.due(); }

 private:
  // What the server answers next.
  struct Expected {
    enum class Kind { prepare, item, sync, last_sync };
    Kind kind;
    Item* item = nullptr;
    std::string_view text = {};  // being prepared
    bool answered = false;
  };
  struct Prepared {
    std::string text;
    std::string name;
  };

  void seek(bool may_begin);
  bool flush();
  void receive();
  bool receive_one();
  void take(const pg_result& result);
  void take_prepared(Expected& expected, const pg_result& result);
  void take_item(Item& item, const pg_result& result);
  void prepare(std::string_view sql);
  bool send(const Item& item);
  // Prepares what the items need, then sends them; false when the connection is of no use.
  bool send_prepared(std::span<Item> items, const Flight& flight);
  void forget_statements();
  void end_segment(bool last);
  static void on_notice(void* self, const pg_result* result);

  const std::vector<Endpoint> endpoints_;
  const Clock& clock_;
  Seeker seeker_;

  Raw connection_;  // null: down
  std::size_t endpoint_ = 0;
  bool unsent_ = false;
  std::optional<std::size_t> place_;  // of its socket among those waited for
  bool heard_ = false;                // something that was not read yet
  std::uint64_t session_ = 0;
  bool unconfirmed_ = false;

  std::unordered_map<std::string_view, std::unique_ptr<Prepared>> prepared_;
  std::uint64_t names_ = 0;
  // Why the texts could not be prepared, for the items that use them.
  std::map<std::string, std::pair<std::string, std::string>, std::less<>> refused_;
  std::deque<Expected> expected_;
  std::deque<Flight*> flights_;
  std::deque<Flight*> answered_;
  std::deque<Flight*> lost_;
  std::deque<Notice> notices_;

  // Kept to save allocations while sending.
  std::vector<const char*> values_;
  std::vector<std::string> numbers_;
};

}  // namespace securecart::storage::postgres
