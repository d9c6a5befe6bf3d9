#include "shop/functions/worker_pool.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <poll.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/log.hpp"
#include "shop/functions/limits.hpp"
#include "shop/functions/worker_message.hpp"

namespace securecart::shop::functions {
namespace {

using namespace std::chrono_literals;

constexpr auto start_patience = 10s;  // a loaded machine

// What a pool waits by is the machine's own time: processes live in it.
SteadyTime steady_now() {
  static const SystemClock clock;
  return clock.steady();
}

// False when the deadline passed first.
bool wait_for(int socket, short events, SteadyTime deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_now()).count();
    if (left <= 0) {
      return false;
    }
    pollfd waiting{socket, events, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(left));
    if (ready > 0) {
      return true;
    }
    if (ready < 0 && errno != EINTR) {
      return false;
    }
  }
}

// Spawn's own structures, freed on every way out.
struct SpawnSetup {
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
  SpawnSetup() {
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;
};

enum class Exchange : std::uint8_t { answered, late, broken };

}  // namespace

// One process and our end of its socket. Used by its thread alone.
class WorkerPool::Worker {
 public:
  ~Worker() { end(); }
  Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  bool alive() const { return process_ > 0; }
  int runs() const { return runs_; }

  // Its own group, so that Ctrl-C on a terminal is the parent's alone; no signal blocked; nothing
  // of our environment.
  bool start(const WorkerPoolOptions& options) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
      return false;
    }
    SpawnSetup setup;
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&setup.attributes, &signals);
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&setup.attributes, &signals);
    posix_spawnattr_setpgroup(&setup.attributes, 0);
    posix_spawnattr_setflags(
        &setup.attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    posix_spawn_file_actions_adddup2(&setup.actions, ends[1], 0);
    std::string program = options.program.string();
    std::string word = options.word;
    std::string zone = "TZ=UTC0";
    const std::array<char*, 3> arguments{program.data(), word.data(), nullptr};
    const std::array<char*, 2> environment{zone.data(), nullptr};
    const int failed = ::posix_spawn(&process_, program.c_str(), &setup.actions, &setup.attributes,
                                     arguments.data(), environment.data());
    ::close(ends[1]);
    if (failed != 0) {
      ::close(ends[0]);
      process_ = -1;
      return false;
    }
    socket_ = ends[0];
    runs_ = 0;
    std::string ready(1, '\0');  // it says so once it can do nothing but this
    if (receive(ready, steady_now() + start_patience) != Exchange::answered) {
      end();
      return false;
    }
    return true;
  }

  void end() {
    if (alive()) {
      ::close(socket_);
      ::kill(process_, SIGKILL);
      while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
      }
      process_ = -1;
    }
  }

  Exchange exchange(std::string_view request, SteadyTime deadline, std::string& answer) {
    ++runs_;
    if (const Exchange sent = send(request, deadline); sent != Exchange::answered) {
      return sent;
    }
    answer.assign(frame_header_bytes, '\0');
    if (const Exchange got = receive(answer, deadline); got != Exchange::answered) {
      return got;
    }
    const std::optional<std::size_t> length = frame_length(answer);
    if (!length) {
      return Exchange::broken;
    }
    answer.resize(*length);
    return receive(answer, deadline);
  }

 private:
  Exchange send(std::string_view bytes, SteadyTime deadline) const {
    while (!bytes.empty()) {
      const ssize_t put = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (put > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(put));
      } else if (errno == EAGAIN) {
        if (!wait_for(socket_, POLLOUT, deadline)) {
          return Exchange::late;
        }
      } else if (errno != EINTR) {
        return Exchange::broken;
      }
    }
    return Exchange::answered;
  }

  Exchange receive(std::string& bytes, SteadyTime deadline) const {
    std::size_t have = 0;
    while (have < bytes.size()) {
      if (!wait_for(socket_, POLLIN, deadline)) {
        return Exchange::late;
      }
      const ssize_t got = ::recv(socket_, bytes.data() + have, bytes.size() - have, MSG_DONTWAIT);
      if (got > 0) {
        have += static_cast<std::size_t>(got);
      } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        return Exchange::broken;
      }
    }
    return Exchange::answered;
  }

  pid_t process_ = -1;
  int socket_ = -1;
  int runs_ = 0;
};

WorkerPool::WorkerPool(WorkerPoolOptions options, observe::Metrics& metrics)
    : options_(std::move(options)),
      metrics_(metrics),
      seconds_(
          metrics.histogram("securecart_function_run_seconds", "Time a merchant's function took.")),
      started_(metrics.counter("securecart_function_workers_started_total",
                               "Worker processes started, the first of each place included.")) {
  for (std::size_t i = 0; i < options_.workers; ++i) {
    workers_.push_back(std::make_unique<Worker>());
  }
  // The process dies with the thread that made it, so the keepers make their own; this one shows
  // the operator at once when there cannot be any.
  if (Worker trial; !trial.start(options_)) {
    throw std::runtime_error("cannot start " + options_.program.string() + " " + options_.word);
  }
  for (const auto& worker : workers_) {
    threads_.emplace_back([this, &worker] { look_after(*worker); });
  }
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
  for (Job& job : queue_) {
    RunReport report;
    report.ending = Ending::overloaded;
    job.resume(std::move(report));
  }
}

void WorkerPool::enqueue(Job job) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_ && queue_.size() < limits::function_queue) {
      queue_.push_back(std::move(job));
      changed_.notify_one();
      return;
    }
  }
  RunReport report;
  report.ending = Ending::overloaded;
  count(report);
  job.resume(std::move(report));
}

Task<RunReport> WorkerPool::run(RunRequest request) {
  std::move_only_function<void(Resume)> begin =
      [this, request = std::move(request)](Resume resume) mutable {
        const SteadyTime wait_until = steady_now() + request.timeout;
        enqueue({std::move(request), wait_until, std::move(resume)});
      };
  Task<RunReport> waiting = await_on_current<RunReport>(std::move(begin));
  co_return co_await waiting;
}

void WorkerPool::look_after(Worker& worker) {
  while (true) {
    if (!worker.alive() && worker.start(options_)) {  // before it is needed
      started_.add();
    }
    std::optional<Job> job;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) {
        break;
      }
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    RunReport report;
    report.ending = Ending::overloaded;
    if (steady_now() < job->wait_until) {
      report = serve(worker, *job);
    }
    count(report);
    job->resume(std::move(report));
    if (worker.runs() >= options_.runs_of_a_worker) {
      worker.end();
    }
  }
  worker.end();
}

// A worker that has served others may have been brought down by them: then another one tries.
RunReport WorkerPool::serve(Worker& worker, const Job& job) {
  const std::string request = frame(write_request(job.request));
  RunReport report;
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (!worker.alive()) {
      if (!worker.start(options_)) {
        log::error("cannot start a function worker");
        return report;
      }
      started_.add();
    }
    const bool first = worker.runs() == 0;
    std::string answer;
    const SteadyTime begun = steady_now();
    const Exchange exchange = worker.exchange(request, begun + job.request.timeout, answer);
    const Duration took = steady_now() - begun;
    if (exchange == Exchange::answered) {
      if (Result<RunReport> told = read_report(answer)) {
        told->took = took;
        return std::move(*told);
      }
    }
    worker.end();
    report.took = took;
    if (exchange == Exchange::late) {
      report.ending = Ending::timed_out;
      return report;
    }
    if (first) {
      return report;
    }
  }
  return report;
}

void WorkerPool::count(const RunReport& report) {
  metrics_
      .counter("securecart_function_runs_total", "Runs of merchants' functions, by how they ended.",
               {{"ending", std::string(to_string(report.ending))}})
      .add();
  seconds_.observe(std::chrono::duration<double>(report.took).count());
}

}  // namespace securecart::shop::functions
