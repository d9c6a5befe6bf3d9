// Looks at a unit from outside: whether it is ready, and what it carries.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cluster/agent/limits.hpp"
#include "cluster/agent/load.hpp"
#include "cluster/topology/host_plan.hpp"
#include "net/client.hpp"

namespace securecart::cluster::agent {

struct ProbeOutcome {
  bool good = false;
  std::string why;  // not
};

// On an executor of the runtime.
class UnitProber {
 public:
  explicit UnitProber(net::Runtime& runtime) : runtime_(runtime) {}

  // Ends within limits::agent_probe_timeout.
  Task<ProbeOutcome> probe(Readiness readiness);
  // What stands at /metrics beside an http target; nullopt: there is nothing, or no answer.
  Task<std::optional<Scrape>> scrape(Readiness readiness);

 private:
  struct Answer {
    int status = 0;  // 0: there was none
    std::string text;
  };
  Task<Answer> ask(Readiness readiness);
  Task<ProbeOutcome> probe_tcp(std::string target);
  Task<ProbeOutcome> probe_command(std::vector<std::string> command);
  std::shared_ptr<net::Client> client_for(const std::string& identity);

  struct Shown {
    std::string material;  // as it was read
    std::shared_ptr<net::Client> client;
  };
  net::Runtime& runtime_;
  std::map<std::string, Shown> clients_;  // by identity file
};

// Runs a command and waits for it, at most `patience`; what it prints is dropped. nullopt: it ended
// with 0; else why it did not. Blocks.
std::optional<std::string> run_command(const std::vector<std::string>& command, Duration patience);

}  // namespace securecart::cluster::agent
