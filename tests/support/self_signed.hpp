// A certificate that signs itself, for engines that speak TLS in tests.
#pragma once

#include <fcntl.h>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

namespace securecart::test {

// Makes both files. `names` is what it is good for: "IP:127.0.0.1,DNS:localhost".
inline void make_self_signed(const std::filesystem::path& certificate,
                             const std::filesystem::path& key, const std::string& names) {
  const std::string extension = "subjectAltName=" + names;
  const pid_t child = fork();
  if (child == 0) {
    const int nowhere = open("/dev/null", O_WRONLY);
    dup2(nowhere, 2);
    execl("/usr/bin/openssl", "openssl", "req", "-new", "-x509", "-days", "2", "-nodes", "-newkey",
          "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=localhost", "-addext",
          extension.c_str(), "-keyout", key.c_str(), "-out", certificate.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) {
    throw std::runtime_error("openssl made no certificate " + certificate.string());
  }
}

}  // namespace securecart::test
