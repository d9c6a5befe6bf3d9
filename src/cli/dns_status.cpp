// securecart dns status: targets, checks and orders of a running node; at a terminal a table that
// follows them, until Ctrl-C.
#include <chrono>
#include <cstdio>
#include <map>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/dns_caller.hpp"

namespace securecart::cli {
namespace {

constexpr auto pause = std::chrono::seconds(1);

struct DnsStatusArguments {
  std::string state = "state";
  bool once = false;
};

// Answers a second since the last look, by target.
using Counts = std::map<std::string, std::int64_t>;

std::string text(const json::object& object, const char* name) {
  return std::string(get_string_or(object, name, ""));
}

std::string target_table(const json::object& status, Counts& before, bool has_before) {
  std::string out = fmt::format("{:<20} {:<12} {:<12} {:>10} {:>8}  {}\n", "TARGET", "REGION",
                                "ZONE", "ANSWERS", "PER S", "STATE");
  for (const json::value& item : get_array(status, "targets")) {
    const json::object& target = item.as_object();
    const std::string name = text(target, "name");
    const std::int64_t answers = target.at("answers").to_number<std::int64_t>();
    const std::int64_t rate = has_before ? answers - before[name] : 0;
    before[name] = answers;
    out += fmt::format("{:<20} {:<12} {:<12} {:>10} {:>8}  {}\n", name, text(target, "region"),
                       text(target, "zone"), answers, rate, text(target, "state"));
  }
  return out;
}

std::string check_table(const json::object& status) {
  std::string out = fmt::format("\n{:<24} {:<9} {:<8} {}\n", "CHECK", "TYPE", "VERDICT", "SEEN BY");
  for (const json::value& item : get_array(status, "checks")) {
    const json::object& check = item.as_object();
    std::string votes;
    for (const json::value& one : get_array(check, "votes")) {
      const json::object& vote = one.as_object();
      votes += fmt::format("{} {} {:.1f} ms  ", text(vote, "node"), text(vote, "status"),
                           vote.at("latency_ms").to_number<double>());
    }
    const std::string reason = text(check, "reason");
    out += fmt::format("{:<24} {:<9} {:<8} {}{}\n", text(check, "name"), text(check, "type"),
                       text(check, "verdict"), votes,
                       reason.empty() || text(check, "verdict") == "up" ? "" : "(" + reason + ")");
  }
  return out;
}

std::string order_table(const json::object& status) {
  std::string out;
  for (const json::value& item : get_array(status, "orders")) {
    const json::object& order = item.as_object();
    const std::string kind = text(order, "kind");  // as the word is called that gave it
    out += fmt::format("{}{} {} until {} {}\n", out.empty() ? "\nORDERS\n" : "",
                       kind == "force" ? "override" : kind, text(order, "subject"),
                       text(order, "until"), text(order, "reason"));
  }
  return out + fmt::format("\n{} discovered instances\n",
                           status.at("instances").to_number<std::int64_t>());
}

int show(const DnsStatusArguments& arguments) {
  try {
    DnsCaller node(arguments.state);
    const bool follow = !arguments.once && isatty(1) != 0;
    Counts before;
    for (bool first = true; first || follow; first = false) {
      const json::value answer = node.get("/v1/dns/status");
      const json::object& status = answer.as_object();
      const std::string table = fmt::format("node {}\n\n", text(status, "node")) +
                                target_table(status, before, !first) + check_table(status) +
                                order_table(status);
      std::printf("%s%s", follow ? "\x1b[H\x1b[2J" : "", table.c_str());
      std::fflush(stdout);
      if (follow) {
        std::this_thread::sleep_for(pause);
      }
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart dns status: %s\n", error.what());
    return 2;
  }
}

}  // namespace

void add_dns_status(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand("status", "A live table of targets, checks and orders");
  auto arguments = std::make_shared<DnsStatusArguments>();
  word.add_flag("--once", arguments->once, "Print it once and end");
  add_dns_state(word, arguments->state);
  word.callback([arguments, &exit] { exit.status = show(*arguments); });
}

}  // namespace securecart::cli
