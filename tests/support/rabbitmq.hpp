// RabbitMQ 3.10 from Debian's package as child processes, on free ports of 127.0.0.1, in a folder
// that is gone with it. Run by root, it becomes the user `rabbitmq` of the package.
//
// It has an epmd of its own, in the foreground: the node would start one that outlives it. All of
// its processes are in the process group of a guard, which ends them when this process dies,
// however it dies. Starting takes some seconds: share one over a test program (shared()).
#pragma once

#include <algorithm>
#include <arpa/inet.h>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include "tests/support/postgres.hpp"
#include "tests/support/self_signed.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::test {

class RabbitMq {
 public:
  using Settings = std::vector<std::string>;  // lines of rabbitmq.conf

  // With `tls`, it also listens on tls_port(), with a certificate of its own for `localhost`.
  explicit RabbitMq(const Settings& settings = {}, bool tls = false)
      : port_(free_port()),
        tls_port_(tls ? free_port() : 0),
        distribution_port_(free_port()),
        epmd_port_(free_port()) {
    std::filesystem::create_directory(data());
    write(folder_.path() / ".erlang.cookie", "SECURECART");
    std::filesystem::permissions(folder_.path() / ".erlang.cookie",
                                 std::filesystem::perms::owner_read);
    std::string configuration = "listeners.tcp.1 = 127.0.0.1:" + std::to_string(port_) +
                                "\nloopback_users = none\nlog.console = true\n"
                                "log.console.level = error\nlog.file = false\n"
                                "vm_memory_high_watermark.absolute = 1GB\n"
                                "disk_free_limit.absolute = 1MB\n";
    if (tls) {
      configuration += make_certificate();
    }
    for (const std::string& line : settings) {
      configuration += line + "\n";
    }
    write(folder_.path() / "rabbitmq.conf", configuration);
    write(folder_.path() / "enabled_plugins", "[].");
    own(folder_.path());
    start_guard();
    epmd_ = spawn({"/usr/bin/epmd", "-address", "127.0.0.1", "-port", std::to_string(epmd_port_)});
    start();
  }
  ~RabbitMq() {
    kill_all();
    kill(epmd_, SIGKILL);
    waitpid(epmd_, nullptr, 0);
    close(guard_pipe_);
    waitpid(guard_, nullptr, 0);
  }
  RabbitMq(const RabbitMq&) = delete;
  RabbitMq& operator=(const RabbitMq&) = delete;

  // One for all tests of a program; it runs whenever it is asked for.
  static RabbitMq& shared() {
    static RabbitMq server({}, true);
    if (server.child_ < 0) {
      server.start();
    }
    return server;
  }

  int port() const { return port_; }
  int tls_port() const { return tls_port_; }
  std::filesystem::path tls_certificate() const { return folder_.path() / "tls.crt"; }
  std::string url(int port = 0) const {
    return "amqp://guest:guest@127.0.0.1:" + std::to_string(port == 0 ? port_ : port) + "/";
  }

  // kill -9 of the whole node.
  void kill_all() {
    if (child_ < 0) {
      return;
    }
    const std::vector<pid_t> children = processes();
    kill(child_, SIGKILL);
    for (const pid_t process : children) {
      kill(process, SIGKILL);
    }
    waitpid(child_, nullptr, 0);
    child_ = -1;
    // Its port is free once the kernel has ended it, and the next one would refuse its name before.
    for (const pid_t process : children) {
      while (kill(process, 0) == 0 && !is_zombie(process)) {
        poll(nullptr, 0, 1);
      }
    }
  }
  // What a new disk holds.
  void wipe() {
    std::filesystem::remove_all(data());
    std::filesystem::create_directory(data());
    own(data());
  }
  // Writes down what a node keeps in memory for half a second about queues just made. Killed
  // before, it comes back with such a queue in its lists that nobody can use.
  void settle() const { control({"eval", "[dets:sync(T) || T <- dets:all()]."}); }
  // The node stops where it is, as on a machine that hangs.
  void pause() { signal_all(SIGSTOP); }
  void resume() { signal_all(SIGCONT); }

  // Starts and waits until it answers.
  void start() {
    child_ = spawn({"/usr/lib/rabbitmq/bin/rabbitmq-server"});
    constexpr int patience_ms = 120'000;
    constexpr int pause_ms = 50;
    for (int waited = 0; waited < patience_ms; waited += pause_ms) {
      if (answers()) {
        return;
      }
      if (waitpid(child_, nullptr, WNOHANG) == child_) {
        child_ = -1;
        throw std::runtime_error("RabbitMQ ended while it started: " + log());
      }
      poll(nullptr, 0, pause_ms);
    }
    throw std::runtime_error("RabbitMQ did not start in time: " + log());
  }

  // rabbitmqctl, to its end.
  void control(std::vector<std::string> words) const {
    words.insert(words.begin(), {"/usr/lib/rabbitmq/bin/rabbitmqctl", "--quiet"});
    int status = 0;
    waitpid(spawn(words), &status, 0);
    if (status != 0) {
      throw std::runtime_error("rabbitmqctl failed: " + log());
    }
  }
  // Full: it takes nothing more until it is over.
  void set_alarm(bool on) const { control({"set_disk_free_limit", on ? "1000000GB" : "1MB"}); }

  std::string log() const {
    std::ifstream stream(folder_.path() / "log");
    return {std::istreambuf_iterator<char>(stream), {}};
  }

 private:
  std::filesystem::path data() const { return folder_.path() / "mnesia"; }

  // Makes it, and says how the server finds it.
  std::string make_certificate() const {
    const std::filesystem::path key = folder_.path() / "tls.key";
    make_self_signed(tls_certificate(), key, "DNS:localhost");
    return "listeners.ssl.1 = 127.0.0.1:" + std::to_string(tls_port_) +
           "\nssl_options.certfile = " + tls_certificate().string() +
           "\nssl_options.keyfile = " + key.string() +
           "\nssl_options.verify = verify_none\nssl_options.fail_if_no_peer_cert = false\n";
  }

  static void write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path) << text;
  }

  static std::pair<uid_t, gid_t> user() {
    if (geteuid() != 0) {
      return {geteuid(), getegid()};
    }
    const passwd* entry = getpwnam("rabbitmq");
    if (entry == nullptr) {
      throw std::runtime_error("there is no user rabbitmq: install the package rabbitmq-server");
    }
    return {entry->pw_uid, entry->pw_gid};
  }

  static void own(const std::filesystem::path& path) {
    if (geteuid() != 0) {
      return;
    }
    const std::pair<uid_t, gid_t> owner = user();
    const auto give = [&owner](const std::filesystem::path& one) {
      if (lchown(one.c_str(), owner.first, owner.second) != 0) {
        throw std::runtime_error("cannot give away " + one.string());
      }
    };
    give(path);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      give(entry.path());
    }
  }

  // Ends its group when the other end of its pipe is gone.
  void start_guard() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
      throw std::runtime_error("no pipe");
    }
    guard_ = fork();
    if (guard_ == 0) {
      setpgid(0, 0);
      const int watched = dup2(ends[0], 3);
      closefrom(4);
      char byte = 0;
      while (read(watched, &byte, 1) > 0) {
      }
      kill(0, SIGKILL);
      _exit(0);
    }
    setpgid(guard_, guard_);
    close(ends[0]);
    guard_pipe_ = ends[1];
  }

  std::vector<std::string> environment() const {
    const std::string home = folder_.path().string();
    return {"PATH=/usr/bin:/bin",
            "LANG=C.UTF-8",
            "HOME=" + home,
            "ERL_EPMD_ADDRESS=127.0.0.1",
            "ERL_EPMD_PORT=" + std::to_string(epmd_port_),
            "ERL_CRASH_DUMP_BYTES=0",
            "RABBITMQ_NODENAME=securecart" + std::to_string(epmd_port_) + "@localhost",
            "RABBITMQ_DIST_PORT=" + std::to_string(distribution_port_),
            "RABBITMQ_MNESIA_BASE=" + data().string(),
            "RABBITMQ_LOG_BASE=" + home,
            "RABBITMQ_CONFIG_FILE=" + home + "/rabbitmq.conf",
            "RABBITMQ_CONF_ENV_FILE=" + home + "/none",
            "RABBITMQ_ENABLED_PLUGINS_FILE=" + home + "/enabled_plugins",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none "
            "-kernel inet_dist_use_interface {127,0,0,1}"};
  }

  pid_t spawn(std::vector<std::string> arguments) const {
    const auto [uid, gid] = user();
    std::vector<std::string> variables = environment();
    const std::string log = (folder_.path() / "log").string();
    const pid_t child = fork();
    if (child != 0) {
      return child;
    }
    setpgid(0, guard_);
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
    const int in = open("/dev/null", O_RDONLY);
    const bool dropped =
        geteuid() != 0 || (setgid(gid) == 0 && setuid(uid) == 0 && chdir("/") == 0);
    dup2(in, 0);
    dup2(out, 1);
    dup2(out, 2);
    closefrom(3);
    std::vector<char*> argv;
    for (std::string& argument : arguments) {
      argv.push_back(argument.data());
    }
    argv.push_back(nullptr);
    std::vector<char*> envp;
    for (std::string& variable : variables) {
      envp.push_back(variable.data());
    }
    envp.push_back(nullptr);
    if (dropped) {
      execve(argv[0], argv.data(), envp.data());
    }
    _exit(127);
  }

  bool answers() const {
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port_));
    const bool good =
        connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(descriptor);
    return good;
  }

  static std::string stat_of(const std::string& name) {
    std::ifstream stream("/proc/" + name + "/stat");
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  static bool is_zombie(pid_t process) {
    const std::string stat = stat_of(std::to_string(process));
    const std::size_t behind_name = stat.rfind(')');
    return behind_name == std::string::npos || stat.substr(behind_name + 2, 1) == "Z";
  }

  // The node itself: the child is the shell that started it.
  std::vector<pid_t> processes() const {
    std::vector<pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      const std::string name = entry.path().filename();
      if (name.find_first_not_of("0123456789") != std::string::npos) {
        continue;
      }
      const std::string stat = stat_of(name);
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

  void signal_all(int signal) const {
    for (const pid_t process : processes()) {
      kill(process, signal);
    }
  }

  TempDir folder_;
  const int port_;
  const int tls_port_;
  const int distribution_port_;
  const int epmd_port_;
  pid_t guard_ = -1;
  int guard_pipe_ = -1;
  pid_t epmd_ = -1;
  pid_t child_ = -1;
};

}  // namespace securecart::test
