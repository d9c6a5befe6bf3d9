// Redis 7 and its Sentinels from Debian's packages as child processes, unprivileged, on free ports,
// in a folder that is gone with them.
#pragma once

#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <poll.h>
#include <pwd.h>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "storage/cache/redis/reply.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/self_signed.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::test {

// A blocking connection of the test's own.
class RedisShell {
 public:
  // nullopt when nobody answers within two seconds.
  static std::optional<storage::redis::Reply> ask(int port, std::vector<std::string> words) {
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const timeval patience{.tv_sec = 2, .tv_usec = 0};
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::optional<storage::redis::Reply> reply;
    if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
      std::string out;
      const std::vector<std::string_view> views(words.begin(), words.end());
      storage::redis::append_command(out, views);
      send(descriptor, out.data(), out.size(), MSG_NOSIGNAL);
      storage::redis::ReplyReader reader;
      char buffer[65'536];
      for (ssize_t n; !reply && (n = recv(descriptor, buffer, sizeof buffer, 0)) > 0;) {
        reader.feed({buffer, static_cast<std::size_t>(n)});
        reply = reader.next();
      }
    }
    close(descriptor);
    return reply;
  }
};

// A server process of either kind.
class RedisProcess {
 public:
  // With `tls`, it also listens on tls_port(), with a certificate of its own.
  RedisProcess(std::string program, std::string config, bool tls = false)
      : program_(std::move(program)), port_(free_port()), tls_port_(tls ? free_port() : 0) {
    own(folder_.path());
    if (tls) {
      config += make_certificate();
    }
    config = "port " + std::to_string(port_) +
             "\nbind 127.0.0.1\ndaemonize no\nprotected-mode no\ndir " + folder_.path().string() +
             "\n" + std::move(config);
    std::ofstream(config_file()) << config;
    own(config_file());
    start();
  }
  ~RedisProcess() { kill_now(); }
  RedisProcess(const RedisProcess&) = delete;
  RedisProcess& operator=(const RedisProcess&) = delete;

  int port() const { return port_; }
  int tls_port() const { return tls_port_; }
  std::string tls_certificate() const { return text_of(certificate_file()); }
  bool running() const { return child_ > 0; }

  void kill_now() {
    if (child_ <= 0) {
      return;
    }
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    child_ = -1;
  }
  // It stops where it is, as on a machine that hangs.
  void pause() const { kill(child_, SIGSTOP); }
  void resume() const { kill(child_, SIGCONT); }

  // Starts, on the port it had, and waits until it answers.
  void start() {
    child_ = spawn();
    const bool answers = eventually([this] {
      const auto reply = ask({"PING"});
      return reply && (reply->text == "PONG" || reply->text.starts_with("NOAUTH"));
    });
    if (!answers) {
      throw std::runtime_error(program_ + " did not start: " + log());
    }
  }

  std::optional<storage::redis::Reply> ask(std::vector<std::string> words) const {
    return RedisShell::ask(port_, std::move(words));
  }
  // A field of INFO; empty without an answer.
  std::string info(const std::string& section, const std::string& field) const {
    const auto reply = ask({"INFO", section});
    const std::string text = reply ? reply->text : "";
    const std::size_t at = text.find(field + ":");
    if (at == std::string::npos) {
      return {};
    }
    const std::size_t begin = at + field.size() + 1;
    return text.substr(begin, text.find_first_of("\r\n", begin) - begin);
  }
  std::string log() const { return text_of(folder_.path() / "log"); }

 private:
  static std::string text_of(const std::filesystem::path& file) {
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  std::filesystem::path certificate_file() const { return folder_.path() / "tls.crt"; }

  // Makes it, and says how the server finds it.
  std::string make_certificate() const {
    const std::string certificate = certificate_file().string();
    const std::string key = (folder_.path() / "tls.key").string();
    make_self_signed(certificate, key, "IP:127.0.0.1");
    own(key);
    own(certificate);
    return "tls-port " + std::to_string(tls_port_) + "\ntls-auth-clients no\ntls-cert-file " +
           certificate + "\ntls-key-file " + key + "\n";
  }

  std::filesystem::path config_file() const { return folder_.path() / "redis.conf"; }

  // Never root: as the user of Debian's package then.
  static void own(const std::filesystem::path& path) {
    const passwd* entry = geteuid() == 0 ? getpwnam("redis") : nullptr;
    if (geteuid() == 0 &&
        (entry == nullptr || chown(path.c_str(), entry->pw_uid, entry->pw_gid) != 0)) {
      throw std::runtime_error("there is no user redis: install the package redis-server");
    }
  }

  pid_t spawn() const {
    const passwd* entry = geteuid() == 0 ? getpwnam("redis") : nullptr;
    const std::string log = (folder_.path() / "log").string();
    const std::string config = config_file().string();
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child != 0) {
      return child;
    }
    setpgid(0, 0);
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    dup2(out, 1);
    dup2(out, 2);
    const bool dropped =
        entry == nullptr || (setgid(entry->pw_gid) == 0 && setuid(entry->pw_uid) == 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // after setuid, which clears it
    closefrom(3);
    if (dropped && getppid() == parent) {
      execl(program_.c_str(), program_.c_str(), config.c_str(), nullptr);
    }
    _exit(127);
  }

  TempDir folder_;
  const std::string program_;
  const int port_;
  const int tls_port_;
  pid_t child_ = -1;
};

class Redis : public RedisProcess {
 public:
  // `settings`: lines of redis.conf. Nothing is written to the disk unless they say so.
  explicit Redis(const std::string& settings = "", bool tls = false)
      : RedisProcess("/usr/bin/redis-server", "save \"\"\nappendonly no\n" + settings, tls) {}

  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port()); }
};

// A master, a replica and three Sentinels, which fail over within seconds.
class SentinelFleet {
 public:
  SentinelFleet() {
    servers_.push_back(std::make_unique<Redis>());
    const std::string master = "127.0.0.1 " + std::to_string(servers_[0]->port());
    servers_.push_back(
        std::make_unique<Redis>("replicaof " + master + "\nrepl-diskless-sync-delay 0\n"));
    for (int i = 0; i < 3; ++i) {
      sentinels_.push_back(std::make_unique<RedisProcess>(
          "/usr/bin/redis-sentinel", "sentinel monitor shop " + master +
                                         " 2\nsentinel down-after-milliseconds shop 500\n"
                                         "sentinel failover-timeout shop 3000\n"
                                         "sentinel parallel-syncs shop 1\n"));
    }
    const bool ready = eventually([this] {
      for (const auto& sentinel : sentinels_) {
        if (sentinel->info("sentinel", "master0").find("slaves=1,sentinels=3") ==
            std::string::npos) {
          return false;
        }
      }
      return servers_[1]->info("replication", "master_link_status") == "up";
    });
    if (!ready) {
      throw std::runtime_error("the Sentinels did not find each other");
    }
  }

  std::string url() const {
    std::string hosts;
    for (const auto& sentinel : sentinels_) {
      hosts += (hosts.empty() ? "" : ",") + ("127.0.0.1:" + std::to_string(sentinel->port()));
    }
    return "redis://" + hosts + "/0?sentinel=shop";
  }
  // Port of the master, as the first Sentinel that answers says; 0: none does.
  int master_port() const {
    for (const auto& sentinel : sentinels_) {
      const auto reply = sentinel->ask({"SENTINEL", "get-master-addr-by-name", "shop"});
      if (reply && reply->has(2)) {
        return std::stoi(reply->list[1].text);
      }
    }
    return 0;
  }
  Redis& master() { return by_port(master_port(), true); }
  Redis& replica() { return by_port(master_port(), false); }
  RedisProcess& sentinel(std::size_t index) { return *sentinels_[index]; }

 private:
  Redis& by_port(int port, bool same) {
    for (const auto& server : servers_) {
      if ((server->port() == port) == same) {
        return *server;
      }
    }
    throw std::runtime_error("no such server");
  }

  std::vector<std::unique_ptr<Redis>> servers_;
  std::vector<std::unique_ptr<RedisProcess>> sentinels_;
};

}  // namespace securecart::test
