// securecart dns explain NAME --client IP: the path through the policies, and why this answer.
#include <cstdio>

#include "cli/dns_caller.hpp"
#include "net/http.hpp"

namespace securecart::cli {
namespace {

struct DnsExplainArguments {
  std::string name;
  std::string client;
  std::string type = "A";
  std::string state = "state";
};

int explain(const DnsExplainArguments& arguments) {
  try {
    DnsCaller node(arguments.state);
    const json::value answer =
        node.get("/v1/dns/explain?name=" + net::percent_encode(arguments.name) +
                 "&client=" + net::percent_encode(arguments.client) +
                 "&type=" + net::percent_encode(arguments.type));
    std::fputs(std::string(get_string(answer.as_object(), "text")).c_str(), stdout);
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart dns explain: %s\n", error.what());
    return 2;
  }
}

}  // namespace

void add_dns_explain(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand("explain", "Why a client gets the answer it gets");
  auto arguments = std::make_shared<DnsExplainArguments>();
  word.add_option("name", arguments->name, "A name of the zones, or a policy")->required();
  word.add_option("--client", arguments->client, "Address of the shopper or resolver")->required();
  word.add_option("--type", arguments->type, "What is asked for: A, AAAA, SRV and so on")
      ->capture_default_str();
  add_dns_state(word, arguments->state);
  word.callback([arguments, &exit] { exit.status = explain(*arguments); });
}

}  // namespace securecart::cli
