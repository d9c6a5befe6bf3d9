#include "cluster/agent/probe.hpp"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "base/files.hpp"
#include "cluster/agent/limits.hpp"
#include "cluster/agent/pidfd.hpp"
#include "identity/folder.hpp"
#include "net/tcp_probe.hpp"

namespace securecart::cluster::agent {
namespace {

constexpr int http_good = 200;
constexpr int http_redirected = 300;

}  // namespace

Task<ProbeOutcome> UnitProber::probe(Readiness readiness) {
  switch (readiness.kind) {
    case Readiness::Kind::none:
      co_return ProbeOutcome{.good = true, .why = {}};
    case Readiness::Kind::tcp: {
      Task<ProbeOutcome> probing = probe_tcp(std::move(readiness.target));
      co_return co_await probing;
    }
    case Readiness::Kind::command: {
      Task<ProbeOutcome> probing = probe_command(std::move(readiness.command));
      co_return co_await probing;
    }
    case Readiness::Kind::http:
      break;
  }
  const std::string target = readiness.target;
  Task<Answer> asking = ask(std::move(readiness));
  const Answer answer = co_await asking;
  const bool good = answer.status >= http_good && answer.status < http_redirected;
  co_return ProbeOutcome{.good = good,
                         .why = good ? std::string()
                                : answer.status == 0
                                    ? answer.text
                                    : fmt::format("{} answers {}", target, answer.status)};
}

Task<std::optional<Scrape>> UnitProber::scrape(Readiness readiness) {
  if (readiness.kind != Readiness::Kind::http) {
    co_return std::nullopt;
  }
  const std::size_t path = readiness.target.find('/', readiness.target.find("://") + 3);
  readiness.target = readiness.target.substr(0, path) + "/metrics";
  Task<Answer> asking = ask(std::move(readiness));
  const Answer answer = co_await asking;
  co_return answer.status == http_good ? std::optional(parse_metrics(answer.text)) : std::nullopt;
}

Task<UnitProber::Answer> UnitProber::ask(Readiness readiness) {
  const Result<net::Url> url = net::parse_url(readiness.target);
  if (!url) {
    co_return Answer{.status = 0, .text = url.error().detail};
  }
  net::Peer peer = url->peer;
  peer.identity = readiness.role;
  net::ClientRequest request;
  request.target = url->path.empty() ? "/" : url->path;
  request.timeout = limits::agent_probe_timeout;
  Answer answer;
  try {
    const std::shared_ptr<net::Client> client = client_for(readiness.identity);
    Task<net::Response> sending = client->send(std::move(peer), std::move(request));
    const net::Response response = co_await sending;
    answer.status = response.status;
    answer.text = std::string(response.bytes());
  } catch (const std::exception& error) {
    answer.text = error.what();
  }
  co_return answer;
}

Task<ProbeOutcome> UnitProber::probe_tcp(std::string target) {
  const std::size_t colon = target.rfind(':');
  std::uint16_t port = 0;
  if (colon != std::string::npos) {
    std::from_chars(target.data() + colon + 1, target.data() + target.size(), port);
  }
  if (port == 0) {
    co_return ProbeOutcome{.good = false, .why = "no address and port: " + target};
  }
  Task<net::TcpProbe> probing =
      net::probe_tcp(target.substr(0, colon), port, limits::agent_probe_timeout);
  net::TcpProbe probe = co_await probing;
  const bool good = probe.outcome == net::TcpProbe::Outcome::connected;
  co_return ProbeOutcome{.good = good,
                         .why = good ? std::string() : fmt::format("{}: {}", target, probe.reason)};
}

Task<ProbeOutcome> UnitProber::probe_command(std::vector<std::string> command) {
  std::move_only_function<std::optional<std::string>()> work = [command = std::move(command)] {
    return run_command(command, limits::agent_probe_timeout);
  };
  std::optional<std::string> problem;
  try {
    Task<std::optional<std::string>> running =
        runtime_.blocking<std::optional<std::string>>(std::move(work));
    problem = co_await running;
  } catch (const std::exception& error) {
    problem = error.what();
  }
  co_return ProbeOutcome{.good = !problem, .why = problem.value_or("")};
}

// Another one when the file has changed. Throws std::runtime_error.
std::shared_ptr<net::Client> UnitProber::client_for(const std::string& identity) {
  Shown& shown = clients_[identity];
  std::string material = identity.empty() ? std::string() : read_if_there(identity);
  if (shown.client == nullptr || shown.material != material) {
    net::Client::Options options;
    if (!identity.empty()) {
      options.identity = std::make_shared<net::TlsIdentity>(identity::read_material(identity));
    }
    shown.client = std::make_shared<net::Client>(runtime_, std::move(options));
    shown.material = std::move(material);
  }
  return shown.client;
}

std::optional<std::string> run_command(const std::vector<std::string>& command, Duration patience) {
  if (command.empty()) {
    return "there is no command";
  }
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  for (std::string& word : words) {
    arguments.push_back(word.data());
  }
  arguments.push_back(nullptr);
  std::string path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  std::string language = "LANG=C.UTF-8";
  char* environment[] = {path.data(), language.data(), nullptr};

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int standard : {0, 1, 2}) {
    posix_spawn_file_actions_addopen(&actions, standard, "/dev/null", O_RDWR, 0);
  }
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
  pid_t child = 0;
  const int failed =
      posix_spawnp(&child, arguments[0], &actions, &attributes, arguments.data(), environment);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0) {
    return fmt::format("cannot run {}: {}", command.front(), std::strerror(failed));
  }
  const int descriptor = pidfd_open(child, 0);
  pollfd ended{descriptor, POLLIN, 0};
  const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
  const bool in_time = descriptor >= 0 && poll(&ended, 1, static_cast<int>(wait)) > 0;
  if (!in_time) {
    kill(-child, SIGKILL);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (descriptor >= 0) {
    close(descriptor);
  }
  if (!in_time) {
    return command.front() + " did not end in time";
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    return std::nullopt;
  }
  return fmt::format("{} ended with {} {}", command.front(),
                     WIFSIGNALED(status) ? "signal" : "status",
                     WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

}  // namespace securecart::cluster::agent
