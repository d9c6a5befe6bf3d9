// `securecart dns serve` and other programs as child processes of a test.
#pragma once

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <poll.h>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "tests/support/eventually.hpp"
#include "tests/support/shop_process.hpp"

namespace securecart::test {

inline void write_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
}

inline std::string read_whole(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What a command of the shell prints, errors too.
inline std::string output_of(const std::string& command) {
  std::FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
  std::string text;
  char piece[4096];
  while (const std::size_t size = std::fread(piece, 1, sizeof piece, pipe)) {
    text.append(piece, size);
  }
  pclose(pipe);
  return text;
}

// A program that runs until it is told to end; what it prints goes to a file.
class ChildProcess {
 public:
  ChildProcess(const std::vector<std::string>& arguments, std::filesystem::path log)
      : log_(std::move(log)) {
    std::filesystem::remove(log_);  // one before it may have written there
    child_ = fork();
    if (child_ == 0) {
      std::FILE* const file = std::fopen(log_.c_str(), "w");
      dup2(fileno(file), 1);
      dup2(fileno(file), 2);
      std::vector<char*> argv;
      for (const std::string& argument : arguments) {
        argv.push_back(const_cast<char*>(argument.c_str()));
      }
      argv.push_back(nullptr);
      execvp(argv[0], argv.data());
      _exit(127);
    }
  }
  ~ChildProcess() { end(); }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return child_; }
  std::string log() const { return read_whole(log_); }
  bool says(const std::string& text) const { return log().find(text) != std::string::npos; }
  int end() {
    if (child_ <= 0) {
      return -1;
    }
    kill(child_, SIGTERM);
    int status = 0;
    waitpid(child_, &status, 0);
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  pid_t child_ = -1;
  std::filesystem::path log_;
};

class DnsProcess {
 public:
  DnsProcess(const std::filesystem::path& config, const std::filesystem::path& log)
      : process_({program(), "dns", "serve", "--config", config.string()}, log) {
    const bool ready = eventually([this] { return process_.says("Ctrl-C ends"); });
    const std::string text = process_.log();
    const std::size_t at = text.find("answering on ");
    if (!ready || at == std::string::npos) {
      throw std::runtime_error("the DNS server did not start: " + text);
    }
    port_ = std::stoi(text.substr(text.rfind(':', text.find('\n', at)) + 1));
  }

  int port() const { return port_; }
  std::string log() const { return process_.log(); }
  void reload() { kill(process_.pid(), SIGHUP); }
  bool says(const std::string& text) const { return process_.says(text); }
  int end() { return process_.end(); }
  std::string dig(const std::string& rest, const std::string& at = "127.0.0.1") const {
    return output_of("dig @" + at + " -p " + std::to_string(port_) + " +tries=1 +time=5 " + rest);
  }
  std::string kdig(const std::string& rest) const {
    return output_of("kdig @127.0.0.1 -p " + std::to_string(port_) + " +retry=0 +time=5 " + rest);
  }

 private:
  ChildProcess process_;
  int port_ = 0;
};

}  // namespace securecart::test
