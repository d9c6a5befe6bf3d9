// Keeps two processes from serving one database: an exclusive advisory lock on a file beside it.
// The operating system releases it when the process ends, however it ends.
#pragma once

#include <filesystem>

namespace securecart::storage::sqlite {

class DataLock {
 public:
  // Throws OpenError when another process holds the lock (with its process id), or when the file
  // cannot be made.
  explicit DataLock(const std::filesystem::path& file);
  ~DataLock();
  DataLock(const DataLock&) = delete;
  DataLock& operator=(const DataLock&) = delete;

 private:
  int descriptor_ = -1;
};

}  // namespace securecart::storage::sqlite
