// HAProxy of Debian's package as a child process.
#pragma once

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace securecart::test {

class Haproxy {
 public:
  // Its configuration and log lie in `folder`.
  Haproxy(const std::filesystem::path& folder, const std::string& configuration) {
    const std::string file = (folder / "haproxy.cfg").string();
    const std::string log = (folder / "haproxy.log").string();
    std::ofstream(file) << configuration;
    child_ = fork();
    if (child_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      close_range(3, ~0U, 0);
      if (freopen(log.c_str(), "w", stdout) == nullptr ||
          freopen(log.c_str(), "a", stderr) == nullptr) {
        _exit(126);
      }
      execlp("haproxy", "haproxy", "-db", "-f", file.c_str(), nullptr);
      _exit(127);
    }
  }
  ~Haproxy() {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  Haproxy(const Haproxy&) = delete;
  Haproxy& operator=(const Haproxy&) = delete;

 private:
  pid_t child_ = -1;
};

}  // namespace securecart::test
