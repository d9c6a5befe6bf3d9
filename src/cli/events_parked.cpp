// securecart events parked: what consumers gave up on, straight from the database: to see it, to
// have it tried once more by whoever serves, to forget it.
#include <cstdio>
#include <optional>

#include "base/crypto.hpp"
#include "cli/command.hpp"
#include "observe/metrics.hpp"
#include "storage/open.hpp"

namespace securecart::cli {
namespace {

constexpr ErrorKind gone{"not_parked", 409, "It is not parked any more."};

struct ParkedArguments {
  std::string data = "data";
  std::string database;
  std::string consumer;
  std::optional<std::int64_t> position;
  std::string message;
  bool all = false;
};

using Opened = std::unique_ptr<storage::Database>;

storage::Rows parked_events(storage::Database& database, const ParkedArguments& arguments) {
  storage::Query query{
      "SELECT p.consumer, p.position, e.type, e.subject, p.attempts, p.reason, p.replay, p.origin "
      "FROM parked_events p LEFT JOIN event_log e ON e.origin = p.origin AND "
      "e.position = p.position WHERE ($1 = '' OR p.consumer = $1) AND "
      "(CAST($2 AS BIGINT) = 0 OR p.position = $2) ORDER BY p.consumer, p.position LIMIT 1000",
      {arguments.consumer, arguments.position.value_or(0)}};
  return run_ready(database.read(std::move(query)));
}

storage::Rows parked_messages(storage::Database& database, const ParkedArguments& arguments) {
  storage::Query query{
      "SELECT id, consumer, reason, body FROM parked_messages WHERE ($1 = '' OR consumer = $1) AND "
      "($2 = '' OR id = $2) ORDER BY parked_at LIMIT 1000",
      {arguments.consumer, arguments.message}};
  return run_ready(database.read(std::move(query)));
}

// What a terminal can bear of what a stranger sent.
std::string printable(const std::string& encoded) {
  constexpr std::size_t shown_bytes = 120;
  std::string text;
  for (const char c : from_base64url(encoded).value_or("").substr(0, shown_bytes)) {
    text += c >= ' ' && c <= '~' ? c : '.';
  }
  return text;
}

int list(storage::Database& database, const ParkedArguments& arguments) {
  const storage::Rows events = parked_events(database, arguments);
  for (const storage::Row row : events) {
    std::printf("%s at %lld: %s of %s, %lld attempts%s: %s\n", row.text(0).c_str(),
                static_cast<long long>(row.integer(1)), row.text_or_null(2).value_or("?").c_str(),
                row.text_or_null(3).value_or("?").c_str(), static_cast<long long>(row.integer(4)),
                row.boolean(6) ? ", to be replayed" : "", row.text(5).c_str());
  }
  std::printf("%zu events are parked.\n", events.size());
  const storage::Rows messages = parked_messages(database, arguments);
  for (const storage::Row row : messages) {
    std::printf("message %s of %s: %s: %s\n", row.text(0).c_str(), row.text(1).c_str(),
                row.text(2).c_str(), printable(row.text(3)).c_str());
  }
  if (!messages.empty()) {
    std::printf("%zu messages that are no events are parked.\n", messages.size());
  }
  return events.empty() && messages.empty() ? 0 : 1;
}

// Applies `sql` to each event that is meant.
std::size_t change_events(storage::Database& database, const ParkedArguments& arguments,
                          std::string_view sql) {
  std::size_t changed = 0;
  for (const storage::Row row : parked_events(database, arguments)) {
    storage::Batch batch;
    batch.add(sql, {row.text(0), row.text(7), row.integer(1)}).expect(1, gone);
    const storage::Commit outcome = run_ready(database.commit(std::move(batch)));
    changed += std::holds_alternative<storage::Committed>(outcome) ? 1 : 0;
  }
  return changed;
}

int replay(storage::Database& database, const ParkedArguments& arguments) {
  const std::size_t asked = change_events(
      database, arguments,
      "UPDATE parked_events SET replay = 1 WHERE consumer = $1 AND origin = $2 AND position = $3");
  std::printf("%zu events will be tried again by the next process that serves their consumer.\n",
              asked);
  return asked > 0 ? 0 : 1;
}

int drop(storage::Database& database, const ParkedArguments& arguments) {
  std::size_t dropped = 0;
  if (arguments.message.empty()) {
    dropped = change_events(
        database, arguments,
        "DELETE FROM parked_events WHERE consumer = $1 AND origin = $2 AND position = $3");
  }
  if (!arguments.position) {
    for (const storage::Row row : parked_messages(database, arguments)) {
      storage::Batch batch;
      batch.add("DELETE FROM parked_messages WHERE id = $1", {row.text(0)});
      run_ready(database.commit(std::move(batch)));
      ++dropped;
    }
  }
  std::printf("%zu parked events and messages are forgotten.\n", dropped);
  return dropped > 0 ? 0 : 1;
}

using Action = int (*)(storage::Database&, const ParkedArguments&);

int run_on(const ParkedArguments& arguments, Action action) {
  const SystemClock clock;
  observe::Metrics metrics;
  try {
    const Opened database =
        storage::open_database({arguments.data, arguments.database}, clock, metrics);
    return action(*database, arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart events parked: %s\n", error.what());
    return 2;
  }
}

void add_place(CLI::App& word, ParkedArguments& arguments) {
  word.add_option("--data", arguments.data,
                  "Folder of the database; no server may be using it, unless it is PostgreSQL")
      ->capture_default_str();
  word.add_option("--database", arguments.database, "postgres://… instead of a file in the folder");
  word.add_option("--consumer", arguments.consumer, "Only of this one");
}

// One of `which` has to be said, so that nothing is changed by accident.
void add_choice(CLI::App& word, ParkedArguments& arguments, bool messages) {
  CLI::Option_group& which = *word.add_option_group("which");
  which.add_option("--position", arguments.position, "The event at this place of the log");
  if (messages) {
    which.add_option("--message", arguments.message, "The message of this id");
  }
  which.add_flag("--all", arguments.all, "Everything, or everything of the consumer");
  which.require_option(1);
}

}  // namespace

void add_events_parked(CLI::App& parent, Exit& exit) {
  CLI::App& word =
      *parent.add_subcommand("parked", "Events that consumers gave up on; lists them by itself");
  auto arguments = std::make_shared<ParkedArguments>();
  add_place(word, *arguments);
  word.require_subcommand(0, 1);
  const auto add = [&](const char* name, const char* about, Action action) -> CLI::App& {
    CLI::App& added = *word.add_subcommand(name, about);
    added.fallthrough();
    added.callback([arguments, action, &exit] { exit.status = run_on(*arguments, action); });
    return added;
  };
  add("list", "What is parked, and why; 1 when there is anything", list);
  CLI::App& again = add("replay", "Have events tried once more", replay);
  again.footer(
      "A message that is no event cannot be replayed: nobody knows what it asks for. Nothing is "
      "missing with it, since the log has every event and what no message brings is taken from "
      "there. See who publishes to the queue, then drop it.");
  add_choice(again, *arguments, false);
  add_choice(add("drop", "Forget events or messages for good", drop), *arguments, true);
  word.callback([arguments, &word, &exit] {
    if (word.get_subcommands().empty()) {
      exit.status = run_on(*arguments, list);
    }
  });
}

}  // namespace securecart::cli
