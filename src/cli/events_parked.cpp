// securecart events parked: what consumers gave up on, straight from the database file.
#include <cstdio>

#include "cli/command.hpp"
#include "observe/metrics.hpp"
#include "storage/sqlite/sqlite_database.hpp"

namespace securecart::cli {
namespace {

int parked(const std::string& data) {
  const SystemClock clock;
  observe::Metrics metrics;
  try {
    const auto database = storage::sqlite::open_files(data, clock, metrics);
    storage::Query query{
        "SELECT p.consumer, p.position, e.type, e.subject, p.attempts, p.reason "
        "FROM parked_events p LEFT JOIN event_log e ON e.origin = p.origin AND "
        "e.position = p.position ORDER BY p.consumer, p.position LIMIT 1000",
        {}};
    const storage::Rows rows = run_ready(database->read(std::move(query)));
    for (const storage::Row row : rows) {
      std::printf("%s at %lld: %s of %s, %lld attempts: %s\n", row.text(0).c_str(),
                  static_cast<long long>(row.integer(1)), row.text_or_null(2).value_or("?").c_str(),
                  row.text_or_null(3).value_or("?").c_str(), static_cast<long long>(row.integer(4)),
                  row.text(5).c_str());
    }
    std::printf("%zu events are parked.\n", rows.size());
    return rows.empty() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart events parked: %s\n", error.what());
    return 2;
  }
}

}  // namespace

void add_events_parked(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand("parked", "Events that consumers gave up on");
  auto data = std::make_shared<std::string>("data");
  word.add_option("--data", *data, "Folder of the database; no server may be using it")
      ->capture_default_str();
  word.callback([data, &exit] { exit.status = parked(*data); });
}

}  // namespace securecart::cli
