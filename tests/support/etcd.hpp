// etcd 3.4 from Debian's package as child processes on free ports, in a folder in memory that is
// gone with them: one member, or a cluster of several.
#pragma once

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <memory>
#include <poll.h>
#include <set>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "tests/support/postgres.hpp"
#include "tests/support/temp_dir.hpp"

namespace securecart::test {

class Etcd {
 public:
  explicit Etcd(std::size_t members = 1) : members_(members) {
    std::set<int> ports;
    while (ports.size() < 2 * members) {
      ports.insert(free_port());
    }
    auto next = ports.begin();
    for (Member& member : members_) {
      member.client_port = *next++;
      member.peer_port = *next++;
    }
    for (std::size_t i = 0; i < members; ++i) {
      start(i);
    }
    for (std::size_t i = 0; i < members; ++i) {
      await(i);
    }
  }
  ~Etcd() {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      kill_now(i);
    }
  }
  Etcd(const Etcd&) = delete;
  Etcd& operator=(const Etcd&) = delete;

  std::size_t size() const { return members_.size(); }
  int port(std::size_t member = 0) const { return members_[member].client_port; }
  std::string url(std::size_t member = 0) const {
    return "http://127.0.0.1:" + std::to_string(port(member));
  }
  std::vector<std::string> urls() const {
    std::vector<std::string> urls;
    for (std::size_t i = 0; i < members_.size(); ++i) {
      urls.push_back(url(i));
    }
    return urls;
  }

  void start(std::size_t member) { members_[member].child = spawn(member); }
  // Waits until it serves; a member of a cluster does once there is a leader.
  void await(std::size_t member) const {
    constexpr int patience_ms = 30'000;
    constexpr int pause_ms = 20;
    for (int waited = 0; waited < patience_ms; waited += pause_ms) {
      if (healthy(member)) {
        return;
      }
      poll(nullptr, 0, pause_ms);
    }
    throw std::runtime_error("etcd did not start");
  }
  void kill_now(std::size_t member) {
    if (members_[member].child > 0) {
      kill(members_[member].child, SIGKILL);
      waitpid(members_[member].child, nullptr, 0);
      members_[member].child = -1;
    }
  }
  // It stops where it is, as on a machine that hangs.
  void pause(std::size_t member = 0) const { kill(members_[member].child, SIGSTOP); }
  void resume(std::size_t member = 0) const { kill(members_[member].child, SIGCONT); }
  // Everything it knows is lost. Not while it runs.
  void wipe(std::size_t member = 0) { std::filesystem::remove_all(folder(member)); }

 private:
  struct Member {
    int client_port = 0;
    int peer_port = 0;
    pid_t child = -1;
  };

  std::filesystem::path folder(std::size_t member) const {
    return folder_.path() / ("member" + std::to_string(member));
  }

  // Its own answer to /health, which takes a quorum.
  bool healthy(std::size_t member) const {
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port(member)));
    const timeval patience{.tv_sec = 2, .tv_usec = 0};
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    std::string answer;
    if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
      const std::string ask = "GET /health HTTP/1.0\r\nHost: etcd\r\n\r\n";
      send(descriptor, ask.data(), ask.size(), MSG_NOSIGNAL);
      char buffer[4096];
      for (ssize_t n; (n = recv(descriptor, buffer, sizeof buffer, 0)) > 0;) {
        answer.append(buffer, static_cast<std::size_t>(n));
      }
    }
    close(descriptor);
    return answer.find("\"true\"") != std::string::npos;
  }

  std::vector<std::string> arguments(std::size_t member) const {
    const auto name = [](std::size_t i) { return "m" + std::to_string(i); };
    const auto peer = [this](std::size_t i) {
      return "http://127.0.0.1:" + std::to_string(members_[i].peer_port);
    };
    std::string cluster;
    for (std::size_t i = 0; i < members_.size(); ++i) {
      cluster += (i == 0 ? "" : ",") + name(i) + "=" + peer(i);
    }
    return {"/usr/bin/etcd",
            "--name=" + name(member),
            "--data-dir=" + folder(member).string(),
            "--listen-client-urls=" + url(member),
            "--advertise-client-urls=" + url(member),
            "--listen-peer-urls=" + peer(member),
            "--initial-advertise-peer-urls=" + peer(member),
            "--initial-cluster=" + cluster,
            "--heartbeat-interval=50",
            "--election-timeout=500",
            "--log-level=error",
            "--logger=zap",
            "--unsafe-no-fsync"};
  }

  pid_t spawn(std::size_t member) const {
    const std::vector<std::string> words = arguments(member);
    std::vector<char*> argv;
    for (const std::string& word : words) {
      argv.push_back(const_cast<char*>(word.c_str()));
    }
    argv.push_back(nullptr);
    const std::string log = (folder_.path() / ("log" + std::to_string(member))).string();
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child != 0) {
      return child;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
    dup2(out, 1);
    dup2(out, 2);
    closefrom(3);
    if (getppid() == parent) {
      execv(argv[0], argv.data());
    }
    _exit(127);
  }

  TempDir folder_{folder_in_memory(512ULL << 20U)};
  std::vector<Member> members_;
};

}  // namespace securecart::test
