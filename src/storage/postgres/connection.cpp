#include "storage/postgres/connection.hpp"

#include <algorithm>
#include <charconv>
#include <libpq-fe.h>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "base/log.hpp"
#include "storage/limits.hpp"
#include "storage/postgres/messages.hpp"

namespace securecart::storage::postgres {

namespace {

// Object ids of the built-in types, as in PostgreSQL's pg_type.dat.
constexpr Oid oid_bool = 16;
constexpr Oid oid_int8 = 20;
constexpr Oid oid_int2 = 21;
constexpr Oid oid_int4 = 23;
constexpr Oid oid_float4 = 700;
constexpr Oid oid_float8 = 701;
constexpr Oid oid_numeric = 1700;

constexpr std::string_view code_unknown_statement = "26000";
// Where the server waits for its standbys: named in the notice of a wait that was cut short,
// whatever the language of the message.
constexpr std::string_view waits_for_standby = "SyncRepWaitForLSN";

using Result = std::unique_ptr<PGresult, FreeResult>;

std::string_view field(const PGresult& result, int which) {
  const char* text = PQresultErrorField(&result, which);
  return text == nullptr ? std::string_view() : text;
}

std::int64_t integer_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), number);
  if (error != std::errc() || end != text.end()) {
    throw std::logic_error("a query returns a number that is not a whole one: " +
                           std::string(text));
  }
  return number;
}

Value value_of(const PGresult& result, int row, int column) {
  if (PQgetisnull(&result, row, column) != 0) {
    return std::monostate();
  }
  const std::string_view text(PQgetvalue(&result, row, column),
                              static_cast<std::size_t>(PQgetlength(&result, row, column)));
  switch (PQftype(&result, column)) {
    case oid_int8:
    case oid_int4:
    case oid_int2:
    case oid_numeric:
      return integer_of(text);
    case oid_bool:
      return std::int64_t{text == "t" ? 1 : 0};
    case oid_float4:
    case oid_float8:
      throw std::logic_error("a query returns a floating point number, which SecureCart never has");
    default:
      return std::string(text);
  }
}

Rows rows_of(const PGresult& result) {
  const int columns = PQnfields(&result);
  const int rows = PQntuples(&result);
  Rows all(static_cast<std::size_t>(columns));
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      all.append(value_of(result, row, column));
    }
  }
  return all;
}

}  // namespace

const Item* Flight::first_failure() const {
  const auto failed = std::ranges::find(items, Item::State::failed, &Item::state);
  return failed == items.end() ? nullptr : &*failed;
}

Connection::Connection(std::vector<Endpoint> endpoints, Purpose purpose,
                       std::string synchronous_commit, const Clock& clock)
    : endpoints_(std::move(endpoints)),
      clock_(clock),
      seeker_(endpoints_, purpose, std::move(synchronous_commit), clock) {}

Connection::~Connection() = default;

// Connecting --------------------------------------------------------------------------------------

void Connection::seek(bool may_begin) {
  std::optional<Seeker::Found> found = seeker_.step(may_begin);
  if (!found) {
    return;
  }
  pg_conn* const raw = found->connection.get();
  if (PQsetnonblocking(raw, 1) != 0 || PQenterPipelineMode(raw) != 1) {
    seeker_.useless(found->host, one_line(PQerrorMessage(raw)));
    return;
  }
  PQsetNoticeReceiver(raw, &Connection::on_notice, this);
  connection_ = std::move(found->connection);
  endpoint_ = found->host;
  heard_ = true;  // something may have come along with the last answer
  unsent_ = false;
  unconfirmed_ = false;
  ++session_;
}

void Connection::drop(std::string why) {
  forget_statements();
  expected_.clear();
  lost_.insert(lost_.end(), flights_.begin(), flights_.end());
  flights_.clear();
  if (connection_) {
    connection_.reset();
    place_.reset();
    seeker_.lost(endpoint_, std::move(why));
  }
}

void Connection::forget_statements() {
  prepared_.clear();
  refused_.clear();
}

void Connection::on_notice(void* self, const pg_result* result) {
  auto& connection = *static_cast<Connection*>(self);
  const std::string_view severity = field(*result, PG_DIAG_SEVERITY_NONLOCALIZED);
  if (field(*result, PG_DIAG_SOURCE_FUNCTION) == waits_for_standby) {
    connection.unconfirmed_ = true;
  }
  if (severity == "WARNING") {
    log::warn("database_warning", {{"database", std::string_view(connection.label())},
                                   {"message", field(*result, PG_DIAG_MESSAGE_PRIMARY)}});
  }
}

// Sending -----------------------------------------------------------------------------------------

void Connection::prepare(std::string_view sql) {
  if (prepared_.contains(sql)) {
    return;
  }
  auto statement = std::make_unique<Prepared>(std::string(sql), fmt::format("s{}", ++names_));
  pg_conn* connection = connection_.get();
  // In a segment of its own: one that does not compile spoils nothing but its own items.
  if (PQsendPrepare(connection, statement->name.c_str(), statement->text.c_str(), 0, nullptr) ==
          1 &&
      PQpipelineSync(connection) == 1) {
    expected_.push_back({Expected::Kind::prepare, nullptr, statement->text});
    expected_.push_back({Expected::Kind::sync});
    const std::string_view text = statement->text;
    prepared_.emplace(text, std::move(statement));
  }
}

bool Connection::send(const Item& item) {
  const auto prepared = prepared_.find(item.sql);
  if (prepared == prepared_.end()) {
    return false;
  }
  values_.clear();
  const std::size_t count = item.parameters == nullptr ? 0 : item.parameters->size();
  if (numbers_.size() < count) {
    numbers_.resize(count);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const Value& value = (*item.parameters)[i];
    if (const auto* text = std::get_if<std::string>(&value)) {
      values_.push_back(text->c_str());
    } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
      numbers_[i].clear();
      fmt::format_to(std::back_inserter(numbers_[i]), "{}", *number);
      values_.push_back(numbers_[i].c_str());
    } else {
      values_.push_back(nullptr);
    }
  }
  return PQsendQueryPrepared(connection_.get(), prepared->second->name.c_str(),
                             static_cast<int>(count), values_.data(), nullptr, nullptr, 0) == 1;
}

void Connection::submit(Flight& flight) {
  flight.sent_at = clock_.steady();
  flights_.push_back(&flight);
  if (prepared_.size() > limits::prepared_statements) {
    drop("too many statements are prepared");
    return;
  }
  // A first item in a segment of its own may end a failed transaction, in which nothing can be
  // prepared.
  const std::size_t leading = flight.items.front().sync ? 1 : 0;
  const std::span<Item> items(flight.items);
  if (!send_prepared(items.first(leading), flight) ||
      !send_prepared(items.subspan(leading), flight)) {
    drop(one_line(PQerrorMessage(connection_.get())));
    return;
  }
  if (!flush()) {
    drop(one_line(PQerrorMessage(connection_.get())));
  }
}

bool Connection::send_prepared(std::span<Item> items, const Flight& flight) {
  for (const Item& item : items) {
    prepare(item.sql);
  }
  for (Item& item : items) {
    item.state = Item::State::waiting;
    if (!send(item) || (item.sync && PQpipelineSync(connection_.get()) != 1)) {
      return false;
    }
    expected_.push_back({Expected::Kind::item, &item});
    if (item.sync) {
      const bool last = &item == &flight.items.back();
      expected_.push_back({last ? Expected::Kind::last_sync : Expected::Kind::sync});
    }
  }
  return true;
}

bool Connection::flush() {
  const int left = PQflush(connection_.get());
  unsent_ = left == 1;
  return left >= 0;
}

// Receiving ---------------------------------------------------------------------------------------

void Connection::watch(std::vector<pollfd>& sockets) {
  if (!connection_) {
    seeker_.watch(sockets);
    return;
  }
  place_ = sockets.size();
  sockets.push_back(
      {PQsocket(connection_.get()), static_cast<short>(POLLIN | (unsent_ ? POLLOUT : 0)), 0});
}

void Connection::hear(std::span<const pollfd> sockets) {
  seeker_.hear(sockets);
  heard_ = heard_ || (place_ && sockets[*place_].revents != 0);
}

void Connection::step(bool may_begin) {
  if (!connection_) {
    seek(may_begin);
  }
  if (connection_ && std::exchange(heard_, false)) {
    receive();
  }
}

void Connection::receive() {
  if (PQconsumeInput(connection_.get()) != 1 || !flush()) {
    drop(one_line(PQerrorMessage(connection_.get())));
    return;
  }
  // A null may only say that libpq turns to the next statement, of which all may be here already:
  // no socket will tell of that.
  constexpr int most_nulls = 4;
  int nulls = 0;
  while (nulls < most_nulls && !expected_.empty() && PQisBusy(connection_.get()) == 0) {
    nulls = receive_one() ? 0 : nulls + 1;
  }
  heard_ = nulls == most_nulls;
  if (!connection_) {
    return;
  }
  while (PGnotify* notify = PQnotifies(connection_.get())) {
    notices_.push_back({notify->relname, notify->extra});
    PQfreemem(notify);
  }
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    drop(one_line(PQerrorMessage(connection_.get())));
  }
}

// One result, or the null that ends a statement's. False: nothing more can be read now.
bool Connection::receive_one() {
  const Result result(PQgetResult(connection_.get()));
  if (result == nullptr) {
    if (!expected_.front().answered) {
      return false;
    }
    expected_.pop_front();
    return true;
  }
  if (PQstatus(connection_.get()) == CONNECTION_BAD) {
    drop(one_line(PQerrorMessage(connection_.get())));
    return false;
  }
  take(*result);
  return true;
}

void Connection::take(const pg_result& result) {
  Expected& expected = expected_.front();
  const bool at_sync = PQresultStatus(&result) == PGRES_PIPELINE_SYNC;
  switch (expected.kind) {
    case Expected::Kind::prepare:
      take_prepared(expected, result);
      break;
    case Expected::Kind::item:
      take_item(*expected.item, result);
      expected.answered = true;
      break;
    case Expected::Kind::sync:
    case Expected::Kind::last_sync:
      // Anything else is an error at the sync itself: the connection is about to end.
      if (at_sync) {
        const bool last = expected.kind == Expected::Kind::last_sync;
        expected_.pop_front();
        end_segment(last);
      }
      break;
  }
}

void Connection::end_segment(bool last) {
  if (last) {
    refused_.clear();
    answered_.push_back(flights_.front());
    flights_.pop_front();
  }
}

void Connection::take_prepared(Expected& expected, const pg_result& result) {
  expected.answered = true;
  if (PQresultStatus(&result) == PGRES_COMMAND_OK) {
    return;
  }
  refused_[std::string(expected.text)] = {std::string(field(result, PG_DIAG_SQLSTATE)),
                                          std::string(field(result, PG_DIAG_MESSAGE_PRIMARY))};
  prepared_.erase(expected.text);
}

void Connection::take_item(Item& item, const pg_result& result) {
  switch (PQresultStatus(&result)) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK: {
      item.tag = PQcmdStatus(const_cast<PGresult*>(&result));
      const std::string_view changed = PQcmdTuples(const_cast<PGresult*>(&result));
      item.changed = changed.empty() ? 0 : integer_of(changed);
      item.state = Item::State::ok;
      try {
        item.rows = rows_of(result);
      } catch (const std::logic_error& error) {
        item.state = Item::State::failed;
        item.code = "22000";
        item.message = error.what();
      }
      break;
    }
    case PGRES_PIPELINE_ABORTED:
      item.state = Item::State::skipped;
      break;
    default: {
      item.state = Item::State::failed;
      item.code = field(result, PG_DIAG_SQLSTATE);
      item.message = field(result, PG_DIAG_MESSAGE_PRIMARY);
      if (item.message.empty()) {
        item.message = one_line(PQresultErrorMessage(&result));
      }
      const auto refused = refused_.find(item.sql);
      if (item.code == code_unknown_statement && refused != refused_.end()) {
        std::tie(item.code, item.message) = refused->second;
      }
      break;
    }
  }
}

namespace {

template <class T>
std::optional<T> take_first(std::deque<T>& queue) {
  if (queue.empty()) {
    return std::nullopt;
  }
  T first = std::move(queue.front());
  queue.pop_front();
  return first;
}

}  // namespace

Flight* Connection::take_answered() {
  return take_first(answered_).value_or(nullptr);
}

Flight* Connection::take_lost() {
  return take_first(lost_).value_or(nullptr);
}

std::optional<Notice> Connection::take_notice() {
  return take_first(notices_);
}

bool Connection::take_unconfirmed() {
  return std::exchange(unconfirmed_, false);
}

}  // namespace securecart::storage::postgres
