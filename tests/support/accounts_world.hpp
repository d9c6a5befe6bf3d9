// Accounts over a real database in a temporary folder, with a clock that moves only when told.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/prng.hpp"
#include "net/runtime.hpp"
#include "observe/metrics.hpp"
#include "shop/accounts/accounts.hpp"
#include "shop/accounts/cached_authenticator.hpp"
#include "storage/cache/loading_cache.hpp"
#include "storage/cache/memory_cache.hpp"
#include "storage/sqlite/sqlite_database.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/thread_executor.hpp"

namespace securecart::test {

class AccountsWorld {
 public:
  AccountsWorld() {
    runtime.run();
    open();
  }
  ~AccountsWorld() { shut(); }
  AccountsWorld(const AccountsWorld&) = delete;
  AccountsWorld& operator=(const AccountsWorld&) = delete;

  // What a restart of the process does: everything in memory is gone.
  void restart() {
    shut();
    open();
  }

  // Runs a task to its end. `make` builds it on the executor's thread.
  template <class Make>
  auto run(Make make) {
    using Made = std::invoke_result_t<Make&>;
    using Value = decltype(std::declval<Made&>().await_resume());
    return executor.run_task<Value>([&make] { return make(); });
  }

  // A shop that is nothing but a row, with one host name.
  std::string add_shop(const std::string& host) {
    const std::string id = ids.make("shop");
    storage::Batch batch;
    batch.add(
        "INSERT INTO shops (id, name, default_currency, currencies, countries, created_at) "
        "VALUES ($1, $1, 'EUR', '[\"EUR\"]', '[\"NL\"]', 0)",
        {id});
    batch.add("INSERT INTO shop_hosts (host, shop_id) VALUES ($1, $2)", {host, id});
    commit(std::move(batch));
    return id;
  }

  storage::Commit commit(storage::Batch batch) {
    return run([this, &batch] { return database->commit(std::move(batch)); });
  }

  storage::Rows read(std::string_view sql, storage::Values parameters = {}) {
    return run([&] { return database->read({sql, std::move(parameters)}); });
  }

  ThreadExecutor executor;  // first: whoever answers on it is gone before it
  TempDir folder;
  ManualClock clock;
  SecureRandom random;
  Ids ids{clock, random};
  observe::Metrics metrics;
  SystemClock real_clock;
  std::unique_ptr<storage::MemoryCache> memory;
  std::unique_ptr<storage::LoadingCache> cache;
  std::unique_ptr<storage::SqliteDatabase> database;
  net::Runtime runtime{1, 2, real_clock};
  std::unique_ptr<shop::accounts::Passwords> passwords;
  std::unique_ptr<shop::accounts::Accounts> accounts;
  std::unique_ptr<shop::accounts::CachedAuthenticator> authenticator;

 private:
  void open() {
    constexpr std::size_t cache_bytes = 1 << 20;
    memory = std::make_unique<storage::MemoryCache>(cache_bytes, clock, metrics);
    cache = std::make_unique<storage::LoadingCache>(*memory, random, metrics);
    database = storage::sqlite::open_files(folder.path(), clock, metrics);
    passwords = std::make_unique<shop::accounts::Passwords>(runtime, PasswordCost::cheap);
    accounts = std::make_unique<shop::accounts::Accounts>(*database, clock, ids, *passwords);
    authenticator = std::make_unique<shop::accounts::CachedAuthenticator>(*database, *cache, clock);
  }
  void shut() {
    database->close();
    accounts.reset();
    passwords.reset();
    database.reset();
    authenticator.reset();
    cache.reset();
    memory.reset();
  }
};

}  // namespace securecart::test
