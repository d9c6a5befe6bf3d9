// What the words of `securecart ca` share.
#pragma once

#include <functional>
#include <string>

#include "cli/command.hpp"
#include "identity/folder.hpp"

namespace securecart::cli {

struct CaFolder {
  std::string path = "ca";
};

void add_ca_folder(CLI::App& word, CaFolder& folder);
// "24h", "3650d"; throws std::runtime_error.
Duration lifetime_of(const std::string& text);
// Runs `work` and turns what it throws into a message and exit status 2.
int with_authority(const char* word, const CaFolder& folder,
                   const std::function<void(identity::AuthorityFolder&)>& work);

}  // namespace securecart::cli
