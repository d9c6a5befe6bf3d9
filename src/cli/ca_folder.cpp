#include "cli/ca_folder.hpp"

#include <cstdio>
#include <stdexcept>

#include "base/config.hpp"

namespace securecart::cli {

void add_ca_folder(CLI::App& word, CaFolder& folder) {
  word.add_option("--ca", folder.path, "Folder of the authority")->capture_default_str();
}

Duration lifetime_of(const std::string& text) {
  const std::optional<Duration> lifetime = parse_duration(text);
  if (!lifetime || *lifetime <= Duration::zero()) {
    throw std::runtime_error("a lifetime is written like 24h or 30d, not '" + text + "'");
  }
  return *lifetime;
}

int with_authority(const char* word, const CaFolder& folder,
                   const std::function<void(identity::AuthorityFolder&)>& work) {
  const SystemClock clock;
  SecureRandom random;
  identity::AuthorityFolder authority(folder.path, clock, random);
  try {
    work(authority);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart ca %s: %s\n", word, error.what());
    return 2;
  }
  return 0;
}

}  // namespace securecart::cli
