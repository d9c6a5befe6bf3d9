// Copies the write-ahead log back into the database file, beside the commits and not between them.
//
// Under steady load a copy is never complete (commits go on meanwhile), so the log would grow
// without end: past limits::wal_bytes the writer itself copies the rest between two groups, and the
// next commit starts the log over.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <thread>

#include "observe/metrics.hpp"
#include "storage/limits.hpp"
#include "storage/sqlite/connection.hpp"

namespace securecart::storage::sqlite {

class Checkpointer {
 public:
  // Installs itself on the writer's connection, which must outlive it. Without a thread the copies
  // are made in after_commit(). Throws EngineError.
  Checkpointer(Connection& writer, const std::filesystem::path& path, const Clock& clock,
               observe::Metrics& metrics, bool with_thread);
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // On the writer's thread, between two groups.
  void after_commit();

 private:
  static int on_wal(void* self, sqlite3*, const char*, int frames);
  void run();
  void copy(Connection& connection) noexcept;

  Connection& writer_;
  Connection connection_;
  const std::size_t frame_bytes_;
  std::size_t wal_bytes_ = 0;  // now; the writer's thread only
  std::size_t asked_at_ = 0;   // size at the last request; the writer's thread only
  std::mutex copying_;         // held during a copy
  std::mutex mutex_;           // of what follows
  std::condition_variable wake_;
  bool wanted_ = false;
  bool stopping_ = false;
  observe::Gauge& wal_gauge_;
  observe::Counter& copies_;
  std::thread thread_;
};

}  // namespace securecart::storage::sqlite
