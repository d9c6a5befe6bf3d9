#include "storage/sqlite/checkpointer.hpp"

#include <sqlite3.h>

#include "base/log.hpp"
#include "storage/limits.hpp"

namespace securecart::storage::sqlite {

namespace {

constexpr std::size_t frame_header_bytes = 24;  // https://www.sqlite.org/fileformat2.html#walformat

std::size_t bytes_of_a_frame(Connection& connection) {
  return frame_header_bytes +
         static_cast<std::size_t>(connection.query("PRAGMA page_size")[0].integer(0));
}

}  // namespace

Checkpointer::Checkpointer(Connection& writer, const std::filesystem::path& path,
                           const Clock& clock, observe::Metrics& metrics, bool with_thread)
    : writer_(writer),
      connection_(path, Connection::Mode::read_write, clock),
      frame_bytes_(bytes_of_a_frame(writer)),
      wal_gauge_(metrics.gauge("securecart_storage_wal_bytes", "Size of the write-ahead log.")),
      copies_(metrics.counter("securecart_storage_checkpoints_total",
                              "Copies of the write-ahead log into the database file.")) {
  connection_.execute("PRAGMA synchronous=FULL");
  sqlite3_wal_hook(writer_.handle(), &Checkpointer::on_wal, this);
  if (with_thread) {
    thread_ = std::thread([this] { run(); });
  }
}

Checkpointer::~Checkpointer() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) {
    thread_.join();
  }
  sqlite3_wal_hook(writer_.handle(), nullptr, nullptr);
}

int Checkpointer::on_wal(void* self, sqlite3*, const char*, int frames) {
  auto& checkpointer = *static_cast<Checkpointer*>(self);
  checkpointer.wal_bytes_ = static_cast<std::size_t>(frames) * checkpointer.frame_bytes_;
  return SQLITE_OK;
}

void Checkpointer::after_commit() {
  wal_gauge_.set(static_cast<std::int64_t>(wal_bytes_));
  if (wal_bytes_ < asked_at_) {
    asked_at_ = 0;  // the log was started over
  }
  if (wal_bytes_ - asked_at_ < limits::wal_checkpoint_bytes) {
    return;
  }
  asked_at_ = wal_bytes_;
  if (!thread_.joinable() || wal_bytes_ >= limits::wal_bytes) {
    const std::scoped_lock copying(copying_);
    copy(writer_);
    return;
  }
  {
    const std::scoped_lock lock(mutex_);
    wanted_ = true;
  }
  wake_.notify_one();
}

void Checkpointer::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || wanted_; });
    if (stopping_) {
      return;
    }
    wanted_ = false;
    lock.unlock();
    {
      const std::scoped_lock copying(copying_);
      copy(connection_);
    }
    lock.lock();
  }
}

void Checkpointer::copy(Connection& connection) noexcept {
  copies_.add();
  const int code = sqlite3_wal_checkpoint_v2(connection.handle(), nullptr,
                                             SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) {
    // Nothing is lost: the log keeps what was not copied, and the next attempt starts there.
    log::warn("storage_checkpoint_failed",
              {{"error", std::string_view(sqlite3_errmsg(connection.handle()))}, {"code", code}});
  }
}

}  // namespace securecart::storage::sqlite
