// What is on the disk when the power goes: everything that was synced, and of the rest any part.
//
// SQLite's files are opened through a VFS of ours (https://sqlite.org/vfs.html) that remembers what
// each holds for certain and what was written since its last sync. cut() writes what may be left
// into another folder: each sector written since then is there or is not, by chance and in any
// order, and so is each change of a file's length. Nothing is written to the real disk for good, so
// a sync costs no time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <sqlite3.h>

#include "base/prng.hpp"

namespace securecart::test {

class LossyDisk {
 public:
  // From now on, and as long as it lives, SQLite opens every file of this process through it. One
  // at a time; databases opened meanwhile must be closed before it.
  LossyDisk() {
    sqlite3_initialize();
    real_ = sqlite3_vfs_find(nullptr);
    vfs_ = *real_;
    vfs_.zName = "lossy";
    vfs_.pAppData = this;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.xOpen = &open;
    if (sqlite3_vfs_register(&vfs_, 1) != SQLITE_OK) {
      throw std::runtime_error("SQLite takes no VFS");
    }
  }
  ~LossyDisk() {
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(real_, 1);
  }
  LossyDisk(const LossyDisk&) = delete;
  LossyDisk& operator=(const LossyDisk&) = delete;

  // A disk that says "synced" and is not.
  void lie() {
    const std::scoped_lock lock(mutex_);
    lies_ = true;
  }

  // Makes `into` and in it every file of `folder` as it may be when the power goes now.
  void cut(const std::filesystem::path& folder, const std::filesystem::path& into, Prng& random) {
    std::filesystem::create_directory(into);
    const std::scoped_lock lock(mutex_);
    for (const auto& [path, image] : images_) {
      if (path.parent_path() == folder) {
        const std::string left = image.left(random);
        std::ofstream(into / path.filename(), std::ios::binary)
            .write(left.data(), static_cast<std::streamsize>(left.size()));
      }
    }
  }

 private:
  static constexpr std::size_t sector = 512;  // bytes that are written whole or not at all

  struct Change {
    std::size_t at;  // of the bytes; the new length when there are none
    std::string bytes;
  };

  struct Image {
    std::string synced;
    std::vector<Change> since;

    static void apply(std::string& content, std::size_t at, std::string_view bytes) {
      if (content.size() < at + bytes.size()) {
        content.resize(at + bytes.size());
      }
      content.replace(at, bytes.size(), bytes);
    }
    void sync() {
      for (const Change& change : since) {
        change.bytes.empty() ? synced.resize(change.at) : apply(synced, change.at, change.bytes);
      }
      since.clear();
    }
    std::string left(Prng& random) const {
      std::string content = synced;
      // Now and then nearly all of it was written, or nearly nothing.
      const std::uint64_t kept = random.next() % 101;
      const auto survives = [&] { return random.next() % 100 < kept; };
      for (const Change& change : since) {
        if (change.bytes.empty()) {
          survives() ? content.resize(change.at) : void();
        }
        for (std::size_t from = 0; from < change.bytes.size();) {
          const std::size_t size =
              std::min(sector - (change.at + from) % sector, change.bytes.size() - from);
          if (survives()) {
            apply(content, change.at + from, std::string_view(change.bytes).substr(from, size));
          }
          from += size;
        }
      }
      return content;
    }
  };

  // Followed in memory by the file of SQLite's own VFS.
  struct File {
    sqlite3_file base;
    LossyDisk* disk;
    Image* image;  // null for what need not outlive the process
  };

  static sqlite3_file* real(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<File*>(file) + 1);
  }

  template <auto Method>
  struct Forward;
  template <class Result, class... Args,
            Result (*sqlite3_io_methods::*Method)(sqlite3_file*, Args...)>
  struct Forward<Method> {
    static Result call(sqlite3_file* file, Args... args) {
      return (real(file)->pMethods->*Method)(real(file), args...);
    }
  };

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
    auto* disk = static_cast<LossyDisk*>(vfs->pAppData);
    auto* own = reinterpret_cast<File*>(file);
    own->base.pMethods = nullptr;
    own->disk = disk;
    own->image = nullptr;
    const int code = disk->real_->xOpen(disk->real_, name, real(file), flags, out);
    if (code != SQLITE_OK) {
      return code;
    }
    if (name != nullptr && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0) {
      const std::scoped_lock lock(disk->mutex_);
      own->image = &disk->images_[name];
    }
    own->base.pMethods = &methods();
    return SQLITE_OK;
  }

  static int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 at) {
    remember(file, {static_cast<std::size_t>(at),
                    std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(size))});
    return Forward<&sqlite3_io_methods::xWrite>::call(file, bytes, size, at);
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    remember(file, {static_cast<std::size_t>(size), ""});
    return Forward<&sqlite3_io_methods::xTruncate>::call(file, size);
  }
  static void remember(sqlite3_file* file, Change change) {
    const auto* own = reinterpret_cast<File*>(file);
    if (own->image != nullptr) {
      const std::scoped_lock lock(own->disk->mutex_);
      own->image->since.push_back(std::move(change));
    }
  }
  static int sync(sqlite3_file* file, int) {
    const auto* own = reinterpret_cast<File*>(file);
    if (own->image != nullptr) {
      const std::scoped_lock lock(own->disk->mutex_);
      if (!own->disk->lies_) {
        own->image->sync();
      }
    }
    return SQLITE_OK;
  }

  static const sqlite3_io_methods& methods() {
    using Io = sqlite3_io_methods;
    static const Io all{3,
                        &Forward<&Io::xClose>::call,
                        &Forward<&Io::xRead>::call,
                        &write,
                        &truncate,
                        &sync,
                        &Forward<&Io::xFileSize>::call,
                        &Forward<&Io::xLock>::call,
                        &Forward<&Io::xUnlock>::call,
                        &Forward<&Io::xCheckReservedLock>::call,
                        &Forward<&Io::xFileControl>::call,
                        &Forward<&Io::xSectorSize>::call,
                        &Forward<&Io::xDeviceCharacteristics>::call,
                        &Forward<&Io::xShmMap>::call,
                        &Forward<&Io::xShmLock>::call,
                        &Forward<&Io::xShmBarrier>::call,
                        &Forward<&Io::xShmUnmap>::call,
                        &Forward<&Io::xFetch>::call,
                        &Forward<&Io::xUnfetch>::call};
    return all;
  }

  sqlite3_vfs* real_ = nullptr;
  sqlite3_vfs vfs_{};
  std::mutex mutex_;
  bool lies_ = false;
  std::map<std::filesystem::path, Image> images_;
};

}  // namespace securecart::test
