// securecart dns drain | weight | shift | override: an operator's hand on the traffic. And alarm,
// which tells a check of that type.
#include <cstdio>

#include "base/config.hpp"
#include "cli/dns_caller.hpp"

namespace securecart::cli {
namespace {

struct DnsSteerArguments {
  std::string kind;
  std::string subject;
  long weight = 0;
  std::string health = "down";
  std::string span = "1h";
  std::string reason;
  bool force = false;
  bool cancel = false;
  std::string state = "state";
};

int fail_with(const DnsSteerArguments& arguments, const char* what) {
  std::fprintf(stderr, "securecart dns %s: %s\n",
               arguments.kind == "force" ? "override" : arguments.kind.c_str(), what);
  return 2;
}

// An order is one node's: nobody should think that the others follow.
void print_where(const json::object& answer) {
  std::string others;
  for (const json::value& one : get_array(answer, "not_told")) {
    others += (others.empty() ? "" : ", ") + std::string(one.as_string());
  }
  if (!others.empty()) {
    std::printf("On node %s alone; say it at these too: %s.\n",
                std::string(get_string(answer, "node")).c_str(), others.c_str());
  }
}

int steer(const DnsSteerArguments& arguments) {
  const std::optional<Duration> span = parse_duration(arguments.span);
  if (!span) {
    return fail_with(arguments, "--for must be a duration, as 30m or 2h");
  }
  try {
    DnsCaller node(arguments.state);
    const json::value answer =
        node.post("/v1/dns/steer", {{"kind", arguments.kind},
                                    {"subject", arguments.subject},
                                    {"weight", arguments.weight},
                                    {"health", arguments.health},
                                    {"seconds", *span / std::chrono::seconds(1)},
                                    {"reason", arguments.reason},
                                    {"force", arguments.force},
                                    {"cancel", arguments.cancel}});
    const bool changed = get_bool(answer.as_object(), "changed");
    std::printf("%s\n", !changed           ? "There was no such order."
                        : arguments.cancel ? "The order is taken back."
                                           : ("Done, for " + arguments.span + ".").c_str());
    print_where(answer.as_object());
    return changed ? 0 : 1;
  } catch (const std::exception& error) {
    return fail_with(arguments, error.what());
  }
}

int alarm(const DnsSteerArguments& arguments) {
  try {
    DnsCaller node(arguments.state);
    const json::value answer =
        node.post("/v1/dns/alarm", {{"name", arguments.subject}, {"state", arguments.health}});
    print_where(answer.as_object());
    return 0;
  } catch (const std::exception& error) {
    return fail_with(arguments, error.what());
  }
}

std::shared_ptr<DnsSteerArguments> add_word(CLI::App& word, const char* kind, const char* subject,
                                            const char* about, Exit& exit) {
  auto arguments = std::make_shared<DnsSteerArguments>();
  arguments->kind = kind;
  word.add_option(subject, arguments->subject, about)->required();
  word.add_option("--for", arguments->span, "How long, as 30m or 2h")->capture_default_str();
  word.add_option("--reason", arguments->reason, "For whoever looks next");
  word.add_flag("--force", arguments->force, "Also when it is the last healthy target");
  word.add_flag("--cancel", arguments->cancel, "Take the order back");
  add_dns_state(word, arguments->state);
  word.callback([arguments, &exit] { exit.status = steer(*arguments); });
  return arguments;
}

}  // namespace

void add_dns_drain(CLI::App& parent, Exit& exit) {
  add_word(*parent.add_subcommand("drain", "No new shoppers to a target"), "drain", "target",
           "A target of the policy file", exit);
}

void add_dns_weight(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand("weight", "Another weight for a target");
  const auto arguments = add_word(word, "weight", "target", "A target of the policy file", exit);
  word.add_option("weight", arguments->weight, "0 to 1000000; 0 drains")
      ->check(CLI::Range(0, 1'000'000));
}

void add_dns_shift(CLI::App& parent, Exit& exit) {
  add_word(*parent.add_subcommand("shift", "Shift a zone or a region away"), "shift", "area",
           "A zone or region of the policy file", exit);
}

void add_dns_override(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand("override", "Know better than the health checks");
  const auto arguments = add_word(word, "force", "target", "A target of the policy file", exit);
  word.add_option("health", arguments->health, "up or down")->check(CLI::IsMember({"up", "down"}));
}

void add_dns_alarm(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand("alarm", "Raise or end an alarm that a check looks at");
  auto arguments = std::make_shared<DnsSteerArguments>();
  arguments->kind = "alarm";
  word.add_option("name", arguments->subject, "A check of type alarm")->required();
  word.add_option("is", arguments->health, "ok, alarm or unknown")
      ->required()
      ->check(CLI::IsMember({"ok", "alarm", "unknown"}));
  add_dns_state(word, arguments->state);
  word.callback([arguments, &exit] { exit.status = alarm(*arguments); });
}

}  // namespace securecart::cli
