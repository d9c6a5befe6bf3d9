// securecart ca rotate: one step towards another authority.
#include <cstdio>

#include "base/clock.hpp"
#include "base/prng.hpp"
#include "cli/ca_folder.hpp"
#include "cli/command.hpp"

namespace securecart::cli {
namespace {

struct CaRotateArguments {
  CaFolder folder;
  std::string lifetime = "3650d";
};

int rotate(const CaRotateArguments& arguments) {
  return with_authority("rotate", arguments.folder, [&](identity::AuthorityFolder& authority) {
    switch (authority.rotate(lifetime_of(arguments.lifetime))) {
      case identity::RotationStep::announced:
        std::printf("announced: a new authority is trusted, the old one still signs.\n");
        break;
      case identity::RotationStep::switched:
        std::printf("switched: the new authority signs, the old one is still trusted.\n");
        break;
      case identity::RotationStep::retired:
        std::printf("retired: the old authority is trusted no more.\n");
        break;
    }
    std::printf("Now issue every identity again (securecart ca issue --renew …), all of them %s\n",
                authority.is_rotating() ? "before the next step." : "to forget the old one.");
  });
}

}  // namespace

void add_ca_rotate(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand(
      "rotate", "One step to another authority: announce, switch, retire; renew all in between");
  auto arguments = std::make_shared<CaRotateArguments>();
  add_ca_folder(word, arguments->folder);
  word.add_option("--lifetime", arguments->lifetime, "How long the new authority is believed")
      ->capture_default_str();
  word.callback([arguments, &exit] { exit.status = rotate(*arguments); });
}

}  // namespace securecart::cli
