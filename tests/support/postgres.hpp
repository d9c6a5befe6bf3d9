// PostgreSQL 15 from Debian's package as a child process, on a free port, in a folder that is gone
// with it. It refuses to run as root: then it runs as the user `postgres` of the package.
#pragma once

#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <memory>
#include <netinet/in.h>
#include <poll.h>
#include <postgresql/libpq-fe.h>
#include <pwd.h>
#include <random>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "tests/support/self_signed.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::test {

// Below the range the kernel takes ports of outgoing connections from: the port of a server that
// was killed is still free when it starts again, however many connections were made meanwhile.
inline int free_port() {
  constexpr int first = 10'000;
  constexpr int count = 22'000;
  static std::atomic<unsigned> next = std::random_device{}();
  for (int tries = 0; tries < count; ++tries) {
    const int port = first + static_cast<int>(next++ % count);
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const bool good =
        bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(descriptor);
    if (good) {
      return port;
    }
  }
  throw std::runtime_error("no free port");
}

class Postgres {
 public:
  // Starting after a kill syncs every file there is: minutes on a disk that is busy. A benchmark
  // says a folder on the disk.
  static constexpr std::uintmax_t room = 4ULL << 30U;
  using Settings = std::vector<std::string>;  // "synchronous_commit=on"

  // Makes a cluster and starts it. With `tls`, a certificate of its own is in tls_certificate().
  explicit Postgres(Settings settings = {}, bool tls = false,
                    const std::filesystem::path& in = folder_in_memory(room))
      : folder_(in), settings_(std::move(settings)), port_(free_port()) {
    own(folder_.path());
    run({binary("initdb"), "--pgdata", data().string(), "--username", "shop", "--auth", "trust",
         "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"});
    std::ofstream(data() / "pg_hba.conf")
        << "local all all trust\nhost all all 127.0.0.1/32 trust\n"
           "host replication all 127.0.0.1/32 trust\n";
    if (tls) {
      make_certificate();
    }
    start();
  }
  // A hot standby of `primary`, copied from it.
  Postgres(Postgres& primary, Settings settings)
      : folder_(folder_in_memory(room)), settings_(std::move(settings)), port_(free_port()) {
    own(folder_.path());
    run({binary("pg_basebackup"), "--pgdata", data().string(), "--host", "127.0.0.1", "--port",
         std::to_string(primary.port()), "--username", "shop", "--write-recovery-conf",
         "--checkpoint", "fast", "--no-sync", "--wal-method", "stream"});
    start();
  }
  ~Postgres() { kill_all(); }
  Postgres(const Postgres&) = delete;
  Postgres& operator=(const Postgres&) = delete;

  int port() const { return port_; }
  pid_t pid() const { return child_; }
  std::filesystem::path data() const { return folder_.path() / "data"; }
  std::filesystem::path tls_certificate() const { return data() / "server.crt"; }

  std::string url(const std::string& database = "shop") const {
    return "postgres://shop@127.0.0.1:" + std::to_string(port_) + "/" + database;
  }

  // A new empty database; its url.
  std::string make_database() {
    const std::string name = "shop_" + std::to_string(++databases_);
    execute("CREATE DATABASE " + name);
    return url(name);
  }

  // Runs SQL as the superuser; the first cell of the result, or nothing.
  std::string execute(const std::string& sql, const std::string& database = "postgres") const {
    const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(
        PQconnectdb((url(database) + "?connect_timeout=5").c_str()), &PQfinish);
    PQsetNoticeProcessor(connection.get(), [](void*, const char*) {}, nullptr);
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(
        PQexec(connection.get(), sql.c_str()), &PQclear);
    const ExecStatusType status = PQresultStatus(result.get());
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
      throw std::runtime_error(sql + ": " + PQerrorMessage(connection.get()));
    }
    return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
  }

  // kill -9 of the whole server: what was not written to the disk's cache is gone.
  void kill_all() {
    if (child_ <= 0) {
      return;
    }
    const std::vector<pid_t> children = processes();
    kill(child_, SIGKILL);
    for (const pid_t process : children) {
      kill(process, SIGKILL);
    }
    reap();
    wait_until_unused();
  }
  // A fast shutdown: sessions are told and ended.
  void stop() {
    kill(child_, SIGINT);
    reap();
  }
  // All processes stop where they are, as on a machine that hangs.
  void pause() { signal_all(SIGSTOP); }
  void resume() { signal_all(SIGCONT); }
  // The process that writes what nobody waits for stops until the server is killed: a commit that
  // was not waited for stays in memory.
  void pause_wal_writer() const {
    for (const pid_t process : processes()) {
      if (first_of("/proc/" + std::to_string(process) + "/cmdline", '\0')
              .starts_with("postgres: walwriter")) {
        kill(process, SIGSTOP);
        return;
      }
    }
    throw std::runtime_error("PostgreSQL has no process that writes its log");
  }
  void promote() { execute("SELECT pg_promote(true, 30)"); }

  // Starts and waits until it answers.
  void start() {
    std::vector<std::string> arguments{binary("postgres"), "-D", data().string()};
    const auto set = [&arguments](const std::string& setting) {
      arguments.insert(arguments.end(), {"-c", setting});
    };
    set("port=" + std::to_string(port_));
    set("listen_addresses=127.0.0.1");
    set("unix_socket_directories=" + folder_.path().string());
    set("shared_buffers=64MB");
    set("log_min_messages=fatal");
    set("wal_level=replica");
    set("max_wal_senders=4");
    std::ranges::for_each(settings_, set);
    child_ = spawn(arguments);
    constexpr int patience_ms = 60'000;
    constexpr int pause_ms = 50;
    for (int waited = 0; waited < patience_ms; waited += pause_ms) {
      if (PQping((url("postgres") + "?connect_timeout=2").c_str()) == PQPING_OK) {
        return;
      }
      if (waitpid(child_, nullptr, WNOHANG) == child_) {
        child_ = -1;
        throw std::runtime_error("PostgreSQL ended while it started: " + log());
      }
      poll(nullptr, 0, pause_ms);
    }
    throw std::runtime_error("PostgreSQL did not start in time: " + log());
  }

  std::string log() const {
    std::ifstream stream(folder_.path() / "log");
    return {std::istreambuf_iterator<char>(stream), {}};
  }

 private:
  static std::string binary(const std::string& name) {
    return "/usr/lib/postgresql/15/bin/" + name;
  }

  // The user the server runs as: this one, unless it is root.
  static std::pair<uid_t, gid_t> user() {
    if (geteuid() != 0) {
      return {geteuid(), getegid()};
    }
    const passwd* entry = getpwnam("postgres");
    if (entry == nullptr) {
      throw std::runtime_error("there is no user postgres: install the package postgresql-15");
    }
    return {entry->pw_uid, entry->pw_gid};
  }

  static void own(const std::filesystem::path& path) {
    const auto [uid, gid] = user();
    if (geteuid() == 0 && chown(path.c_str(), uid, gid) != 0) {
      throw std::runtime_error("cannot give away " + path.string());
    }
  }

  pid_t spawn(std::vector<std::string> arguments) const {
    const auto [uid, gid] = user();
    const std::string log = (folder_.path() / "log").string();
    const pid_t child = fork();
    if (child != 0) {
      return child;
    }
    setpgid(0, 0);  // a Ctrl-C in the terminal is for the test alone
    const bool dropped =
        geteuid() != 0 || (setgid(gid) == 0 && setuid(uid) == 0 && chdir("/") == 0);
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    dup2(out, 1);
    dup2(out, 2);
    closefrom(3);
    prctl(PR_SET_PDEATHSIG, SIGQUIT);  // at once, and with its children
    std::vector<char*> argv;
    for (std::string& argument : arguments) {
      argv.push_back(argument.data());
    }
    argv.push_back(nullptr);
    if (dropped) {
      execv(argv[0], argv.data());
    }
    _exit(127);
  }

  void run(const std::vector<std::string>& arguments) const {
    int status = 0;
    waitpid(spawn(arguments), &status, 0);
    if (status != 0) {
      throw std::runtime_error(arguments[0] + " failed: " + log());
    }
  }

  void make_certificate() {
    const std::filesystem::path key = data() / "server.key";
    make_self_signed(tls_certificate(), key, "IP:127.0.0.1");
    own(key);
    own(tls_certificate());
    settings_.emplace_back("ssl=on");
  }

  // Of this server, without its first.
  std::vector<pid_t> processes() const {
    std::vector<pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      const std::string name = entry.path().filename();
      if (name.find_first_not_of("0123456789") != std::string::npos) {
        continue;
      }
      const std::string stat = first_of(entry.path() / "stat", '\n');
      const std::size_t behind_name = stat.rfind(')');
      if (behind_name == std::string::npos || stat.size() < behind_name + 4) {
        continue;
      }
      // "pid (name) state parent"
      if (std::stol(stat.substr(behind_name + 4)) == child_) {
        found.push_back(static_cast<pid_t>(std::stol(name)));
      }
    }
    return found;
  }

  // Of a file in /proc, whose process may end between the opening and the reading: empty then.
  static std::string first_of(const std::filesystem::path& path, char end) {
    std::ifstream stream(path);
    std::string first;
    std::getline(stream, first, end);
    return first;
  }

  void signal_all(int signal) const {
    kill(child_, signal);
    for (const pid_t process : processes()) {
      kill(process, signal);
    }
  }

  void reap() {
    waitpid(child_, nullptr, 0);
    child_ = -1;
  }

  // Others than the first process are not our children: a server that starts while one of them is
  // still ending refuses the folder. Ends also one that was forked while its parent was killed.
  void wait_until_unused() const {
    const std::string mark = data().string();
    for (bool used = true; used;) {
      used = false;
      for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
        std::error_code gone;
        if (std::filesystem::read_symlink(entry.path() / "cwd", gone) == mark) {
          used = true;
          kill(static_cast<pid_t>(std::stol(entry.path().filename())), SIGKILL);
        }
      }
      if (used) {
        poll(nullptr, 0, 5);
      }
    }
  }

  TempDir folder_;
  Settings settings_;
  const int port_;
  pid_t child_ = -1;
  int databases_ = 0;
};

}  // namespace securecart::test
