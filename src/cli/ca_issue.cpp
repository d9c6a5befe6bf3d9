// securecart ca issue: a certificate for one process, new or again.
#include <cstdio>

#include "base/clock.hpp"
#include "base/prng.hpp"
#include "cli/ca_folder.hpp"
#include "cli/command.hpp"
#include "cli/roles.hpp"

namespace securecart::cli {
namespace {

struct CaIssueArguments {
  CaFolder folder;
  std::string out;
  std::vector<std::string> renew;
  identity::NewCertificate certificate;
  std::string lifetime = "24h";
};

void check_roles(const std::vector<std::string>& roles) {
  // Those who only look: health and metrics.
  for (const std::string& role : roles) {
    if (role == "operator") {
      continue;
    }
    if (const auto known = resolve_roles({role}); !known) {
      throw std::runtime_error(known.error().detail + ", operator");
    }
  }
}

int issue(const CaIssueArguments& arguments) {
  return with_authority("issue", arguments.folder, [&](identity::AuthorityFolder& authority) {
    const Duration lifetime = lifetime_of(arguments.lifetime);
    for (const std::string& file : arguments.renew) {
      authority.renew(file, lifetime);
      std::printf("%s is new\n", file.c_str());
    }
    if (!arguments.out.empty()) {
      check_roles(arguments.certificate.roles);
      authority.issue(arguments.out, arguments.certificate, lifetime);
      std::printf("%s is made\n", arguments.out.c_str());
    } else if (arguments.renew.empty()) {
      throw std::runtime_error("say --roles and --out for a new one, or --renew FILE");
    }
  });
}

}  // namespace

void add_ca_issue(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand(
      "issue", "Make a certificate for a process; one that runs takes it up by itself");
  auto arguments = std::make_shared<CaIssueArguments>();
  add_ca_folder(word, arguments->folder);
  word.add_option("--roles", arguments->certificate.roles,
                  "What the process may be: roles of serve, or operator")
      ->delimiter(',');
  word.add_option("--address", arguments->certificate.addresses, "IP address it is reached at");
  word.add_option("--host", arguments->certificate.hosts, "Name it is reached at");
  word.add_option("--out", arguments->out, "File for key, certificate and trust");
  word.add_option("--renew", arguments->renew, "Make those files again, with the same names")
      ->check(CLI::ExistingFile);
  word.add_option("--lifetime", arguments->lifetime, "How long it is believed")
      ->capture_default_str();
  word.callback([arguments, &exit] { exit.status = issue(*arguments); });
}

}  // namespace securecart::cli
