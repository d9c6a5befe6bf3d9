// securecart ca init: an authority for the certificates of an installation's processes.
#include <cstdio>

#include "base/clock.hpp"
#include "base/prng.hpp"
#include "cli/ca_folder.hpp"
#include "cli/command.hpp"

namespace securecart::cli {
namespace {

struct CaInitArguments {
  CaFolder folder;
  std::string trust_domain = "securecart";
  std::string lifetime = "3650d";
};

int init(const CaInitArguments& arguments) {
  return with_authority("init", arguments.folder, [&](identity::AuthorityFolder& authority) {
    authority.init(arguments.trust_domain, lifetime_of(arguments.lifetime));
    std::printf(
        "%s has an authority for %s. Whoever reads it can be every role: keep it where no role "
        "runs.\nNext: securecart ca issue --ca %s --roles web --out web-1.pem\n",
        arguments.folder.path.c_str(), arguments.trust_domain.c_str(),
        arguments.folder.path.c_str());
  });
}

}  // namespace

void add_ca_init(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand("init", "Make an authority");
  auto arguments = std::make_shared<CaInitArguments>();
  add_ca_folder(word, arguments->folder);
  word.add_option("--trust-domain", arguments->trust_domain,
                  "Name of the installation; peers of another one are nobody")
      ->capture_default_str();
  word.add_option("--lifetime", arguments->lifetime, "How long the authority is believed")
      ->capture_default_str();
  word.callback([arguments, &exit] { exit.status = init(*arguments); });
}

}  // namespace securecart::cli
