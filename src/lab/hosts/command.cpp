#include "lab/hosts/command.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace securecart::lab {
namespace {

// Spawn's own structures, freed on every way out.
struct SpawnSetup {
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
  SpawnSetup() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  }
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  pid_t spawn(const Arguments& arguments) {
    std::vector<std::string> words = arguments;
    std::vector<char*> argv;
    for (std::string& word : words) {
      argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    posix_spawnattr_setflags(&attributes, static_cast<short>(flags));
    pid_t child = -1;
    const int failed = posix_spawnp(&child, argv[0], &actions, &attributes, argv.data(), environ);
    if (failed != 0) {
      throw std::runtime_error(fmt::format("{}: {}", arguments.front(), std::strerror(failed)));
    }
    return child;
  }

  int flags = 0;
};

Descriptor file_of(std::string_view text) {
  Descriptor file(memfd_create("input", MFD_CLOEXEC));
  while (file.valid() && !text.empty()) {
    const ssize_t written = write(file.get(), text.data(), text.size());
    if (written < 0) {
      throw std::runtime_error("cannot keep a command's input");
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  lseek(file.get(), 0, SEEK_SET);
  return file;
}

std::string read_to_end(int file) {
  std::string text;
  std::array<char, 8192> buffer{};
  while (true) {
    const ssize_t count = read(file, buffer.data(), buffer.size());
    if (count > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(count));
    } else if (count == 0 || errno != EINTR) {
      return text;
    }
  }
}

int wait_for_end(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

void must(bool good, const std::string& what) {
  if (!good) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
  }
}

Ran run_command(const Arguments& arguments, std::string_view input) {
  const Descriptor in = file_of(input);
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw std::runtime_error("no pipe for a command");
  }
  const Descriptor out(ends[0]);
  Descriptor written(ends[1]);
  SpawnSetup setup;
  posix_spawn_file_actions_adddup2(&setup.actions, in.get(), 0);
  posix_spawn_file_actions_adddup2(&setup.actions, written.get(), 1);
  posix_spawn_file_actions_adddup2(&setup.actions, written.get(), 2);
  Ran ran;
  try {
    const pid_t child = setup.spawn(arguments);
    written.reset();
    ran.output = read_to_end(out.get());
    ran.status = wait_for_end(child);
  } catch (const std::runtime_error& error) {
    ran = {127, error.what()};
  }
  return ran;
}

std::string must_run(const Arguments& arguments, std::string_view input) {
  Ran ran = run_command(arguments, input);
  if (!ran.ok()) {
    throw std::runtime_error(
        fmt::format("{}: exit {}: {}", fmt::join(arguments, " "), ran.status, ran.output));
  }
  return std::move(ran.output);
}

pid_t start_command(const Arguments& arguments, int output, int third) {
  SpawnSetup setup;
  posix_spawn_file_actions_addopen(&setup.actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&setup.actions, output, 1);
  posix_spawn_file_actions_adddup2(&setup.actions, output, 2);
  if (third >= 0) {
    posix_spawn_file_actions_adddup2(&setup.actions, third, 3);
  }
  setup.flags |= POSIX_SPAWN_SETSID;
  return setup.spawn(arguments);
}

}  // namespace securecart::lab
