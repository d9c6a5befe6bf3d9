// `securecart dns serve` with policies as a child process, killed and started again over one
// folder, and `dig` to ask it.
#pragma once

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <sstream>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "tests/support/shop_process.hpp"

namespace securecart::test {

class DnsNode {
 public:
  // `folder` has dns.toml, listening on port 0. `wrap`: a command that runs the server, "env
  // NAME=VALUE" for one.
  explicit DnsNode(std::filesystem::path folder, std::vector<std::string> wrap = {})
      : folder_(std::move(folder)), command_(std::move(wrap)) {
    for (const std::string& word :
         {program(), std::string("dns"), std::string("serve"), std::string("--config"),
          (folder_ / "dns.toml").string(), std::string("--log-level"), std::string("warn")}) {
      command_.push_back(word);
    }
    start();
  }
  ~DnsNode() {
    if (child_ > 0) {
      stop(SIGKILL);
    }
  }
  DnsNode(const DnsNode&) = delete;
  DnsNode& operator=(const DnsNode&) = delete;

  int port() const { return port_; }
  pid_t pid() const { return child_; }
  const std::filesystem::path& folder() const { return folder_; }
  void reload() const { kill(child_, SIGHUP); }

  int stop(int signal) {
    kill(child_, signal);
    int status = 0;
    waitpid(child_, &status, 0);
    child_ = -1;
    close(out_);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  void start() {
    int ends[2];
    if (pipe(ends) != 0) {
      throw std::runtime_error("no pipe");
    }
    std::vector<char*> words;
    for (std::string& word : command_) {
      words.push_back(word.data());
    }
    words.push_back(nullptr);
    child_ = fork();
    if (child_ == 0) {
      dup2(ends[1], 1);
      // A listening socket of the test's own sites would stay open in there.
      close_range(3, ~0U, 0);
      execvp(words[0], words.data());
      _exit(127);
    }
    close(ends[1]);
    out_ = ends[0];
    read_port();
  }

 private:
  void read_port() {
    constexpr int patience_ms = 60'000;
    const std::string mark = "answering on 127.0.0.1:";
    std::string text;
    while (text.find("Ctrl-C") == std::string::npos) {
      pollfd waiting{out_, POLLIN, 0};
      char buffer[1024];
      const ssize_t n = poll(&waiting, 1, patience_ms) > 0 ? read(out_, buffer, sizeof buffer) : -1;
      if (n <= 0) {
        throw std::runtime_error("the DNS server did not start: " + text);
      }
      text.append(buffer, static_cast<std::size_t>(n));
    }
    port_ = std::stoi(text.substr(text.find(mark) + mark.size()));
  }

  const std::filesystem::path folder_;
  std::vector<std::string> command_;
  pid_t child_ = -1;
  int out_ = -1;
  int port_ = 0;
};

// Runs a command of this machine and returns what it printed.
inline std::string shell(const std::string& command) {
  std::string text;
  FILE* const pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) {
    throw std::runtime_error("cannot run " + command);
  }
  char buffer[4096];
  for (std::size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
    text.append(buffer, n);
  }
  pclose(pipe);
  return text;
}

// The rdata of the answer, sorted, blanks as '_'; or NXDOMAIN, SERVFAIL, nothing, silence.
inline std::vector<std::string> dig(int port, const std::string& name, const std::string& type,
                                    const std::string& subnet = "") {
  const std::string text =
      shell("dig +tries=1 +time=2 +noall +comments +answer -p " + std::to_string(port) +
            " @127.0.0.1 " + name + " " + type + (subnet.empty() ? "" : " +subnet=" + subnet));
  const std::size_t status = text.find("status: ");
  if (status == std::string::npos) {
    return {"silence"};
  }
  const std::string code = text.substr(status + 8, text.find(',', status) - status - 8);
  if (code != "NOERROR") {
    return {code};
  }
  std::vector<std::string> answers;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string owner;
    std::string ttl;
    std::string dns_class;
    std::string rr_type;
    if (line.empty() || line.front() == ';' || !(words >> owner >> ttl >> dns_class >> rr_type)) {
      continue;
    }
    std::string rdata;
    for (std::string word; words >> word;) {
      rdata += (rdata.empty() ? "" : "_") + word;
    }
    answers.push_back(rdata);
  }
  std::ranges::sort(answers);
  return answers.empty() ? std::vector<std::string>{"nothing"} : answers;
}

}  // namespace securecart::test
