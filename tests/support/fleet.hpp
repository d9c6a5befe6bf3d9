// A shop as separate processes by role, each role with several instances that can be killed and
// started again on their ports, over one PostgreSQL, with mutual TLS between them.
//
//   shopper --> web-1, web-2 --mTLS--> accounts-1/2, catalog-1/2, orders-1/2, payments-1/2
//                                                          provider <--------'
//
// Functions run beside orders, or in instances of their own when the groups say so.
// With a balancer (HAProxy) before the two of web when it is asked for.
#pragma once

#include <fcntl.h>
#include <map>
#include <memory>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include "cli/sample.hpp"
#include "tests/support/haproxy.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/shop_process.hpp"

namespace securecart::test {

// One process of `serve`.
class RoleProcess {
 public:
  RoleProcess(std::string name, std::vector<std::string> arguments)
      : name_(std::move(name)), arguments_(std::move(arguments)) {}
  ~RoleProcess() { kill_now(); }
  RoleProcess(const RoleProcess&) = delete;
  RoleProcess& operator=(const RoleProcess&) = delete;

  const std::string& name() const { return name_; }
  pid_t pid() const { return child_; }

  void kill_now() { end(SIGKILL); }
  int end(int signal) {
    if (child_ <= 0) {
      return 0;
    }
    kill(child_, signal);
    int status = 0;
    waitpid(child_, &status, 0);
    child_ = -1;
    close(out_);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  void launch() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
      throw std::runtime_error("no pipe");
    }
    std::vector<std::string> arguments{program(), "serve"};
    arguments.insert(arguments.end(), arguments_.begin(), arguments_.end());
    child_ = fork();
    if (child_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(ends[1], 1);
      close(ends[0]);
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
  }
  // It says so once it answers.
  void wait_until_open() {
    constexpr int patience_ms = 120'000;
    std::string text;
    char buffer[1024];
    while (text.find("Ctrl-C") == std::string::npos) {
      pollfd waiting{out_, POLLIN, 0};
      const ssize_t n = poll(&waiting, 1, patience_ms) > 0 ? read(out_, buffer, sizeof buffer) : 0;
      if (n <= 0) {
        throw std::runtime_error(name_ + " did not open: " + text);
      }
      text.append(buffer, static_cast<std::size_t>(n));
    }
  }
  void start() {
    launch();
    wait_until_open();
  }

 private:
  const std::string name_;
  const std::vector<std::string> arguments_;
  pid_t child_ = -1;
  int out_ = -1;
};

class Fleet {
 public:
  struct Group {
    std::string name;   // "catalog"
    std::string roles;  // "catalog,inventory,imports,events"
  };
  static std::vector<Group> usual_groups() {
    return {{"accounts", "accounts"},
            {"catalog", "catalog,inventory,imports,events"},
            {"orders", "orders,functions"},
            {"payments", "payments"}};
  }
  static std::vector<Group> groups_with_functions_apart() {
    return {{"accounts", "accounts"},
            {"catalog", "catalog,inventory,imports,events"},
            {"orders", "orders"},
            {"functions", "functions"},
            {"payments", "payments"}};
  }

  struct Options {
    std::vector<std::string> engines = {};  // options of every inner process: --cache, --broker
    bool balanced = false;                  // shoppers come through HAProxy
    int instances = 2;
    std::vector<Group> groups = usual_groups();
  };

  Fleet(std::filesystem::path folder, std::string database)
      : Fleet(std::move(folder), std::move(database), Options()) {}
  Fleet(std::filesystem::path folder, std::string database, Options options)
      : folder_(std::move(folder)), database_(std::move(database)), options_(std::move(options)) {
    const int instances = options_.instances;
    if (options_.balanced) {
      balancer_port_ = free_port();
    }
    make_shop();
    make_authority();
    add_provider();
    for (const Group& group : options_.groups) {
      for (int i = 1; i <= instances; ++i) {
        add_inner(group, group.name + "-" + std::to_string(i));
      }
    }
    for (int i = 1; i <= instances; ++i) {
      add_web("web-" + std::to_string(i));
    }
    for (const auto& process : processes_) {
      process->launch();
    }
    for (const auto& process : processes_) {
      process->wait_until_open();
    }
    if (options_.balanced) {
      balancer_ = std::make_unique<Haproxy>(folder_, balancing());
    }
  }

  std::string url(std::size_t web = 0) const {
    return "http://127.0.0.1:" + std::to_string(web_ports_.at(web));
  }
  // Where shoppers go.
  std::string shop_url() const {
    return balancer_port_ == 0 ? url() : "http://127.0.0.1:" + std::to_string(balancer_port_);
  }
  const std::string& secret_key() const { return credentials_.secret_key; }
  std::filesystem::path credentials_file() const { return folder_ / "fleet.json"; }
  std::filesystem::path authority() const { return folder_ / "ca"; }
  std::filesystem::path identity(const std::string& name) const {
    return folder_ / (name + ".pem");
  }
  const std::vector<std::unique_ptr<RoleProcess>>& processes() const { return processes_; }
  RoleProcess& process(const std::string& name) {
    for (const auto& process : processes_) {
      if (process->name() == name) {
        return *process;
      }
    }
    throw std::runtime_error("no process " + name);
  }
  int port(const std::string& name) const { return ports_.at(name); }
  // Where the instances of a role are, as --upstream takes them: "https://…,https://…".
  const std::map<std::string, std::string>& upstreams() const { return upstreams_; }
  // Every identity again, by what the authority is now.
  void renew_all() {
    for (const auto& [name, port] : ports_) {
      must({"ca", "issue", "--ca", authority().string(), "--renew", identity(name).string()});
    }
  }

  // A certificate that names `roles`, in identity(name).
  void issue(const std::string& name, const std::string& roles) const {
    must({"ca", "issue", "--ca", authority().string(), "--roles", roles, "--address", "127.0.0.1",
          "--out", identity(name).string()});
  }

  static void must(std::vector<std::string> words) {
    std::string output;
    if (run_program(std::move(words), &output) != 0) {
      throw std::runtime_error(output);
    }
  }

 private:
  // The sample shop, by one process with every role; then it ends.
  void make_shop() {
    ShopProcess all(folder_ / "all", {"--database", database_});
    credentials_.shop_id = get_string(all.credentials(), "shop_id");
    credentials_.secret_key = all.secret_key();
    credentials_.publishable_key = all.publishable_key();
    credentials_.test_payments_secret = get_string(all.credentials(), "test_payments_secret");
    all.end();
    write_secret();
  }

  void write_secret() {
    const std::filesystem::path file = folder_ / "payments.secret";
    std::ofstream(file) << credentials_.test_payments_secret;
    std::filesystem::permissions(
        file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }

  void make_authority() {
    must({"ca", "init", "--ca", authority().string(), "--trust-domain", "fleet.test"});
  }

  std::vector<std::string> common(const std::string& name, int port) const {
    return {"--data",
            (folder_ / name).string(),
            "--port",
            std::to_string(port),
            "--cores",
            "1",
            "--log-level",
            "error",
            "--no-sample",
            "--writes-per-second",
            "-1",
            "--secrets-key",
            (folder_ / "all" / "secrets.key").string(),
            "--test-payments-secret",
            (folder_ / "payments.secret").string()};
  }
  void add(const std::string& name, std::vector<std::string> arguments) {
    processes_.push_back(std::make_unique<RoleProcess>(name, std::move(arguments)));
  }
  void add_provider() {
    provider_port_ = free_port();
    std::vector<std::string> arguments = common("provider", free_port());
    arguments.insert(arguments.end(), {"--roles", "test-payments", "--test-payments-port",
                                       std::to_string(provider_port_)});
    add("provider", std::move(arguments));
    for (int i = 0; i < options_.instances; ++i) {
      web_ports_.push_back(free_port());
    }
  }

  void add_inner(const Group& group, const std::string& name) {
    const int port = free_port();
    ports_[name] = port;
    issue(name, group.roles);
    std::vector<std::string> arguments = common(name, port);
    arguments.insert(arguments.end(),
                     {"--roles", group.roles, "--database", database_, "--identity",
                      identity(name).string(), "--public-url", shop_url(), "--webhook-url",
                      shop_url(), "--test-payments-url", provider_url()});
    arguments.insert(arguments.end(), options_.engines.begin(), options_.engines.end());
    add(name, std::move(arguments));
    std::string roles = group.roles;
    for (std::size_t at = 0; at != std::string::npos;) {
      const std::size_t comma = roles.find(',', at);
      std::string& list = upstreams_[roles.substr(at, comma - at)];
      list.append(list.empty() ? "" : ",").append("https://127.0.0.1:" + std::to_string(port));
      at = comma == std::string::npos ? comma : comma + 1;
    }
  }

  void add_web(const std::string& name) {
    const int port = web_ports_.at(webs_++);
    ports_[name] = port;
    issue(name, "web");
    std::vector<std::string> arguments = common(name, port);
    arguments.insert(arguments.end(), {"--roles", "web", "--identity", identity(name).string()});
    for (const auto& [role, urls] : upstreams_) {
      arguments.insert(arguments.end(), {"--upstream", role + "=" + urls});
    }
    add(name, std::move(arguments));
    write_fleet_credentials();
  }

  // A request goes to the other instance when it found no connection; whether it may be repeated
  // otherwise is for who sent it to know.
  std::string balancing() const {
    std::string text =
        "global\n  maxconn 4000\n"
        "defaults\n  mode http\n  timeout connect 1s\n  timeout client 30s\n"
        "  timeout server 30s\n  option redispatch 1\n  retries 3\n  retry-on conn-failure\n"
        "  option httpchk GET /readyz\n"
        "  default-server check inter 200ms fastinter 100ms downinter 100ms fall 2 rise 1 "
        "on-marked-down shutdown-sessions\n"
        "frontend shop\n  bind 127.0.0.1:" +
        std::to_string(balancer_port_) +
        "\n  default_backend web\n"
        "backend web\n  balance leastconn\n";
    for (std::size_t web = 0; web < webs_; ++web) {
      text += "  server web-" + std::to_string(web + 1) +
              " 127.0.0.1:" + std::to_string(web_ports_[web]) + "\n";
    }
    return text;
  }

  std::string provider_url() const { return "http://127.0.0.1:" + std::to_string(provider_port_); }
  void write_fleet_credentials() {
    credentials_.url = shop_url();
    credentials_.test_payments_url = provider_url();
    cli::write_credentials(credentials_file(), credentials_);
  }

  const std::filesystem::path folder_;
  const std::string database_;
  const Options options_;
  int balancer_port_ = 0;
  cli::Credentials credentials_;
  int provider_port_ = 0;
  std::vector<int> web_ports_;
  std::size_t webs_ = 0;
  std::map<std::string, int> ports_;
  std::map<std::string, std::string> upstreams_;
  std::vector<std::unique_ptr<RoleProcess>> processes_;
  std::unique_ptr<Haproxy> balancer_;
};

}  // namespace securecart::test
