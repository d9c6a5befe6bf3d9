// The program itself as a child process: started, killed, started again, over one data folder.
#pragma once

#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "base/json.hpp"
#include "tests/support/places.hpp"

namespace securecart::test {

inline std::string program() {
  return binary_dir() + "/securecart";
}

// Runs a word of the command line to its end. What it printed is added to `output`.
inline int run_program(std::vector<std::string> arguments, std::string* output = nullptr) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    throw std::runtime_error("no pipe");
  }
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 1);
    dup2(ends[1], 2);
    close(ends[0]);
    std::vector<char*> argv;
    std::string name = program();
    argv.push_back(name.data());
    for (std::string& argument : arguments) {
      argv.push_back(argument.data());
    }
    argv.push_back(nullptr);
    execv(name.c_str(), argv.data());
    _exit(127);
  }
  close(ends[1]);
  char buffer[4096];
  std::string text;
  for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;) {
    text.append(buffer, static_cast<std::size_t>(n));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (output != nullptr) {
    *output += text;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

class ShopProcess {
 public:
  // Its errors come to our own standard error; with a file for its log, that gets JSON lines of the
  // level that people run it with.
  explicit ShopProcess(std::filesystem::path data, std::vector<std::string> extra = {},
                       std::filesystem::path log = {})
      : data_(std::move(data)), extra_(std::move(extra)), log_(std::move(log)) {
    start();
  }
  ~ShopProcess() {
    if (child_ > 0) {
      stop(SIGKILL);
    }
  }
  ShopProcess(const ShopProcess&) = delete;
  ShopProcess& operator=(const ShopProcess&) = delete;

  pid_t pid() const { return child_; }
  const std::string& url() const { return url_; }
  const std::string& secret_key() const { return secret_key_; }
  const std::string& publishable_key() const { return publishable_key_; }
  const json::object& credentials() const { return credentials_; }
  std::filesystem::path credentials_file() const { return data_ / "sample-shop.json"; }

  void kill_now() { stop(SIGKILL); }
  // The exit status after a polite end.
  int end() { return stop(SIGTERM); }
  // Starts again, on the port it had.
  void start() {
    std::vector<std::string> arguments{program(),
                                       "serve",
                                       "--data",
                                       data_.string(),
                                       "--port",
                                       std::to_string(port_),
                                       "--test-payments-port",
                                       std::to_string(provider_port_),
                                       "--writes-per-second",
                                       "-1",
                                       "--log-level",
                                       log_.empty() ? "error" : "info"};
    if (!log_.empty()) {
      arguments.emplace_back("--log-json");
    }
    arguments.insert(arguments.end(), extra_.begin(), extra_.end());
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
      throw std::runtime_error("no pipe");
    }
    child_ = fork();
    if (child_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that is killed leaves no shop behind
      dup2(ends[1], 1);
      close(ends[0]);
      if (!log_.empty()) {
        dup2(open(log_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), 2);
      }
      std::vector<char*> argv;
      for (std::string& argument : arguments) {
        argv.push_back(argument.data());
      }
      argv.push_back(nullptr);
      execv(argv[0], argv.data());
      _exit(127);
    }
    close(ends[1]);
    out_ = ends[0];
    read_url();
    read_credentials();
  }

 private:
  int stop(int signal) {
    kill(child_, signal);
    int status = 0;
    waitpid(child_, &status, 0);
    child_ = -1;
    close(out_);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  // It prints its address once it answers.
  void read_url() {
    constexpr int patience_ms = 120'000;
    const std::string mark = "SecureCart is open: ";
    std::string text;
    char buffer[1024];
    while (text.find("Ctrl-C") == std::string::npos) {
      pollfd waiting{out_, POLLIN, 0};
      if (poll(&waiting, 1, patience_ms) <= 0) {
        throw std::runtime_error("the shop did not open in time");
      }
      const ssize_t n = read(out_, buffer, sizeof buffer);
      if (n <= 0) {
        throw std::runtime_error("the shop ended while it opened: " + text);
      }
      text.append(buffer, static_cast<std::size_t>(n));
    }
    const std::size_t at = text.find(mark) + mark.size();
    url_ = text.substr(at, text.find('\n', at) - at);
    port_ = port_of(url_);
  }

  static int port_of(const std::string& url) { return std::stoi(url.substr(url.rfind(':') + 1)); }

  void read_credentials() {
    std::ifstream stream(credentials_file());
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    credentials_ = parse_json(text).value().as_object();
    secret_key_ = get_string(credentials_, "secret_key");
    publishable_key_ = get_string(credentials_, "publishable_key");
    provider_port_ = port_of(std::string(get_string(credentials_, "test_payments_url")));
  }

  const std::filesystem::path data_;
  const std::vector<std::string> extra_;
  const std::filesystem::path log_;
  pid_t child_ = -1;
  int out_ = -1;
  int port_ = 0;
  int provider_port_ = 0;
  std::string url_;
  std::string secret_key_;
  std::string publishable_key_;
  json::object credentials_;
};

}  // namespace securecart::test
