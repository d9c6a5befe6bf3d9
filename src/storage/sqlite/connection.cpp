#include "storage/sqlite/connection.hpp"

#include <algorithm>
#include <charconv>

#include <sqlite3.h>

#include "storage/limits.hpp"

namespace securecart::storage::sqlite {

namespace {

constexpr int progress_operations = 20'000;  // of the virtual machine: well under a millisecond

// Without memory statistics malloc is called without SQLite's global lock, on which all reading
// threads would meet. Only before the first connection of the process.
void configure_engine() {
  [[maybe_unused]] static const int once = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

[[noreturn]] void raise(sqlite3* database, std::string_view doing) {
  const int code = sqlite3_extended_errcode(database);
  throw EngineError(std::string(doing) + ": " + sqlite3_errmsg(database), code);
}

Value column_value(sqlite3_stmt* statement, int column) {
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
      return std::monostate();
    case SQLITE_INTEGER:
      return std::int64_t{sqlite3_column_int64(statement, column)};
    case SQLITE_FLOAT:
      throw std::logic_error(std::string("a query returns REAL, which SecureCart never stores: ") +
                             sqlite3_sql(statement));
    default: {
      const void* bytes = sqlite3_column_blob(statement, column);
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
      return bytes == nullptr ? std::string() : std::string(static_cast<const char*>(bytes), size);
    }
  }
}

// Takes a statement back to its start whichever way its use ends; an open one holds a snapshot.
class Use {
 public:
  explicit Use(Prepared& statement) : statement_(statement) {}
  ~Use() { statement_.reset(); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;

 private:
  Prepared& statement_;
};

}  // namespace

bool concerns_statement(int code) {
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
      return true;
    default:
      return false;
  }
}

Prepared::Prepared(sqlite3* database, std::string_view sql) : text_(sql) {
  const char* rest = nullptr;
  const int code = sqlite3_prepare_v3(database, text_.data(), static_cast<int>(text_.size()) + 1,
                                      SQLITE_PREPARE_PERSISTENT, &handle_, &rest);
  if (code != SQLITE_OK) {
    const std::string message = sqlite3_errmsg(database);
    if (concerns_statement(code)) {
      throw std::logic_error(message + " in: " + text_);
    }
    throw EngineError(message, sqlite3_extended_errcode(database));
  }
  if (handle_ == nullptr ||
      std::string_view(rest).find_first_not_of(" \n\t;") != std::string::npos) {
    sqlite3_finalize(handle_);
    throw std::logic_error("not exactly one statement: " + text_);
  }
  map_parameters();
}

Prepared::~Prepared() {
  sqlite3_finalize(handle_);
}

// SQLite takes $1 for a name: a slot is given to each name in the order they appear.
void Prepared::map_parameters() {
  const int slots = sqlite3_bind_parameter_count(handle_);
  for (int slot = 1; slot <= slots; ++slot) {
    const char* name = sqlite3_bind_parameter_name(handle_, slot);
    std::size_t number = 0;
    const std::string_view digits = name == nullptr ? std::string_view() : name + 1;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number);
    if (error != std::errc() || end != digits.end() || number == 0) {
      sqlite3_finalize(handle_);
      throw std::logic_error("parameters are written $1, $2, …: " + text_);
    }
    parameter_of_slot_.push_back(number - 1);
    parameters_ = std::max(parameters_, number);
  }
}

void Prepared::bind(int slot, std::string_view text) {
  // A null pointer would be NULL instead of an empty text.
  const char* bytes = text.data() == nullptr ? "" : text.data();
  const int code =
      sqlite3_bind_text64(handle_, slot, bytes, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) {
    throw std::logic_error("cannot bind a text of " + std::to_string(text.size()) +
                           " bytes: " + text_);
  }
}

void Prepared::bind(int slot, std::int64_t number) {
  sqlite3_bind_int64(handle_, slot, number);
}

void Prepared::bind_null(int slot) {
  sqlite3_bind_null(handle_, slot);
}

void Prepared::bind_all(const Values& parameters) {
  if (parameters.size() != parameters_) {
    throw std::logic_error(std::to_string(parameters.size()) + " parameters for " +
                           std::to_string(parameters_) + " places in: " + text_);
  }
  for (std::size_t i = 0; i < parameter_of_slot_.size(); ++i) {
    const int slot = static_cast<int>(i) + 1;
    const Value& value = parameters[parameter_of_slot_[i]];
    if (const auto* text = std::get_if<std::string>(&value)) {
      bind(slot, std::string_view(*text));
    } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
      bind(slot, *number);
    } else {
      bind_null(slot);
    }
  }
}

void Prepared::reset() {
  sqlite3_reset(handle_);
}

Connection::Connection(const std::filesystem::path& path, Mode mode, const Clock& clock)
    : clock_(clock) {
  configure_engine();
  const int access =
      mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(path.c_str(), &handle_,
                                   access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  if (code != SQLITE_OK) {
    const std::string message = handle_ == nullptr ? "out of memory" : sqlite3_errmsg(handle_);
    sqlite3_close_v2(handle_);
    throw EngineError("cannot open " + path.string() + ": " + message, code);
  }
  sqlite3_progress_handler(handle_, progress_operations, &Connection::on_progress, this);
}

Connection::~Connection() {
  by_spot_.clear();
  by_text_.clear();
  sqlite3_close_v2(handle_);
}

int Connection::on_progress(void* self) {
  const auto& connection = *static_cast<const Connection*>(self);
  return connection.deadline_ && connection.clock_.steady() >= *connection.deadline_ ? 1 : 0;
}

void Connection::execute(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    raise(handle_, "cannot run " + sql.substr(0, 200));
  }
}

Prepared& Connection::prepare(std::string_view sql) {
  const Spot spot{sql.data(), sql.size()};
  // The texts are compared too: the address may have held another statement before.
  if (const auto found = by_spot_.find(spot);
      found != by_spot_.end() && found->second->text() == sql) {
    return *found->second;
  }
  if (std::max(by_text_.size(), by_spot_.size()) >= limits::prepared_statements) {
    by_spot_.clear();
    by_text_.clear();
  }
  auto found = by_text_.find(sql);
  if (found == by_text_.end()) {
    auto prepared = std::make_unique<Prepared>(handle_, sql);
    const std::string_view text = prepared->text();
    found = by_text_.emplace(text, std::move(prepared)).first;
  }
  by_spot_[spot] = found->second.get();
  return *found->second;
}

Rows Connection::query(std::string_view sql, const Values& parameters) {
  Prepared& statement = prepare(sql);
  const Use use(statement);
  statement.bind_all(parameters);
  const int columns = sqlite3_column_count(statement.handle());
  Rows rows(static_cast<std::size_t>(columns));
  int code = SQLITE_OK;
  while ((code = sqlite3_step(statement.handle())) == SQLITE_ROW) {
    for (int column = 0; column < columns; ++column) {
      rows.append(column_value(statement.handle(), column));
    }
  }
  if (code != SQLITE_DONE) {
    if (concerns_statement(code)) {
      throw std::logic_error(std::string(sqlite3_errmsg(handle_)) + " in: " + std::string(sql));
    }
    raise(handle_, "cannot read");
  }
  return rows;
}

Connection::Change Connection::change(std::string_view sql, const Values& parameters) {
  Prepared& statement = prepare(sql);
  statement.bind_all(parameters);
  return change(statement);
}

Connection::Change Connection::change(Prepared& statement) {
  const Use use(statement);
  int code = SQLITE_OK;
  do {
    code = sqlite3_step(statement.handle());
  } while (code == SQLITE_ROW);
  if (code == SQLITE_DONE) {
    const bool reads = sqlite3_stmt_readonly(statement.handle()) != 0;
    return {SQLITE_OK, reads ? 0 : std::int64_t{sqlite3_changes64(handle_)}, {}};
  }
  if (!concerns_statement(code)) {
    raise(handle_, "cannot write");
  }
  return {code, 0, std::string(sqlite3_errmsg(handle_)) + " in: " + std::string(statement.text())};
}

bool Connection::in_transaction() const {
  return sqlite3_get_autocommit(handle_) == 0;
}

}  // namespace securecart::storage::sqlite
