#include "cluster/agent/files.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/files.hpp"
#include "base/limits.hpp"
#include "base/text.hpp"
#include "cluster/agent/users.hpp"

namespace securecart::cluster::agent {
namespace {

constexpr mode_t mode_bits = 07777;

// As another user than root nothing can be given away.
Result<std::optional<User>> find_owner(const std::string& name) {
  if (geteuid() != 0) {
    return std::nullopt;
  }
  std::expected<User, std::string> user = find_user(name);
  if (!user) {
    return fail(errc::invalid_request, std::move(user.error()));
  }
  return std::optional(std::move(*user));
}

std::runtime_error failure(const char* what, const std::filesystem::path& path) {
  return std::runtime_error(
      fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(errno)));
}

// Of what is there already: its content apart.
bool has_rights(const std::filesystem::path& path, int mode, const std::optional<User>& owner) {
  struct stat found{};
  return stat(path.c_str(), &found) == 0 &&
         (found.st_mode & mode_bits) == static_cast<mode_t>(mode) &&
         (!owner || (found.st_uid == owner->id && found.st_gid == owner->group));
}

void give(const std::filesystem::path& path, int mode, const std::optional<User>& owner) {
  if ((owner && chown(path.c_str(), owner->id, owner->group) != 0) ||
      chmod(path.c_str(), static_cast<mode_t>(mode)) != 0) {
    throw failure("give its rights to", path);
  }
}

void replace(const std::filesystem::path& file, const std::string& text, int mode,
             const std::optional<User>& owner) {
  const std::filesystem::path beside = file.string() + ".new";
  unlink(beside.c_str());
  const int out = open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  bool good = out >= 0;
  for (std::size_t done = 0; good && done < text.size();) {
    const ssize_t size = write(out, text.data() + done, text.size() - done);
    good = size > 0;
    done += good ? static_cast<std::size_t>(size) : 0;
  }
  good = good && fsync(out) == 0;
  const int error = errno;
  if (out >= 0) {
    close(out);
  }
  if (!good) {
    errno = error;
    throw failure("write", beside);
  }
  give(beside, mode, owner);
  if (rename(beside.c_str(), file.c_str()) != 0) {
    throw failure("replace", file);
  }
}

void apply_folder(const PlannedFolder& folder) {
  const Result<std::optional<User>> owner = find_owner(folder.owner);
  if (!owner) {
    throw std::runtime_error(owner.error().detail);
  }
  std::filesystem::create_directories(folder.path);
  if (!has_rights(folder.path, folder.mode, *owner)) {
    give(folder.path, folder.mode, *owner);
  }
}

// True when it was written.
bool apply_file(const RenderedFile& file, const std::filesystem::path& secrets) {
  if (file.seed && std::filesystem::exists(file.path)) {
    return false;
  }
  const auto secret = [&secrets](std::string_view name) -> Result<std::string> {
    const Result<std::string> text = read_file(secrets / name);
    if (!text) {
      return fail(errc::invalid_request, fmt::format("{} is not there", (secrets / name).string()));
    }
    return std::string(trim(std::string_view(*text).substr(0, text->find('\n'))));
  };
  const Result<std::string> text = fill_secrets(file.text, secret);
  const Result<std::optional<User>> owner = find_owner(file.owner);
  if (!text || !owner) {
    throw std::runtime_error(
        fmt::format("{}: {}", file.path, text ? owner.error().detail : text.error().detail));
  }
  std::filesystem::create_directories(std::filesystem::path(file.path).parent_path());
  if (has_rights(file.path, file.mode, *owner) && read_file(file.path) == *text) {
    return false;
  }
  replace(file.path, *text, file.mode, *owner);
  return true;
}

}  // namespace

Applied apply_files(const HostPlan& plan, const std::filesystem::path& secrets) {
  Applied applied;
  for (const PlannedFolder& folder : plan.folders) {
    try {
      apply_folder(folder);
    } catch (const std::exception& error) {
      applied.problems.emplace_back(error.what());
    }
  }
  for (const RenderedFile& file : plan.files) {
    try {
      if (apply_file(file, secrets)) {
        applied.written.push_back(file.path);
      }
    } catch (const std::exception& error) {
      applied.problems.emplace_back(error.what());
    }
  }
  return applied;
}

void write_durably(const std::filesystem::path& file, const std::string& text, int mode) {
  replace(file, text, mode, std::nullopt);
}

}  // namespace securecart::cluster::agent
