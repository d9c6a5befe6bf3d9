// One connection to a SQLite file with its prepared statements. Used by one thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "storage/database.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace securecart::storage::sqlite {

// The engine could not do its work: disk full, I/O error, file damaged, interrupted.
class EngineError : public std::runtime_error {
 public:
  EngineError(const std::string& what, int result_code)
      : std::runtime_error(what), code(result_code) {}
  int code;  // SQLite's extended result code
};

// A statement compiled once for its connection.
class Prepared {
 public:
  Prepared(sqlite3* database, std::string_view sql);
  ~Prepared();
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;

  std::string_view text() const { return text_; }
  sqlite3_stmt* handle() const { return handle_; }

  // Binds by slot, from 1. Text is not copied: it must live until reset().
  void bind(int slot, std::string_view text);
  void bind(int slot, std::int64_t number);
  void bind_null(int slot);
  // Binds $1, $2, … to `parameters`. Throws std::logic_error when their number is another.
  void bind_all(const Values& parameters);

  void reset();

 private:
  void map_parameters();

  std::string text_;
  sqlite3_stmt* handle_ = nullptr;
  std::vector<std::size_t> parameter_of_slot_;  // slot i+1 takes parameters[parameter_of_slot_[i]]
  std::size_t parameters_ = 0;
};

class Connection {
 public:
  enum class Mode { read_only, read_write };

  // Throws EngineError when the file cannot be opened.
  Connection(const std::filesystem::path& path, Mode mode, const Clock& clock);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  sqlite3* handle() const { return handle_; }

  // Runs one or more statements without parameters. Throws EngineError.
  void execute(const std::string& sql);
  // The statement of this text, compiled at most once. Throws std::logic_error when it does not
  // compile. The reference is valid until the next call.
  Prepared& prepare(std::string_view sql);

  // Runs a query to its end. Throws EngineError, or std::logic_error when the SQL is wrong.
  Rows query(std::string_view sql, const Values& parameters = {});

  struct Change {
    int code;  // SQLITE_OK, or an extended result code that only concerns this statement
    std::int64_t rows = 0;  // inserted, updated or deleted
    std::string message;    // when the code is not SQLITE_OK
  };
  // Runs a statement that changes something. Errors of the statement (a constraint, wrong SQL) come
  // back as a Change; those of the engine are thrown as EngineError.
  Change change(std::string_view sql, const Values& parameters);
  // The same for a statement whose slots are bound already.
  Change change(Prepared& statement);

  // Statements still running at `deadline` end with EngineError(SQLITE_INTERRUPT).
  void set_deadline(std::optional<SteadyTime> deadline) { deadline_ = deadline; }

  bool in_transaction() const;

 private:
  struct Spot {
    const char* begin;
    std::size_t size;
    bool operator==(const Spot&) const = default;
  };
  struct SpotHash {
    std::size_t operator()(const Spot& spot) const noexcept {
      return std::hash<const void*>()(spot.begin) ^ (spot.size * 0x9E3779B97F4A7C15U);
    }
  };
  static int on_progress(void* self);

  const Clock& clock_;
  sqlite3* handle_ = nullptr;
  std::optional<SteadyTime> deadline_;
  std::unordered_map<std::string_view, std::unique_ptr<Prepared>> by_text_;
  std::unordered_map<Spot, Prepared*, SpotHash> by_spot_;
};

// True when the result code says that the statement itself is at fault (constraint, syntax, type),
// not the engine beneath it.
bool concerns_statement(int code);

}  // namespace securecart::storage::sqlite
