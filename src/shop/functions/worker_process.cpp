#include "shop/functions/worker_process.hpp"

#include <cerrno>
#include <csignal>
#include <ctime>
#include <initializer_list>
#include <optional>
#include <seccomp.h>
#include <string>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shop/functions/limits.hpp"
#include "shop/functions/sandbox.hpp"
#include "shop/functions/worker_message.hpp"

namespace securecart::shop::functions {
namespace {

constexpr int cannot_protect = 71;
constexpr int bad_request = 72;
constexpr rlim_t cpu_seconds = 300;  // of one process's life; its parent ends it long before

// A sanitizer needs the address space of a whole machine for its shadow, and asks the system
// whether memory is there by writing it into a pipe.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif
#else
constexpr bool sanitized = false;
#endif

bool limit(__rlimit_resource resource, rlim_t most) {
  const rlimit wanted{most, most};
  return ::setrlimit(resource, &wanted) == 0;
}

bool give_up_resources(int socket) {
  const auto above = static_cast<unsigned>(socket) + 1;
  const bool closed = ::close_range(above, ~0U, 0) == 0 &&
                      (socket == 0 || ::close_range(0, static_cast<unsigned>(socket) - 1, 0) == 0);
  return closed && limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) &&
         limit(RLIMIT_NOFILE, sanitized ? 8 : 0) && limit(RLIMIT_NPROC, 0) &&
         limit(RLIMIT_CPU, cpu_seconds) &&
         (sanitized || limit(RLIMIT_AS, limits::function_process_bytes)) &&
         ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::prctl(PR_SET_DUMPABLE, 0) == 0 &&
         ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

class Filter {
 public:
  Filter() : context_(seccomp_init(SCMP_ACT_KILL_PROCESS)), good_(context_ != nullptr) {}
  ~Filter() { seccomp_release(context_); }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  void allow(std::initializer_list<int> calls) {
    for (const int call : calls) {
      good_ = good_ && seccomp_rule_add_array(context_, SCMP_ACT_ALLOW, call, 0, nullptr) == 0;
    }
  }
  // Only when the argument at `index`, under `mask`, is `value`.
  void allow_when(int call, unsigned index, std::uint64_t mask, std::uint64_t value) {
    const scmp_arg_cmp condition{index, SCMP_CMP_MASKED_EQ, mask, value};
    good_ = good_ && seccomp_rule_add_array(context_, SCMP_ACT_ALLOW, call, 1, &condition) == 0;
  }
  bool load() { return good_ && seccomp_load(context_) == 0; }

 private:
  scmp_filter_ctx context_;
  bool good_;
};

// Reading and writing the one socket, memory that is never code, and the end.
bool give_up_system_calls(int socket) {
  constexpr std::uint64_t all = ~std::uint64_t{0};
  Filter filter;
  filter.allow({SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(brk), SCMP_SYS(munmap),
                SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(rt_sigreturn),
                SCMP_SYS(restart_syscall), SCMP_SYS(clock_gettime)});
  for (const int call : {SCMP_SYS(read), SCMP_SYS(write)}) {
    filter.allow_when(call, 0, all, static_cast<std::uint64_t>(socket));
  }
  if (sanitized) {
    filter.allow({SCMP_SYS(pipe2), SCMP_SYS(pipe), SCMP_SYS(write), SCMP_SYS(close),
                  SCMP_SYS(sigaltstack), SCMP_SYS(gettid), SCMP_SYS(getpid)});
  }
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)}) {
    filter.allow_when(call, 2, PROT_EXEC, 0);
  }
  return filter.load();
}

// False at the end of the stream.
bool read_all(int socket, char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::read(socket, bytes, size);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      return false;
    }
    bytes += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool write_all(int socket, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(socket, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) {
      continue;
    }
    if (put <= 0) {
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return true;
}

std::optional<std::string> read_frame(int socket) {
  std::string bytes(frame_header_bytes, '\0');
  if (!read_all(socket, bytes.data(), bytes.size())) {
    return std::nullopt;
  }
  const std::optional<std::size_t> length = frame_length(bytes);
  if (!length) {
    return std::nullopt;
  }
  bytes.resize(*length);
  return read_all(socket, bytes.data(), bytes.size()) ? std::optional(bytes) : std::nullopt;
}

}  // namespace

bool give_up_everything(int socket) {
  ::tzset();  // looks for the time zone's file now: later there are none
  std::signal(SIGPIPE, SIG_IGN);
  return give_up_resources(socket) && give_up_system_calls(socket);
}

int run_worker(int socket) {
  if (!give_up_everything(socket)) {
    return cannot_protect;
  }
  if (!write_all(socket, "r")) {
    return 0;
  }
  while (const std::optional<std::string> text = read_frame(socket)) {
    const Result<RunRequest> request = read_request(*text);
    if (!request) {
      return bad_request;
    }
    if (!write_all(socket, frame(write_report(run_in_sandbox(*request))))) {
      break;
    }
  }
  return 0;
}

}  // namespace securecart::shop::functions
