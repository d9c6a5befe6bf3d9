// securecart ca show: who is trusted, and what an identity says.
#include <cstdio>

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/prng.hpp"
#include "cli/ca_folder.hpp"
#include "cli/command.hpp"
#include "identity/private_file.hpp"

namespace securecart::cli {
namespace {

struct CaShowArguments {
  CaFolder folder;
  std::vector<std::string> files;
};

void print(const identity::Description& one, std::string_view what) {
  std::printf(
      "%s\n",
      fmt::format("{}  {}\n  issued by    {}\n  roles        {}\n  reached at   {}\n"
                  "  until        {}\n  fingerprint  {}",
                  what, one.subject, one.issuer,
                  one.roles.empty() ? "-" : fmt::format("{}", fmt::join(one.roles, ", ")),
                  fmt::format("{} {}", fmt::join(one.addresses, " "), fmt::join(one.hosts, " ")),
                  format_rfc3339(one.until), one.fingerprint)
          .c_str());
}

int show(const CaShowArguments& arguments) {
  if (arguments.files.empty()) {
    return with_authority("show", arguments.folder, [](identity::AuthorityFolder& authority) {
      bool signs = true;
      for (const identity::Description& one : authority.authorities()) {
        print(one, signs ? "signs  " : "trusted");
        signs = false;
      }
      std::printf("%s\n", authority.is_rotating() ? "A rotation is under way." : "Steady.");
    });
  }
  try {
    for (const std::string& file : arguments.files) {
      std::string_view what = "is     ";
      for (const std::string& pem : identity::split_certificates(identity::read_private(file))) {
        print(identity::describe(pem).value(), what);
        what = "trusts ";
      }
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart ca show: %s\n", error.what());
    return 2;
  }
  return 0;
}

}  // namespace

void add_ca_show(CLI::App& parent, Exit& exit) {
  CLI::App& word = *parent.add_subcommand("show", "Say who is trusted, or what identities are");
  auto arguments = std::make_shared<CaShowArguments>();
  add_ca_folder(word, arguments->folder);
  word.add_option("files", arguments->files, "Identity files; none: the authority")
      ->check(CLI::ExistingFile);
  word.callback([arguments, &exit] { exit.status = show(*arguments); });
}

}  // namespace securecart::cli
