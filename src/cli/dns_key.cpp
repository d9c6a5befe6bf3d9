// securecart dns key generate, roll, ds: the key file of a signed zone.
#include <cstdio>

#include "base/files.hpp"
#include "base/limits.hpp"
#include "cli/command.hpp"
#include "cli/dns_files.hpp"
#include "traffic/dns/dnssec.hpp"

namespace securecart::cli {
namespace {

using traffic::dns::Name;
using traffic::dns::ZoneKeys;

struct KeyArguments {
  std::string zone;
  std::string file;
  bool ds_changed = false;
  bool force = false;
};

Result<Name> zone_of(const KeyArguments& arguments) {
  const Name root;
  if (const std::optional<Name> name = Name::parse(arguments.zone, &root)) {
    return *name;
  }
  return fail(errc::invalid_request, "'" + arguments.zone + "' is not a domain name");
}

Result<std::shared_ptr<const ZoneKeys>> read_keys(const KeyArguments& arguments) {
  const Result<Name> zone = zone_of(arguments);
  const Result<std::string> text = read_file(arguments.file, limits::config_bytes);
  if (!zone || !text) {
    return std::unexpected(zone ? text.error() : zone.error());
  }
  return ZoneKeys::parse(*zone, arguments.file, *text);
}

Result<std::string> generate(const KeyArguments& arguments) {
  const Result<Name> zone = zone_of(arguments);
  if (!zone) {
    return std::unexpected(zone.error());
  }
  if (std::filesystem::exists(arguments.file)) {
    return fail(errc::invalid_request,
                arguments.file + " is there already; `securecart dns key roll` replaces its key");
  }
  std::vector<traffic::dns::ZoneKey> made;
  made.push_back(traffic::dns::generate_key(traffic::dns::KeyState::active, SystemClock().now()));
  const ZoneKeys keys(*zone, std::move(made));
  if (Result<void> written = write_secret_file(arguments.file, keys.to_toml()); !written) {
    return std::unexpected(std::move(written.error()));
  }
  return "Give the parent zone this record:\n" + keys.ds_text();
}

Result<std::string> roll(const KeyArguments& arguments) {
  const Result<std::shared_ptr<const ZoneKeys>> keys = read_keys(arguments);
  if (!keys) {
    return std::unexpected(keys.error());
  }
  Result<traffic::dns::RollStep> step =
      traffic::dns::roll_keys(**keys, SystemClock().now(), arguments.ds_changed, arguments.force);
  if (!step) {
    return std::unexpected(std::move(step.error()));
  }
  const ZoneKeys next(*zone_of(arguments), std::move(step->keys));
  if (Result<void> written = write_secret_file(arguments.file, next.to_toml()); !written) {
    return std::unexpected(std::move(written.error()));
  }
  return step->told + "\n" + next.ds_text();
}

Result<std::string> ds(const KeyArguments& arguments) {
  const Result<std::shared_ptr<const ZoneKeys>> keys = read_keys(arguments);
  return keys ? Result<std::string>((*keys)->ds_text()) : std::unexpected(keys.error());
}

using Work = Result<std::string> (*)(const KeyArguments&);

int run(Work work, const KeyArguments& arguments) {
  try {
    const Result<std::string> told = work(arguments);
    if (told) {
      std::printf("%s\n", told->c_str());
      return 0;
    }
    std::fprintf(stderr, "securecart dns key: %s\n", told.error().detail.c_str());
    return 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "securecart dns key: %s\n", error.what());
    return 2;
  }
}

void add_word(CLI::App& parent, Exit& exit, const char* name, const char* about, Work work) {
  CLI::App& word = *parent.add_subcommand(name, about);
  auto arguments = std::make_shared<KeyArguments>();
  word.add_option("--zone", arguments->zone, "The zone's name")->required();
  word.add_option("--file", arguments->file, "Its key file, as `keys` of [[zone]] names it")
      ->required();
  if (work == roll) {
    word.add_flag("--ds-changed", arguments->ds_changed,
                  "The parent publishes the new DS, and the old one's TTL has passed");
    word.add_flag("--force", arguments->force, "Do not wait: resolvers may fail to validate");
  }
  word.callback([arguments, work, &exit] { exit.status = run(work, *arguments); });
}

}  // namespace

void add_dns_key(CLI::App& parent, Exit& exit) {
  add_word(parent, exit, "generate", "Make the first key of a zone", generate);
  add_word(parent, exit, "roll", "The next step of replacing the key", roll);
  add_word(parent, exit, "ds", "Print the record that the parent zone needs", ds);
}

}  // namespace securecart::cli
